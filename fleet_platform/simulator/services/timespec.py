"""When a schedule's ``timespec`` comes due: a cron expression, or sunrise and sunset on days that match. Pure.

A cron expression has six fields: second, minute, hour, day of month, month, day of week. Five start with the minute,
a seventh is a year. Fields take ``*``, lists, ranges, steps and names (``MON-FRI``, ``dec``); days of the month also
``L``, ``L-3``, ``15W``, ``LW``, days of the week ``5L``, ``2#1`` and ``2#-1``. Both kinds of days must match. Numbers
with leading zeros are refused.

``@sunrise`` and ``@sunset`` take an offset of up to a week (``@sunset-1h30m``) and three fields of days: day of month,
month and day of week.

Times here are local and naive.

Source: Shelly Gen2+ API, "Schedule"; mongoose-os-libs/cron README (offsets, day fields after the sun). That both kinds
of days must match is how that library's parser works; the API does not say.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import TypeAlias

Place: TypeAlias = Callable[[date, str], datetime | None]
"""When the sun does what the second argument says (``sunrise``, ``sunset``) on a day, in local time; None if never."""

_LONGEST = 256
_DAYS_AHEAD = 8 * 366
"""Within eight years there is a 29 February."""

_FARTHEST_S = 7 * 86_400
"""Longest offset from the sun. The firmware's own limit is not documented; days can be named in the other fields."""

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_WEEKDAYS = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
_SUN = re.compile(r"@(sunrise|sunset)(?:([+-])(?=\d)((?:\d+(?:\.\d+)?h)?(?:\d+(?:\.\d+)?m)?(?:\d+(?:\.\d+)?s)?))?")
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)([hms])")
_UNIT_S = {"h": 3600, "m": 60, "s": 1}

_Days: TypeAlias = Callable[[date], bool]


class BadTimespec(ValueError):
    """A timespec that no device would take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timespec:
    """A timespec that was read.

    Attributes:
        days: Whether it comes due on a day.
        hours: Hours of the day when it does, in order.
        minutes: Minutes of those hours, in order.
        seconds: Seconds of those minutes, in order.
        sun: ``sunrise``, ``sunset``, or "" for a cron expression; with the sun, there are no hours.
        offset_s: Seconds after the sun's moment.
    """

    days: _Days
    hours: Sequence[int] = ()
    minutes: Sequence[int] = ()
    seconds: Sequence[int] = ()
    sun: str = ""
    offset_s: float = 0.0

    def following(self, moment: datetime, place: Place) -> datetime | None:
        """The first time after a moment; None if there is none in the next eight years."""
        for day in _walk(moment.date() - timedelta(days=self._reach()), 1):
            if self.days(day):
                due = self._on(day, place) if self.sun else self._first_on(day, moment)
                if due is not None and due > moment:
                    return due
        return None

    def preceding(self, moment: datetime, place: Place) -> datetime | None:
        """The last time before or at a moment; None if there is none in the last eight years."""
        for day in _walk(moment.date() + timedelta(days=self._reach()), -1):
            if self.days(day):
                due = self._on(day, place) if self.sun else self._last_on(day, moment)
                if due is not None and due <= moment:
                    return due
        return None

    def _reach(self) -> int:
        """How many days the offset can carry a moment away from the day that it belongs to."""
        return 1 + int(abs(self.offset_s) // 86_400) if self.sun else 0

    def _on(self, day: date, place: Place) -> datetime | None:
        moment = place(day, self.sun)
        return None if moment is None else moment + timedelta(seconds=self.offset_s)

    def _first_on(self, day: date, moment: datetime) -> datetime | None:
        """Lists are in order and long ones are full, so few values are looked at."""
        after = (moment.hour, moment.minute, moment.second) if day == moment.date() else (-1,)
        for hour in self.hours:
            if hour < after[0]:
                continue
            for minute in self.minutes:
                if (hour, minute) < after[:2]:
                    continue
                for second in self.seconds:
                    if (hour, minute, second) > after:
                        return datetime.combine(day, time(hour, minute, second))
        return None

    def _last_on(self, day: date, moment: datetime) -> datetime | None:
        before = (moment.hour, moment.minute, moment.second) if day == moment.date() else (24,)
        for hour in reversed(self.hours):
            if hour > before[0]:
                continue
            for minute in reversed(self.minutes):
                if (hour, minute) > before[:2]:
                    continue
                for second in reversed(self.seconds):
                    if (hour, minute, second) <= before:
                        return datetime.combine(day, time(hour, minute, second))
        return None


@lru_cache(maxsize=512)
def read_timespec(text: str) -> Timespec:
    """Read a timespec; remembered, for a fleet's devices share theirs.

    Raises:
        BadTimespec: It is none.
    """
    words = text.split()
    if not words or len(text) > _LONGEST:
        raise BadTimespec(text)
    if words[0].startswith("@"):
        return _read_sun(words)
    if not 5 <= len(words) <= 7:
        raise BadTimespec(f"{len(words)} fields")
    seconds, minutes, hours, *days = ["0", *words] if len(words) == 5 else words
    return Timespec(
        days=_read_days(days),
        hours=_numbers(hours, 0, 23),
        minutes=_numbers(minutes, 0, 59),
        seconds=_numbers(seconds, 0, 59),
    )


def _read_sun(words: Sequence[str]) -> Timespec:
    found = _SUN.fullmatch(words[0].lower())
    if found is None or len(words) not in (1, 4):
        raise BadTimespec(words[0])
    seconds = sum(float(amount) * _UNIT_S[unit] for amount, unit in _AMOUNT.findall(found[3] or ""))
    if seconds > _FARTHEST_S:
        raise BadTimespec(words[0])
    days = _read_days(words[1:] or ("*", "*", "*"))
    return Timespec(days=days, sun=found[1], offset_s=-seconds if found[2] == "-" else seconds)


def _read_days(words: Sequence[str]) -> _Days:
    month_days = _any_of(_month_day, words[0])
    months = frozenset(_numbers(words[1], 1, 12, _MONTHS))
    weekdays = _any_of(_weekday, words[2])
    years = frozenset(_numbers(words[3], 1970, 2199)) if len(words) == 4 else None

    def match(day: date) -> bool:
        return day.month in months and (years is None or day.year in years) and month_days(day) and weekdays(day)

    return match


def _any_of(read: Callable[[str], _Days], text: str) -> _Days:
    """A day matches a list if it matches one part."""
    parts = [read(part) for part in text.lower().split(",")]
    return parts[0] if len(parts) == 1 else lambda day: any(part(day) for part in parts)


def _month_day(text: str) -> _Days:
    if text == "?":
        return lambda _day: True
    if text == "lw":
        return lambda day: day == _nearest_workday(day, _length(day))
    if text == "l" or (text.startswith("l-") and text[2:].isdecimal()):
        back = _number(text[2:] or "0", 0, 30)
        return lambda day: day.day == _length(day) - back
    if text.endswith("w"):
        wanted = _number(text[:-1], 1, 31)
        return lambda day: wanted <= _length(day) and day == _nearest_workday(day, wanted)
    numbers = frozenset(_numbers(text, 1, 31))
    return lambda day: day.day in numbers


def _weekday(text: str) -> _Days:
    if text == "?":
        return lambda _day: True
    if text == "l":
        return lambda day: _day_of_week(day) == 6
    name, hash_, nth = text.partition("#")
    if hash_:
        if not re.fullmatch(r"-?[1-5]", nth):
            raise BadTimespec(text)
        wanted, count = _number(name, 0, 7, _WEEKDAYS) % 7, int(nth)
        return lambda day: _day_of_week(day) == wanted and _is_nth(day, count)
    if text.endswith("l"):
        wanted = _number(text[:-1], 0, 7, _WEEKDAYS) % 7
        return lambda day: _day_of_week(day) == wanted and _is_nth(day, -1)
    numbers = frozenset(number % 7 for number in _numbers(text, 0, 7, _WEEKDAYS))
    return lambda day: _day_of_week(day) in numbers


def _numbers(text: str, low: int, high: int, names: Mapping[str, int] | None = None) -> list[int]:
    """All numbers that a field names, in order: ``1,5-7,*/10``."""
    found: set[int] = set()
    for part in text.lower().split(","):
        span, slash, step = part.partition("/")
        every = _number(step, 1, high) if slash else 1
        first, dash, last = span.partition("-")
        if span == "*":
            start, end = low, high
        else:
            start = _number(first, low, high, names)
            # A step after a single number goes on to the end of the range, as in other cron libraries.
            end = _number(last, low, high, names) if dash else (high if slash else start)
        if end < start:
            raise BadTimespec(part)
        found.update(range(start, end + 1, every))
    return sorted(found)


def _number(text: str, low: int, high: int, names: Mapping[str, int] | None = None) -> int:
    if names and text in names:
        return names[text]
    if not re.fullmatch(r"0|[1-9][0-9]{0,3}", text) or not low <= int(text) <= high:
        raise BadTimespec(text)
    return int(text)


def _walk(day: date, step: int) -> Iterator[date]:
    return (day + timedelta(days=number * step) for number in range(_DAYS_AHEAD))


def _length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _day_of_week(day: date) -> int:
    """From 0 for Sunday to 6."""
    return day.isoweekday() % 7


def _is_nth(day: date, count: int) -> bool:
    if count > 0:
        return (day.day - 1) // 7 + 1 == count
    return (_length(day) - day.day) // 7 + 1 == -count


def _nearest_workday(day: date, wanted: int) -> date:
    """The weekday nearest to a day of the month, within the month."""
    target = day.replace(day=wanted)
    if target.isoweekday() == 6:
        return target + timedelta(days=-1 if wanted > 1 else 2)
    if target.isoweekday() == 7:
        return target + timedelta(days=1 if wanted < _length(day) else -2)
    return target
