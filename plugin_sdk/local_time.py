"""A simulated device's local time: how far it is ahead of UTC, and periods of its day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from plugin_sdk.simulation import SimulatedDevice
from plugin_sdk.values import JSON

_DAY_S = 86_400

Period: TypeAlias = tuple[int, int]
"""Start and end of a part of the day, in minutes since midnight."""


def utc_offset_s(device: SimulatedDevice, epoch_s: float) -> int:
    """How far local time is ahead of UTC: as ``sys`` shows it, else by the time zone in its settings, else 0."""
    shown = shown_utc_offset_s(device.status("sys"))
    if shown is not None:
        return shown
    location = device.config("sys").get("location")
    zone = location.get("tz") if isinstance(location, dict) else None
    try:
        offset = datetime.fromtimestamp(epoch_s, ZoneInfo(str(zone))).utcoffset()
    except (KeyError, ValueError, OSError):
        return 0  # no zone, or one that this system does not know (a KeyError)
    return 0 if offset is None else int(offset.total_seconds())


def shown_utc_offset_s(sys: Mapping[str, JSON]) -> int | None:
    """What the status of ``sys`` says of that; None if it says nothing that can be."""
    shown = sys.get("utc_offset")
    return shown if isinstance(shown, int) and -_DAY_S < shown < _DAY_S else None


def hour_at(epoch_s: float, offset_s: int) -> float:
    """The hour of the day, from 0 to 24, at a moment."""
    return (epoch_s + offset_s) % _DAY_S / 3600


def read_period(between: JSON) -> Period | None:
    """The period that settings such as ``["22:00", "06:00"]`` name; None for anything else."""
    if not isinstance(between, list) or len(between) != 2:
        return None
    start, end = _minute_of_day(between[0]), _minute_of_day(between[1])
    return None if start is None or end is None else (start, end)


def is_within(hour: float, period: Period) -> bool:
    """Whether an hour of the day is in a period, which may go over midnight; its end is not.

    Equal ends are the whole day: devices that have ``["00:00", "00:00"]`` say ``night_mode_start_full_period``.

    Source: settings in dumps and ``source`` of lights in logs; the API tells the format and no more.
    """
    minute, (start, end) = hour * 60, period
    if start < end:
        return start <= minute < end
    return start == end or minute >= start or minute < end


def _minute_of_day(text: JSON) -> int | None:
    if not isinstance(text, str) or len(text) != 5 or text[2] != ":" or not (text[:2] + text[3:]).isdecimal():
        return None
    hour, minute = int(text[:2]), int(text[3:])
    return hour * 60 + minute if hour < 24 and minute < 60 else None
