"""The embedded PostgreSQL: a server of the platform's own in its data folder, for who has configured no other.

It takes no network connections, starts again by itself when it dies, and never outlives the platform.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from fleet_platform.storage.data_folder import locked, make_data_folder
from fleet_platform.storage.problems import EmbeddedPostgresFailed
from fleet_platform.storage.server.cluster import DATABASE, Cluster
from fleet_platform.storage.server.creation import open_cluster
from fleet_platform.storage.server.leftover import stop_leftover
from fleet_platform.storage.server.process import ServerEnded, ServerProcess

logger = logging.getLogger(__name__)

READY_TIMEOUT_S = 120.0
"""Recovery after a crash reads the whole write-ahead log again."""

STILL_IN_USE_S = 15.0
MAX_BACKOFF_S = 10.0

STILL_IN_USE = ("shared memory block", "still in use", "lock file")
"""What a server says whose predecessor's processes have not all ended yet."""


class EmbeddedPostgres:
    """A PostgreSQL server in the data folder; starts on enter, stops on exit.

    Args:
        folder: The data folder; made if missing, and locked against a second platform.
        shared_buffers_mb: Memory that the server shares among its processes, MiB.

    Entering raises a :class:`StorageProblem` with a sentence that says what to do.
    """

    def __init__(self, folder: Path, *, shared_buffers_mb: int = 64) -> None:
        self._folder = folder
        self._shared_buffers_mb = shared_buffers_mb
        self._cluster: Cluster | None = None
        self._server: ServerProcess | None = None
        self._stack = AsyncExitStack()

    @property
    def dsn(self) -> str:
        """Address of the platform's database; valid while entered."""
        assert self._cluster is not None
        return self._cluster.dsn()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            folder = await asyncio.to_thread(make_data_folder, self._folder)
            stack.enter_context(locked(folder))
            self._cluster = await asyncio.to_thread(open_cluster, folder)
            stack.push_async_callback(self._stop)
            await self._start(create_database=True)
            keeper = asyncio.create_task(self._keep_running(), name="embedded PostgreSQL")
            stack.push_async_callback(_cancel, keeper)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _start(self, *, create_database: bool = False) -> None:
        assert self._cluster is not None
        loop = asyncio.get_running_loop()
        started = loop.time()
        while True:
            await stop_leftover(self._cluster.data)
            self._cluster.clear_socket()
            command = self._cluster.command(shared_buffers_mb=self._shared_buffers_mb)
            self._server = ServerProcess(command, self._cluster.account, self._cluster.folder)
            await self._server.start()
            try:
                await self._ready(create_database=create_database)
            except ServerEnded as err:
                await self._server.stop()
                in_use = any(text in str(err) for text in STILL_IN_USE)
                if not in_use or loop.time() - started > STILL_IN_USE_S:
                    raise EmbeddedPostgresFailed(f"PostgreSQL does not start: {err}") from err
                await asyncio.sleep(0.2)
            else:
                break
        logger.info(
            "PostgreSQL %s is ready after %.2f s, as user %s in %s",
            self._cluster.programs.version,
            loop.time() - started,
            self._cluster.account.name,
            self._cluster.data,
        )

    async def _ready(self, *, create_database: bool) -> None:
        assert self._server is not None
        assert self._cluster is not None
        try:
            connection = await self._server.wait_ready(self._cluster.dsn("postgres"), READY_TIMEOUT_S)
        except TimeoutError as err:
            raise EmbeddedPostgresFailed(f"PostgreSQL is not ready after {READY_TIMEOUT_S:.0f} s") from err
        try:
            query = "SELECT count(*) FROM pg_database WHERE datname = $1"
            if create_database and not await connection.fetchval(query, DATABASE, timeout=10):
                await connection.execute(f"CREATE DATABASE {DATABASE}", timeout=60)
        finally:
            await connection.close(timeout=5)

    async def _keep_running(self) -> None:
        backoff_s = 0.0
        while True:
            assert self._server is not None
            await self._server.ended.wait()
            logger.warning("PostgreSQL has ended by itself; starting it again")
            await asyncio.sleep(backoff_s)
            try:
                await self._server.stop()
                await self._start()
                backoff_s = 0.0
            except EmbeddedPostgresFailed as err:
                logger.warning("%s", err)
                backoff_s = min(MAX_BACKOFF_S, backoff_s * 2 or 0.5)

    async def _stop(self) -> None:
        assert self._cluster is not None
        if self._server is not None:
            logger.info("stopping PostgreSQL")
            await self._server.stop()
        await asyncio.to_thread(_leave_socket_folder, self._cluster)


def _leave_socket_folder(cluster: Cluster) -> None:
    with suppress(OSError):
        cluster.clear_socket()
        cluster.sockets.rmdir()


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
