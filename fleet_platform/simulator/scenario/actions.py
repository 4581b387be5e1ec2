"""What a step of the timeline does to one device."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TypeAlias

from fleet_platform.simulator.device.device import Device
from fleet_platform.simulator.scenario.scenario import Cue
from fleet_platform.simulator.targets import ALL
from plugin_sdk.simulation import Deferred, DeviceFault

_log = logging.getLogger(__name__)

Fails: TypeAlias = Callable[[str], None]

_SOURCE = "HTTP_in"
"""Who calls: somebody in the device's own network."""


def act(cue: Cue, device: Device, fails: Fails) -> bool:
    """Do what a step says to a device; what does not work is told to ``fails``.

    A device that does not have the component in question is passed over: the step may be for many.

    Returns:
        False where the simulator or a plugin has failed, rather than the device refused.
    """
    try:
        _ACTS[cue.step.action](cue, device, fails)
    except DeviceFault as fault:
        fails(fault.text)
    except (ValueError, ConnectionError) as err:
        fails(str(err))
    except Exception as err:
        # A behaviour is a plugin's code: its bug on one device is told, and the others' turn comes.
        _log.exception("step %s failed on simulated %s", cue.step.action, device.id)
        fails(f"{cue.step.action} failed by a bug: {type(err).__name__}; see the log")
        return False
    return True


def _press(cue: Cue, device: Device, _fails: Fails) -> None:
    key = cue.step.press or ""
    if key in device.state.all_keys():
        device.press(key, cue.step.gesture)


def _call(cue: Cue, device: Device, fails: Fails) -> None:
    result = device.call(cue.step.call or "", cue.step.params, source=_SOURCE)
    if isinstance(result, Deferred):
        result.then(lambda _result, fault: None if fault is None else fails(fault.text))


def _report(cue: Cue, device: Device, _fails: Fails) -> None:
    for key, patch in (cue.step.report or {}).items():
        if key in device.state.status:
            device.report(key, patch)


def _emit(cue: Cue, device: Device, _fails: Fails) -> None:
    for key, name in (cue.step.event or {}).items():
        if key in device.state.status:
            device.emit(key, name)


def _spoil(cue: Cue, device: Device, _fails: Fails) -> None:
    if cue.fault is not None:
        device.faults.start(cue.fault, for_s=cue.step.for_)


def _heal(cue: Cue, device: Device, _fails: Fails) -> None:
    name = cue.step.heal or ALL
    device.faults.stop(None if name.lower() == ALL else name)


def _switch(cue: Cue, device: Device, _fails: Fails) -> None:
    if cue.step.power != "on" and device.power.state != "off":
        device.power.switch_off()
    if cue.step.power != "off" and device.power.state == "off":
        device.power.switch_on()


def _wake(cue: Cue, device: Device, _fails: Fails) -> None:
    if device.power.sleeper and cue.step.wake is not None:
        device.wake(cue.step.wake)


def _reconnect(_cue: Cue, device: Device, _fails: Fails) -> None:
    device.reconnect()


_ACTS: Mapping[str, Callable[[Cue, Device, Fails], None]] = {
    "press": _press,
    "call": _call,
    "report": _report,
    "event": _emit,
    "fault": _spoil,
    "heal": _heal,
    "power": _switch,
    "wake": _wake,
    "reconnect": _reconnect,
}
"""All actions but ``rate``, which is no device's."""
