from __future__ import annotations

import asyncio
import logging
import os
import signal
from typing import TYPE_CHECKING

import asyncpg
import pytest

from fleet_platform.storage.database import Database
from fleet_platform.storage.problems import DatabaseUnreachable
from plugin_sdk.errors import Unavailable

if TYPE_CHECKING:
    from tests.storage.conftest import Server, Until

SECRET = "s3cr3t-canary"


async def insert_and_fail(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO t VALUES (2)")
        await connection.execute("SELECT 1 / 0")


async def test_rows_and_command_tags_come_back(database_dsn: str) -> None:
    async with Database(database_dsn) as database:
        assert await database.execute("CREATE TABLE t (a int)") == "CREATE TABLE"
        await database.execute_many("INSERT INTO t VALUES ($1)", [(1,), (2,)])
        assert [row["a"] for row in await database.fetch("SELECT a FROM t WHERE a > $1", 1)] == [2]


async def test_transaction_commits_when_the_body_ends_well_and_only_then(database_dsn: str) -> None:
    async with Database(database_dsn) as database:
        await database.execute("CREATE TABLE t (a int)")
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(asyncpg.DivisionByZeroError):
            await insert_and_fail(database)
        assert [row["a"] for row in await database.fetch("SELECT a FROM t")] == [1]


async def test_a_statement_the_server_refuses_is_no_outage(database_dsn: str) -> None:
    async with Database(database_dsn) as database:
        with pytest.raises(asyncpg.UndefinedTableError):
            await database.fetch("SELECT * FROM nowhere")
        with pytest.raises(asyncpg.DataError):
            await database.fetch("SELECT $1::int", "not a number")
        assert database.is_up
        assert await database.fetch("SELECT 1")


async def test_a_statement_that_takes_too_long_is_given_up_and_its_connection_is_good_again(database_dsn: str) -> None:
    async with Database(database_dsn, pool_size=1) as database:
        with pytest.raises(Unavailable):
            await database.fetch("SELECT pg_sleep(60)", timeout_s=0.1)
        assert await database.fetch("SELECT 1")


async def test_a_call_that_gets_no_connection_in_time_is_refused(database_dsn: str) -> None:
    async with Database(database_dsn, pool_size=1) as database:
        async with database.transaction():
            with pytest.raises(Unavailable) as caught:
                await database.fetch("SELECT 1", timeout_s=0.1)
            assert caught.value.data == {"part": "database"}
        assert database.is_up
        assert await database.fetch("SELECT 1")


async def test_calls_fail_at_once_while_the_server_is_away_and_work_again_when_it_is_back(
    server: Server, until: Until
) -> None:
    outcomes: list[str] = []
    returned = asyncio.Event()

    async def keep_calling(database: Database) -> None:
        while True:
            try:
                async with asyncio.timeout(5):
                    await database.fetch("SELECT 1")
                outcomes.append("answer")
            except Unavailable as err:
                outcomes.append(f"{err.data['part']} is away")
            await asyncio.sleep(0.005)

    async with Database(server.dsn) as database:
        database.on_up(returned.set)
        callers = [asyncio.create_task(keep_calling(database)) for _ in range(20)]
        await until(lambda: "answer" in outcomes)
        await server.stop()
        await until(lambda: not database.is_up)
        outcomes.clear()
        await until(lambda: len(outcomes) > 100)
        assert set(outcomes) == {"database is away"}
        assert not returned.is_set()

        await server.start()
        await returned.wait()
        assert database.is_up
        outcomes.clear()
        await until(lambda: len(outcomes) > 100)
        assert set(outcomes) == {"answer"}
        for caller in callers:
            caller.cancel()
        await asyncio.wait(callers)


async def test_a_call_in_flight_fails_when_the_server_is_killed(server: Server) -> None:
    async with Database(server.dsn) as database:
        call = asyncio.create_task(database.fetch("SELECT pg_sleep(600)", timeout_s=600))
        await asyncio.sleep(0.1)
        os.kill(server.pid, signal.SIGKILL)
        with pytest.raises(Unavailable):
            await call


async def test_a_frozen_server_counts_as_away_and_nobody_waits_for_it(
    server: Server, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fleet_platform.storage.database.PING_TIMEOUT_S", 0.5)
    monkeypatch.setattr("fleet_platform.storage.database.CONNECT_TIMEOUT_S", 0.5)
    async with Database(server.dsn) as database:
        call = asyncio.create_task(database.fetch("SELECT pg_sleep(600)", timeout_s=600))
        await asyncio.sleep(0.1)
        frozen = server.processes()
        server.signal_all(signal.SIGSTOP)
        try:
            await until(lambda: not database.is_up)
            with pytest.raises(Unavailable):
                await call
            with pytest.raises(Unavailable):
                async with database.transaction():
                    pass
        finally:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)
        await until(lambda: database.is_up)
        assert await database.fetch("SELECT 1")


async def test_a_call_that_loses_its_connection_fails_and_the_next_one_works(database_dsn: str) -> None:
    async with Database(database_dsn) as database:
        call = asyncio.create_task(database.fetch("SELECT pg_sleep(600), 'victim'", timeout_s=600))
        kill = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE query LIKE '%victim%' AND pid <> pg_backend_pid()"
        )
        while not call.done():
            await database.fetch(kill)
        with pytest.raises(Unavailable):
            await call
        assert await database.fetch("SELECT 1")


async def test_calls_go_on_when_the_watching_connection_alone_is_lost(database_dsn: str) -> None:
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    async with Database(database_dsn) as database:
        outsider = await asyncpg.connect(database_dsn)
        (watching,) = [row["pid"] for row in await outsider.fetch(f"SELECT pid {others}")]
        call = asyncio.create_task(database.fetch("SELECT pg_sleep(0.3), 'answer'"))
        await outsider.execute("SELECT pg_terminate_backend($1)", watching)
        assert (await call)[0][1] == "answer"
        while not await outsider.fetch(f"SELECT pid {others} AND query = 'SELECT 1' AND pid <> $1", watching):
            assert database.is_up
        await outsider.close()


@pytest.mark.parametrize(
    "dsn",
    [
        f"postgresql://fleet:{SECRET}@127.0.0.1:1/fleet",
        f"postgresql://fleet@127.0.0.1:1/fleet?password={SECRET}",
        f"postgresql://fleet:p@{SECRET}@127.0.0.1:1/fleet",
        f"postgresql://fleet:{SECRET}/x@127.0.0.1:1/fleet",
        f"postgresql://fleet:{SECRET}#x@127.0.0.1:1/fleet",
        f"postgresql://fleet:{SECRET}@127.0.0.1:port/fleet",
        f"mysql://fleet:{SECRET}@127.0.0.1/fleet",
        f"postgresql://fleet:{SECRET}@/fleet?host=/nowhere/{'x' * 200}",
        f"postgresql://fleet:{SECRET}@127.0.0.1:1/fleet?sslmode={SECRET}",
    ],
)
async def test_a_dsn_that_does_not_work_is_a_start_up_error_without_its_password(
    dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(DatabaseUnreachable) as caught:
        await Database(dsn).__aenter__()
    chain: list[str] = []
    error: BaseException | None = caught.value
    while error is not None:
        chain += [str(error), repr(error)]
        error = error.__cause__
    assert SECRET not in "".join(chain)
    assert SECRET not in caplog.text
    assert str(caught.value) != DatabaseUnreachable.message


async def test_a_refused_log_in_names_place_and_reason(server: Server) -> None:
    with pytest.raises(DatabaseUnreachable, match=r"the database postgres at .*stranger"):
        await Database(server.dsn.replace("fleet@", f"stranger:{SECRET}@")).__aenter__()
