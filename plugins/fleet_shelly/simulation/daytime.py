"""The hour at a simulated device's place, and what follows from it."""

from __future__ import annotations

import math

from plugin_sdk import JSON
from plugin_sdk.simulation import SimulatedDevice, clock_is_set

_NOON = 12.0
_SUNRISE, _SUNSET = 6.0, 20.0


def utc_offset_s(device: SimulatedDevice) -> int:
    """How far the device's local time is ahead of UTC."""
    offset = device.status("sys").get("utc_offset")
    return offset if isinstance(offset, int) else 0


def hour_at(epoch_s: float, offset_s: int) -> float:
    """The hour of the day, from 0 to 24, at a moment."""
    return (epoch_s + offset_s) % 86_400 / 3600


def local_hour(device: SimulatedDevice) -> float:
    """The hour of the day, from 0 to 24; noon while the clock is not set."""
    return hour_at(device.now(), utc_offset_s(device)) if clock_is_set(device) else _NOON


def daylight(hour: float) -> float:
    """How bright the day is, from 0 to 1: a bell over a day from six to eight."""
    if not _SUNRISE < hour < _SUNSET:
        return 0.0
    return math.sin((hour - _SUNRISE) / (_SUNSET - _SUNRISE) * math.pi)


def warmth_of_day(hour: float) -> float:
    """How warm the hour is for its day, from -1 early in the morning to 1 in the afternoon."""
    return -math.cos((hour - 4) / 24 * 2 * math.pi)


def minute_of_day(text: JSON) -> int | None:
    """Minutes since midnight of a time such as ``07:30``; None for anything else."""
    if not isinstance(text, str) or len(text) != 5 or text[2] != ":" or not (text[:2] + text[3:]).isdecimal():
        return None
    hour, minute = int(text[:2]), int(text[3:])
    return hour * 60 + minute if hour < 24 and minute < 60 else None


def is_within(hour: float, start_minute: int, end_minute: int) -> bool:
    """Whether an hour is in a period of the day, which may go over midnight; equal ends are the whole day."""
    minute = hour * 60
    if start_minute < end_minute:
        return start_minute <= minute < end_minute
    return start_minute == end_minute or minute >= start_minute or minute < end_minute
