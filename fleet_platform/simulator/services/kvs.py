"""``KVS.*``: the device's key-value store.

Source: Shelly Gen2+ API, "KVS": limits, what ``etag`` is for. Which codes a key or value of wrong length and an
``etag`` for a key that is not there are refused with, what an ``etag`` is made of, and the size of a page are not
documented.
"""

from __future__ import annotations

import base64
import fnmatch
import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import orjson

from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import invalid, required, text, whole
from plugin_sdk.simulation import DeviceFault

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_MAX_KEYS = 50
_MAX_KEY = 42
_MAX_VALUE = 253
"""Bytes of a value as JSON, a text without its quotes; firmware of the time of 0.14 took 255."""

_MAX_PATTERN = 100
_PAGE = 10


def offered(device: Machine) -> bool:
    """Devices that count a revision of it."""
    return "kvs_rev" in device.state.sys


def set_value(device: Machine, params: JSONObject) -> JSON:
    """Store a value: ``{etag, rev}``. With an ``etag`` only over the very value that it belongs to."""
    key = _key(params)
    value, kept = required(params, "value"), device.stores.kvs
    if not 1 <= len(key.encode()) <= _MAX_KEY:
        raise invalid("key")
    if _size(value) > _MAX_VALUE:
        raise invalid("value")
    _check_etag(_existing(device, key) if "etag" in params else None, params)
    if key not in kept and len(kept) >= _MAX_KEYS:
        raise DeviceFault(-108, "Resource exhausted")
    etag = base64.urlsafe_b64encode(hashlib.sha256(orjson.dumps([key, value])).digest())[:22].decode()
    kept[key] = {"etag": etag, "value": value}
    return {"etag": etag, "rev": device.bump("kvs_rev")}


def get_value(device: Machine, params: JSONObject) -> JSON:
    """A key's value and etag."""
    return _existing(device, _key(params))


def get_many(device: Machine, params: JSONObject) -> JSON:
    """A page of values whose keys match."""
    names = _matching(device, params)
    offset = whole(params, "offset") or 0
    kept = device.stores.kvs
    items = [{"key": name, **kept[name]} for name in names[offset : offset + _PAGE]]
    return {"items": items, "offset": offset, "total": len(names)}


def list_keys(device: Machine, params: JSONObject) -> JSON:
    """Keys that match, with their etags."""
    kept = device.stores.kvs
    keys = {name: {"etag": kept[name]["etag"]} for name in _matching(device, params)}
    return {"keys": keys, "rev": device.state.sys.get("kvs_rev", 0)}


def delete(device: Machine, params: JSONObject) -> JSON:
    """Remove a key."""
    key = _key(params)
    _check_etag(_existing(device, key), params)
    del device.stores.kvs[key]
    return {"rev": device.bump("kvs_rev")}


def _key(params: JSONObject) -> str:
    required(params, "key")
    return text(params, "key") or ""


def _existing(device: Machine, key: str) -> JSONObject:
    found = device.stores.kvs.get(key)
    if found is None:
        raise DeviceFault(-105, f"Argument 'key', value '{key}' not found!")
    return found


def _check_etag(found: JSONObject | None, params: JSONObject) -> None:
    if found is not None and (text(params, "etag") or found["etag"]) != found["etag"]:
        raise DeviceFault(-109, "etag mismatch")


def _matching(device: Machine, params: JSONObject) -> list[str]:
    """Keys that fit ``match``, where ``*`` stands for any text and ``?`` for any character."""
    wanted = text(params, "match")
    if wanted is None:
        return sorted(device.stores.kvs)
    if len(wanted) > _MAX_PATTERN:
        raise invalid("match")
    pattern = wanted.replace("[", "[[]")  # a bracket is a character like any other here
    return sorted(name for name in device.stores.kvs if fnmatch.fnmatchcase(name, pattern))


def _size(value: JSON) -> int:
    return len(value.encode() if isinstance(value, str) else orjson.dumps(value))


METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON]] = {
    "KVS.Set": set_value,
    "KVS.Get": get_value,
    "KVS.GetMany": get_many,
    "KVS.List": list_keys,
    "KVS.Delete": delete,
}
