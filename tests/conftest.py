"""A real PostgreSQL for the tests: one server per test process, one empty database per test.

``FLEET_TEST_DSN`` names a server to use instead; its user must be allowed to make databases.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from fleet_platform.storage.embedded import EmbeddedPostgres

PATIENCE_S = 60


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """Address of a server that lives as long as the test run."""
    if "FLEET_TEST_DSN" in os.environ:
        yield os.environ["FLEET_TEST_DSN"]
        return
    folder = Path(tempfile.mkdtemp(prefix="fleet-tests-"))
    folder.chmod(0o755)  # as root the server runs as another user
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="postgres for tests")
    thread.start()
    postgres = EmbeddedPostgres(folder)
    try:
        asyncio.run_coroutine_threadsafe(postgres.__aenter__(), loop).result(PATIENCE_S)
        # What the tests store need not survive a power cut.
        _in_a_loop_of_its_own(_execute(postgres.dsn, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"))
        yield postgres.dsn
        asyncio.run_coroutine_threadsafe(postgres.__aexit__(None, None, None), loop).result(PATIENCE_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_S)
        loop.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database_dsn(postgres_dsn: str) -> Iterator[str]:
    """Address of a new, empty database."""
    name = f"test_{uuid4().hex}"
    _in_a_loop_of_its_own(_execute(postgres_dsn, f"CREATE DATABASE {name}"))
    yield urlsplit(postgres_dsn)._replace(path=f"/{name}").geturl()
    # A server of our own goes with its databases; dropping one costs more than most tests.
    if "FLEET_TEST_DSN" in os.environ:
        _in_a_loop_of_its_own(_execute(postgres_dsn, f"DROP DATABASE {name} WITH (FORCE)"))


async def _execute(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn, timeout=PATIENCE_S)
    try:
        for statement in statements:
            await connection.execute(statement, timeout=PATIENCE_S)
    finally:
        await connection.close(timeout=PATIENCE_S)


def _in_a_loop_of_its_own(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in another thread, so that the test's own event loop is left alone."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result(PATIENCE_S)
