"""``OTA.*``: low-level methods that real devices list, for an image that is pushed piece by piece.

An image cannot be pushed here: the simulator has no firmware to run. So none is ever in progress, and the steps of one
are refused.

Source: ``Shelly.ListMethods`` of a Shelly 2PM Gen3; the texts are not documented.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fleet_platform.simulator.services.firmware import install_from
from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import required, text
from plugin_sdk.simulation import DeviceFault

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine


def offered(device: Machine) -> bool:
    """All but the Wall Display, whose system is another one."""
    return not device.session.dialect.partial_first


def update(device: Machine, params: JSONObject) -> JSON:
    """Install from a URL."""
    required(params, "url")
    return install_from(device, text(params, "url") or "")


def refuse(_device: Machine, _params: JSONObject) -> JSON:
    """One of the steps.

    Raises:
        DeviceFault: -109, always.
    """
    raise DeviceFault(-109, "No update in progress")


METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON]] = {
    **dict.fromkeys(("OTA.Abort", "OTA.Write", "OTA.Data", "OTA.Start", "OTA.Revert", "OTA.Commit"), refuse),
    "OTA.Update": update,
}
