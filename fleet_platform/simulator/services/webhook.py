"""``Webhook.*``: stored hooks. They are kept and counted, and not called.

Source: Shelly Gen2+ API, "Webhooks".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fleet_platform.simulator.services.numbered import Numbered
from plugin_sdk import JSON, JSONObject, component_type

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine


def _limit(device: Machine) -> int:
    return 10 if device.power.sleeper else 20


_HOOKS = Numbered(
    items=lambda device: device.stores.webhooks,
    revision="webhook_rev",
    required=("cid", "event", "urls"),
    defaults={
        "cid": 0,
        "enable": False,
        "event": "",
        "name": None,
        "ssl_ca": "ca.pem",
        "urls": [],
        "condition": None,
        "repeat_period": 0,
    },
    limit=_limit,
)

_EVENTS: Mapping[str, tuple[str, ...]] = {
    "switch": ("on", "off"),
    "light": ("on", "off"),
    "rgb": ("on", "off"),
    "rgbw": ("on", "off"),
    "cct": ("on", "off"),
    "input": ("toggle_on", "toggle_off", "button_push", "button_longpush", "button_doublepush", "button_triplepush"),
    "cover": ("open", "closed", "opening", "closing", "stopped"),
    "temperature": ("change",),
    "humidity": ("change",),
    "smoke": ("alarm", "alarm_off", "alarm_test"),
    "flood": ("alarm", "alarm_off", "cable_unplugged"),
}
"""Event names by component type, as vendor's documents name them."""


def offered(device: Machine) -> bool:
    """Devices that count a revision of them."""
    return "webhook_rev" in device.state.sys


def list_hooks(device: Machine, _params: JSONObject) -> JSON:
    """All hooks and the revision."""
    return {"hooks": _HOOKS.all(device), "rev": device.state.sys.get("webhook_rev", 0)}


def list_all_supported(device: Machine, _params: JSONObject) -> JSON:
    """Events that a hook may be made for."""
    kinds = dict.fromkeys(component_type(key) for key in device.state.all_keys())
    types: list[JSONObject] = [{f"{kind}.{event}": {"attrs": []}} for kind in kinds for event in _EVENTS.get(kind, ())]
    return {"types": types, "offset": 0, "total": len(types)}


def list_supported(device: Machine, _params: JSONObject) -> JSON:
    """The same, as older firmware lists it."""
    types = list_all_supported(device, {})["types"]
    return {"hook_types": [name for entry in types for name in entry]}


METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON]] = {
    "Webhook.Create": _HOOKS.create,
    "Webhook.Update": _HOOKS.update,
    "Webhook.List": list_hooks,
    "Webhook.Delete": _HOOKS.delete,
    "Webhook.DeleteAll": _HOOKS.delete_all,
    "Webhook.ListAllSupported": list_all_supported,
    "Webhook.ListSupported": list_supported,
}
