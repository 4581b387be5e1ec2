"""What the runner needs of a database, and the lock that keeps runs apart.

The lock belongs to a transaction, so it goes with whoever held it, however that ended.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeAlias

import asyncpg

from fleet_platform.storage.problems import MigrationFailed

logger = logging.getLogger(__name__)

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

LOCK_KEY = 0x666C656574
"""Advisory lock of all runs in a database: the letters "fleet"."""

LOCK_POLL_S = 0.1

HOLDER = """
SELECT coalesce(nullif(a.application_name, ''), 'unknown') AS program, l.pid,
    coalesce(a.xact_start, a.backend_start) AS since, host(a.client_addr) AS host
FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND ((l.classid::bigint << 32) | l.objid::bigint) = $1
"""

LIMITS = """
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL tcp_keepalives_idle = 10;
SET LOCAL tcp_keepalives_interval = 5;
SET LOCAL tcp_keepalives_count = 3;
"""
"""Deadlines are the runner's, not the role's; and a machine that vanished holds nothing for longer than half a minute.

What another run committed while this one waited for the lock has to be seen, whatever isolation the role prefers.
"""


class Transactions(Protocol):
    """A database, as far as migrations go."""

    def transaction(self, *, timeout_s: float) -> AbstractAsyncContextManager[Connection]:
        """A connection inside a transaction, committed if the body ends well; with a deadline for each statement."""


async def begin(connection: Connection) -> None:
    """Make a transaction fit for migrating; the first thing in it."""
    await connection.execute(LIMITS)
    version = connection.get_server_version().major
    if version >= 14:
        # a run that is killed lets go at once, even in the middle of a long statement
        await connection.execute("SET LOCAL client_connection_check_interval = '1s'")
    if version >= 17:
        await connection.execute("SET LOCAL transaction_timeout = 0")


async def lock(connection: Connection, timeout_s: float) -> None:
    """Keep other runs out until the transaction ends.

    Raises:
        MigrationFailed: Another run does not end in time; says which.
    """
    deadline = time.monotonic() + timeout_s
    told = False
    while not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", LOCK_KEY):
        if time.monotonic() > deadline:
            raise MigrationFailed(f"another migration run holds the lock: {await _holder(connection)}")
        if not told:
            logger.info("waiting for another migration run: %s", await _holder(connection))
            told = True
        await asyncio.sleep(LOCK_POLL_S)


async def _holder(connection: Connection) -> str:
    row = await connection.fetchrow(HOLDER, LOCK_KEY)
    if row is None:
        return "it has just ended"
    # a role may not see where sessions of other roles come from
    where = row["host"] or ("this machine" if row["since"] else "an unknown machine")
    since = f", since {row['since']:%H:%M:%S} UTC" if row["since"] else ""
    return f"{row['program']} on {where}, server process {row['pid']}{since}"
