"""``Shelly.*``: what changes a device as a whole: restart, profile, firmware, access, certificates.

Source: Shelly Gen2+ API, "Shelly"; protocol reference A4 and A9.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from plugin_sdk import JSON, JSONObject, component_type
from plugin_sdk.arguments import choice, required, text, whole
from plugin_sdk.simulation import DeviceFault

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_MIN_REBOOT_MS, _DEFAULT_REBOOT_MS = 500, 1_000


def offered(_device: Machine) -> bool:
    """Every device has these."""
    return True


def reboot(device: Machine, params: JSONObject) -> JSON:
    """Restart after ``delay_ms``."""
    delay_ms = whole(params, "delay_ms", _MIN_REBOOT_MS) or _DEFAULT_REBOOT_MS
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
    required(params, "name")
    name = choice(params, "name", device.origin.profiles) or ""
    before = device.state.info.get("profile")
    if name != before:
        device.power.restart(1.0, then=lambda: device.change_profile(name))
    return {"profile_was": before}


def check_for_update(device: Machine, _params: JSONObject) -> JSON:
    """Firmware that could be installed."""
    return device.state.sys.get("available_updates", {})


def update(device: Machine, params: JSONObject) -> JSON:
    """Install firmware: begin, progress, success, restart with the new version."""
    stage = choice(params, "stage", ("stable", "beta")) or "stable"
    available = device.state.sys.get("available_updates", {})
    if "url" not in params and stage not in available:
        raise DeviceFault(-114, "No update info!")
    version = str(available.get(stage, {}).get("version") or device.state.info.get("ver"))
    device.power.update(version)
    return None


def factory_reset(device: Machine, _params: JSONObject) -> JSON:
    """Restart as it left the factory."""
    device.power.restart(1.0, then=device.forget)
    return None


def reset_wifi_config(_device: Machine, _params: JSONObject) -> JSON:
    """Forget networks; a simulated device stays in the one it has, or nobody could see what it does next."""
    return None


def set_auth(device: Machine, params: JSONObject) -> JSON:
    """Set or remove the password of the device's own web server; the outbound websocket needs none."""
    if params.get("user") != "admin" or params.get("realm") != device.id or "ha1" not in params:
        raise DeviceFault(
            -103, "Invalid argument 'realm'" if params.get("user") == "admin" else "Invalid argument 'user'"
        )
    protected = params["ha1"] is not None
    device.state.info.update(auth_en=protected, auth_domain=device.id if protected else None)
    return None


def put_file(_device: Machine, params: JSONObject) -> JSON:
    """Take a certificate or key: ``{len}``."""
    required(params, "data")
    return {"len": 0 if params["data"] is None else len(text(params, "data") or "")}


METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON]] = {
    "Shelly.Reboot": reboot,
    "Shelly.ListProfiles": list_profiles,
    "Shelly.SetProfile": set_profile,
    "Shelly.CheckForUpdate": check_for_update,
    "Shelly.Update": update,
    "Shelly.FactoryReset": factory_reset,
    "Shelly.ResetWiFiConfig": reset_wifi_config,
    "Shelly.SetAuth": set_auth,
    "Shelly.PutUserCA": put_file,
    "Shelly.PutTLSClientCert": put_file,
    "Shelly.PutTLSClientKey": put_file,
}
