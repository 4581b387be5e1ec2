"""Hours, days, weeks, months and years of a time zone. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from fleet_history.spans import Span
from plugin_sdk.errors import InvalidParams

Period: TypeAlias = Literal["hour", "day", "week", "month", "year"]
MAX_PERIODS: Final = 20_000
QUARTER: Final = timedelta(minutes=15)
HOUR: Final = timedelta(hours=1)

DEFAULTS: Final[dict[Period, timedelta]] = {
    "hour": timedelta(days=1),
    "day": timedelta(days=31),
    "week": timedelta(weeks=12),
    "month": timedelta(days=365),
    "year": timedelta(days=3_652),
}
_SHORTEST: Final[dict[Period, timedelta]] = {
    "hour": HOUR,
    "day": timedelta(hours=23),
    "week": timedelta(days=6),
    "month": timedelta(days=28),
    "year": timedelta(days=365),
}


def begins(span: Span, period: Period, zone: ZoneInfo) -> list[datetime]:
    """When each period begins, in UTC; the first is the one that holds the begin of the span.

    Raises:
        InvalidParams: They are too many.
    """
    if (span.till - span.since) / _SHORTEST[period] > MAX_PERIODS:
        raise InvalidParams.at("period", f"these are more than {MAX_PERIODS:,} periods: take longer ones")
    if period == "hour":
        at = span.since - (span.since - _local_hour(span.since, zone))
        return [at + HOUR * number for number in range(-(-(span.till - at) // HOUR))]
    found = []
    day = _first_day(span.since.astimezone(zone), period)
    while (at := day.replace(tzinfo=zone).astimezone(UTC)) < span.till:
        found.append(at)
        day = _next(day, period)
    return found


def whole(span: Span) -> Span:
    """The span with ends at quarters of an hour, which is as fine as consumption is told."""
    origin = datetime(2000, 1, 1, tzinfo=UTC)
    return Span(since=span.since - (span.since - origin) % QUARTER, till=span.till + (origin - span.till) % QUARTER)


def is_hourly(span: Span, begun: list[datetime], zones: list[ZoneInfo]) -> bool:
    """Whether all that matters happens on whole hours of UTC: the ends, the periods, the clocks of zones."""
    if any(at.minute for at in (span.since, span.till, *begun)):
        return False
    # No zone changes how far it is from UTC more often than every few weeks, and all change by half an hour or more.
    step = max(timedelta(days=20), (span.till - span.since) / 2_000)
    count = int((span.till - span.since) / step) + 1
    times = [*(span.since + step * number for number in range(count)), span.till]
    return not any(_minutes_off(at, zone) for zone in zones for at in times)


def _minutes_off(at: datetime, zone: ZoneInfo) -> float:
    """How far the minutes of a zone's clock are from those of UTC, in seconds."""
    offset = at.astimezone(zone).utcoffset() or timedelta()
    return offset.total_seconds() % 3_600


def _local_hour(at: datetime, zone: ZoneInfo) -> datetime:
    local = at.astimezone(zone)
    return at - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)


def _first_day(local: datetime, period: Period) -> datetime:
    day = datetime(local.year, local.month, local.day)  # noqa: DTZ001  # of the clock on the wall
    match period:
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "year":
            return day.replace(month=1, day=1)
        case "day" | "hour":
            return day


def _next(day: datetime, period: Period) -> datetime:
    match period:
        case "week":
            return day + timedelta(days=7)
        case "month":
            return day.replace(year=day.year + day.month // 12, month=day.month % 12 + 1)
        case "year":
            return day.replace(year=day.year + 1)
        case "day" | "hour":
            return day + timedelta(days=1)
