"""``/plugin/history/export.csv`` and ``.parquet``: any amount of what is kept, streamed, and ``History.Export``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from aiohttp import web
from pydantic import Field

from fleet_history import reading, table
from fleet_history.choice import Series
from fleet_history.names import Destination, Devices, Duration, From, MaybeShellyId, Time, Words, Zone
from fleet_history.query import QueryMethods, Question
from fleet_history.reading import AGGREGATES, TooManyError
from fleet_history.slices import sliced
from fleet_history.table import Parquet
from plugin_sdk import Call, Fleet, JSONObject, Method, Principal
from plugin_sdk.errors import FleetError, InvalidParams, Unavailable

PERMISSION: Final = "history.export"
MAX_ROWS: Final = 50_000_000
AT_ONCE: Final = 4
"""Files that are made at a time; each holds a connection to the database now and then."""

READER_S: Final = 30.0
"""How long a reader may leave a piece unread."""

WHOLE_S: Final = 3_600.0
_LINES = 500
_ROW_GROUP = 100_000
_TYPES: Final = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
_MANY: Final = ("devices", "component", "field", "dst")
_ONE: Final = ("shellyID", "from", "to", "bucket", "max_points", "timeZone")


class Export:
    """Handlers."""

    def __init__(self, methods: QueryMethods, fleet: Callable[[], Fleet], *, reader_s: float = READER_S) -> None:
        self._methods = methods
        self._fleet = fleet
        self._reader_s = reader_s
        self._places = AT_ONCE

    def methods(self) -> list[Method]:
        """Declare ``History.Export``."""
        return [Method(name="History.Export", handler=self.export, read_only=True, timeout_s=60.0)]

    async def export(
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
        bucket: Duration | None = None,
        max_points: Annotated[int | None, Field(ge=2, le=50_000)] = None,
        time_zone: Zone = None,
        format: Literal["csv", "parquet"] = "csv",  # noqa: A002  # the wire's name
    ) -> JSONObject:
        """Where what is kept can be read as a file: `{url, columns, series}`, with the parameters of `History.Query`.

        The address is good for whoever may ask, with the same credential. Without a bucket it has samples as they came.
        """
        given = {
            "devices": devices,
            "shellyID": shelly_id,
            "dst": dst,
            "component": component,
            "field": field,
            "from": since,
            "to": to,
            "bucket": bucket,
            "max_points": max_points,
            "timeZone": time_zone,
        }
        question = await self._ask(fleet, call.principal, given)
        if format == "parquet":
            Parquet(is_raw=question.bucket is None)
        query = urlencode({name: value for name, value in given.items() if value is not None}, doseq=True)
        return {
            "url": f"/plugin/history/export.{format}?{query}",
            "columns": list(table.columns(is_raw=question.bucket is None)),
            "series": len(question.series),
        }

    async def serve_csv(self, request: web.Request, principal: Principal) -> web.StreamResponse:
        """All as CSV."""
        return await self._serve(request, principal, "csv")

    async def serve_parquet(self, request: web.Request, principal: Principal) -> web.StreamResponse:
        """All as Parquet."""
        return await self._serve(request, principal, "parquet")

    async def _serve(self, request: web.Request, principal: Principal, form: str) -> web.StreamResponse:
        fleet = self._fleet()
        question = await self._ask(fleet, principal, _given(request))
        if self._places == 0:
            raise Unavailable(f"{AT_ONCE} files are made already; try again later", part="export")
        make = _parquet(fleet, question) if form == "parquet" else _csv(fleet, question)
        self._places -= 1
        try:
            async with asyncio.timeout(WHOLE_S):
                return await self._stream(request, form, make)
        finally:
            self._places += 1
            await make.aclose()

    async def _stream(self, request: web.Request, form: str, pieces: AsyncIterator[bytes]) -> web.StreamResponse:
        # What cannot be made at all is refused before anything is sent.
        first = await anext(pieces)
        response = web.StreamResponse(
            headers={
                "Content-Type": _TYPES[form],
                "Content-Disposition": f'attachment; filename="history.{form}"',
                "Cache-Control": "no-store",
            }
        )
        await response.prepare(request)
        try:
            await self._write(response, first)
            async for piece in pieces:
                await self._write(response, piece)
            await response.write_eof()
        except (FleetError, TimeoutError) as error:
            # The file cannot be ended well any more: whoever reads it must not take it for whole.
            self._fleet().log.warning("a file of the history was cut off: %s", error or type(error).__name__)
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError from error
        return response

    async def _write(self, response: web.StreamResponse, piece: bytes) -> None:
        async with asyncio.timeout(self._reader_s):
            await response.write(piece)

    async def _ask(self, fleet: Fleet, principal: Principal | None, given: Mapping[str, Any]) -> Question:
        call = Call(principal=principal, request_id="export")
        question = await self._methods.ask(
            fleet,
            call,
            devices=given.get("devices"),
            shelly_id=given.get("shellyID"),
            dst=given.get("dst"),
            component=given.get("component"),
            fields=given.get("field"),
            since=given.get("from"),
            till=given.get("to"),
            bucket=0 if given.get("bucket") is None and given.get("max_points") is None else given.get("bucket"),
            max_points=given.get("max_points"),
            aggregate=None,
            fill="none",
            time_zone=given.get("timeZone"),
            permission=PERMISSION,
        )
        if question.bucket is not None:
            rows = question.bucket.count(question.span) * len(question.series)
            if rows > MAX_ROWS:
                raise InvalidParams.at("bucket", f"these are up to {rows:,} rows, of {MAX_ROWS:,} at most")
        return question


def _given(request: web.Request) -> dict[str, Any]:
    """The parameters in an address.

    Raises:
        InvalidParams: There are others, or one that is no number where one is to be.
    """
    query = request.query
    for name in query:
        if name not in (*_MANY, *_ONE):
            raise InvalidParams.at(name, "is no parameter of this address")
    if any("\0" in value or len(value) > 200 for value in query.values()):
        raise InvalidParams.at("", "a value is too long, or has control characters")
    given: dict[str, Any] = {name: query.getall(name) for name in _MANY if name in query}
    given.update({name: query[name] for name in _ONE if name in query})
    if "max_points" in given:
        text = given["max_points"]
        if not text.isascii() or not text.isdecimal() or not 2 <= int(text) <= 50_000:
            raise InvalidParams.at("max_points", "is a whole number from 2 to 50000")
        given["max_points"] = int(text)
    return given


async def _csv(fleet: Fleet, question: Question) -> AsyncGenerator[bytes, None]:
    is_raw = question.bucket is None
    parts = _parts(fleet, question)
    found = await _first(parts)
    yield table.csv_head(is_raw=is_raw).encode()
    while found is not None:
        series, part = found
        async for begin in sliced(range(0, len(part.times), _LINES)):
            end = min(begin + _LINES, len(part.times))
            yield table.csv_lines(series, part, begin, end, is_raw=is_raw).encode()
        found = await _first(parts)


async def _parquet(fleet: Fleet, question: Question) -> AsyncGenerator[bytes, None]:
    writer = Parquet(is_raw=question.bucket is None)
    async for series, part in _parts(fleet, question):
        if part.times:
            await asyncio.to_thread(writer.add, series, part)
        if writer.rows >= _ROW_GROUP:
            yield await asyncio.to_thread(writer.flush)
    yield await asyncio.to_thread(writer.end)


async def _parts(fleet: Fleet, question: Question) -> AsyncIterator[tuple[Series, reading.Part]]:
    by_id = {series.id: series for series in question.series}
    if question.bucket is None:
        found = reading.samples(fleet, list(by_id), question.span, MAX_ROWS)
    else:
        found = reading.buckets(fleet, list(by_id), question.span, question.bucket, question.zone, AGGREGATES)
    try:
        async for part in found:
            yield by_id[part.series], part
    except TooManyError as error:
        raise InvalidParams.at("bucket", f"these are more than {MAX_ROWS:,} samples: give a bucket") from error


async def _first(parts: AsyncIterator[tuple[Series, reading.Part]]) -> tuple[Series, reading.Part] | None:
    return await anext(parts, None)
