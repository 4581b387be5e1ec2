"""``Shelly.ListProfiles`` and ``Shelly.SetProfile``: what a device is to be, of the models that can be several things.

Source: Shelly Gen2+ API, "Shelly".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from plugin_sdk import JSON, JSONObject, component_type
from plugin_sdk.arguments import choice, required

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_RESTART_S = 1.0


def offered(device: Machine) -> bool:
    """Devices with profiles."""
    return bool(device.origin.profiles)


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
    required(params, "name")
    name = choice(params, "name", device.origin.profiles) or ""
    before = device.state.info.get("profile")
    if name != before:
        device.power.restart(_RESTART_S, then=lambda: device.change_profile(name))
    return {"profile_was": before}


METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON]] = {
    "Shelly.SetProfile": set_profile,
    "Shelly.ListProfiles": list_profiles,
}
