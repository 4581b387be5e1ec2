"""Transactions from call to call: ended once, never left open, and what became of each is told."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import asyncpg
import pytest

from fleet_platform.sql_methods import SqlMethods, TooManyTransactions, TransactionFailed, UnknownTransaction
from plugin_sdk.errors import CallTimeout, Unavailable

if TYPE_CHECKING:
    from .conftest import Expose, Sql

TABLE = """
CREATE TABLE s.t (n int UNIQUE DEFERRABLE INITIALLY DEFERRED);
CREATE FUNCTION s.put(n int) RETURNS void LANGUAGE sql AS 'INSERT INTO s.t VALUES (n)';
CREATE FUNCTION s.all() RETURNS SETOF int LANGUAGE sql AS 'SELECT n FROM s.t ORDER BY n';
CREATE FUNCTION s.fail() RETURNS int LANGUAGE sql AS 'SELECT 1 / (SELECT 0)';
CREATE FUNCTION s.wait(seconds float8) RETURNS void LANGUAGE sql AS 'SELECT pg_sleep(seconds)';
CREATE FUNCTION s.pid() RETURNS int LANGUAGE sql AS 'SELECT pg_backend_pid()'
"""


@pytest.fixture
async def exposed(sql: Sql, expose: Expose) -> SqlMethods:
    await sql(TABLE)
    return await expose()


async def test_what_is_committed_counts_and_what_is_rolled_back_does_not(exposed: SqlMethods) -> None:
    s = exposed.methods.s
    for number, commit in ((1, True), (2, False)):
        tx = await exposed.tx_begin()
        await s.put({"n": number}, tx=tx)
        assert number in await s.all(tx=tx)
        assert number not in await s.all()
        await exposed.tx_end(tx, commit)
    assert await s.all() == [1]


async def test_the_predecessors_names_work(exposed: SqlMethods) -> None:
    first, second = await exposed.txBegin(), await exposed.txBegin()
    await exposed.methods["s.put"]({"n": 1}, tx=first)
    await exposed.methods["s.put"]({"n": 2}, tx=second)
    with pytest.raises(ValueError, match="COMMIT or ROLLBACK"):
        await exposed.txEnd(first, "commit; DROP TABLE s.t")  # type: ignore[arg-type]
    await exposed.txEnd(first, "COMMIT")
    await exposed.txEnd(second, "ROLLBACK")
    assert await exposed.methods.s.all() == [1]


async def put_and_fail(exposed: SqlMethods) -> None:
    async with exposed.transaction() as tx:
        await exposed.methods.s.put({"n": 2}, tx=tx)
        await exposed.methods.s.fail(tx=tx)


async def test_a_body_that_raises_rolls_back(exposed: SqlMethods) -> None:
    async with exposed.transaction() as tx:
        await exposed.methods.s.put({"n": 1}, tx=tx)
    with pytest.raises(asyncpg.DivisionByZeroError):
        await put_and_fail(exposed)
    assert await exposed.methods.s.all() == [1]


async def test_ended_and_unknown_transactions_are_told_apart(exposed: SqlMethods) -> None:
    tx = await exposed.tx_begin()
    await exposed.tx_end(tx)
    with pytest.raises(UnknownTransaction, match=f"^transaction {tx} was committed$"):
        await exposed.methods.s.all(tx=tx)
    with pytest.raises(UnknownTransaction, match="was committed"):
        await exposed.tx_end(tx)
    with pytest.raises(UnknownTransaction, match="transaction 77 was never begun"):
        await exposed.methods.s.all(tx=77)


async def test_after_a_failed_call_nothing_of_a_transaction_counts_and_committing_says_so(exposed: SqlMethods) -> None:
    tx = await exposed.tx_begin()
    await exposed.methods.s.put({"n": 1}, tx=tx)
    with pytest.raises(asyncpg.DivisionByZeroError):
        await exposed.methods.s.fail(tx=tx)
    with pytest.raises(TransactionFailed, match="roll it back"):
        await exposed.methods.s.all(tx=tx)
    with pytest.raises(TransactionFailed, match="was rolled back, because a call of it had failed"):
        await exposed.tx_end(tx)
    with pytest.raises(UnknownTransaction, match="a call of it had failed"):
        await exposed.tx_end(tx)
    assert await exposed.methods.s.all() == []


async def test_a_commit_that_the_server_refuses_ends_the_transaction(exposed: SqlMethods) -> None:
    tx = await exposed.tx_begin()
    await exposed.methods.s.put({"n": 1}, tx=tx)
    await exposed.methods.s.put({"n": 1}, tx=tx)
    with pytest.raises(asyncpg.UniqueViolationError):
        await exposed.tx_end(tx)
    assert await exposed.methods.s.all() == []


async def test_a_transaction_that_nobody_ends_is_rolled_back_and_told(
    sql: Sql, expose: Expose, caplog: pytest.LogCaptureFixture, until: object
) -> None:
    await sql(TABLE)
    exposed = await expose(tx_timeout_s=0.2)
    tx = await exposed.tx_begin()
    await exposed.methods.s.put({"n": 1}, tx=tx)
    with caplog.at_level(logging.WARNING):
        await until(lambda: "was rolled back" in caplog.text)  # type: ignore[operator]
    with pytest.raises(UnknownTransaction, match=r"was rolled back, because there was no call for 0\.2 s"):
        await exposed.tx_end(tx)
    # its place is free again
    for _ in range(4):
        await exposed.tx_begin()
    assert await exposed.methods.s.all() == []


async def test_a_long_call_is_no_idle_transaction(sql: Sql, expose: Expose) -> None:
    await sql(TABLE)
    exposed = await expose(tx_timeout_s=0.2)
    async with exposed.transaction() as tx:
        await exposed.methods.s.wait({"seconds": 0.6}, tx=tx)
        await exposed.methods.s.put({"n": 1}, tx=tx)
    assert await exposed.methods.s.all() == [1]


async def test_only_so_many_are_open_and_calls_without_one_go_on(sql: Sql, expose: Expose, database_dsn: str) -> None:
    await sql(TABLE)
    async with asyncpg.create_pool(database_dsn, min_size=0, max_size=3) as pool:
        exposed = await expose(pool)
        begun = await asyncio.gather(*(exposed.tx_begin() for _ in range(3)), return_exceptions=True)
        assert [type(each) for each in begun] == [int, int, TooManyTransactions]
        assert await exposed.methods.s.all() == []
        await exposed.tx_end(begun[0])  # type: ignore[arg-type]
        await exposed.tx_begin()
        await exposed.stop()


async def test_calls_of_one_transaction_take_turns(exposed: SqlMethods) -> None:
    async with exposed.transaction() as tx:
        await asyncio.gather(*(exposed.methods.s.put({"n": n}, tx=tx) for n in range(20)))
    assert await exposed.methods.s.all() == list(range(20))


async def test_a_call_waits_for_its_turn_no_longer_than_it_may(sql: Sql, expose: Expose) -> None:
    await sql(TABLE)
    exposed = await expose(wait_timeout_s=0.1)
    tx = await exposed.tx_begin()
    long = asyncio.create_task(exposed.methods.s.wait({"seconds": 60}, tx=tx))
    pid = None
    while pid is None:
        await asyncio.sleep(0.01)
        pid = await sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "SELECT 1" or None
    for call in (exposed.methods.s.all(tx=tx), exposed.tx_end(tx)):
        with pytest.raises(CallTimeout, match=f"another call of transaction {tx} is at work"):
            await call
    long.cancel()
    await asyncio.wait([long])
    await exposed.tx_end(tx, commit=False)


async def test_a_transaction_goes_with_its_connection(exposed: SqlMethods, sql: Sql) -> None:
    tx = await exposed.tx_begin()
    await exposed.methods.s.put({"n": 1}, tx=tx)
    pid = await exposed.methods.s.pid(tx=tx)
    await sql(f"SELECT pg_terminate_backend({pid})")
    with pytest.raises(Unavailable):
        await exposed.methods.s.wait({"seconds": 60}, tx=tx)
    with pytest.raises(UnknownTransaction, match="was lost with its connection"):
        await exposed.tx_end(tx)
    assert await exposed.methods.s.all() == []


async def test_stopping_rolls_back_what_is_open_even_in_the_middle_of_a_call(
    exposed: SqlMethods, sql: Sql, database_dsn: str
) -> None:
    tx, idle = await exposed.tx_begin(), await exposed.tx_begin()
    await exposed.methods.s.put({"n": 1}, tx=idle)
    long = asyncio.create_task(exposed.methods.s.wait({"seconds": 600}, tx=tx, timeout_s=600))
    while await sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'") != "SELECT 1":
        await asyncio.sleep(0.01)
    await exposed.stop()
    with pytest.raises(Unavailable):
        await long
    with pytest.raises(Unavailable, match="stopped"):
        await exposed.methods.s.all()
    with pytest.raises(Unavailable, match="stopped"):
        await exposed.tx_begin()
    connection = await asyncpg.connect(database_dsn)
    assert await connection.fetch("SELECT * FROM s.t") == []
    await connection.close()
