"""Reads the history in steps: no statement gives more than a few milliseconds of work to the event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final, Literal, TypeAlias

from fleet_history.spans import Bucket, Span
from plugin_sdk import Fleet

Aggregate: TypeAlias = Literal["avg", "min", "max", "last", "count", "delta"]
AGGREGATES: Final[tuple[Aggregate, ...]] = ("count", "avg", "min", "max", "last", "delta")
STEP: Final = 20_000
"""Points of one statement: decoding them takes a few milliseconds."""

_COUNTED: Final = 100
"""Series whose samples are counted at a time, so that what comes of them can be read in steps."""

_BUCKETS = """
SELECT series, array_agg(extract(epoch FROM ts)::bigint ORDER BY ts) AS ts, {columns}
FROM history.query($1::integer[], $2, $3, $4::text::interval, $5) GROUP BY series
"""
_HOURS = """
SELECT series, array_agg(ts ORDER BY ts) AS ts, array_agg(count ORDER BY ts) AS count FROM (
    SELECT series, date_bin('1 hour', ts, '2000-01-01 00:00+00') AS ts, count(*) AS count
    FROM history.raw($1::integer[], $2, $3) GROUP BY 1, 2
) AS hours GROUP BY series
"""
_SAMPLES = """
SELECT array_agg(round(extract(epoch FROM ts) * 1000)::bigint ORDER BY ts) AS ts, array_agg(value ORDER BY ts) AS value
FROM history.raw($1::integer[], $2, $3)
"""
_EDGES = """
SELECT array_agg(extract(epoch FROM ts)::bigint ORDER BY ts) AS ts FROM (
    SELECT DISTINCT history.bin($3::text::interval, at, $4) AS ts
    FROM generate_series($1::timestamptz, $2::timestamptz - interval '1 ms', interval '6 hours') AS at
    UNION SELECT history.bin($3::text::interval, $2::timestamptz - interval '1 ms', $4)
) AS begins
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Consecutive points of one series.

    Attributes:
        times: UTC epoch seconds of buckets, milliseconds of samples; in order.
        columns: Aggregate to its values; of samples ``value``.
        is_last: No more points of this series come.
    """

    series: int
    times: Sequence[int]
    columns: Mapping[str, Sequence[float | None]]
    is_last: bool


async def buckets(
    fleet: Fleet, series: Sequence[int], span: Span, bucket: Bucket, zone: str, aggregates: Sequence[str]
) -> AsyncIterator[Part]:
    """Points of each series in turn; of one that has none nothing comes."""
    statement = _BUCKETS.format(columns=", ".join(f"array_agg({name} ORDER BY ts) AS {name}" for name in aggregates))
    many = max(1, bucket.count(span))
    windows = _windows(span, bucket) if many > STEP else [span]
    at_once = max(1, STEP // many)
    for begin in range(0, len(series), at_once):
        chosen = series[begin : begin + at_once]
        for window in windows:
            rows = await fleet.sql.fetch(statement, chosen, window.since, window.till, bucket.interval, zone)
            found = {row["series"]: row for row in rows}
            for number in chosen:
                row = found.get(number)
                if row is not None or window is windows[-1]:
                    yield Part(
                        series=number,
                        times=row["ts"] if row else (),
                        columns={name: row[name] if row else () for name in aggregates},
                        is_last=window is windows[-1],
                    )


async def samples(fleet: Fleet, series: Sequence[int], span: Span, most: int) -> AsyncIterator[Part]:
    """Samples as they came, of each series in turn.

    Raises:
        TooManyError: There are more than ``most``.
    """
    total = 0
    for begin in range(0, len(series), _COUNTED):
        chosen = series[begin : begin + _COUNTED]
        rows = await fleet.sql.fetch(_HOURS, chosen, span.since, span.till)
        counted = {row["series"]: list(zip(row["ts"], row["count"], strict=True)) for row in rows}
        total += sum(count for hours in counted.values() for _, count in hours)
        if total > most:
            raise TooManyError(total)
        for number in chosen:
            windows = _busy(counted.get(number, []), span)
            for window in windows:
                (row,) = await fleet.sql.fetch(_SAMPLES, [number], window.since, window.till)
                yield Part(
                    series=number,
                    times=row["ts"] or (),
                    columns={"value": row["value"] or ()},
                    is_last=window is windows[-1],
                )
            if not windows:
                yield Part(series=number, times=(), columns={"value": ()}, is_last=True)


async def edges_of(fleet: Fleet, span: Span, bucket: Bucket, zone: str) -> Sequence[int]:
    """Begins of all buckets of a span, UTC epoch seconds; the first holds its begin."""
    if not bucket.is_of_calendar:
        return range(bucket.begin_of(span.since.timestamp()), _up(span.till), bucket.seconds)
    (row,) = await fleet.sql.fetch(_EDGES, span.since, span.till, bucket.interval, zone)
    found: Sequence[int] = row["ts"]
    return found


class TooManyError(Exception):
    """There are more samples than were asked for."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


def points(part: Part, *, is_raw: bool) -> list[tuple[Any, ...]]:
    """Rows ``(ts, value, …)`` with UTC epoch seconds."""
    times = [ms / 1000 for ms in part.times] if is_raw else part.times
    return list(zip(times, *part.columns.values(), strict=True))


def _windows(span: Span, bucket: Bucket) -> list[Span]:
    """Parts of a span that are whole buckets, but for the first and the last."""
    step = bucket.seconds * STEP
    begin = bucket.begin_of(span.since.timestamp())
    inner = [datetime.fromtimestamp(at, UTC) for at in range(begin + step, _up(span.till), step)]
    return [Span(since=since, till=till) for since, till in pairwise([span.since, *inner, span.till])]


def _busy(hours: Sequence[tuple[datetime, int]], span: Span) -> list[Span]:
    """Parts of a span with about as many samples as one step may have."""
    found: list[Span] = []
    since, held = span.since, 0
    for at, count in hours:
        if held and held + count > STEP:
            found.append(Span(since=since, till=at))
            since, held = at, 0
        held += count
    return [*found, Span(since=since, till=span.till)] if held else found


def _up(at: datetime) -> int:
    return -int(-at.timestamp() // 1)
