"""The users in the database, and what the platform may know of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleet_local_users.passwords import Passwords
from plugin_sdk import JSONObject, Principal, Sql

PROVIDER = "local_users"
ADMINISTRATORS = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One row."""

    id: int
    name: str
    password: str
    groups: tuple[str, ...]
    permissions: tuple[str, ...]
    enabled: bool
    full_name: str
    email: str
    created_ts: int = 0
    updated_ts: int = 0

    @property
    def is_administrator(self) -> bool:
        """Whether it may do everything now."""
        return self.enabled and ADMINISTRATORS in self.groups

    def principal(self) -> Principal:
        """Who it is to the platform."""
        return Principal(
            name=self.name,
            provider=PROVIDER,
            groups=frozenset(self.groups),
            claims={"permissions": self.permissions},
            # The hash has a salt, so that every new password makes another stamp, and a new user of an old name too.
            stamp=hashlib.sha256(self.password.encode()).hexdigest()[:16],
        )

    def to_json(self) -> JSONObject:
        """As clients of both of the predecessor's releases know it, without its password."""
        return {
            "id": self.id,
            "username": self.name,
            "name": self.name,
            "fullName": self.full_name,
            "email": self.email,
            "group": ADMINISTRATORS if ADMINISTRATORS in self.groups else next(iter(self.groups), ""),
            "groups": list(self.groups),
            "permissions": list(self.permissions),
            "enabled": self.enabled,
            "created": self.created_ts,
            "updated": self.updated_ts,
        }


class Users:
    """Looks users up by name, in any case, or by number.

    Every method may raise ``Unavailable`` while the database is away.
    """

    def __init__(self, sql: Sql, passwords: Passwords) -> None:
        self._sql = sql
        self._passwords = passwords

    # ---- signing in ---------------------------------------------------------------------------------------

    async def verify(self, name: str, password: str) -> Principal | None:
        """The enabled user of this name and password. An unknown name takes as long as a wrong password."""
        user = await self.by_name(name)
        fits = await self._passwords.verify(password, user.password if user else None)
        return user.principal() if user and fits and user.enabled else None

    async def find(self, name: str) -> Principal | None:
        """The enabled user of this name."""
        user = await self.by_name(name)
        return user.principal() if user and user.enabled else None

    async def put_administrator(self, name: str, password: str) -> None:
        """Make sure that a user has this password, is enabled and belongs to the group ``admin``."""
        user = await self.by_name(name)
        # The same password keeps its hash, and with it the tokens of the user.
        same = user is not None and await self._passwords.verify(password, user.password)
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
            user.password if user is not None and same else await self._passwords.hash(password),
        )

    # ---- rows ---------------------------------------------------------------------------------------------

    async def by_name(self, name: str) -> User | None:
        """The user of a name."""
        if not name.isprintable():
            return None  # control characters, half surrogates: the database cannot even be asked
        return await self._one("SELECT * FROM local_user WHERE lower(name) = lower($1)", name)

    async def by_id(self, number: int) -> User | None:
        """The user of a number."""
        if not 0 < number < 2**63:
            return None
        return await self._one("SELECT * FROM local_user WHERE id = $1", number)

    async def all(self) -> list[User]:
        """All users, in the order in which they were made."""
        return [_user(row) for row in await self._sql.fetch("SELECT * FROM local_user ORDER BY id")]

    async def add(self, user: User) -> bool:
        """Add a user, whose number is drawn; False if there is one of this name."""
        rows = await self._sql.fetch(
            """
            INSERT INTO local_user (name, password, groups, permissions, enabled, full_name, email)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (lower(name)) DO NOTHING RETURNING id
            """,
            user.name,
            user.password,
            *_facts(user),
        )
        return bool(rows)

    async def change(self, user: User) -> None:
        """Write what may change of a user: all but its number and its name."""
        await self._sql.execute(
            """
            UPDATE local_user SET password = $2, groups = $3, permissions = $4, enabled = $5, full_name = $6,
                email = $7, updated = now()
            WHERE id = $1
            """,
            user.id,
            user.password,
            *_facts(user),
        )

    async def remove(self, number: int) -> None:
        """Delete a user."""
        await self._sql.execute("DELETE FROM local_user WHERE id = $1", number)

    async def _one(self, query: str, argument: int | str) -> User | None:
        rows = await self._sql.fetch(query, argument)
        return _user(rows[0]) if rows else None


def _facts(user: User) -> tuple[Any, ...]:
    return list(user.groups), list(user.permissions), user.enabled, user.full_name, user.email


def _user(row: Mapping[str, Any]) -> User:
    return User(
        id=row["id"],
        name=row["name"],
        password=row["password"],
        groups=tuple(row["groups"]),
        permissions=tuple(row["permissions"]),
        enabled=row["enabled"],
        full_name=row["full_name"],
        email=row["email"],
        created_ts=int(row["created"].timestamp()),
        updated_ts=int(row["updated"].timestamp()),
    )
