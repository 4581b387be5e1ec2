"""Functions of the database as methods: the way in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, Literal, Self

import asyncpg

from fleet_platform.sql_methods import config as configuration
from fleet_platform.sql_methods.catalogue import read
from fleet_platform.sql_methods.config import Config
from fleet_platform.sql_methods.errors import FunctionGone
from fleet_platform.sql_methods.methods import Methods, compile_methods
from fleet_platform.sql_methods.sources import Source, is_gone, open_source
from fleet_platform.sql_methods.transactions import Transactions
from fleet_platform.storage.database import REFUSED, Connection
from plugin_sdk.errors import CallTimeout, FleetError, Unavailable

logger = logging.getLogger(__name__)

RETRY_S = 1.0
PING_S = 30.0
PING_TIMEOUT_S = 5.0

JSON_PROBE = """SELECT '"text"'::json AS one, '"text"'::jsonb AS two"""


async def expose_sql_methods(config: Mapping[str, Any]) -> SqlMethods:
    """Read the functions of the schemas in ``config["link"]["schemas"]`` and make methods of them.

    Args:
        config: As :class:`fleet_platform.sql_methods.config.Config` describes it: ``{"connection": {"host": …, "user":
            …, "password": …, "database": …, "port": …, "max": …}, "link": {"schemas": ["devices"], "gluePrefix":
            "."}}``.

    Raises:
        ConfigProblem: The configuration cannot be used, or a schema is missing.
        DatabaseUnreachable: The first connection fails.
        Unavailable: The database that was given is away.
    """
    checked = configuration.check(config)
    exposed = SqlMethods(await open_source(checked), checked)
    try:
        await exposed.refresh()
    except BaseException:
        await exposed.stop()
        raise
    exposed.listen()
    return exposed


class SqlMethods:
    """Functions of the database as methods. ``async with`` stops them in the end; so does :meth:`stop`.

    Attributes:
        methods: By name, and as attributes: ``methods.devices.fn_device_fetch``.
    """

    def __init__(self, source: Source, config: Config) -> None:
        self.methods = Methods()
        self._source = source
        self._config = config
        self._transactions = Transactions(
            source,
            most=_most_transactions(config),
            idle_s=config.tx_timeout_s,
            wait_s=config.wait_timeout_s,
            call_s=config.call_timeout_s,
        )
        self._reading = asyncio.Lock()
        self._wake = asyncio.Event()
        self._listener: asyncio.Task[None] | None = None
        self._stopped = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def refresh(self) -> None:
        """Read the schemas again. Calls in flight go on; until it is done the old methods are in force.

        Raises:
            ConfigProblem: A schema is missing.
            Unavailable: The database is away.
            CallTimeout: It did not answer in time.
        """
        self._check_running()
        link = self._config.link
        async with self._in_time(), self._reading, self._source.connection() as connection:
            functions = await read(connection.fetch, link.schemas)
            (probe,) = await connection.fetch(JSON_PROBE)
            # what all connections of its pool know of types and statements is from before
            await connection.reload_schema_state()
        # a pool that was given may have a codec for JSON of its own, which is then left to it
        json_is_text = (probe["one"], probe["two"]) == ('"text"', '"text"')
        self.methods.replace(
            *compile_methods(functions, glue=link.gluePrefix, json_is_text=json_is_text, run=self._call)
        )

    # ---- transactions --------------------------------------------------------------------------------------

    async def tx_begin(self) -> int:
        """Begin a transaction; its number is what methods take as ``tx``.

        Raises:
            TooManyTransactions: As many are open as may be.
            Unavailable: The database is away.
        """
        self._check_running()
        async with self._in_time():
            return await self._transactions.begin()

    async def tx_end(self, tx: int, commit: bool = True) -> None:  # the predecessor's way
        """Commit a transaction, or roll it back.

        Raises:
            UnknownTransaction: It is not open (any more).
            TransactionFailed: A call of it had failed, so that it was rolled back instead.
            Unavailable: The connection was lost; if that was while committing, nobody knows whether it counts.
        """
        self._check_running()
        async with self._in_time():
            await self._transactions.end(tx, commit=commit)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[int]:
        """A transaction, committed if the body ends well and rolled back if not."""
        tx = await self.tx_begin()
        try:
            yield tx
        except BaseException:
            if self._transactions.has(tx):
                await self.tx_end(tx, commit=False)
            raise
        await self.tx_end(tx)

    async def txBegin(self) -> int:  # noqa: N802  # the predecessor's name
        """The same as :meth:`tx_begin`."""
        return await self.tx_begin()

    async def txEnd(self, tx: int, how: Literal["COMMIT", "ROLLBACK"] = "COMMIT") -> None:  # noqa: N802
        """The same as :meth:`tx_end`, in the predecessor's words.

        Raises:
            ValueError: It is neither word; the transaction stays open.
        """
        if how not in ("COMMIT", "ROLLBACK"):
            raise ValueError("a transaction ends with COMMIT or ROLLBACK")
        await self.tx_end(tx, commit=how == "COMMIT")

    async def stop(self) -> None:
        """Roll back what is open, and close what is our own. Calls after that are refused."""
        self._stopped = True
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.wait([self._listener])
            self._listener = None
        await self._transactions.close()
        await self._source.close()

    # ---- calls ---------------------------------------------------------------------------------------------

    async def _call(self, name: str, arguments: Mapping[str, Any], tx: int | None, timeout_s: float | None) -> Any:
        self._check_running()
        statement = self.methods[name].forms.statement(frozenset(arguments))
        values = statement.values(arguments)
        timeout_s = self._config.call_timeout_s if timeout_s is None else timeout_s
        async with self._source.connection() if tx is None else self._transactions.use(tx) as connection:
            try:
                rows = await connection.fetch(statement.text, *values, timeout=timeout_s)
            except (TimeoutError, asyncpg.QueryCanceledError) as err:
                raise CallTimeout(f"{name} took too long", timeout_s=timeout_s) from err
            except (asyncpg.PostgresError, asyncpg.InternalClientError) as err:
                translated = statement.translated(err)
                if translated is err:
                    raise
                if isinstance(translated, FunctionGone):
                    self._wake.set()  # who listens need not wait to be told
                raise translated from err
        return statement.read(rows)

    def _in_time(self) -> AbstractAsyncContextManager[None]:
        return _within(self._config.call_timeout_s + self._config.wait_timeout_s)

    def _check_running(self) -> None:
        if self._stopped:
            raise Unavailable("the SQL methods were stopped", part="database")

    # ---- listening -----------------------------------------------------------------------------------------

    def listen(self) -> None:
        """Read the schemas again whenever somebody notifies the channel, until :meth:`stop`."""
        if self._config.channel is not None:
            self._listener = asyncio.create_task(self._listen(self._config.channel), name="SQL methods")

    async def _listen(self, channel: str) -> None:
        while True:
            try:
                async with self._source.connection() as connection:
                    await self._follow(connection, channel)
            except (FleetError, TimeoutError, asyncpg.PostgresError, *REFUSED) as err:
                logger.warning("cannot listen for changed functions: %s", type(err).__name__)
            await asyncio.sleep(RETRY_S)

    async def _follow(self, connection: Connection, channel: str) -> None:
        """Refresh at each notification; ends when the connection is lost."""

        def wake(*_: object) -> None:
            self._wake.set()

        connection.add_termination_listener(wake)
        async with asyncio.timeout(PING_TIMEOUT_S):
            await connection.add_listener(channel, wake)
        self._wake.set()  # what changed before is not told any more
        try:
            while not is_gone(connection):
                try:
                    async with asyncio.timeout(PING_S):
                        await self._wake.wait()
                except TimeoutError:
                    await connection.execute("SELECT 1", timeout=PING_TIMEOUT_S)
                    continue
                self._wake.clear()
                if not is_gone(connection):
                    await self._refresh_quietly()
        finally:
            if not is_gone(connection):
                connection.remove_termination_listener(wake)
                await _stop_listening(connection, channel, wake)

    async def _refresh_quietly(self) -> None:
        try:
            await self.refresh()
        except (FleetError, asyncpg.PostgresError) as err:
            logger.warning("changed functions cannot be read: %s", err)


async def _stop_listening(connection: Connection, channel: str, callback: Callable[..., None]) -> None:
    try:
        async with asyncio.timeout(PING_TIMEOUT_S):
            await connection.remove_listener(channel, callback)
    except (TimeoutError, *REFUSED):
        connection.terminate()


@asynccontextmanager
async def _within(timeout_s: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except TimeoutError as err:
        raise CallTimeout(timeout_s=timeout_s) from err


def _most_transactions(config: Config) -> int:
    """One connection less than there are, so that calls without a transaction go on."""
    given = config.connection
    if isinstance(given, asyncpg.Pool):
        connections = given.get_max_size() - (config.channel is not None)
    elif isinstance(given, configuration.Connection):
        connections = given.max
    else:
        return config.max_transactions
    return min(config.max_transactions, max(1, connections - 1))
