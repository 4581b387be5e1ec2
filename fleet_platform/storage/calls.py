"""Calls that wait for a device which sleeps or is offline. They outlive a restart, and expire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from fleet_platform.storage import jsonb
from fleet_platform.storage.database import Database
from fleet_platform.text import decode
from plugin_sdk import JSON
from plugin_sdk.errors import DeviceBusy

MAX_PER_DEVICE = 100

ADD = """
INSERT INTO core.queued_call (device, method, params, principal, expires)
SELECT $1, $2, $3::jsonb, $4, $5
WHERE (SELECT count(*) FROM core.queued_call WHERE lower(device) = lower($1)) < $6
RETURNING id, device, method, params, principal, created, expires
"""

LIST = """
SELECT id, device, method, params, principal, created, expires FROM core.queued_call
WHERE ($1::text IS NULL OR lower(device) = lower($1)) AND expires > now()
ORDER BY id
"""

REMOVE = "DELETE FROM core.queued_call WHERE id = $1"

EXPIRE = """
DELETE FROM core.queued_call WHERE expires <= now()
RETURNING id, device, method, params, principal, created, expires
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedCall:
    """A call that waits.

    Attributes:
        id: Grows with the order in which calls were queued.
        device: Id of the device.
        method: RPC method of the device.
        params: Its parameters, or None.
        principal: Name of whoever asked.
        created: When it was queued.
        expires: When it is given up.
    """

    id: int
    device: str
    method: str
    params: Mapping[str, JSON] | None
    principal: str
    created: datetime
    expires: datetime


class QueuedCallStore:
    """Table ``core.queued_call``. All methods raise ``Unavailable`` while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, device: str, method: str, params: Mapping[str, JSON] | None, *, principal: str, expires: datetime
    ) -> QueuedCall:
        """Queue a call; durable when this returns.

        Args:
            expires: With a time zone.

        Raises:
            DeviceBusy: A hundred calls wait for the device already.
            InvalidParams: The parameters cannot be stored.
        """
        rows = await self._database.fetch(
            ADD,
            device,
            method,
            None if params is None else jsonb.exact(params, "params"),
            principal,
            expires,
            MAX_PER_DEVICE,
        )
        if not rows:
            raise DeviceBusy(waiting=MAX_PER_DEVICE)
        return _queued_call(rows[0])

    async def list(self, device: str | None = None) -> tuple[QueuedCall, ...]:
        """Calls of one device, or of all, oldest first, without those that have expired."""
        return tuple(map(_queued_call, await self._database.fetch(LIST, device)))

    async def remove(self, number: int) -> bool:
        """Remove a call that was made or cancelled; returns whether it was there.

        Of two that remove the same call, one alone gets True: who sends a call removes it first.
        """
        return await self._database.execute(REMOVE, number) != "DELETE 0"

    async def expire(self) -> tuple[QueuedCall, ...]:
        """Remove the calls whose time is over and return them, oldest first."""
        calls = map(_queued_call, await self._database.fetch(EXPIRE))
        return tuple(sorted(calls, key=lambda call: call.id))


def _queued_call(row: asyncpg.Record) -> QueuedCall:
    params = row["params"]
    return QueuedCall(**{**row, "params": None if params is None else decode(params)})
