"""``Virtual.*``: components that a user adds at run time.

Source: Shelly Gen2+ API, "Dynamic components"; shapes from dumps of S1G3 and Dimmer0110VPMG3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from plugin_sdk import JSON, JSONObject, component_type
from plugin_sdk.arguments import choice, invalid, mapping, required, text, whole
from plugin_sdk.simulation import DeviceFault

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_LIMIT = 10

_SETTINGS: Mapping[str, JSONObject] = {
    "boolean": {"meta": {"ui": {"view": "toggle"}}, "persisted": False, "default_value": False},
    "number": {"min": 0, "max": 100, "meta": {"ui": {"view": "slider"}}, "persisted": False, "default_value": 0},
    "text": {"max_len": 255, "meta": {"ui": {"view": "field"}}, "persisted": False, "default_value": ""},
    "enum": {"options": [], "meta": {"ui": {"view": "dropdown"}}, "persisted": False, "default_value": None},
    "button": {"meta": {"ui": {"view": "button"}}},
    "group": {"meta": {"ui": {"view": "list"}}},
}


def offered(device: Machine) -> bool:
    """Devices that know BTHome know virtual components too."""
    return "bthome" in device.state.status


def add(device: Machine, params: JSONObject) -> JSON:
    """Create a component: ``{id}``."""
    required(params, "type")
    kind = choice(params, "type", _SETTINGS) or ""
    taken = {key for key in device.state.all_keys() if component_type(key) in _SETTINGS}
    if len(taken) >= _LIMIT:
        raise DeviceFault(-108, "Resource exhausted")
    number = whole(params, "id", 200, 299) or next(n for n in range(200, 300) if f"{kind}:{n}" not in taken)
    if f"{kind}:{number}" in taken:
        raise invalid("id")
    given = mapping(params, "config") or {}
    config = {"id": number, "name": None, **_SETTINGS[kind], "owner": "", "access": "*", **given}
    device.add(f"{kind}:{number}", status=_status(kind, config), config=config)
    return {"id": number}


def delete(device: Machine, params: JSONObject) -> JSON:
    """Remove a component by its key."""
    required(params, "key")
    key = text(params, "key") or ""
    if component_type(key) not in _SETTINGS or key not in device.state.status:
        raise DeviceFault(-105, f"Argument 'key', value '{key}' not found!")
    device.remove(key)
    return None


def _status(kind: str, config: JSONObject) -> JSONObject:
    if kind == "button":
        return {}
    value = [] if kind == "group" else config.get("default_value")
    return {"value": value, "source": "", "last_update_ts": 0}


METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON]] = {"Virtual.Add": add, "Virtual.Delete": delete}
