"""The migration runner: applies each file once, in a transaction of its own.

A run that is killed leaves nothing half done and nothing locked: the lock belongs to the transaction. Of several
runs at once each takes the lock for one file and skips what another has applied meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import asyncpg

from fleet_platform.storage.database import Connection, Database
from fleet_platform.storage.migration_files import MigrationFile, MigrationFolder, read
from fleet_platform.storage.problems import MigrationFailed

__all__ = ["Applied", "MigrationFolder", "core_migrations", "migrate"]

logger = logging.getLogger(__name__)

LOCK_KEY = 0x666C656574
"""Advisory lock of all runs in a database: the letters "fleet"."""

LOCK_POLL_S = 0.1

BOOKKEEPING = """
CREATE SCHEMA IF NOT EXISTS core;
CREATE TABLE IF NOT EXISTS core.migration (
    owner    text        NOT NULL,
    file     text        NOT NULL,
    checksum text        NOT NULL,
    applied  timestamptz NOT NULL DEFAULT now(),
    seconds  real        NOT NULL,
    PRIMARY KEY (owner, file)
);
COMMENT ON SCHEMA core IS 'What the platform keeps for itself.';
COMMENT ON TABLE core.migration IS 'Migrations that were applied.';
COMMENT ON COLUMN core.migration.owner IS 'Whose migration it is: core, or a plugin.';
COMMENT ON COLUMN core.migration.file IS 'Name of the file, without its folder.';
COMMENT ON COLUMN core.migration.checksum IS 'SHA-256 of the statements that were run.';
COMMENT ON COLUMN core.migration.applied IS 'When it was applied.';
COMMENT ON COLUMN core.migration.seconds IS 'How long it took.';
"""

HOLDER = """
SELECT coalesce(nullif(a.application_name, ''), 'unknown') AS program, a.pid, a.xact_start,
    coalesce(host(a.client_addr), 'this machine') AS address
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
WHERE l.locktype = 'advisory' AND l.granted AND ((l.classid::bigint << 32) | l.objid::bigint) = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A migration that this run applied."""

    owner: str
    file: str
    seconds: float


def core_migrations() -> MigrationFolder:
    """The platform's own files, as installed."""
    return MigrationFolder(owner="core", schema="core", path=Path(str(files("fleet_migrations"))))


async def migrate(
    database: Database,
    folders: Sequence[MigrationFolder],
    *,
    lock_timeout_s: float = 60.0,
    file_timeout_s: float = 600.0,
) -> list[Applied]:
    """Apply what was not applied yet, in the natural order of the files' numbers.

    Args:
        lock_timeout_s: How long to wait for another run, for each file.
        file_timeout_s: How long one file may take.

    Returns:
        What this run applied, in order.

    Raises:
        MigrationFailed: A file fails or was changed after it had been applied, or another run holds the lock. The
            files before it stay applied.
        Unavailable: The database is away.
    """
    migrations = await asyncio.to_thread(read, folders)
    pending = await _pending(database, migrations, lock_timeout_s)
    applied = []
    for migration in pending:
        async with database.transaction(timeout_s=file_timeout_s) as connection:
            await _lock(connection, lock_timeout_s)
            if await _is_applied(connection, migration):
                continue
            seconds = await _apply(connection, migration, file_timeout_s)
        logger.info("migration %s applied in %.2f s", migration, seconds)
        applied.append(Applied(owner=migration.folder.owner, file=migration.name, seconds=seconds))
    return applied


async def _pending(
    database: Database, migrations: Sequence[MigrationFile], lock_timeout_s: float
) -> list[MigrationFile]:
    """The files to run, once all that were applied are found unchanged."""
    async with database.transaction() as connection:
        if not await connection.fetchval("SELECT to_regclass('core.migration') IS NOT NULL"):
            await _lock(connection, lock_timeout_s)
            await connection.execute(BOOKKEEPING)
        return [migration for migration in migrations if not await _is_applied(connection, migration)]


async def _is_applied(connection: Connection, migration: MigrationFile) -> bool:
    row = await connection.fetchrow(
        "SELECT checksum, applied FROM core.migration WHERE owner = $1 AND file = $2",
        migration.folder.owner,
        migration.name,
    )
    if row is not None and row["checksum"] != migration.checksum:
        when: datetime = row["applied"]
        detail = (
            f"the migration {migration} was changed after it had been applied on {when:%Y-%m-%d %H:%M} UTC; "
            "restore the file and put the change into a new one"
        )
        raise MigrationFailed(detail)
    return row is not None


async def _apply(connection: Connection, migration: MigrationFile, timeout_s: float) -> float:
    started = time.monotonic()
    await _prepare(connection, migration.folder.schema)
    try:
        # asyncpg cannot run a text without a statement, and a part may well be empty
        await connection.execute(f"{migration.up}\n;SELECT 1", timeout=timeout_s)
    except asyncpg.PostgresError as err:
        if isinstance(err, asyncpg.OperatorInterventionError | asyncpg.PostgresConnectionError):
            raise
        raise MigrationFailed(f"the migration {migration}{_line(migration, err)} failed: {err}") from err
    if not connection.is_in_transaction():
        raise MigrationFailed(f"the migration {migration} must not begin or end transactions itself")
    seconds = time.monotonic() - started
    await connection.execute(
        "INSERT INTO core.migration (owner, file, checksum, seconds) VALUES ($1, $2, $3, $4)",
        migration.folder.owner,
        migration.name,
        migration.checksum,
        seconds,
    )
    return seconds


async def _prepare(connection: Connection, schema: str) -> None:
    quoted = '"' + schema.replace('"', '""') + '"'
    await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted}")
    await connection.execute(f"SET LOCAL search_path TO {quoted}, public")
    if connection.get_server_version().major >= 14:
        # a run that is killed lets go at once, even in the middle of a long statement
        await connection.execute("SET LOCAL client_connection_check_interval = '1s'")


async def _lock(connection: Connection, timeout_s: float) -> None:
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
    return f"{row['program']} on {row['address']}, server process {row['pid']}, since {row['xact_start']:%H:%M:%S} UTC"


def _line(migration: MigrationFile, error: asyncpg.PostgresError) -> str:
    position = getattr(error, "position", None)
    if not position or not str(position).isdecimal():
        return ""
    return f", line {migration.up_line + migration.up.count(chr(10), 0, int(position) - 1)},"
