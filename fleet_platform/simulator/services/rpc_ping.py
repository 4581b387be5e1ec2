"""``RPC.Ping``: whether somebody is there.

Source: ``Shelly.ListMethods`` of a Shelly 2PM Gen3; the answer is that of Mongoose OS, on which the firmware is built,
and not documented by the vendor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from plugin_sdk import JSON, JSONObject

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine


def offered(device: Machine) -> bool:
    """All but the Wall Display, whose system is another one."""
    return not device.session.dialect.partial_first


def ping(device: Machine, _params: JSONObject) -> JSON:
    """How the caller is connected."""
    return {"channel_info": device.source}


METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON]] = {"RPC.Ping": ping}
