"""A way to the platform's database for a command that is not the platform.

A configured database is used as it is. The embedded server is used while a platform runs it, and started for as long
as the command takes while none does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from fleet_platform.storage.data_folder import locked, make_data_folder
from fleet_platform.storage.embedded import EmbeddedPostgres
from fleet_platform.storage.problems import DataFolderInUse, EmbeddedPostgresFailed
from fleet_platform.storage.server.cluster import address, cluster_folder, socket_folder, socket_path


@asynccontextmanager
async def reached(folder: Path, dsn: str | None, *, make: bool = False, alone: bool = False) -> AsyncIterator[str]:
    """Address of the platform's database.

    Args:
        folder: The data folder.
        dsn: The configured database, or None for the embedded server.
        make: Whether to make the embedded server's cluster where there is none.
        alone: Whether no platform may run meanwhile.

    Raises:
        DataFolderInUse: A platform runs, and must not.
        StorageProblem: There is no way to the database; says why.
    """
    async with AsyncExitStack() as stack:
        if dsn is None:
            dsn = await _embedded(folder, stack, make=make, alone=alone)
        elif alone:
            stack.enter_context(locked(await asyncio.to_thread(make_data_folder, folder)))
        yield dsn


async def _embedded(folder: Path, stack: AsyncExitStack, *, make: bool, alone: bool) -> str:
    if not make and not await asyncio.to_thread(cluster_folder(folder).exists):
        raise EmbeddedPostgresFailed(f"there is no database in {folder} yet; fleet-platform serve makes it")
    try:
        return (await stack.enter_async_context(EmbeddedPostgres(folder))).dsn
    except DataFolderInUse as in_use:
        if alone:
            raise
        return await asyncio.to_thread(_running, folder, in_use)


def _running(folder: Path, in_use: DataFolderInUse) -> str:
    """The server that a running platform has started."""
    sockets = socket_folder(folder.resolve())
    try:
        is_there = socket_path(sockets).exists()
    except PermissionError:
        is_there = True  # connecting says what is wrong
    if not is_there:
        raise EmbeddedPostgresFailed(
            f"{in_use}. It has no embedded PostgreSQL that is ready; a database of its own is named with --dsn"
        ) from in_use
    return address(sockets)
