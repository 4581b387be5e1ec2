"""A real PostgreSQL for the tests: one server per test process, an empty database for each test.

``FLEET_TEST_DSN`` names a server to use instead; its user must be allowed to make databases.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from fleet_platform.storage.embedded import EmbeddedPostgres

PATIENCE_S = 60

pytest_plugins = ["tests.skips"]

DISCONNECT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)

EMPTY = """
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', name);
    END LOOP;
    CREATE SCHEMA public;
END
$$
"""


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
        _execute(postgres.dsn, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield postgres.dsn
        asyncio.run_coroutine_threadsafe(postgres.__aexit__(None, None, None), loop).result(PATIENCE_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_S)
        loop.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _tests_dsn(postgres_dsn: str) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    _execute(postgres_dsn, f"CREATE DATABASE {name}")
    yield urlsplit(postgres_dsn)._replace(path=f"/{name}").geturl()
    _execute(postgres_dsn, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_dsn(_tests_dsn: str) -> str:
    """Address of an empty database."""
    # Emptying one is a hundred times cheaper than making a new one: that copies a thousand files.
    _execute(_tests_dsn, DISCONNECT, EMPTY)
    return _tests_dsn


def _execute(dsn: str, *statements: str) -> None:
    """Run statements in another thread, so that the test's own event loop is left alone."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, _run(dsn, statements)).result(PATIENCE_S)


async def _run(dsn: str, statements: tuple[str, ...]) -> None:
    connection = await asyncpg.connect(dsn, timeout=PATIENCE_S)
    try:
        for statement in statements:
            await connection.execute(statement, timeout=PATIENCE_S)
    finally:
        await connection.close(timeout=PATIENCE_S)
