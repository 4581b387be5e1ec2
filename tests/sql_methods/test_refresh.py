"""The schemas are read again on demand, on NOTIFY, and after listening was interrupted."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.sql_methods import ConfigProblem, FunctionChanged, FunctionGone, UnknownFunction

if TYPE_CHECKING:
    from .conftest import Expose, Sql

ONE = "CREATE FUNCTION s.one() RETURNS int LANGUAGE sql AS 'SELECT 1'"
TWO = "CREATE FUNCTION s.two() RETURNS int LANGUAGE sql AS 'SELECT 2'"


async def test_on_demand(sql: Sql, expose: Expose) -> None:
    await sql(ONE)
    exposed = await expose()
    held = exposed.methods.s.one
    await sql(TWO)
    assert list(exposed.methods) == ["s.one"]
    await exposed.refresh()
    assert list(exposed.methods) == ["s.one", "s.two"]
    await sql("DROP FUNCTION s.one; CREATE FUNCTION s.one(a int = 5) RETURNS int LANGUAGE sql AS 'SELECT a'")
    assert await held() == 5
    await exposed.refresh()
    assert await held(a=7) == 7


async def test_a_schema_that_has_gone_is_told_and_the_old_methods_stay(sql: Sql, expose: Expose) -> None:
    await sql(ONE)
    exposed = await expose()
    await sql("DROP SCHEMA s CASCADE")
    with pytest.raises(ConfigProblem, match="there is no schema s"):
        await exposed.refresh()
    assert list(exposed.methods) == ["s.one"]


async def test_on_notify(sql: Sql, expose: Expose, until: Any) -> None:
    exposed = await expose(channel='what "changed"; DROP SCHEMA s')
    await sql(ONE)
    await sql("""SELECT pg_notify('what "changed"; DROP SCHEMA s', '')""")
    await until(lambda: "s.one" in exposed.methods)
    assert await exposed.methods.s.one() == 1


async def test_what_changed_while_listening_was_interrupted_is_seen(sql: Sql, expose: Expose, until: Any) -> None:
    exposed = await expose(channel="sql_methods")
    while await sql("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND state = 'idle'") == "SELECT 0":
        await asyncio.sleep(0.01)
    await sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    await sql(ONE)
    await until(lambda: "s.one" in exposed.methods)
    assert await exposed.methods.s.one() == 1


async def test_a_refresh_that_fails_is_logged_and_the_next_works(
    sql: Sql, expose: Expose, until: Any, caplog: pytest.LogCaptureFixture
) -> None:
    exposed = await expose(channel="sql_methods")
    await sql("DROP SCHEMA s CASCADE")
    with caplog.at_level(logging.WARNING):
        await sql("NOTIFY sql_methods")
        await until(lambda: "there is no schema s" in caplog.text)
    await sql(f"CREATE SCHEMA s; {ONE}; NOTIFY sql_methods")
    await until(lambda: "s.one" in exposed.methods)


async def test_calls_in_flight_go_on_while_functions_change(sql: Sql, expose: Expose) -> None:
    await sql("""
        CREATE FUNCTION s.slow() RETURNS int LANGUAGE plpgsql
            AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN 1; END'
    """)
    exposed = await expose()
    await sql("SELECT pg_advisory_lock(7)")
    calls = [asyncio.create_task(exposed.methods.s.slow()) for _ in range(4)]
    while await sql("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") != "SELECT 4":
        await asyncio.sleep(0.01)
    await sql("DROP FUNCTION s.slow")
    await exposed.refresh()
    assert not exposed.methods
    await sql("SELECT pg_advisory_unlock(7)")
    assert await asyncio.gather(*calls) == [1, 1, 1, 1]


async def test_a_result_of_another_type_than_before_is_told(sql: Sql, expose: Expose) -> None:
    await sql("CREATE FUNCTION s.f() RETURNS jsonb LANGUAGE sql AS $$SELECT '{}'::jsonb$$")
    exposed = await expose()
    await sql("DROP FUNCTION s.f; CREATE FUNCTION s.f() RETURNS text LANGUAGE sql AS $$SELECT 'plain'$$")
    with pytest.raises(FunctionChanged, match=r"s\.f returns something else than before"):
        await exposed.methods.s.f()
    await exposed.refresh()
    assert await exposed.methods.s.f() == "plain"


async def test_in_a_transaction_a_function_that_was_replaced_is_told_and_not_called(sql: Sql, expose: Expose) -> None:
    await sql("CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    exposed = await expose()
    async with exposed.transaction() as tx:
        assert await exposed.methods.s.f(tx=tx) == 1
    await sql("DROP FUNCTION s.f; CREATE FUNCTION s.f() RETURNS text LANGUAGE sql AS $$SELECT 'one'$$")
    tx = await exposed.tx_begin()
    with pytest.raises(FunctionGone, match=r"s\.f was replaced a moment ago"):
        await exposed.methods.s.f(tx=tx)
    await exposed.tx_end(tx, commit=False)
    assert await exposed.methods.s.f() == "one"


async def test_a_type_that_grows_is_followed(sql: Sql, expose: Expose) -> None:
    await sql("""
        CREATE TYPE s.pt AS (x int);
        CREATE FUNCTION s.f(p s.pt) RETURNS s.pt LANGUAGE sql AS 'SELECT p'
    """)
    exposed = await expose()
    assert await exposed.methods.s.f(p={"x": 1}) == {"x": 1}
    await sql("ALTER TYPE s.pt ADD ATTRIBUTE y jsonb")
    await exposed.refresh()
    assert await exposed.methods.s.f(p={"x": 1, "y": [2]}) == {"x": 1, "y": [2]}
    assert await exposed.methods.s.f(p={"x": 1}) == {"x": 1, "y": None}


async def test_who_listens_reads_again_what_a_call_finds_gone(sql: Sql, expose: Expose, until: Any) -> None:
    await sql(ONE)
    exposed = await expose(channel="sql_methods")
    while await sql("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND state = 'idle'") == "SELECT 0":
        await asyncio.sleep(0.01)
    assert await exposed.methods.s.one() == 1
    one = exposed.methods.s.one
    await sql("DROP FUNCTION s.one")

    async def call() -> str:
        try:
            return str(await one())
        except (FunctionGone, UnknownFunction) as err:
            return str(err)

    assert "one" in await call()
    await until(lambda: "s.one" not in exposed.methods)
    assert await call() == "no function s.one is exposed"
