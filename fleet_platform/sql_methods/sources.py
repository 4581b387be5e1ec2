"""Where connections come from: a pool of our own, a pool that was given, or the platform's ``Database``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol, cast

import asyncpg

from fleet_platform.sql_methods.config import Config, Connection
from fleet_platform.sql_methods.errors import ConfigProblem
from fleet_platform.storage import dsn as dsn_text
from fleet_platform.storage.database import AWAY, CLOSE_TIMEOUT_S, CONNECT_TIMEOUT_S, REFUSED, Database, Pool
from fleet_platform.storage.database import Connection as Held
from fleet_platform.storage.problems import DatabaseUnreachable
from plugin_sdk.errors import Unavailable


class Source(Protocol):
    """Lends connections."""

    def connection(self) -> AbstractAsyncContextManager[Held]:
        """A connection; waits for a free one, within a time-out.

        Raises:
            Unavailable: None is free or can be made, or the one in use was lost.
        """

    async def close(self) -> None:
        """Let go of what is our own."""


class PoolSource:
    """Connections of a pool.

    Args:
        own: Close it in the end.
    """

    def __init__(self, pool: Pool, *, own: bool, wait_s: float) -> None:
        self._pool = pool
        self._own = own
        self._wait_s = wait_s

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Held]:
        """A connection."""
        held = await self._acquire()
        try:
            yield held
        except AWAY as err:
            raise _away(held, err) from err
        except asyncpg.InterfaceError as err:
            if is_gone(held):
                raise _away(held, err) from err
            raise
        finally:
            await self._release(held)

    async def close(self) -> None:
        """Close the pool, if it is our own; what does not end in time is cut off."""
        if not self._own:
            return
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._pool.close()
        except (TimeoutError, *REFUSED):
            self._pool.terminate()

    async def _acquire(self) -> Held:
        try:
            # not with the time-out of acquire, which takes a task and a third of the time of a short call
            async with asyncio.timeout(self._wait_s):
                return cast(Held, await self._pool.acquire())
        except TimeoutError as err:
            raise Unavailable(f"no connection was free within {self._wait_s:g} s", part="database") from err
        except REFUSED as err:
            # without its cause: a text about a faulty address may quote the password
            raise Unavailable(f"no connection can be made: {type(err).__name__}", part="database") from None

    async def _release(self, held: Held) -> None:
        try:
            await self._pool.release(cast(Any, held), timeout=CLOSE_TIMEOUT_S)
        except (TimeoutError, *REFUSED):
            if not is_gone(held):  # somebody still uses it
                held.terminate()


class DatabaseSource:
    """Connections of the platform's database, which says itself when it is away."""

    def __init__(self, database: Database, *, wait_s: float) -> None:
        self._database = database
        self._wait_s = wait_s

    def connection(self) -> AbstractAsyncContextManager[Held]:
        """A connection."""
        return self._database.connection(timeout_s=self._wait_s)

    async def close(self) -> None:
        """Nothing: it is the platform's."""


def is_gone(held: Held) -> bool:
    """Whether a connection was lost. A pool takes back one that was, and its methods are refused from then on."""
    try:
        return held.is_closed()
    except asyncpg.InterfaceError:
        return True


async def open_source(config: Config) -> Source:
    """The source that a configuration names.

    Raises:
        DatabaseUnreachable: The address cannot be used; no password is told.
        ConfigProblem: The pool that was given is too small to listen.
    """
    given = config.connection
    if isinstance(given, Database):
        return DatabaseSource(given, wait_s=config.wait_timeout_s)
    if isinstance(given, asyncpg.Pool):
        if config.channel is not None and given.get_max_size() < 2:
            raise ConfigProblem("channel: listening takes a connection, and the pool has but one; give it two, or None")
        return PoolSource(given, own=False, wait_s=config.wait_timeout_s)
    dsn = given.dsn() if isinstance(given, Connection) else given
    most = given.max if isinstance(given, Connection) else 10
    return PoolSource(await _pool(dsn, most + (config.channel is not None)), own=True, wait_s=config.wait_timeout_s)


async def _pool(dsn: str, most: int) -> Pool:
    dsn_text.check(dsn)
    try:
        first = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S)
    except (*REFUSED, ValueError) as err:
        raise DatabaseUnreachable(f"{dsn_text.location(dsn)} cannot be used: {dsn_text.reason(dsn, err)}") from None
    await first.close(timeout=CLOSE_TIMEOUT_S)
    return await asyncpg.create_pool(dsn, min_size=0, max_size=most, timeout=CONNECT_TIMEOUT_S)


def _away(held: Held, error: BaseException) -> Unavailable:
    if is_gone(held):
        return Unavailable("the connection to the database was lost", part="database")
    return Unavailable(f"the database cannot do it for now: {error or type(error).__name__}", part="database")
