"""The connection pool to PostgreSQL, which says at once when the server is away.

A pool lives for one period of being up. When the watcher loses the server it terminates the pool, so that calls in
flight fail instead of waiting, and makes a new pool when the server returns. ``jsonb`` values go in and come out as
JSON text.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from types import TracebackType
from typing import Any, Self, TypeAlias, cast

import asyncpg

from fleet_platform.storage import dsn as dsn_text
from fleet_platform.storage.problems import DatabaseUnreachable
from plugin_sdk.errors import Unavailable

logger = logging.getLogger(__name__)

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

CONNECT_TIMEOUT_S = 5.0
PING_INTERVAL_S = 1.0
PING_TIMEOUT_S = 5.0
RETRY_INTERVAL_S = 0.5
CLOSE_TIMEOUT_S = 5.0
TRANSACTION_TIMEOUT_S = 60.0

SETTINGS = {"application_name": "fleet-platform"}

AWAY = (
    ConnectionError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InternalClientError,
)
"""Errors of a statement that mean: the server is away, is stopping, is full, or is a standby for now.

The last is what asyncpg says when it is lost in the middle of a COPY, and the transaction is to be ended.
"""

REFUSED = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""Errors of a connection attempt, whatever the reason."""


class Database:
    """PostgreSQL, with a time-out on every wait.

    Args:
        dsn: ``postgresql://…``; its password appears in no error and no log.
        pool_size: At most so many connections for statements; one more watches the server.

    Entering it makes a first connection; if that fails, :class:`DatabaseUnreachable` is raised. Later failures
    never end it: calls raise ``Unavailable(part="database")`` until the server is back.
    """

    def __init__(self, dsn: str, *, pool_size: int = 8) -> None:
        self._dsn = dsn
        self._pool_size = pool_size
        self._pool: Pool | None = None
        self._returned: list[Callable[[], None]] = []
        self._doubt = asyncio.Event()
        self._watcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._watcher = asyncio.create_task(self._watch(await self._first_connection()), name="database watcher")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._watcher is not None
        self._watcher.cancel()
        await asyncio.wait([self._watcher])
        pool, self._pool = self._pool, None
        if pool is not None:
            await _close(pool)
        if not self._watcher.cancelled():
            self._watcher.result()

    @property
    def is_up(self) -> bool:
        """Whether the server answered when it was last asked, at most a second ago."""
        return self._pool is not None

    def on_up(self, callback: Callable[[], None]) -> None:
        """Call back each time the server has returned; not for the first connection. The callback must not block."""
        self._returned.append(callback)

    async def fetch(self, query: str, *args: Any, timeout_s: float = 10.0) -> list[asyncpg.Record]:
        """All rows of a query; arguments are ``$1, $2, …``.

        Raises:
            Unavailable: The database is away, or did not answer in time.
            asyncpg.PostgresError: The server refuses the statement.
        """
        async with self.connection(timeout_s=timeout_s) as connection:
            return await connection.fetch(query, *args, timeout=timeout_s)

    async def execute(self, query: str, *args: Any, timeout_s: float = 10.0) -> str:
        """Run a statement and return its command tag, such as ``INSERT 0 1``. Raises as :meth:`fetch` does."""
        async with self.connection(timeout_s=timeout_s) as connection:
            return await connection.execute(query, *args, timeout=timeout_s)

    async def execute_many(self, query: str, rows: Sequence[Sequence[Any]], *, timeout_s: float = 30.0) -> None:
        """Run a statement for many rows in one transaction. Raises as :meth:`fetch` does."""
        async with self.connection(timeout_s=timeout_s) as connection:
            await connection.executemany(query, rows, timeout=timeout_s)

    @asynccontextmanager
    async def transaction(self, *, timeout_s: float = TRANSACTION_TIMEOUT_S) -> AsyncIterator[Connection]:
        """A connection inside a transaction, committed if the body ends well and rolled back if not.

        Args:
            timeout_s: Deadline of getting a connection and of each statement that names none itself.

        Raises:
            Unavailable: The database is away or went away. If that was while committing, nobody knows whether the
                transaction counts.
        """
        async with self.connection(timeout_s=timeout_s) as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def connection(self, *, timeout_s: float = 10.0) -> AsyncIterator[Connection]:
        """A connection of the pool, outside any transaction; what was set on it is undone afterwards.

        Args:
            timeout_s: Deadline of getting it.

        Raises:
            Unavailable: The database is away or went away.
        """
        pool = self._pool
        if pool is None:
            raise Unavailable(part="database")
        with self._translated(pool):
            connection = await self._acquire(pool, timeout_s)
            try:
                yield connection
            finally:
                await pool.release(cast("Any", connection), timeout=CLOSE_TIMEOUT_S)

    async def _acquire(self, pool: Pool, timeout_s: float) -> Connection:
        try:
            return cast("Connection", await pool.acquire(timeout=timeout_s))
        except REFUSED as err:
            self._doubt.set()
            raise Unavailable(part="database") from err

    @contextmanager
    def _translated(self, pool: Pool) -> Iterator[None]:
        try:
            yield
        except AWAY as err:
            self._doubt.set()
            raise Unavailable(part="database") from err
        except asyncpg.InterfaceError as err:
            # asyncpg uses one class for a connection that was lost and for wrong use of its API
            if pool.is_closing() or "closed" in str(err):
                self._doubt.set()
                raise Unavailable(part="database") from err
            raise

    # ---- the watcher -----------------------------------------------------------------------------------------

    async def _watch(self, canary: Connection) -> None:
        while True:
            try:
                error = await self._ping_until_lost(canary)
            finally:
                canary.terminate()
            canary = await self._replace_canary(error)

    async def _ping_until_lost(self, canary: Connection) -> Exception:
        canary.add_termination_listener(lambda _connection: self._doubt.set())
        while True:
            try:
                await canary.execute("SELECT 1", timeout=PING_TIMEOUT_S)
            except REFUSED as err:
                return err
            self._doubt.clear()
            with suppress(TimeoutError):
                # not wait_for, which in Python 3.11 may swallow the cancellation that stops this task
                async with asyncio.timeout(PING_INTERVAL_S):
                    await self._doubt.wait()

    async def _replace_canary(self, error: Exception) -> Connection:
        if not isinstance(error, TimeoutError):
            # Perhaps it was this connection alone; then calls on others go on undisturbed.
            with suppress(*REFUSED):
                return await self._connect()
        logger.warning("database is away: %s", type(error).__name__)
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.terminate()
        canary = await self._reconnect()
        self._pool = await self._make_pool()
        logger.info("database is back")
        for callback in self._returned:
            asyncio.get_running_loop().call_soon(callback)
        return canary

    async def _reconnect(self) -> Connection:
        while True:
            await asyncio.sleep(RETRY_INTERVAL_S)
            try:
                return await self._connect()
            except REFUSED as err:
                logger.debug("database is still away: %s", type(err).__name__)

    async def _first_connection(self) -> Connection:
        dsn_text.check(self._dsn)
        try:
            canary = await self._connect()
        except REFUSED as err:
            detail = f"{dsn_text.location(self._dsn)} cannot be used: {dsn_text.reason(self._dsn, err)}"
            # without its cause: asyncpg's text about a faulty address may quote the password
            raise DatabaseUnreachable(detail) from None
        self._pool = await self._make_pool()
        return canary

    async def _connect(self) -> Connection:
        return await asyncpg.connect(self._dsn, timeout=CONNECT_TIMEOUT_S, server_settings=SETTINGS)

    async def _make_pool(self) -> Pool:
        """A pool without a connection yet: makes none, so it cannot fail."""
        return await asyncpg.create_pool(
            self._dsn,
            min_size=0,
            max_size=self._pool_size,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=TRANSACTION_TIMEOUT_S,
            server_settings=SETTINGS,
        )


async def _close(pool: Pool) -> None:
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await pool.close()
    except (TimeoutError, *REFUSED):
        pool.terminate()
