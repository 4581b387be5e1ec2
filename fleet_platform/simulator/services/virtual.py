"""``Virtual.*``: components that a user adds at run time.

Source: Shelly Gen2+ API, "Dynamic components"; shapes from dumps of S1G3 and Dimmer0110VPMG3. The code and
the texts of refusals are not documented, but -107 is what the numbers of the other codes leave for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fleet_platform.simulator.device.merge import UnfitSetting, merge_settings
from plugin_sdk import JSON, JSONObject, component_type
from plugin_sdk.arguments import choice, invalid, mapping, required, text, whole
from plugin_sdk.simulation import DeviceFault

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_LIMIT = 10
_IDS = range(200, 300)
_UNBOUNDED = 999_999_999_999_999

_SETTINGS: Mapping[str, JSONObject] = {
    "button": {"meta": {"ui": {"view": "button"}}},
    "text": {"max_len": 255, "meta": {"ui": {"view": "field"}}, "persisted": False, "default_value": ""},
    "number": {"min": 0, "max": 100, "meta": {"ui": {"view": "slider"}}, "persisted": False, "default_value": 0},
    "group": {"meta": {"ui": {"view": "list"}}},
    "enum": {"options": [], "meta": {"ui": {"view": "dropdown"}}, "persisted": False, "default_value": None},
    "boolean": {"meta": {"ui": {"view": "toggle"}}, "persisted": False, "default_value": False},
}
_BEFORE_USE: JSONObject = {"name": None, "owner": "", "access": "*"}

_FREE = ("meta", "default_value")
"""Settings that may be of another kind than the usual one."""

TYPES: tuple[str, ...] = tuple(_SETTINGS)
"""What a user may add."""


def offered(device: Machine) -> bool:
    """Devices that know BTHome know virtual components too, and so does whoever counts their revision."""
    return "bthome" in device.state.status or "virtual_rev" in device.state.sys


def add(device: Machine, params: JSONObject) -> JSON:
    """Create a component: ``{id}``."""
    required(params, "type")
    kind = choice(params, "type", _SETTINGS) or ""
    taken = {key for key in device.state.all_keys() if component_type(key) in _SETTINGS}
    if len(taken) >= _LIMIT:
        raise DeviceFault(-108, "Resource exhausted")
    number = whole(params, "id", _IDS[0], _IDS[-1]) or next(n for n in _IDS if f"{kind}:{n}" not in taken)
    if f"{kind}:{number}" in taken:
        raise invalid("id")
    config = {"id": number, **check_settings(kind, mapping(params, "config") or {})}
    device.add(f"{kind}:{number}", status=_status(kind, config), config=config)
    _count_up(device)
    return {"id": number}


def delete(device: Machine, params: JSONObject) -> JSON:
    """Remove a component by its key, and from the groups that it is in."""
    required(params, "key")
    key = text(params, "key") or ""
    if component_type(key) not in _SETTINGS or key not in device.state.status:
        raise DeviceFault(-105, f"Argument 'key', value '{key}' not found!")
    if device.config(key).get("owner"):
        raise DeviceFault(-107, "Permission denied")
    device.remove(key)
    for group in device.keys("group"):
        members = device.status(group).get("value")
        if isinstance(members, list) and key in members:
            left = [member for member in members if member != key]
            device.report(group, {"value": left, "source": "sys", "last_update_ts": int(device.now())})
    _count_up(device)
    return None


def check_settings(kind: str, given: JSONObject) -> JSONObject:
    """Settings of a new component: those given that there are, in place of the usual ones.

    Raises:
        DeviceFault: -103 for those that do not fit.
    """
    usual: JSONObject = {**_BEFORE_USE, **_SETTINGS[kind]}
    free: JSONObject = {name: given[name] for name in _FREE if name in given and name in usual}
    try:
        fitting, _ = merge_settings(usual, {name: given[name] for name in given if name not in free})
    except UnfitSetting as err:
        raise invalid(str(err)) from err
    config: JSONObject = {**fitting, **free}
    if not isinstance(config["meta"], dict | None):
        raise invalid("meta")
    if not isinstance(config["name"], str | None):
        raise invalid("name")
    if kind == "number" and "default_value" not in given:
        config["default_value"] = max(config["min"], min(0, config["max"]))
    wrong = _misfit(kind, config)
    if wrong is not None:
        raise invalid(wrong)
    return config


def _misfit(kind: str, config: JSONObject) -> str | None:
    """The setting that does not fit the others, if one does not."""
    for name, fits in _RULES.get(kind, {}).items():
        if not fits(config):
            return name
    return None


def _is_number(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_RULES: Mapping[str, Mapping[str, Callable[[JSONObject], bool]]] = {
    "boolean": {"default_value": lambda config: isinstance(config["default_value"], bool)},
    "number": {
        "min": lambda config: -_UNBOUNDED <= config["min"] <= config["max"] <= _UNBOUNDED,
        "default_value": lambda config: (
            _is_number(config["default_value"]) and config["min"] <= config["default_value"] <= config["max"]
        ),
    },
    "text": {
        "max_len": lambda config: isinstance(config["max_len"], int) and 0 <= config["max_len"] <= 255,
        "default_value": lambda config: (
            isinstance(config["default_value"], str) and len(config["default_value"]) <= config["max_len"]
        ),
    },
    "enum": {
        "options": lambda config: all(isinstance(option, str) for option in config["options"]),
        "default_value": lambda config: config["default_value"] is None or config["default_value"] in config["options"],
    },
}
"""By type, what must hold of a setting; in the order in which they build on each other."""


def _status(kind: str, config: JSONObject) -> JSONObject:
    if kind == "button":
        return {}
    value = [] if kind == "group" else config.get("default_value")
    return {"value": value, "source": "", "last_update_ts": 0}


def _count_up(device: Machine) -> None:
    if "virtual_rev" in device.state.sys:
        device.bump("virtual_rev")


METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON]] = {"Virtual.Delete": delete, "Virtual.Add": add}
