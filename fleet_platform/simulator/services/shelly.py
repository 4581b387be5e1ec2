"""``Shelly.*``: identity, full status and settings, components, restart, profiles, updates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import orjson

from plugin_sdk import JSON, JSONObject, component_type
from plugin_sdk.simulation import DeviceFault

if TYPE_CHECKING:
    from fleet_platform.simulator.machine import Machine

_PAGE_BYTES = 2_560
"""Size of one page of components. The firmware's own rule is not documented; its pages are small."""

_MIN_REBOOT_MS = 500


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
    dynamic_only = params.get("dynamic_only") is True
    wanted = params.get("keys")
    include = params.get("include", ["status", "config"] if dynamic_only else [])
    keys = [
        key
        for key in device.state.all_keys()
        if (not dynamic_only or device.state.is_dynamic(key)) and (wanted is None or key in wanted)
    ]
    offset = params.get("offset", 0)
    if isinstance(offset, bool) or not isinstance(offset, int) or offset < 0:
        raise DeviceFault(-103, "Invalid argument 'offset'")
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


def reboot(device: Machine, params: JSONObject) -> JSON:
    """Restart after ``delay_ms``."""
    delay_ms = params.get("delay_ms", 1_000)
    if isinstance(delay_ms, bool) or not isinstance(delay_ms, int) or delay_ms < _MIN_REBOOT_MS:
        raise DeviceFault(-103, "Invalid argument 'delay_ms'")
    device.power.restart(delay_ms / 1000)
    return None


def list_profiles(device: Machine, _params: JSONObject) -> JSON:
    """Profiles and how many components of each type they have."""
    profiles: JSONObject = {}
    for name in device.origin.profiles:
        counts: dict[str, int] = {}
        for key in device.origin.blueprint(name).status:
            if ":" in key:
                counts[component_type(key)] = counts.get(component_type(key), 0) + 1
        profiles[name] = {"components": [{"type": kind, "count": count} for kind, count in counts.items()]}
    return {"profiles": profiles}


def set_profile(device: Machine, params: JSONObject) -> JSON:
    """Change the profile and restart; the device has other components afterwards."""
    name = params.get("name")
    if name not in device.origin.profiles:
        raise DeviceFault(-103, f"Invalid argument 'name': {name}")
    before = device.state.info.get("profile")
    if name != before:
        device.power.restart(1.0, then=lambda: device.become(name))
    return {"profile_was": before}


def check_for_update(device: Machine, _params: JSONObject) -> JSON:
    """Firmware that could be installed."""
    return device.state.sys.get("available_updates", {})


def update(device: Machine, params: JSONObject) -> JSON:
    """Install firmware: begin, progress, success, restart with the new version."""
    stage = params.get("stage", "stable")
    available = device.state.sys.get("available_updates", {})
    if "url" not in params and stage not in available:
        raise DeviceFault(-114, "No update info!")
    version = str(available.get(stage, {}).get("version") or device.state.info.get("ver"))
    device.power.update(version)
    return None


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
    "Shelly.Reboot": reboot,
    "Shelly.ListProfiles": list_profiles,
    "Shelly.SetProfile": set_profile,
    "Shelly.CheckForUpdate": check_for_update,
    "Shelly.Update": update,
    "Shelly.Identify": identify,
    "Shelly.ListTimezones": list_timezones,
    "Shelly.DetectLocation": detect_location,
}
