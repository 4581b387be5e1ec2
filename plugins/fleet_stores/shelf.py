"""What was last read, in the database; its revisions also in memory, since every report is held against them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from plugin_sdk import JSON, DeviceId, Sql


@dataclass(frozen=True, slots=True)
class Stored:
    """One row.

    Attributes:
        read: When.
    """

    revision: str
    content: JSON
    read: datetime


class Shelf:
    """Table ``stored``."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._revisions: dict[tuple[str, str], str] = {}

    async def load(self, devices: Iterable[DeviceId]) -> None:
        """Learn the revisions of devices, and forget all others: they were deleted while nobody noticed.

        Raises:
            Unavailable: The database is away.
        """
        known = [device.lower() for device in devices]
        await self._sql.execute("DELETE FROM stored WHERE device <> ALL ($1::text[])", known)
        rows = await self._sql.fetch("SELECT device, kind, revision FROM stored")
        self._revisions = {(row["device"], row["kind"]): row["revision"] for row in rows}

    def revision(self, device: DeviceId, kind: str) -> str | None:
        """Revision that is known, or None."""
        return self._revisions.get((device.lower(), kind))

    def note(self, device: DeviceId, kind: str, revision: str) -> None:
        """Remember a revision, in memory alone."""
        self._revisions[device.lower(), kind] = revision

    async def get(self, device: DeviceId, kind: str) -> Stored | None:
        """What was last read, or None.

        Raises:
            Unavailable: The database is away.
        """
        rows = await self._sql.fetch(
            "SELECT revision, content, read FROM stored WHERE device = $1 AND kind = $2", device.lower(), kind
        )
        return _stored(rows[0]) if rows else None

    async def put(self, device: DeviceId, kind: str, revision: str, content: JSON) -> None:
        """Keep what was read; the revision is known even where the database is away.

        Raises:
            Unavailable: The database is away.
        """
        self.note(device, kind, revision)
        await self._sql.execute(
            """
            INSERT INTO stored (device, kind, revision, content) VALUES ($1, $2, $3, $4)
            ON CONFLICT (device, kind) DO UPDATE
            SET revision = excluded.revision, content = excluded.content, read = now()
            """,
            device.lower(),
            kind,
            revision,
            json.dumps(content),
        )

    async def forget(self, device: DeviceId) -> None:
        """A device is gone for good.

        Raises:
            Unavailable: The database is away.
        """
        for key in [key for key in self._revisions if key[0] == device.lower()]:
            del self._revisions[key]
        await self._sql.execute("DELETE FROM stored WHERE device = $1", device.lower())


def _stored(row: Mapping[str, JSON]) -> Stored:
    return Stored(row["revision"], json.loads(row["content"]), row["read"])
