"""Where twins are kept: loaded at start, then written behind the live ones.

Marking never waits. The write loop takes what was marked, encodes it as it is by then, and writes it in batches, so
that the last state wins and a busy device costs one row a second. Marks survive an outage; a row that the database
refuses is set aside without the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

import asyncpg

from fleet_platform.storage import jsonb
from fleet_platform.storage.database import Database
from fleet_platform.storage.twin_rows import Row, Storable, write
from plugin_sdk.errors import Unavailable

logger = logging.getLogger(__name__)

Access: TypeAlias = Literal["pending", "denied", "allowed"]

ACCESS: tuple[Access, ...] = ("pending", "denied", "allowed")
"""In the order of their numbers in the database, from 1."""

BATCH_ROWS = 100
BATCH_CHARACTERS = 4 * 1024 * 1024
PAGE_ROWS = 500

BAD_ROW = (
    ValueError,
    asyncpg.DataError,
    asyncpg.CardinalityViolationError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
)
"""Errors that are the fault of one row; ``ValueError`` is raised before the row is sent."""

LOAD = """
SELECT d.id AS internal_id, d.external_id, d.access,
    convert_to(d.info::text, 'UTF8') AS info, convert_to(d.settings::text, 'UTF8') AS settings,
    convert_to(coalesce(s.status, '{}')::text, 'UTF8') AS status,
    convert_to(coalesce(s.meta, '{}')::text, 'UTF8') AS meta,
    d.created, greatest(d.updated, s.updated) AS updated
FROM (SELECT * FROM device.list WHERE id > $1 ORDER BY id LIMIT $2) d LEFT JOIN device.state s USING (id)
ORDER BY d.id
"""

SET_ACCESS = """
WITH wanted AS (
    SELECT DISTINCT ON (lower(name)) name AS external_id FROM unnest($1::text[]) AS name
), changed AS (
    UPDATE device.list d SET access = $2, updated = now()
    FROM wanted w WHERE lower(d.external_id) = lower(w.external_id)
    RETURNING d.id, d.external_id
), added AS (
    INSERT INTO device.list AS d (external_id, access)
    SELECT external_id, $2 FROM wanted w
    WHERE NOT EXISTS (SELECT FROM device.list d WHERE lower(d.external_id) = lower(w.external_id))
    ON CONFLICT (lower(external_id)) DO UPDATE SET access = excluded.access, updated = now()
    RETURNING d.id, d.external_id
), listed AS (
    SELECT * FROM changed UNION ALL SELECT * FROM added
), stated AS (
    INSERT INTO device.state AS s (id, status) SELECT id, coalesce($3::jsonb, '{}') FROM listed
    ON CONFLICT (id) DO UPDATE SET status = excluded.status, updated = now() WHERE $3::jsonb IS NOT NULL
)
SELECT external_id, id FROM listed ORDER BY id
"""

DELETE = """
WITH calls AS (DELETE FROM core.queued_call WHERE lower(device) = lower($1))
DELETE FROM device.list WHERE lower(external_id) = lower($1)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinRow:
    """A device as it was stored; info, settings, status and meta are JSON objects as UTF-8."""

    internal_id: int
    external_id: str
    access: Access
    info: bytes
    settings: bytes
    status: bytes
    meta: bytes
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinStoreStats:
    """Counters of the writer since it was made.

    Attributes:
        written: Rows written.
        batches: Batches they went in.
        failures: Batches that failed and are tried again.
        refused: Rows set aside because the database refuses what is in them.
        waiting: Devices whose last state is not stored yet.
    """

    written: int
    batches: int
    failures: int
    refused: int
    waiting: int


class TwinStore:
    """Tables ``device.list`` and ``device.state``.

    Args:
        interval_s: How long a change waits at most before it is written.
    """

    def __init__(self, database: Database, *, interval_s: float = 1.0) -> None:
        self._database = database
        self._interval_s = interval_s
        # Both are bounded by the number of devices: a device that is marked again replaces itself.
        self._whole: dict[str, Storable] = {}
        self._state: dict[str, Storable] = {}
        self._in_flight: tuple[str, ...] = ()
        # One statement at a time: a row that is written twice must end as the later one, and a device that is
        # deleted must not come back with a batch that was on its way.
        self._turn = asyncio.Lock()
        self._written = self._batches = self._failures = self._refusals = 0
        self._refused: set[str] = set()

    @property
    def stats(self) -> TwinStoreStats:
        """The counters, as they are now."""
        return TwinStoreStats(
            written=self._written,
            batches=self._batches,
            failures=self._failures,
            refused=self._refusals,
            waiting=len(self._whole) + len(self._state) + len(self._in_flight),
        )

    async def load(self) -> AsyncIterator[list[TwinRow]]:
        """All devices in the order of their numbers, some hundred at a time.

        Raises:
            Unavailable: The database is away.
        """
        last = 0
        while rows := await self._database.fetch(LOAD, last, PAGE_ROWS):
            yield [TwinRow(**{**row, "access": ACCESS[row["access"] - 1]}) for row in rows]
            last = rows[-1]["internal_id"]

    def mark(self, twin: Storable) -> None:
        """Remember that anything of a twin changed; its number is set once the database has given one."""
        self._state.pop(twin.id, None)
        self._whole[twin.id] = twin

    def mark_status(self, twin: Storable) -> None:
        """Remember that status or meta of a twin changed and nothing else; cheaper to write."""
        if twin.id not in self._whole:
            self._state[twin.id] = twin

    async def run(self) -> None:
        """Write what was marked, again and again, until cancelled. Marks are kept while the database is away."""
        storing = True
        while True:
            await asyncio.sleep(self._interval_s)
            try:
                await self.flush()
            except (Unavailable, asyncpg.PostgresError) as err:
                if storing:
                    logger.warning("device states cannot be stored for now: %s", type(err).__name__)
                storing = False
            else:
                if not storing:
                    logger.info("device states are stored again")
                storing = True

    async def flush(self) -> None:
        """Write all that is marked by now; what cannot be written stays marked.

        Raises:
            Unavailable: The database is away.
            asyncpg.PostgresError: It refuses to write at all.
        """
        # What another flush has on its way is ours too, should that fail.
        lanes = [(marks, deque((*self._in_flight, *marks))) for marks in (self._whole, self._state)]
        for marks, ids in lanes:
            while ids:
                async with self._turn:
                    await self._write_batch(marks, ids)

    async def set_access(
        self, ids: Sequence[str], access: Access, status: bytes | None = None
    ) -> list[tuple[str, int]]:
        """Store what was decided about devices; durable when it returns. A device never seen gets its row.

        Args:
            status: Last status report, stored with it.

        Returns:
            Id as stored and number of each device, in the order of the numbers.

        Raises:
            Unavailable: The database is away.
        """
        number = ACCESS.index(access) + 1
        text = None if status is None else jsonb.storable(status)
        async with self._turn:
            rows = await self._database.fetch(SET_ACCESS, list(ids), number, text)
        return [(row["external_id"], row["id"]) for row in rows]

    async def delete(self, device: str) -> bool:
        """Remove a device with all that is stored of it; returns whether there was one.

        Raises:
            Unavailable: The database is away.
        """
        async with self._turn:
            tag = await self._database.execute(DELETE, device)
            for marks in (self._whole, self._state):
                for marked in [name for name in marks if name.lower() == device.lower()]:
                    del marks[marked]
        return tag != "DELETE 0"

    async def _write_batch(self, marks: dict[str, Storable], ids: deque[str]) -> None:
        rows = self._take(marks, ids)
        self._in_flight = tuple(row.twin.id for row in rows)
        try:
            await self._write(rows)
            rows = []
        except (Unavailable, asyncpg.PostgresError):
            self._failures += 1
            raise
        finally:
            for row in rows:
                marks.setdefault(row.twin.id, row.twin)
            self._in_flight = ()

    def _take(self, marks: dict[str, Storable], ids: deque[str]) -> list[Row]:
        rows: list[Row] = []
        characters = 0
        while ids and len(rows) < BATCH_ROWS and characters < BATCH_CHARACTERS:
            twin = marks.pop(ids.popleft(), None)
            if twin is None:
                continue
            try:
                rows.append(Row.of(twin, state_only=marks is self._state))
            except (ValueError, TypeError) as err:  # the latter where a document has no JSON form
                self._refuse(twin.id, err)
            else:
                characters += rows[-1].size
        return rows

    async def _write(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        try:
            await write(self._database, rows)
        except BAD_ROW as err:
            if len(rows) == 1:
                self._refuse(rows[0].twin.id, err)
                return
            middle = len(rows) // 2
            await self._write(rows[:middle])
            await self._write(rows[middle:])
        else:
            self._written += len(rows)
            self._batches += 1
            self._refused.difference_update(row.twin.id for row in rows)

    def _refuse(self, device: str, err: Exception) -> None:
        self._refusals += 1
        if device not in self._refused:
            self._refused.add(device)
            logger.warning("state of %s cannot be stored: %s", device, type(err).__name__)
