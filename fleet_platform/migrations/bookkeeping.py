"""The table ``migration`` of a schema: what was applied, with the statements, so that it can be compared and undone.

The predecessor's tables in that schema are taken over when ours is made: what they list counts as applied. Its lock,
which stays for ever after a run that failed, is not looked at.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from fleet_platform.migrations.connection import Connection
from fleet_platform.migrations.files import MigrationFile
from fleet_platform.migrations.plan import UNKNOWN, Row

logger = logging.getLogger(__name__)

TABLE = """
CREATE TABLE IF NOT EXISTS {table} (
    owner    text        NOT NULL,
    file     text        NOT NULL,
    checksum text        NOT NULL,
    applied  timestamptz NOT NULL DEFAULT clock_timestamp(),
    seconds  real        NOT NULL,
    PRIMARY KEY (owner, file)
);
ALTER TABLE {table}
    ALTER COLUMN applied SET DEFAULT clock_timestamp(),
    ADD COLUMN batch    integer NOT NULL DEFAULT 0,
    ADD COLUMN position bigint GENERATED ALWAYS AS IDENTITY,
    ADD COLUMN schema   text,
    ADD COLUMN up       text,
    ADD COLUMN down     text;
COMMENT ON TABLE {table} IS 'Migrations that were applied.';
COMMENT ON COLUMN {table}.owner IS 'Whose migration it is: core, a plugin, or the name of a folder.';
COMMENT ON COLUMN {table}.file IS 'Name of the file, without its folder.';
COMMENT ON COLUMN {table}.checksum IS 'SHA-256 of the statements that were run; empty if they are not known.';
COMMENT ON COLUMN {table}.applied IS 'When it was applied.';
COMMENT ON COLUMN {table}.seconds IS 'How long it took.';
COMMENT ON COLUMN {table}.batch IS 'Number of the run that applied it; 0 where runs were not counted yet.';
COMMENT ON COLUMN {table}.position IS 'Order of application.';
COMMENT ON COLUMN {table}.schema IS 'What was first in the search path.';
COMMENT ON COLUMN {table}.up IS 'The statements that were run.';
COMMENT ON COLUMN {table}.down IS 'The statements that undo it.';
"""
"""Makes the table, or gives a table of the first form the columns that came later."""

COLUMNS: Mapping[str, Callable[[Any], Any]] = {
    "owner": str,
    "file": str,
    "checksum": str,
    "applied": lambda text: datetime.fromisoformat(text).astimezone(UTC),
    "seconds": float,
    "batch": int,
    "position": int,
    "schema": str,
    "up": str,
    "down": str,
}


def quoted(name: str) -> str:
    """A name as an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'


class Bookkeeping:
    """The table in a schema; all calls are inside the caller's transaction."""

    def __init__(self, schema: str) -> None:
        self._schema = schema
        self._table = f"{quoted(schema)}.migration"
        self._taken_from = f'{quoted(schema)}."migration.list"'

    async def is_current(self, connection: Connection) -> bool:
        """Whether the table is there, in its present form."""
        return await _is_there(connection, self._schema, "migration", "position")

    async def make(self, connection: Connection) -> None:
        """Make the table, or bring it into its present form. The caller holds the lock."""
        if await self.is_current(connection):
            return
        await make_schema(connection, self._schema)
        is_new = not await _is_there(connection, self._schema, "migration")
        await connection.execute(TABLE.format(table=self._table))
        for row in await self._of_predecessor(connection) if is_new else ():
            await connection.execute(
                f"INSERT INTO {self._table} (owner, file, checksum, applied, seconds, batch)"  # noqa: S608  # quoted
                " VALUES ($1, $2, $3, $4, 0, $5) ON CONFLICT DO NOTHING",
                row.owner,
                row.file,
                row.checksum,
                row.applied,
                row.batch,
            )
            logger.info("migration %s counts as applied: the predecessor lists it", row)

    async def rows(self, connection: Connection) -> list[Row]:
        """All that was applied, in order; also where the table is of the first form, or still the predecessor's."""
        if not await _is_there(connection, self._schema, "migration"):
            return await self._of_predecessor(connection)
        found = await connection.fetch(f"SELECT to_jsonb(m)::text FROM {self._table} m ORDER BY applied")  # noqa: S608
        rows = [_row({"position": number, **json.loads(text)}) for number, (text,) in enumerate(found)]
        return sorted(rows, key=lambda row: row.position)

    async def find(self, connection: Connection, owner: str, file: str) -> Row | None:
        """One migration, or None if it is not applied."""
        query = f"SELECT to_jsonb(m)::text FROM {self._table} m WHERE owner = $1 AND file = $2"  # noqa: S608
        text = await connection.fetchval(query, owner, file)
        return _row(json.loads(text)) if text is not None else None

    async def add(self, connection: Connection, file: MigrationFile, *, batch: int, seconds: float) -> None:
        """A migration was applied."""
        await connection.execute(
            f"INSERT INTO {self._table} (owner, file, checksum, seconds, batch, schema, up, down)"  # noqa: S608
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            file.folder.owner,
            file.name,
            file.checksum,
            seconds,
            batch,
            file.folder.schema,
            file.up,
            file.down,
        )

    async def refresh(self, connection: Connection, row: Row, file: MigrationFile) -> None:
        """Keep what the file of a migration tells that was applied before."""
        await connection.execute(
            f"UPDATE {self._table} SET owner = $3, checksum = $4, schema = $5, up = $6, down = $7"  # noqa: S608
            " WHERE owner = $1 AND file = $2",
            row.owner,
            row.file,
            file.folder.owner,
            file.checksum,
            file.folder.schema,
            file.up,
            file.down,
        )

    async def remove(self, connection: Connection, row: Row) -> None:
        """A migration was undone."""
        query = f"DELETE FROM {self._table} WHERE owner = $1 AND file = $2"  # noqa: S608
        await connection.execute(query, row.owner, row.file)

    async def _of_predecessor(self, connection: Connection) -> list[Row]:
        """What the predecessor lists, each file once: it knew them by whole paths, and ran one again when it moved."""
        if not await _is_there(connection, self._schema, "migration.list"):
            return []
        found = await connection.fetch(f"SELECT name, batch, time FROM {self._taken_from} ORDER BY id")  # noqa: S608
        rows: dict[str, Row] = {}
        for name, batch, time in found:
            *folders, file = [part for part in re.split(r"[/\\]", name) if part] or [name]
            row = Row(
                owner=folders[-1] if folders else "unknown",
                file=file,
                checksum=UNKNOWN,
                applied=time or datetime.now(UTC),
                batch=batch or 0,
                position=len(rows),
            )
            rows.setdefault(str(row), row)
        return list(rows.values())


async def make_schema(connection: Connection, schema: str) -> None:
    """Make a schema where it is missing; one that is there needs no right to make any."""
    if await connection.fetchval("SELECT 1 FROM pg_namespace WHERE nspname = $1", schema) is None:
        await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")


async def _is_there(connection: Connection, schema: str, table: str, column: str = "ctid") -> bool:
    # not to_regclass(), which may answer from a cache what was so before this transaction waited for the lock
    query = """
        SELECT 1 FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = $3
    """
    return await connection.fetchval(query, schema, table, column) is not None


def _row(values: dict[str, Any]) -> Row:
    return Row(**{name: read(values[name]) for name, read in COLUMNS.items() if values.get(name) is not None})
