"""Installs the demo hotel's devices: each as its entry says, before it is connected for the first time."""

from __future__ import annotations

from collections.abc import Sequence

from fleet_platform.simulator.demo.installed import Installed
from fleet_platform.simulator.device.device import Device
from fleet_platform.simulator.models import ModelOrigin, find_model
from fleet_platform.simulator.simulator import Simulator

_COUNTED_WH = (3_000, 400_000)
"""What a meter has counted since it was installed."""


def install(simulator: Simulator, hotel: Sequence[Installed]) -> dict[str, Device]:
    """Add all devices; returns at once, they connect meanwhile. A device's identity follows from its name."""
    devices = {}
    for each in hotel:
        origin = ModelOrigin(
            find_model(each.model),
            each.full_name,
            name=each.full_name,
            profile=each.profile,
            version=each.version,
            addon=each.addon,
        )
        device = simulator.take_in(origin)
        _fit(device, each)
        devices[each.full_name] = device
    return devices


def _fit(device: Device, each: Installed) -> None:
    for key, label in each.labels.items():
        device.set_config(key, {"name": label})
    for key, settings in each.settings.items():
        device.set_config(key, settings)
    for key, gesture in each.gestures.items():
        device.press(key, gesture)
    for key in [key for key, status in device.state.status.items() if "aenergy" in status]:
        device.report(key, {"aenergy": {"total": round(device.random.uniform(*_COUNTED_WH), 3)}})
    for key, shown in each.status.items():
        device.report(key, shown)
    if each.update is not None:
        device.state.sys["available_updates"] = {"stable": {"version": each.update}}
    if each.signal_dbm is not None:
        device.report("wifi", {"rssi": each.signal_dbm})
        device.state.stay_put()
    if device.power.sleeper:
        device.state.sys["wakeup_period"] = each.nap_s
