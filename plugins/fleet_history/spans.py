"""Times, lengths of time and time zones as people write them. Pure but for the list of zones."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from plugin_sdk import Device, Fleet
from plugin_sdk.errors import InvalidParams

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_ORIGIN: Final = 946_684_800
"""From where buckets of hours and less are counted: 2000-01-01, UTC epoch seconds."""

_DAY_S: Final = 86_400
_MONTH_S: Final = 28 * _DAY_S
_MAX_S: Final = 100 * 366 * _DAY_S
_DURATION = re.compile(
    r"P(?:(?P<years>\d{1,4})Y)?(?:(?P<months>\d{1,4})M)?(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,8})M)?(?:(?P<seconds>\d{1,10})S)?)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From one time up to another."""

    since: datetime
    till: datetime

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.till - self.since).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A length of time that is one of months, days and seconds.

    Buckets of months and days follow the clock of a time zone.
    """

    months: int = 0
    days: int = 0
    seconds: int = 0

    def __str__(self) -> str:
        """As ISO 8601 writes it."""
        if self.months:
            years, months = divmod(self.months, 12)
            return f"P{f'{years}Y' if years else ''}{f'{months}M' if months else ''}"
        if self.days:
            return f"P{self.days}D"
        return f"PT{self.seconds}S" if self.seconds % 60 else f"PT{self.seconds // 60}M"

    @property
    def interval(self) -> str:
        """As PostgreSQL reads it."""
        return f"{self.months} months {self.days} days {self.seconds} seconds"

    @property
    def is_of_calendar(self) -> bool:
        """Whether it follows the clock on the wall."""
        return self.seconds == 0

    @property
    def shortest_s(self) -> int:
        """How long it is at least, in seconds."""
        return self.seconds or self.days * (_DAY_S - 3_600) or self.months * _MONTH_S

    def begin_of(self, epoch_s: float) -> int:
        """Begin of the bucket of hours or less that a time falls into."""
        return math.floor((epoch_s - _ORIGIN) / self.seconds) * self.seconds + _ORIGIN

    def count(self, span: Span) -> int:
        """How many there are in a span, or a few more."""
        return math.ceil(span.seconds / self.shortest_s) + 1


NICE: Final = (
    *(Bucket(seconds=seconds) for seconds in (1, 2, 5, 10, 15, 30)),
    *(Bucket(seconds=60 * minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720)),
    *(Bucket(days=days) for days in (1, 7)),
    *(Bucket(months=months) for months in (1, 3, 12, 120, 1200)),
)
"""Lengths that people are used to."""


def nice(span: Span, max_points: int) -> Bucket:
    """The shortest usual bucket of which no more than so many make up a span."""
    return next((bucket for bucket in NICE if bucket.count(span) <= max_points), NICE[-1])


def read_bucket(value: float | str, path: str = "bucket") -> Bucket | None:
    """What a caller wrote, as ISO 8601 (``PT15M``, ``P1D``, ``P1M``) or in seconds; None for 0.

    Raises:
        InvalidParams: It is neither.
    """
    seconds = _number(value)
    if seconds is not None:
        if not math.isfinite(seconds) or seconds < 0 or seconds > _MAX_S or seconds != int(seconds):
            raise InvalidParams.at(path, "is a whole number of seconds, up to a hundred years")
        return Bucket(seconds=int(seconds)) if seconds else None
    found = _DURATION.fullmatch(str(value).strip().upper())
    part = {name: int(text or 0) for name, text in found.groupdict().items()} if found else {}
    months = part.get("years", 0) * 12 + part.get("months", 0)
    days = part.get("weeks", 0) * 7 + part.get("days", 0)
    total = part.get("hours", 0) * 3_600 + part.get("minutes", 0) * 60 + part.get("seconds", 0)
    if found is None or not any(text is not None for text in found.groups()):
        raise InvalidParams.at(path, "is a duration such as PT15M, P1D or P1M, or seconds")
    if sum(1 for each in (months, days, total) if each) > 1:
        raise InvalidParams.at(path, "is of months, or of days, or of hours and less; not of several of these")
    if months > 1_200 or days * _DAY_S + total > _MAX_S:
        raise InvalidParams.at(path, "is a hundred years at most")
    return Bucket(months=months, days=days, seconds=total) if months or days or total else None


def read_time(value: float | str, path: str, zone: tzinfo) -> datetime:
    """What a caller wrote: UTC epoch seconds, or ISO 8601, which is in the zone unless it says otherwise.

    Raises:
        InvalidParams: It is neither, or not between 2000 and 2100.
    """
    seconds = _number(value)
    try:
        if seconds is not None:
            if seconds > LATEST.timestamp() and seconds / 1000 < LATEST.timestamp():
                raise InvalidParams.at(path, "is in seconds; this looks like milliseconds")
            at = datetime.fromtimestamp(seconds, UTC)
        else:
            at = datetime.fromisoformat(str(value).strip())
            at = (at.replace(tzinfo=zone) if at.tzinfo is None else at).astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidParams.at(path, "is a time: UTC epoch seconds, or such as 2026-11-24T10:00:00Z") from error
    if not EARLIEST <= at <= LATEST:
        raise InvalidParams.at(path, "is between the years 2000 and 2100")
    return at


def read_span(
    since: float | str | None, till: float | str | None, zone: tzinfo, *, default: timedelta, now: datetime
) -> Span:
    """From when to when; up to now, and for the default length, where nothing is said.

    Raises:
        InvalidParams: It is no time, or it does not end after its begin.
    """
    end = now if till is None else read_time(till, "to", zone)
    begin = max(end - default, EARLIEST) if since is None else read_time(since, "from", zone)
    if begin >= end:
        raise InvalidParams.at("from", "is before the end of the time, which is now where nothing is said")
    return Span(since=begin, till=end)


class Zones:
    """Time zones that both this machine and the database know."""

    def __init__(self, fleet: Callable[[], Fleet]) -> None:
        self._fleet = fleet
        self._names: frozenset[str] | None = None

    async def named(self, name: str, path: str = "timeZone") -> ZoneInfo:
        """A zone by its name.

        Raises:
            InvalidParams: Nobody knows it.
        """
        if name == "UTC":
            return ZoneInfo("UTC")
        if self._names is None:
            rows = await self._fleet().sql.fetch("SELECT name FROM pg_timezone_names")
            self._names = frozenset(row["name"] for row in rows)
        try:
            if name in self._names:
                return ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            pass  # the database knows more zones than this machine
        raise InvalidParams.at(path, "is a time zone such as Europe/Sofia or UTC")

    async def of(self, name: str | None, devices: Mapping[str, Device]) -> ZoneInfo:
        """The zone that was named; else the setting; else that of the first device that has one; else UTC."""
        if name is not None:
            return await self.named(name)
        if self._fleet().settings.time_zone:
            return await self.named(self._fleet().settings.time_zone)
        for device in list(devices.values())[:10]:
            system = device.settings.get("sys")
            location = system.get("location") if isinstance(system, dict) else None
            told = location.get("tz") if isinstance(location, dict) else None
            if isinstance(told, str):
                try:
                    return await self.named(told)
                except InvalidParams:
                    continue
        return ZoneInfo("UTC")


def seconds_of(at: datetime | None) -> float | None:
    """UTC epoch seconds, whole ones as such."""
    if at is None:
        return None
    seconds = at.timestamp()
    return int(seconds) if seconds == int(seconds) else seconds


def _number(value: float | str) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return float(value)
