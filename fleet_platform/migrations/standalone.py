"""Migrations without a platform: one connection, opened for the run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg

from fleet_platform.migrations.config import Config, parse
from fleet_platform.migrations.connection import Connection
from fleet_platform.migrations.runner import Migrated, Migrations
from fleet_platform.storage import dsn as dsn_text
from fleet_platform.storage.problems import DatabaseUnreachable, MigrationFailed

CONNECT_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 5.0

REFUSED = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What may happen to a connection, whatever is run on it; a time-out is an OSError."""


async def migrate(
    config: Mapping[str, Any],
    *,
    to: str | None = None,
    dry_run: bool = False,
    base: Path | None = None,
    lock_timeout_s: float = 60.0,
    file_timeout_s: float = 600.0,
) -> list[Migrated]:
    """Apply what was not applied yet: :meth:`Migrations.up` with a connection of its own.

    Args:
        config: See :mod:`fleet_platform.migrations.config`.
        base: What relative folders are relative to; the working folder if None.

    Raises:
        ConfigWrong, DatabaseUnreachable, MigrationFailed: With a sentence that says what to do.
    """
    checked = parse(config, base=base)
    async with opened(checked, lock_timeout_s=lock_timeout_s, file_timeout_s=file_timeout_s) as migrations:
        return await migrations.up(to=to, dry_run=dry_run)


@asynccontextmanager
async def opened(
    config: Config, *, lock_timeout_s: float = 60.0, file_timeout_s: float = 600.0
) -> AsyncIterator[Migrations]:
    """Migrations with a connection of their own.

    Raises:
        DatabaseUnreachable: There is no connection.
    """
    async with connected(config) as database:
        yield Migrations(
            database,
            config.folders,
            schema=config.schema,
            lock_timeout_s=lock_timeout_s,
            file_timeout_s=file_timeout_s,
        )


@asynccontextmanager
async def connected(config: Config) -> AsyncIterator[OneConnection]:
    """A database that is one connection.

    Raises:
        DatabaseUnreachable: There is none.
    """
    options = {**config.connect}
    name = options.pop("application_name", "fleet-platform migrations")
    try:
        connection = await asyncpg.connect(
            **options, timeout=CONNECT_TIMEOUT_S, command_timeout=60.0, server_settings={"application_name": name}
        )
    except (ValueError, *REFUSED) as err:
        detail = f"{config.where} cannot be used: {_reason(config, err)}"
        # without its cause: asyncpg's text about a faulty address may quote the password
        raise DatabaseUnreachable(detail) from None
    try:
        yield OneConnection(connection, config.where)
    finally:
        with suppress(*REFUSED):
            await connection.close(timeout=CLOSE_TIMEOUT_S)


class OneConnection:
    """One transaction after the other on a connection."""

    def __init__(self, connection: Connection, where: str) -> None:
        self._connection = connection
        self._where = where

    @asynccontextmanager
    async def transaction(self, *, timeout_s: float) -> AsyncIterator[Connection]:  # noqa: ARG002  # the pool's form
        """A transaction.

        Raises:
            MigrationFailed: The connection was lost, or the server does not let it do what it has to.
        """
        try:
            async with self._connection.transaction():
                yield self._connection
            await self._connection.reset()  # what a file has set is not for the next one
        except LOST as err:
            reason = "no answer in time" if isinstance(err, TimeoutError) else str(err) or type(err).__name__
            raise MigrationFailed(
                f"{self._where} does not let the run go on: {reason}; what was not finished is rolled back"
            ) from err


def _reason(config: Config, error: BaseException) -> str:
    if "dsn" in config.connect:
        return dsn_text.reason(config.connect["dsn"], error)
    text = "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
    password = config.connect.get("password")
    return text.replace(password, "***") if password else text
