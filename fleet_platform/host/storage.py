"""A plugin's own rows: key-value pairs under its name, SQL in a schema of its own."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import asyncpg

from fleet_platform.storage.database import Connection, Database
from fleet_platform.storage.kv import KeyValueStore
from plugin_sdk import JSON


class OwnKeys:
    """Satisfies ``plugin_sdk.KeyValue``."""

    def __init__(self, kv: KeyValueStore, plugin: str) -> None:
        self._kv = kv
        self._plugin = plugin

    async def get(self, key: str, default: JSON = None) -> JSON:
        """The value of a key, or the default."""
        return await self._kv.get(self._plugin, key, default)

    async def set(self, key: str, value: JSON) -> None:
        """Store a value."""
        await self._kv.set(self._plugin, key, value)

    async def delete(self, key: str) -> bool:
        """Remove a key."""
        return await self._kv.delete(self._plugin, key)

    async def keys(self, prefix: str = "") -> list[str]:
        """Keys that start with a prefix."""
        return await self._kv.keys(self._plugin, prefix)


class OwnSchema:
    """Satisfies ``plugin_sdk.Sql``. Each call is a transaction."""

    def __init__(self, database: Database, plugin: str) -> None:
        self._database = database
        self._schema = f'"plugin_{plugin}"'
        # Equal statements of two plugins mean different tables, so they must not share a prepared statement.
        self._mark = f"/* plugin {plugin} */ "
        self._exists = False

    async def fetch(self, query: str, *args: Any) -> list[Mapping[str, Any]]:
        """All rows of a query."""
        async with self.transaction() as connection:
            return [dict(row) for row in await connection.fetch(self._mark + query, *args)]

    async def execute(self, query: str, *args: Any) -> str:
        """Run a statement."""
        async with self.transaction() as connection:
            return await connection.execute(self._mark + query, *args)

    async def execute_many(self, query: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement for many rows."""
        async with self.transaction() as connection:
            await connection.executemany(self._mark + query, rows)

    @contextlib.asynccontextmanager
    async def transaction(self, *, read_only: bool = False) -> AsyncIterator[Connection]:
        """A connection in a transaction, with the plugin's schema first in the search path.

        Args:
            read_only: The server refuses to change anything in it.
        """
        if not self._exists:
            await self._make_schema()
        async with self._database.transaction() as connection:
            forbidden = "; SET TRANSACTION READ ONLY" if read_only else ""
            await connection.execute(f"SET LOCAL search_path TO {self._schema}, public{forbidden}")
            yield connection

    async def _make_schema(self) -> None:
        """Without its schema, a plugin's tables would be made in the one that follows in the path."""
        with contextlib.suppress(asyncpg.UniqueViolationError):  # another call made it at the same time
            await self._database.execute(f"CREATE SCHEMA IF NOT EXISTS {self._schema}")
        self._exists = True
