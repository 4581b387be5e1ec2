"""``History.Query``: points of series."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import Field

from fleet_history import reading
from fleet_history.choice import Labels, Series, choose_devices, find_series
from fleet_history.fill import Fill, filled
from fleet_history.names import Destination, Devices, Duration, From, MaybeShellyId, Time, Words, Zone, caller, listed
from fleet_history.reading import Aggregate, TooManyError
from fleet_history.slices import sliced
from fleet_history.spans import Bucket, Span, Zones, nice, read_bucket, read_span, seconds_of
from plugin_sdk import Call, Fleet, Method, Pieces
from plugin_sdk.errors import InvalidParams

MAX_POINTS: Final = 500_000
"""Numbers of one answer: some 15 MB."""

RAW_S: Final = 86_400
"""Up to so many seconds are answered with samples as they came, where nothing else is said."""

DEFAULT_POINTS: Final = 500
PERMISSION = "history.query"
_USUAL: Final[dict[str, Aggregate]] = {"gauge": "avg", "counter": "delta", "state": "last"}
_PIECE = 2_000

Aggregates = Aggregate | Annotated[list[Aggregate], Field(min_length=1, max_length=6)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, checked.

    Attributes:
        bucket: None for samples as they came.
        aggregates: None for what is usual for the kind of a series.
    """

    series: Sequence[Series]
    span: Span
    bucket: Bucket | None
    zone: str
    aggregates: Sequence[Aggregate] | None
    fill: Fill

    def groups(self) -> list[tuple[Sequence[str], list[Series]]]:
        """Series that have the same aggregates, with these."""
        if self.aggregates is not None or self.bucket is None:
            return [(self.aggregates or ("value",), list(self.series))]
        return [
            ((_USUAL[kind],), [series for series in self.series if series.kind == kind])
            for kind in _USUAL
            if any(series.kind == kind for series in self.series)
        ]


class QueryMethods:
    """Handler of ``History.Query``."""

    def __init__(self, zones: Zones, labels: Labels) -> None:
        self._zones = zones
        self._labels = labels

    async def ask(
        self,
        fleet: Fleet,
        call: Call,
        *,
        devices: Sequence[str] | None,
        shelly_id: str | None,
        dst: str | Sequence[str] | None,
        component: str | list[str] | None,
        fields: str | list[str] | None,
        since: float | str | None,
        till: float | str | None,
        bucket: float | str | None,
        max_points: int | None,
        aggregate: Aggregate | Sequence[Aggregate] | None,
        fill: Fill,
        time_zone: str | None,
        permission: str = PERMISSION,
    ) -> Question:
        """Check what is asked.

        Raises:
            InvalidParams: It makes no sense.
            FleetError: See :func:`fleet_history.choice.choose_devices`.
        """
        chosen = await choose_devices(
            fleet, caller(call), devices=devices, shelly_id=shelly_id, dst=dst, permission=permission
        )
        zone = await self._zones.of(time_zone, chosen)
        span = read_span(since, till, zone, default=timedelta(days=1), now=datetime.now(UTC))
        if bucket is not None and max_points is not None:
            raise InvalidParams.at("max_points", "makes no sense beside a bucket")
        size = None if bucket is None else read_bucket(bucket)
        aggregates = [aggregate] if isinstance(aggregate, str) else aggregate
        if bucket is None and (max_points is not None or aggregates is not None or span.seconds > RAW_S):
            size = nice(span, max_points or DEFAULT_POINTS)
        if size is None and (aggregates is not None or fill != "none"):
            raise InvalidParams.at("aggregate" if aggregates else "fill", "needs a bucket that is not 0, or max_points")
        wanted = listed(fields)
        series = await find_series(fleet, chosen, components=listed(component), fields=wanted)
        await self._labels.check_fields(wanted, series)
        return Question(
            series=series,
            span=span,
            bucket=size,
            zone=zone.key,
            aggregates=None if aggregates is None else tuple(dict.fromkeys(aggregates)),
            fill=fill,
        )


class Querying:
    """Declares it."""

    def __init__(self, methods: QueryMethods) -> None:
        self._methods = methods

    def methods(self) -> list[Method]:
        """Declare it."""
        return [Method(name="History.Query", handler=self.query, read_only=True, timeout_s=120.0)]

    async def query(
        self,
        fleet: Fleet,
        call: Call,
        devices: Devices | None = None,
        shelly_id: MaybeShellyId = None,
        dst: Destination | None = None,
        component: Words | None = None,
        field: Words | None = None,
        fields: Words | None = None,
        since: From = None,
        to: Time | None = None,
        bucket: Duration | None = None,
        max_points: Annotated[int | None, Field(ge=2, le=50_000)] = None,
        aggregate: Aggregates | None = None,
        fill: Literal["none", "null", "previous", "linear"] = "none",
        time_zone: Zone = None,
    ) -> Any:
        """What devices measured, as it came or in buckets: `{from, to, bucket, timeZone, series}`.

        Each of `series` is `{shellyID, component, field, unit, kind, words?, columns, bucket, points: [[ts, value, …],
        …]}` with UTC epoch seconds. Without `bucket` and `max_points` a day or less is answered with samples as they
        came, and more in some 500 buckets.
        """
        question = await self._methods.ask(
            fleet,
            call,
            devices=devices,
            shelly_id=shelly_id,
            dst=dst,
            component=component,
            fields=field if fields is None else fields,
            since=since,
            till=to,
            bucket=bucket,
            max_points=max_points,
            aggregate=aggregate,
            fill=fill,
            time_zone=time_zone,
        )
        _check_size(question)
        head = {
            "from": seconds_of(question.span.since),
            "to": seconds_of(question.span.till),
            "bucket": None if question.bucket is None else str(question.bucket),
            "timeZone": question.zone,
        }
        parts = [part async for part in _encoded(fleet, question)]
        return Pieces([orjson.dumps(head)[:-1], b',"series":[', *parts, b"]}"])


def _check_size(question: Question) -> None:
    if question.bucket is None:
        return
    columns = 1 if question.aggregates is None else len(question.aggregates)
    size = question.bucket.count(question.span) * len(question.series) * columns
    if size > MAX_POINTS:
        raise InvalidParams.at(
            "bucket",
            f"these are up to {size:,} numbers, of {MAX_POINTS:,} at most: take a longer bucket or fewer max_points, a "
            "shorter time, fewer fields or fewer devices; History.Export has no such bound",
        )


async def _encoded(fleet: Fleet, question: Question) -> AsyncIterator[bytes]:
    """All series as JSON, with commas between them."""
    edges = () if question.fill == "none" else await _edges(fleet, question)
    comma = b""
    for columns, members in question.groups():
        by_id = {series.id: series for series in members}
        begun: Series | None = None
        gathered: list[reading.Part] = []
        async for part in _parts(fleet, question, members, columns):
            series = by_id[part.series]
            if begun is not series:
                begun, first = series, True
                bucket = None if question.bucket is None else str(question.bucket)
                head = orjson.dumps({**series.to_json(), "columns": ["ts", *columns], "bucket": bucket})
                yield comma + head[:-1] + b',"points":['
                comma = b","
            if question.fill != "none":
                gathered.append(part)
                if not part.is_last:
                    continue
                part = _joined(gathered, columns)  # noqa: PLW2901  # all of it, as between parts nothing can be filled
                gathered = []
                times, values = filled(part.times, part.columns, edges, question.fill, series.kind)
                part = reading.Part(series=part.series, times=times, columns=values, is_last=True)  # noqa: PLW2901
            rows = reading.points(part, is_raw=question.bucket is None)
            async for at in sliced(range(0, len(rows), _PIECE)):
                text = orjson.dumps(rows[at : at + _PIECE])[1:-1]
                yield text if first else b"," + text
                first = False
            if part.is_last:
                yield b"]}"


async def _edges(fleet: Fleet, question: Question) -> Sequence[int]:
    assert question.bucket is not None
    return await reading.edges_of(fleet, question.span, question.bucket, question.zone)


def _parts(
    fleet: Fleet, question: Question, members: Sequence[Series], columns: Sequence[str]
) -> AsyncIterator[reading.Part]:
    numbers = [series.id for series in members]
    if question.bucket is None:
        return _refusing(reading.samples(fleet, numbers, question.span, MAX_POINTS))
    return reading.buckets(fleet, numbers, question.span, question.bucket, question.zone, columns)


async def _refusing(parts: AsyncIterator[reading.Part]) -> AsyncIterator[reading.Part]:
    try:
        async for part in parts:
            yield part
    except TooManyError as error:
        raise InvalidParams.at(
            "bucket",
            f"these are {error.count:,} samples or more, of {MAX_POINTS:,} at most: give a bucket or max_points, or a "
            "shorter time; History.Export has no such bound",
        ) from error


def _joined(parts: Sequence[reading.Part], columns: Sequence[str]) -> reading.Part:
    return reading.Part(
        series=parts[0].series,
        times=[ts for part in parts for ts in part.times],
        columns={name: [value for part in parts for value in part.columns[name]] for name in columns},
        is_last=True,
    )
