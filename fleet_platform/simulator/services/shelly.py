"""``Shelly.*``: what a device says about itself.

Source: Shelly Gen2+ API, "Shelly".
"""

from __future__ import annotations

import base64
import hashlib
import zoneinfo
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING

import orjson

from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import flag, texts, whole
from plugin_sdk.simulation import Deferred

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_PAGE_BYTES = 2_560
"""Size of one page of components. The firmware's own rule is not documented; its pages are small."""

_TIMEZONES = 100
"""Names on one page; the firmware's own number is not documented."""

_LOCATION_S = 0.8
_SOFIA: JSONObject = {"tz": "Europe/Sofia", "lat": 42.67236, "lon": 23.38738}


def offered(_device: Machine) -> bool:
    """Every device has these."""
    return True


def get_device_info(device: Machine, params: JSONObject) -> JSON:
    """Identity; with ``ident`` also what is burnt in: ``key``, ``batch``, ``fw_sbits``."""
    info = device.state.info
    if "uptime" in info and not device.still:
        # A Wall Display shows its ``sys`` here.
        info = {**info, **{name: value for name, value in device.status("sys").items() if name in info}}
    if flag(params, "ident") is not True:
        return info
    key = base64.b64encode(hashlib.sha256(device.id.encode()).digest()).decode()
    return {**info, "key": key, "batch": "2423-Broadwell", "fw_sbits": "04"}


def get_status(device: Machine, _params: JSONObject) -> JSON:
    """Status of all components that the full status holds."""
    return device.full_status()


def get_config(device: Machine, _params: JSONObject) -> JSON:
    """Settings of all components."""
    return device.state.listed_config()


def get_components(device: Machine, params: JSONObject) -> JSON:
    """One page of components: ``{components: [{key, status?, config?, attrs?}], cfg_rev, offset, total}``.

    Without ``include``, dynamic components come whole (as in the dumps) and a list of all has keys only.
    """
    dynamic_only, wanted = flag(params, "dynamic_only") is True, texts(params, "keys")
    include = texts(params, "include")
    if include is None:
        include = ["status", "config"] if dynamic_only else []
    keys = [
        key
        for key in device.state.all_keys()
        if (not dynamic_only or device.state.is_dynamic(key)) and (wanted is None or key in wanted)
    ]
    offset = whole(params, "offset") or 0
    page: list[JSONObject] = []
    size = 0
    for key in keys[offset:]:
        item = _component(device, key, include)
        size += len(orjson.dumps(item))
        if page and size > _PAGE_BYTES:
            break
        page.append(item)
    return {"components": page, "cfg_rev": device.state.sys.get("cfg_rev", 0), "offset": offset, "total": len(keys)}


def _component(device: Machine, key: str, include: list[str]) -> JSONObject:
    item: JSONObject = {"key": key}
    if "status" in include:
        item["status"] = device.status(key)
    if "config" in include:
        item["config"] = device.state.config.get(key, {})
    if device.state.attrs.get(key):
        item["attrs"] = device.state.attrs[key]
    return item


def identify(_device: Machine, _params: JSONObject) -> JSON:
    """Blink."""
    return None


def list_timezones(_device: Machine, params: JSONObject) -> JSON:
    """One page of names: ``{timezones: [...], offset, total}``."""
    offset, names = whole(params, "offset") or 0, _timezones()
    return {"timezones": names[offset : offset + _TIMEZONES], "offset": offset, "total": len(names)}


def detect_location(device: Machine, _params: JSONObject) -> JSON | Deferred:
    """Where a server thinks that the device is, by its address: ``{tz, lat, lon}``; takes a moment.

    It finds the device where its owner says it is, else in the middle of the vendor's town.
    """
    location = device.config("sys").get("location") or {}
    known = location.get("tz") is not None and location.get("lat") is not None
    found = {name: location.get(name) for name in _SOFIA} if known else dict(_SOFIA)
    return Deferred.after(device, _LOCATION_S, lambda: found)


@cache
def _timezones() -> list[str]:
    """All of them in order; UTC alone on a machine without a time zone database."""
    return sorted(name for name in zoneinfo.available_timezones() if "/" in name) or ["UTC"]


METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON | Deferred]] = {
    "Shelly.GetDeviceInfo": get_device_info,
    "Shelly.GetStatus": get_status,
    "Shelly.GetConfig": get_config,
    "Shelly.GetComponents": get_components,
    "Shelly.Identify": identify,
    "Shelly.ListTimezones": list_timezones,
    "Shelly.DetectLocation": detect_location,
}
