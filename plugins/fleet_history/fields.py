"""``History.Fields`` and ``History.GetStatistics``: what is kept, and its figures over one time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fleet_history.choice import Labels, Series, choose_devices, find_series
from fleet_history.names import Destination, Devices, From, MaybeShellyId, Time, Words, Zone, caller, listed
from fleet_history.slices import sliced
from fleet_history.spans import Bucket, Span, Zones, read_span, seconds_of
from plugin_sdk import Call, Fleet, JSONObject, Method
from plugin_sdk.errors import InvalidParams

_AT_ONCE: Final = 200
MAX_TOLD: Final = 5_000
"""Series of one answer; each takes some 200 bytes and some microseconds to encode."""

_FIGURES = "SELECT * FROM figures($1::integer[], $2, $3, $4::smallint)"
_GRAINS: Final = ((2 * 86_400, 60, 1), (60 * 86_400, 900, 2), (float("inf"), 3_600, 3))
"""Of times up to so many seconds: from which level on, and to how many seconds their ends are taken."""

_WAITING = """
SELECT (SELECT count(*) FROM history.stale) AS hours, (SELECT count(*) FROM history.late) AS late,
    (SELECT count(*) FROM history.forgotten) AS forgotten, (SELECT count(*) FROM history.series) AS series
"""


class FieldMethods:
    """Handlers of both."""

    def __init__(self, zones: Zones, labels: Labels) -> None:
        self._zones = zones
        self._labels = labels

    def methods(self) -> list[Method]:
        """Declare them."""
        return [
            Method(name="History.Fields", handler=self.fields, read_only=True, timeout_s=60.0),
            Method(name="History.GetStatistics", handler=self.statistics, read_only=True, timeout_s=120.0),
        ]

    async def fields(
        self,
        fleet: Fleet,
        call: Call,
        devices: Devices | None = None,
        shelly_id: MaybeShellyId = None,
        dst: Destination | None = None,
        component: Words | None = None,
    ) -> JSONObject:
        """What is kept: an object by device of `[{component, field, unit, kind, label, words?, first, last}]`.

        `first` and `last` are when its first and last samples came, UTC epoch seconds; what is older than samples are
        kept is known by the day.
        """
        chosen = await choose_devices(
            fleet, caller(call), devices=devices, shelly_id=shelly_id, dst=dst, permission="history.fields"
        )
        series = await find_series(fleet, chosen, components=listed(component))
        _check_size(series)
        found: dict[str, list[JSONObject]] = {name: [] for name in chosen}
        for begin in range(0, len(series), _AT_ONCE):
            part = series[begin : begin + _AT_ONCE]
            rows = await fleet.sql.fetch("SELECT * FROM spans($1::integer[])", [each.id for each in part])
            known = {row["series"]: row for row in rows}
            async for each in sliced(part):
                told = each.to_json()
                del told["shellyID"]
                row = known[each.id]
                told["label"] = await self._labels.of(each.component, each.field)
                told["first"], told["last"] = seconds_of(row["first"]), seconds_of(row["last"])
                found[each.device].append(told)
        return found

    async def statistics(
        self,
        fleet: Fleet,
        call: Call,
        devices: Devices | None = None,
        shelly_id: MaybeShellyId = None,
        dst: Destination | None = None,
        component: Words | None = None,
        field: Words | None = None,
        since: From = None,
        to: Time | None = None,
        time_zone: Zone = None,
    ) -> JSONObject:
        """Figures of series over one time, or of the history as a whole where no device is named.

        Of devices: `{from, to, series: [{shellyID, component, field, unit, kind, count, avg, min, max, last, delta}]}`;
        the ends are taken to whole minutes, quarters of an hour or hours, the longer the time. Of the history:
        `{samples, series, oldest, bytes, waiting, levels: [{name, keep, done, oldest, bytes, rows}]}` with days and UTC
        epoch seconds.
        """
        if devices is None and shelly_id is None and dst is None:
            return await _of_the_history(fleet)
        chosen = await choose_devices(
            fleet, caller(call), devices=devices, shelly_id=shelly_id, dst=dst, permission="history.getstatistics"
        )
        zone = await self._zones.of(time_zone, chosen)
        asked = read_span(since, to, zone, default=timedelta(days=1), now=datetime.now(UTC))
        span, rank = _widened(asked)
        wanted = listed(field)
        series = await find_series(fleet, chosen, components=listed(component), fields=wanted)
        await self._labels.check_fields(wanted, series)
        _check_size(series)
        found: list[JSONObject] = []
        for begin in range(0, len(series), _AT_ONCE):
            part = series[begin : begin + _AT_ONCE]
            rows = await fleet.sql.fetch(_FIGURES, [each.id for each in part], span.since, span.till, rank)
            known: dict[int, Mapping[str, Any]] = {row["series"]: row for row in rows}
            found += [{**each.to_json(), **_figures(known.get(each.id))} for each in part]
        return {"from": seconds_of(span.since), "to": seconds_of(span.till), "series": found}


def _check_size(series: Sequence[Series]) -> None:
    if len(series) > MAX_TOLD:
        raise InvalidParams.at(
            "component", f"these are {len(series):,} series, of {MAX_TOLD:,} at most: name components or fewer devices"
        )


def _widened(span: Span) -> tuple[Span, int]:
    """The span with ends that a level knows, and the level's rank."""
    grain, rank = next((grain, rank) for most, grain, rank in _GRAINS if span.seconds <= most)
    bucket = Bucket(seconds=grain)
    begin = bucket.begin_of(span.since.timestamp())
    end = bucket.begin_of(span.till.timestamp() - 0.001) + grain
    return Span(since=datetime.fromtimestamp(begin, UTC), till=datetime.fromtimestamp(end, UTC)), rank


def _figures(row: Mapping[str, Any] | None) -> JSONObject:
    names = ("count", "avg", "min", "max", "last", "delta")
    return {name: (0 if name == "count" else None) if row is None else row[name] for name in names}


async def _of_the_history(fleet: Fleet) -> JSONObject:
    levels = await fleet.sql.fetch("SELECT * FROM kept()")
    (samples,) = await fleet.sql.fetch("SELECT samples_kept() AS count")
    (waiting,) = await fleet.sql.fetch(_WAITING)
    oldest = [row["oldest"] for row in levels if row["oldest"] is not None and row["level"] != "entry"]
    return {
        "samples": samples["count"],
        "series": waiting["series"],
        "oldest": seconds_of(min(oldest, default=None)),
        "bytes": sum(row["bytes"] for row in levels),
        "waiting": {"hours": waiting["hours"], "late": waiting["late"], "forgotten": waiting["forgotten"]},
        "levels": [
            {
                "name": row["level"],
                "keep": None if row["keep"] is None else row["keep"].total_seconds() / 86_400,
                "done": seconds_of(row["done"]),
                "oldest": seconds_of(row["oldest"]),
                "bytes": row["bytes"],
                "rows": row["rows"],
            }
            for row in levels
        ],
    }
