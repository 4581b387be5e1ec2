"""``Shelly.*``: what a device says about itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import orjson

from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import flag, texts, whole

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_PAGE_BYTES = 2_560
"""Size of one page of components. The firmware's own rule is not documented; its pages are small."""


def offered(_device: Machine) -> bool:
    """Every device has these."""
    return True


def get_device_info(device: Machine, _params: JSONObject) -> JSON:
    """Identity."""
    return device.state.info


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


def list_timezones(_device: Machine, _params: JSONObject) -> JSON:
    """A few time zones."""
    return {"timezones": ["Europe/Berlin", "Europe/London", "Europe/Sofia", "America/New_York", "UTC"]}


def detect_location(_device: Machine, _params: JSONObject) -> JSON:
    """Where the device thinks it is."""
    return {"tz": "Europe/Sofia", "lat": 42.67236, "lon": 23.38738}


METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON]] = {
    "Shelly.GetDeviceInfo": get_device_info,
    "Shelly.GetStatus": get_status,
    "Shelly.GetConfig": get_config,
    "Shelly.GetComponents": get_components,
    "Shelly.Identify": identify,
    "Shelly.ListTimezones": list_timezones,
    "Shelly.DetectLocation": detect_location,
}
