"""A PostgreSQL server for a whole test run, and an empty database in it for each test."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg

from fleet_platform.storage.embedded import EmbeddedPostgres

PATIENCE_S = 120


@contextmanager
def serve() -> Iterator[str]:
    """Address of a server, kept running by a thread: no test's event loop lives long enough."""
    if given := _given():
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="fleet-plugin-test-"))
    folder.chmod(0o755)  # started by root, the server runs as another user
    try:
        with _loop() as loop:
            postgres = EmbeddedPostgres(folder)
            asyncio.run_coroutine_threadsafe(postgres.__aenter__(), loop).result(PATIENCE_S)
            try:
                yield postgres.dsn
            finally:
                asyncio.run_coroutine_threadsafe(postgres.__aexit__(None, None, None), loop).result(PATIENCE_S)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def empty_database(server: str) -> AsyncIterator[str]:
    """Address of a new database."""
    name = f"fleet_{uuid4().hex}"
    await _execute(server, f"CREATE DATABASE {name}")
    yield urlsplit(server)._replace(path=f"/{name}").geturl()
    if _given():  # a server of our own goes with its databases, and dropping one costs more than most tests
        await _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def _given() -> str | None:
    return os.environ.get("FLEET_TEST_DSN")


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn, timeout=PATIENCE_S)
    try:
        await connection.execute(statement, timeout=PATIENCE_S)
    finally:
        await connection.close(timeout=PATIENCE_S)


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="PostgreSQL for tests", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_S)
        loop.close()
