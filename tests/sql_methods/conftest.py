"""A real database with functions that tests write, and methods exposed from it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeAlias

import asyncpg
import pytest

from fleet_platform.sql_methods import SqlMethods, expose_sql_methods

Expose: TypeAlias = Callable[..., Awaitable[SqlMethods]]
Sql: TypeAlias = Callable[[str], Awaitable[Any]]

PATIENCE_S = 30.0


@pytest.fixture
async def sql(database_dsn: str) -> AsyncIterator[Sql]:
    """Runs statements in a database with an empty schema ``s``."""
    connection = await asyncpg.connect(database_dsn)
    await connection.execute("CREATE SCHEMA s")
    yield connection.execute
    await connection.close()


@pytest.fixture
async def expose(database_dsn: str) -> AsyncIterator[Expose]:
    """Exposes the functions of ``s``; settings may be added."""
    async with AsyncExitStack() as stack:

        async def make(connection: Any = None, *, link: Any = None, **settings: Any) -> SqlMethods:
            config = {"connection": connection or database_dsn, "link": link or {"schemas": ["s"]}, "channel": None}
            return await stack.enter_async_context(await expose_sql_methods({**config, **settings}))

        yield make


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], Awaitable[None]]:
    """Waits until something holds; how long it takes is not tested."""

    async def wait(holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                await asyncio.sleep(0.01)

    return wait
