"""What was last read, in the database; its revisions also in memory, since every report is held against them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from sys import intern

from fleet_stores.kinds import KINDS
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


_PLACES = {kind.name: place for place, kind in enumerate(KINDS)}
_NONE: tuple[str | None, ...] = (None,) * len(KINDS)


class Shelf:
    """Table ``stored``."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        # One small tuple a device, of texts that are much the same in all of them.
        self._revisions: dict[str, tuple[str | None, ...]] = {}

    async def load(self, devices: Iterable[DeviceId]) -> None:
        """Learn the revisions of devices, and forget all others: they were deleted while nobody noticed.

        Raises:
            Unavailable: The database is away.
        """
        known = [device.lower() for device in devices]
        await self._sql.execute("DELETE FROM stored WHERE device <> ALL ($1::text[])", known)
        rows = await self._sql.fetch("SELECT device, kind, revision FROM stored")
        self._revisions.clear()
        for row in rows:
            if row["kind"] in _PLACES:
                self.note(DeviceId(row["device"]), row["kind"], row["revision"])

    def revision(self, device: DeviceId, kind: str) -> str | None:
        """Revision that is known, or None."""
        return self._revisions.get(device.lower(), _NONE)[_PLACES[kind]]

    def note(self, device: DeviceId, kind: str, revision: str) -> None:
        """Remember a revision, in memory alone."""
        key, place = intern(device.lower()), _PLACES[kind]
        known = self._revisions.get(key, _NONE)
        self._revisions[key] = (*known[:place], intern(revision), *known[place + 1 :])

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
        self._revisions.pop(device.lower(), None)
        await self._sql.execute("DELETE FROM stored WHERE device = $1", device.lower())


def _stored(row: Mapping[str, JSON]) -> Stored:
    return Stored(row["revision"], json.loads(row["content"]), row["read"])
