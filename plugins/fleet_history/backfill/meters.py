"""What the plugin remembers of meters, and what the history knows of their counters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from plugin_sdk import Device, Fleet

GAP: Final = timedelta(minutes=2)
"""Meters report once a minute; where nothing came for so long, something is missing."""

_BATCH: Final = 5_000

_GAPS: Final = """
SELECT ts AS since, after AS till FROM (
    SELECT ts, lead(ts) OVER (ORDER BY ts) AS after FROM history.raw(ARRAY[$1::integer], $2, $3)
) AS samples WHERE after - ts >= $4 ORDER BY ts DESC LIMIT 1000
"""
_ENDS: Final = """
SELECT s.id, s.field,
    (SELECT r.value
        FROM history.raw(ARRAY[s.id], $2::timestamptz - interval '2 minutes', $2::timestamptz + interval '1 ms') AS r
        ORDER BY r.ts DESC LIMIT 1) AS before,
    (SELECT r.value FROM history.raw(ARRAY[s.id], $3::timestamptz, $3::timestamptz + interval '2 minutes')
        AS r ORDER BY r.ts LIMIT 1) AS after
FROM unnest($1::integer[]) AS w (id) JOIN history.series s ON s.id = w.id
"""
_ROLLED: Final = """
SELECT DISTINCT ON (q.series) s.field, q.ts, q.last
FROM history.query($1::integer[], $2, $3, interval '1 hour') AS q JOIN history.series s ON s.id = q.series
WHERE q.ts + interval '1 hour' <= $3 ORDER BY q.series, q.ts DESC
"""
_LOWEST: Final = """
SELECT DISTINCT ON (q.series) s.field, q.min
FROM history.query($1::integer[], $2, $2::timestamptz + interval '1 hour', interval '1 hour') AS q
JOIN history.series s ON s.id = q.series ORDER BY q.series, q.ts
"""
_SPAN: Final = """
SELECT min(ts) AS first, max(ts) AS last FROM history.raw(ARRAY[$1::integer], $2, $3)
"""
_ADD: Final = """
SELECT history.add($1::integer[], ARRAY(SELECT to_timestamp(s) FROM unnest($2::bigint[]) AS s), $3::float8[]) AS added
"""
_NOTE: Final = """
INSERT INTO meter AS m (device, component, looked, oldest, added, problem) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (device, component) DO UPDATE SET looked = coalesce(excluded.looked, m.looked),
    oldest = coalesce(excluded.oldest, m.oldest), added = m.added + excluded.added, problem = excluded.problem,
    updated = now()
"""
_ADD_AND_NOTE: Final = """
WITH added AS MATERIALIZED (
    SELECT history.add($3::integer[], ARRAY(SELECT to_timestamp(s) FROM unnest($4::bigint[]) AS s), $5::float8[]) AS n
), noted AS (
    INSERT INTO meter AS m (device, component, oldest, added) SELECT $1, $2, $6, n FROM added
    ON CONFLICT (device, component) DO UPDATE SET oldest = excluded.oldest, added = m.added + excluded.added,
        updated = now()
)
SELECT n AS added FROM added
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a meter was read: see the comments of the table ``meter``."""

    looked: datetime | None = None
    oldest: datetime | None = None
    added: int = 0
    problem: str | None = None


class Meters:
    """All of it."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    async def progress(self, device: Device) -> dict[str, Progress]:
        """How far each meter of a device was read."""
        rows = await self._fleet.sql.fetch(
            "SELECT component, looked, oldest, added, problem FROM meter WHERE device = $1", device.number
        )
        return {
            row["component"]: Progress(
                looked=row["looked"], oldest=row["oldest"], added=row["added"], problem=row["problem"]
            )
            for row in rows
        }

    async def note(
        self,
        device: Device,
        component: str,
        *,
        looked: datetime | None = None,
        oldest: datetime | None = None,
        added: int = 0,
        problem: str | None = None,
    ) -> None:
        """Remember how far a meter was read; what is None stays as it was, but for the problem."""
        await self._fleet.sql.execute(
            _NOTE, device.number, component, looked, oldest, added, None if problem is None else problem[:500]
        )

    async def series(self, device: Device, component: str) -> dict[str, int]:
        """Counters of a meter: field to number."""
        rows = await self._fleet.sql.fetch(
            "SELECT id, field FROM history.series WHERE device = $1 AND component = $2 AND kind = 'counter'",
            device.number,
            component,
        )
        return {row["field"]: row["id"] for row in rows}

    async def span(self, series: int, since: datetime, till: datetime) -> tuple[datetime | None, datetime | None]:
        """When the first and the last sample of a time came."""
        (row,) = await self._fleet.sql.fetch(_SPAN, series, since, till)
        return row["first"], row["last"]

    async def gaps(self, series: int, since: datetime, till: datetime) -> list[tuple[datetime, datetime]]:
        """Between which samples nothing came for long, the latest first."""
        rows = await self._fleet.sql.fetch(_GAPS, series, since, till, GAP)
        return [(row["since"], row["till"]) for row in rows]

    async def ends(
        self, series: Sequence[int], since: datetime, till: datetime
    ) -> dict[str, tuple[float | None, float | None]]:
        """Field to the readings before and after a gap."""
        rows = await self._fleet.sql.fetch(_ENDS, list(series), since, till)
        return {row["field"]: (row["before"], row["after"]) for row in rows}

    async def rolled_before(
        self, series: Sequence[int], since: datetime, till: datetime
    ) -> dict[str, tuple[datetime, float]]:
        """Field to the end of the last hour of a time that had samples, be they gone or not, and the last reading."""
        rows = await self._fleet.sql.fetch(_ROLLED, list(series), since, till)
        return {row["field"]: (row["ts"] + timedelta(hours=1), row["last"]) for row in rows}

    async def lowest(self, series: Sequence[int], at: datetime) -> dict[str, float]:
        """Field to the first reading of the hour that holds a time: counters only grow."""
        rows = await self._fleet.sql.fetch(_LOWEST, list(series), at)
        return {row["field"]: row["min"] for row in rows}

    async def kept_since(self) -> datetime:
        """From when on samples are kept as they came; what is older is known by roll-ups only."""
        (row,) = await self._fleet.sql.fetch("SELECT now() - keep AS at FROM history.level WHERE name = 'sample'")
        at: datetime = row["at"]
        return (at + timedelta(days=1)).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

    async def add(self, times: Sequence[int], readings: Mapping[int, Sequence[float]]) -> int:
        """Put readings of counters at some times, UTC epoch seconds, into the history; returns how many are new."""
        added = 0
        step = max(1, _BATCH // max(1, len(readings)))
        for begin in range(0, len(times), step):
            numbers, at, values = _flat(times[begin : begin + step], readings, begin)
            (row,) = await self._fleet.sql.fetch(_ADD, numbers, at, values)
            added += row["added"]
        return added

    async def add_before(
        self, device: Device, component: str, times: Sequence[int], readings: Mapping[int, Sequence[float]]
    ) -> int:
        """The same for what is older than the first sample; how far it was read is noted with it or not at all."""
        numbers, at, values = _flat(times, readings, 0)
        oldest = datetime.fromtimestamp(times[0], UTC)
        (row,) = await self._fleet.sql.fetch(_ADD_AND_NOTE, device.number, component, numbers, at, values, oldest)
        added: int = row["added"]
        return added


def _flat(
    times: Sequence[int], readings: Mapping[int, Sequence[float]], begin: int
) -> tuple[list[int], list[int], list[float]]:
    numbers = [number for number in readings for _ in times]
    values = [value for number in readings for value in readings[number][begin : begin + len(times)]]
    return numbers, list(times) * len(readings), values
