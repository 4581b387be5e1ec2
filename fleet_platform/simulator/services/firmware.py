"""``Shelly.CheckForUpdate`` and ``Shelly.Update``: firmware.

Source: Shelly Gen2+ API, "Shelly"; protocol reference A3 and A9.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fleet_platform.simulator.device.firmware import version_in
from fleet_platform.simulator.models.firmware import firmware_id
from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import choice, invalid, text
from plugin_sdk.simulation import DeviceFault

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_STAGES = ("stable", "beta")


def offered(_device: Machine) -> bool:
    """Every device has these."""
    return True


def check_for_update(device: Machine, _params: JSONObject) -> JSON:
    """Firmware that could be installed: ``{stable?: {version, build_id}, beta?: …}``."""
    app = str(device.state.info.get("app", ""))
    offers = device.state.sys.get("available_updates") or {}
    return {
        stage: {"version": offer["version"], "build_id": firmware_id(app, str(offer["version"]))}
        for stage, offer in offers.items()
        if isinstance(offer, dict) and "version" in offer
    }


def update(device: Machine, params: JSONObject) -> JSON:
    """Install firmware: begin, progress, success, restart with the new version.

    From a ``url`` comes the version that it names; the same one again where it names none.
    """
    if "url" in params:
        return install_from(device, text(params, "url") or "")
    stage = choice(params, "stage", _STAGES) or "stable"
    offer = (device.state.sys.get("available_updates") or {}).get(stage)
    if not isinstance(offer, dict) or "version" not in offer:
        raise DeviceFault(-114, "No update info!")
    device.power.update(str(offer["version"]))
    return None


def install_from(device: Machine, url: str) -> JSON:
    """Install what an address offers; nothing is fetched."""
    if not url.startswith(("http://", "https://")):
        raise invalid("url")
    device.power.update(version_in(url) or str(device.state.info.get("ver", "")))
    return None


METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON]] = {
    "Shelly.CheckForUpdate": check_for_update,
    "Shelly.Update": update,
}
