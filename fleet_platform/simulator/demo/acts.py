"""What somebody in the demo hotel does to a device, and how it is done. Plain data but for two functions.

Devices are named as the hotel names them: in full, or by their last word in a room's routine.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from fleet_platform.simulator.device.device import Device
from plugin_sdk import JSON
from plugin_sdk.simulation import Deferred, DeviceFault

APART = " / "
"""What stands between floor, room and device in a name."""


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody presses a button, throws a switch, opens a door, plugs something in.

    Attributes:
        device: Which device.
        key: Which of its components.
        gesture: What the component's behaviour takes: ``single_push``, ``on``, ``load 1900``.
        after_s: So many seconds later than the rest.
    """

    device: str
    key: str
    gesture: str
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Call:
    """An app, the hotel's computer or another device calls a method.

    Attributes:
        device: Which device is called.
        method: Its method.
        params: With these parameters.
        source: Who calls, as Shelly spells it: the cloud unless told otherwise.
        after_s: So many seconds later than the rest.
    """

    device: str
    method: str
    params: Mapping[str, JSON] = field(default_factory=dict)
    source: str = "SHC"
    after_s: float = 0.0


Act: TypeAlias = Press | Call

_ENDS: Mapping[str, str] = {"Cover.Open": "at 100", "Cover.Close": "at 0"}
"""Where a blind is some time after it was moved."""


def within(place: str, act: Act) -> Act:
    """The same in a room: ``within("Floor 1 / Room 101", Press("Lights", …))``."""
    return replace(act, device=f"{place}{APART}{act.device}")


def perform(device: Device, act: Act) -> None:
    """Do it. What the device refuses does not happen, nor anything while it is off, asleep or restarting."""
    if device.power.state != "on":
        return
    with suppress(DeviceFault, ValueError):  # a visitor has changed its profile or its settings
        if isinstance(act, Press):
            device.press(act.key, act.gesture)
        else:
            result = device.call(act.method, act.params, source=act.source)
            if isinstance(result, Deferred):
                result.then(lambda _result, _fault: None)


def settle(device: Device, act: Act) -> None:
    """Have a device be as it is some time after an act, before it is connected: a blind has arrived.

    What leaves no trace, a push of a button or a light that has gone off by itself, is left out.
    """
    if act.after_s:
        return
    if isinstance(act, Call) and act.method in _ENDS:
        for key in device.keys("cover"):
            device.press(key, _ENDS[act.method])
    elif not (act.gesture.endswith("_push") if isinstance(act, Press) else "toggle_after" in act.params):
        perform(device, act)
