"""Rows of the twin tables and the statements that write many of them at once.

A device that has a number is updated by it; one that has none is inserted. ``INSERT … ON CONFLICT`` for all would
draw a number from the identity sequence at every write and use it up within days. Who has a twin was let in, so the row
says "allowed", unless an operator denied it meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fleet_platform.storage import jsonb
from fleet_platform.storage.database import Database

MAX_ROW_BYTES = 16 * 1024 * 1024
"""A larger row would time out again and again and hold up all others."""

INSERT = """
WITH incoming AS (
    SELECT * FROM unnest($1::text[], $2::jsonb[], $3::jsonb[], $4::jsonb[], $5::jsonb[])
        AS t (external_id, info, settings, status, meta)
), listed AS (
    INSERT INTO device.list AS d (external_id, access, info, settings)
    SELECT external_id, 3, info, settings FROM incoming
    ON CONFLICT (lower(external_id)) DO UPDATE
        SET info = excluded.info, settings = excluded.settings, updated = now(),
            access = CASE d.access WHEN 2 THEN 2 ELSE 3 END
    RETURNING d.id, d.external_id
), numbered AS (
    SELECT l.id, i.external_id, i.status, i.meta
    FROM listed l JOIN incoming i ON lower(i.external_id) = lower(l.external_id)
), stated AS (
    INSERT INTO device.state (id, status, meta) SELECT id, status, meta FROM numbered
    ON CONFLICT (id) DO UPDATE SET status = excluded.status, meta = excluded.meta, updated = now()
)
SELECT external_id, id FROM numbered
"""

UPDATE = """
WITH incoming AS (
    SELECT * FROM unnest($1::integer[], $2::jsonb[], $3::jsonb[], $4::jsonb[], $5::jsonb[])
        AS t (id, info, settings, status, meta)
), listed AS (
    UPDATE device.list d SET info = i.info, settings = i.settings, updated = now()
    FROM incoming i WHERE d.id = i.id AND (d.info, d.settings) IS DISTINCT FROM (i.info, i.settings)
)
UPDATE device.state s SET status = i.status, meta = i.meta, updated = now() FROM incoming i WHERE s.id = i.id
"""

UPDATE_STATE = """
UPDATE device.state s SET status = i.status, meta = i.meta, updated = now()
FROM unnest($1::integer[], $2::jsonb[], $3::jsonb[]) AS i (id, status, meta) WHERE s.id = i.id
"""


class Storable(Protocol):
    """What is stored of a twin. The documents are JSON objects as UTF-8, encoded when they are asked for."""

    internal_id: int | None

    @property
    def id(self) -> str:
        """The device's id, as it spells it."""

    def info_json(self) -> bytes:
        """Answer of ``Shelly.GetDeviceInfo``."""

    def settings_json(self) -> bytes:
        """Component key to settings."""

    def status_json(self) -> bytes:
        """Component key to status."""

    def meta_json(self) -> bytes:
        """What else must survive a restart."""


@dataclass(frozen=True, slots=True)
class Row:
    """A twin as it was when it was taken.

    Attributes:
        twin: The live twin.
        documents: Info, settings, status and meta, or the last two alone.
    """

    twin: Storable
    documents: tuple[str, ...]

    @classmethod
    def of(cls, twin: Storable, *, state_only: bool) -> Row:
        """Encode a twin now; one that has no number yet always as a whole.

        Raises:
            ValueError: A document is no text, or the row is too large.
        """
        documents = [twin.status_json(), twin.meta_json()]
        if not state_only or twin.internal_id is None:
            documents = [twin.info_json(), twin.settings_json(), *documents]
        if (size := sum(map(len, documents))) > MAX_ROW_BYTES:
            message = f"{size} bytes are more than {MAX_ROW_BYTES}"
            raise ValueError(message)
        return cls(twin, tuple(map(jsonb.storable, documents)))

    @property
    def size(self) -> int:
        """Characters of all documents."""
        return sum(map(len, self.documents))


async def write(database: Database, rows: Sequence[Row]) -> None:
    """Write rows, in one statement for each kind; new devices learn their number.

    Raises:
        Unavailable: The database is away.
        asyncpg.PostgresError: It refuses a row; none of that kind was written.
    """
    new = [row for row in rows if row.twin.internal_id is None]
    known = sorted((row for row in rows if row.twin.internal_id is not None), key=lambda row: row.twin.internal_id or 0)
    if new:
        numbers = await database.fetch(INSERT, [row.twin.id for row in new], *_columns(new))
        by_id = {row.twin.id: row.twin for row in new}
        for external_id, number in numbers:
            by_id[external_id].internal_id = number
    for statement, kind in (
        (UPDATE, [row for row in known if len(row.documents) == 4]),
        (UPDATE_STATE, [row for row in known if len(row.documents) == 2]),
    ):
        if kind:
            await database.execute(statement, [row.twin.internal_id for row in kind], *_columns(kind))


def _columns(rows: Sequence[Row]) -> list[list[str]]:
    return [list(column) for column in zip(*(row.documents for row in rows), strict=True)]
