"""The hour at a simulated device's place, and what follows from it."""

from __future__ import annotations

import math

from plugin_sdk.local_time import hour_at, utc_offset_s
from plugin_sdk.simulation import SimulatedDevice, clock_is_set

_NOON = 12.0
_SUNRISE, _SUNSET = 6.0, 20.0


def local_hour(device: SimulatedDevice) -> float:
    """The hour of the day, from 0 to 24; noon while the clock is not set."""
    return local_hour_at(device, device.now())


def local_hour_at(device: SimulatedDevice, epoch_s: float) -> float:
    """The same at another moment."""
    return hour_at(epoch_s, utc_offset_s(device, epoch_s)) if clock_is_set(device) else _NOON


def daylight(hour: float) -> float:
    """How bright the day is, from 0 to 1: a bell over a day from six to eight."""
    if not _SUNRISE < hour < _SUNSET:
        return 0.0
    return math.sin((hour - _SUNRISE) / (_SUNSET - _SUNRISE) * math.pi)


def warmth_of_day(hour: float) -> float:
    """How warm the hour is for its day, from -1 early in the morning to 1 in the afternoon."""
    return -math.cos((hour - 4) / 24 * 2 * math.pi)
