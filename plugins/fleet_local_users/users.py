"""The users in the database, and what the platform may know of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet_local_users.passwords import Passwords
from plugin_sdk import Principal, Sql

PROVIDER = "local_users"


class Users:
    """Looks users up by name, in any case.

    Every method may raise ``Unavailable`` while the database is away.
    """

    def __init__(self, sql: Sql, passwords: Passwords) -> None:
        self._sql = sql
        self._passwords = passwords

    async def verify(self, name: str, password: str) -> Principal | None:
        """The enabled user of this name and password. An unknown name takes as long as a wrong password."""
        row = await self._row(name)
        fits = await self._passwords.verify(password, row["password"] if row else None)
        return _principal(row) if row and fits and row["enabled"] else None

    async def find(self, name: str) -> Principal | None:
        """The enabled user of this name."""
        row = await self._row(name)
        return _principal(row) if row and row["enabled"] else None

    async def put_administrator(self, name: str, password: str) -> None:
        """Make sure that a user has this password, is enabled and belongs to the group ``admin``."""
        await self._sql.execute(
            """
            INSERT INTO local_user AS known (name, password, groups) VALUES ($1, $2, '{admin}')
            ON CONFLICT (lower(name)) DO UPDATE SET
                password = excluded.password,
                groups = array_append(array_remove(known.groups, 'admin'), 'admin'),
                enabled = true,
                updated = now()
            """,
            name,
            await self._passwords.hash(password),
        )

    async def _row(self, name: str) -> Mapping[str, Any] | None:
        if not name.isprintable():
            return None  # control characters, half surrogates: the database cannot even be asked
        rows = await self._sql.fetch(
            "SELECT name, password, groups, permissions, enabled FROM local_user WHERE lower(name) = lower($1)", name
        )
        return rows[0] if rows else None


def _principal(row: Mapping[str, Any]) -> Principal:
    return Principal(
        name=row["name"],
        provider=PROVIDER,
        groups=frozenset(row["groups"]),
        claims={"permissions": tuple(row["permissions"])},
    )
