"""What came of a job's devices, in pages and as CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fleet_jobs.store import Store
from fleet_jobs.values import Job, seconds
from plugin_sdk import Fleet, JSONObject, Principal

PAGE_BYTES = 256 * 1024
"""Results of one page: decoding them holds up everybody."""

COLUMNS = ("position", "device", "state", "attempts", "code", "message", "started", "ended", "result")

_FORMULA = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Where a formula may begin, also as East Asian keyboards write one, and where a cell ends at a semicolon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows, and the position to go on from; None at the end."""

    rows: Sequence[Mapping[str, Any]]
    cursor: int | None

    def to_json(self) -> JSONObject:
        """Items and the cursor; times in UTC epoch seconds.

        ``{items: [{position, device, state, attempts, result, truncated, code, message, started, ended}], cursor}``.
        """
        return {"items": [_item(row) for row in self.rows], "cursor": self.cursor}

    def to_csv(self) -> JSONObject:
        """``{csv, cursor}``."""
        return {"csv": heading() + lines(self.rows), "cursor": self.cursor}


class Results:
    """Reads results for somebody: devices that they may not see are left out.

    A job's owner sees what its job did in the waiting room, whose devices nobody has rights on yet.
    """

    def __init__(self, fleet: Fleet, store: Store) -> None:
        self._fleet = fleet
        self._store = store

    async def page(
        self, job: Job, principal: Principal, *, states: Sequence[str], after: int, limit: int, known: bool = True
    ) -> Page:
        """Up to ``limit`` rows after a position.

        Args:
            known: Whether the job is about devices of the fleet.
        """
        rows = await self._store.results(job.id, states, after, limit, PAGE_BYTES)
        own = not known and job.is_of(principal)
        seen = [row for row in rows if own or self._fleet.allows(principal, "device.get", row["device"])]
        return Page(
            rows=seen, cursor=rows[-1]["position"] if rows and rows[-1]["position"] < job.counts.total else None
        )

    async def csv(self, job: Job, principal: Principal, *, known: bool) -> AsyncIterator[str]:
        """The whole as CSV, piece by piece."""
        yield heading()
        after: int | None = 0
        while after is not None:
            page = await self.page(job, principal, states=(), after=after, limit=250, known=known)
            if page.rows:
                yield lines(page.rows)
            after = page.cursor


def heading() -> str:
    """The first line."""
    return _csv([COLUMNS])


def lines(rows: Sequence[Mapping[str, Any]]) -> str:
    """A line for each row."""
    return _csv([[_cell(row, column) for column in COLUMNS] for row in rows])


def _item(row: Mapping[str, Any]) -> JSONObject:
    return {
        "position": row["position"],
        "device": row["device"],
        "state": row["state"],
        "attempts": row["attempts"],
        "result": None if row["result"] is None else json.loads(row["result"]),
        "truncated": row["truncated"],
        "code": row["code"],
        "message": row["message"],
        "started": seconds(row["started"]),
        "ended": seconds(row["ended"]),
    }


def _cell(row: Mapping[str, Any], column: str) -> object:
    value = row[column]
    if column in ("started", "ended"):
        return "" if value is None else value.isoformat(timespec="milliseconds")
    # A table calculator takes such a text for a formula; texts of devices are texts of strangers.
    return _FORMULA.sub("'", value) if isinstance(value, str) else value


def _csv(rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
