"""The demo fleet: the devices of a small hotel, and what happens there by itself.

Everything is plain data that a reader can change: which devices there are in ``hotel``, what happens on a day in
``day``, what is wrong and worth finding in ``story``.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_platform.simulator.demo.fit import install
from fleet_platform.simulator.demo.hotel import HOTEL
from fleet_platform.simulator.demo.life import Life
from fleet_platform.simulator.device.device import Device
from fleet_platform.simulator.simulator import Simulator

__all__ = ["HOTEL", "open_hotel"]


def open_hotel(simulator: Simulator, seed: int) -> Mapping[str, Device]:
    """Add the hotel's devices and have it live; returns them by name at once, they connect meanwhile."""
    devices = install(simulator, HOTEL)
    Life(devices, seed).begin()
    return devices
