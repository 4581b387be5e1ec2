"""Looks after what is kept: partitions ahead and away, days that are packed, roll-ups that are made and made anew.

Everything is done by the database, step by step in short transactions, and by one of several platforms on a database.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta

import asyncpg

from fleet_platform.storage.database import Database
from plugin_sdk.errors import Unavailable

logger = logging.getLogger(__name__)

INTERVAL_S = 20.0
AHEAD = timedelta(days=3)
"""For how long partitions are made before they are needed."""

PACK_AFTER = timedelta(hours=2)
"""How long a day that is over stays as it came."""

STEP_TIMEOUT_S = 600.0
"""One step; packing the day of a large fleet takes minutes."""

MEND_AT_ONCE = 2_000
SWEEP_AT_ONCE = 50
LOCK_KEY = 0x68697374
"""Advisory lock of whoever looks after the history in a database: the letters "hist"."""

ENSURE = "SELECT sum(history.ensure(name, $1, $2)) FROM history.level"
PACKED = "SELECT done FROM history.level WHERE name = 'sample'"
NO_EARLIER_DAYS = "UPDATE history.level SET done = $1 WHERE name = 'sample' AND done = '2000-01-01 00:00+00'"
"""Of a new history: all days before yesterday are over, so that what comes for them needs no partition for each."""

OLDEST_DAY = """
SELECT min(to_date(right(c.relname, 8), 'YYYYMMDD'))::timestamp AT TIME ZONE 'UTC'
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'history.sample'::regclass
"""
LEVELS = ("minute", "quarter", "hour", "day")


class Upkeep:
    """What keeps the history in shape.

    Args:
        keep: How long each level is kept, by its name; None for ever.
        settled_ms: Up to when everything is written, UTC epoch milliseconds.
        opened: Told from when to when, UTC epoch milliseconds, samples may be written as they come; returns when
            nothing is on its way any more that was written before it was told.
    """

    def __init__(
        self,
        database: Database,
        *,
        keep: Mapping[str, timedelta | None],
        settled_ms: Callable[[], int],
        opened: Callable[[int, int], Awaitable[None]],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._keep = keep
        self._settled_ms = settled_ms
        self._opened = opened
        self._now = now

    async def prepare(self) -> None:
        """Make what the first samples need.

        Raises:
            Unavailable: The database is away.
        """
        for level, keep in self._keep.items():
            await self._database.execute("UPDATE history.level SET keep = $2 WHERE name = $1", level, keep)
        await self._database.execute(NO_EARLIER_DAYS, _day_of(self._now()) - timedelta(days=1))
        await self._ensure()

    async def run(self) -> None:
        """Look after it, for ever; while the database is away nothing needs to be."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            try:
                await self.look()
            except Unavailable:
                continue
            except (asyncpg.PostgresError, TimeoutError):
                logger.exception("the history could not be looked after")

    async def look(self) -> None:
        """Do what is due.

        Raises:
            Unavailable: The database is away.
        """
        await self._ensure()
        async with self._database.transaction(timeout_s=STEP_TIMEOUT_S) as guard:
            # Held by a connection of its own, so that each step below can be a transaction.
            if not await guard.fetchval("SELECT pg_try_advisory_xact_lock($1)", LOCK_KEY):
                return
            await self._roll_up()
            while await self._step("SELECT history.mend($1)", MEND_AT_ONCE):
                pass
            await self._pack()
            while await self._step("SELECT history.pack_late($1)", MEND_AT_ONCE):
                pass
            await self._step("SELECT history.expire($1)", self._now())
            while await self._step("SELECT history.sweep($1)", SWEEP_AT_ONCE):
                pass

    async def _step(self, statement: str, *args: object) -> int | None:
        rows = await self._database.fetch(statement, *args, timeout_s=STEP_TIMEOUT_S)
        number: int | None = rows[0][0]
        return number

    async def _ensure(self) -> None:
        now = self._now()
        await self._database.fetch(ENSURE, now - timedelta(days=1), now + AHEAD)
        rows = await self._database.fetch(PACKED)
        since: datetime = max(rows[0]["done"], _day_of(now) - timedelta(days=1))
        await self._opened(_ms(since), _ms(_day_of(now + AHEAD)))

    async def _roll_up(self) -> None:
        till = datetime.fromtimestamp(self._settled_ms() / 1000, UTC)
        for level in LEVELS:
            while await self._step("SELECT history.roll_up($1, $2)", level, till) is not None:
                pass

    async def _pack(self) -> None:
        """Pack the days that are over, once they are rolled up."""
        while True:
            rows = await self._database.fetch(OLDEST_DAY)
            day: datetime | None = rows[0][0]
            if day is None or day + timedelta(days=1) + PACK_AFTER > self._now():
                return
            rolled = await self._database.fetch("SELECT done FROM history.level WHERE name = 'minute'")
            if rolled[0]["done"] < day + timedelta(days=1):
                return
            # From now on whatever comes for that day takes the long way.
            await self._opened(_ms(day + timedelta(days=1)), _ms(_day_of(self._now() + AHEAD)))
            started = time.monotonic()
            series = await self._step("SELECT history.pack($1)", day)
            logger.info(
                "the samples of %s were packed: %s series in %.1f s", day.date(), series, time.monotonic() - started
            )


def _day_of(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
