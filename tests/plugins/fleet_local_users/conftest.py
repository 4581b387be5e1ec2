"""A platform for the plugin to live in: as much of one as it needs, on the real storage."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, cast

import pytest

from fleet_local_users import LocalUsers
from fleet_platform.migrations.platform import MigrationFolder, core_migrations, migrate
from fleet_platform.storage.database import Database
from fleet_platform.storage.kv import KeyValueStore
from plugin_sdk import AuthProvider, Fleet, Principal


class OwnSchema:
    """``fleet.sql`` of the plugin."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def fetch(self, query: str, *args: Any) -> list[Mapping[str, Any]]:
        async with self._database.transaction() as connection:
            await connection.execute("SET LOCAL search_path TO plugin_local_users")
            return [dict(row) for row in await connection.fetch(query, *args)]

    async def execute(self, query: str, *args: Any) -> str:
        async with self._database.transaction() as connection:
            await connection.execute("SET LOCAL search_path TO plugin_local_users")
            return await connection.execute(query, *args)

    async def execute_many(self, query: str, rows: Sequence[Sequence[Any]]) -> None:
        for row in rows:
            await self.execute(query, *row)


class OwnValues:
    """``fleet.kv`` of the plugin."""

    def __init__(self, store: KeyValueStore) -> None:
        self._store = store

    async def get(self, key: str, default: Any = None) -> Any:
        return await self._store.get("local_users", key, default)

    async def set(self, key: str, value: Any) -> None:
        await self._store.set("local_users", key, value)


class Platform:
    """One start after another of a platform with this plugin, on one database.

    Attributes:
        revealed: What was shown to whoever runs the platform: ``(label, secret)``.
        reveal_error: Raised instead of showing anything.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.sql = OwnSchema(database)
        self.kv = OwnValues(KeyValueStore(database))
        self.settings: Any = None
        self.revealed: list[tuple[str, str]] = []
        self.reveal_error: Exception | None = None

    def reveal(self, label: str, secret: str) -> None:
        if self.reveal_error:
            raise self.reveal_error
        self.revealed.append((label, secret))

    @asynccontextmanager
    async def start(self, **settings: Any) -> AsyncIterator[AuthProvider]:
        """Run the plugin and give its provider."""
        plugin = LocalUsers()
        self.settings = plugin.fleet_register_settings().model.model_validate(settings)
        lifespan: AbstractAsyncContextManager[None] = plugin.fleet_lifespan(cast(Fleet, self))
        async with lifespan:
            [provider] = plugin.fleet_register_auth()
            yield provider

    async def sign_in(self, name: str, password: str, **settings: Any) -> Principal | None:
        """Start, sign in, stop."""
        async with self.start(**settings) as provider:
            assert provider.verify_password
            return await provider.verify_password(name, password)

    async def change(self, **columns: Any) -> None:
        """Change the user ``admin`` behind the plugin's back."""
        for column, value in columns.items():
            await self.sql.execute(f"UPDATE local_user SET {column} = $1 WHERE name = 'admin'", value)


@pytest.fixture
async def platform(database_dsn: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Platform]:
    monkeypatch.delenv("FLEET_ADMIN_PASSWORD", raising=False)
    async with Database(database_dsn, pool_size=4) as database:
        folder = LocalUsers().fleet_register_migrations().folder
        await migrate(database, [core_migrations(), MigrationFolder.of_plugin("local_users", folder)])
        yield Platform(database)
