"""Where methods come from: an address, its parts, a pool, the platform's database; and what happens when it is away."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from fleet_platform.sql_methods import ConfigProblem, expose_sql_methods
from fleet_platform.storage.database import Database
from fleet_platform.storage.problems import DatabaseUnreachable, StorageProblem
from plugin_sdk.errors import CallTimeout, Unavailable
from tests.storage.conftest import *  # noqa: F403  # a server under the test's control

if TYPE_CHECKING:
    from tests.storage.conftest import Server

    from .conftest import Expose, Sql

ECHO = "CREATE FUNCTION s.echo(p jsonb) RETURNS jsonb LANGUAGE sql AS 'SELECT p'"
SLEEP = "CREATE FUNCTION s.sleep(seconds float8) RETURNS void LANGUAGE sql AS 'SELECT pg_sleep(seconds)'"
SECRET = "s3cr3t canary/@"


def parts_of(dsn: str) -> dict[str, Any]:
    """The address as the predecessor's configuration has it."""
    parts, query = urlsplit(dsn), parse_qs(urlsplit(dsn).query)
    found = {
        "host": query["host"][0] if "host" in query else parts.hostname,
        "port": int(query["port"][0]) if "port" in query else parts.port,
        "user": query["user"][0] if "user" in query else parts.username,
        "password": parts.password,
        "database": parts.path.lstrip("/"),
    }
    return {name: value for name, value in found.items() if value is not None}


async def test_an_address_and_its_parts_do_the_same(sql: Sql, expose: Expose, database_dsn: str) -> None:
    await sql(ECHO)
    for connection in (database_dsn, {**parts_of(database_dsn), "max": 2}):
        exposed = await expose(connection)
        assert await exposed.methods.s.echo(p={"a": 1}) == {"a": 1}


async def test_a_pool_with_codecs_of_its_own_keeps_them(sql: Sql, expose: Expose, database_dsn: str) -> None:
    await sql(ECHO)
    await sql("CREATE FUNCTION s.many(p json[]) RETURNS json[] LANGUAGE sql AS 'SELECT p'")

    async def with_codecs(connection: Any) -> None:
        for kind in ("json", "jsonb"):
            await connection.set_type_codec(kind, encoder=json.dumps, decoder=json.loads, schema="pg_catalog")

    for init in (None, with_codecs):
        async with asyncpg.create_pool(database_dsn, min_size=0, max_size=2, init=init) as pool:
            exposed = await expose(pool)
            assert await exposed.methods.s.echo(p="text") == "text"
            assert await exposed.methods.s.many(p=["text", {"a": [1]}]) == ["text", {"a": [1]}]
            await exposed.stop()
            assert await pool.fetchval("SELECT 1") == 1


async def test_the_platforms_database_is_used_and_left_open(sql: Sql, expose: Expose, database_dsn: str) -> None:
    await sql(ECHO)
    async with Database(database_dsn) as database:
        exposed = await expose(database, channel="changed")
        async with exposed.transaction() as tx:
            assert await exposed.methods.s.echo({"p": [1]}, tx=tx) == [1]
        await exposed.stop()
        assert await database.fetch("SELECT 1")


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({}, "connection: Field required; link: Field required"),
        ({"connection": {"hots": "db"}, "link": {"schemas": ["s"]}}, "hots: Extra inputs are not permitted"),
        ({"connection": {"port": SECRET}, "link": {"schemas": ["s"]}}, "port: Input should be a valid integer"),
        ({"connection": "postgresql:///x", "link": {"schemas": []}}, "link.schemas: List should have at least 1 item"),
        ({"connection": "postgresql:///x", "link": {"schemas": ["s"], "glue": ""}}, "link.glue: Extra inputs"),
        (
            {"connection": "postgresql:///x", "link": {"schemas": ["s"]}, "tx_timeout_s": 0},
            "tx_timeout_s: Input should",
        ),
        ({"connection": f"mysql://x:{SECRET}@db/x", "link": {"schemas": ["s"]}}, "must start with postgresql://"),
    ],
)
async def test_a_faulty_configuration_is_told_without_what_was_typed(config: dict[str, Any], told: str) -> None:
    with pytest.raises(StorageProblem, match=re.escape(told)) as caught:
        await expose_sql_methods(config)
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


async def test_a_schema_that_is_missing_is_an_error(expose: Expose, sql: Sql) -> None:
    with pytest.raises(ConfigProblem, match="there is no schema devices, Core"):
        await expose(link={"schemas": ["s", "devices", "Core"]})


@pytest.mark.parametrize("connection", ["address", "parts"])
async def test_a_first_connection_that_fails_tells_where_and_why_but_no_password(connection: str) -> None:
    parts = {"host": "127.0.0.1", "port": 1, "user": "u", "password": SECRET, "database": "fleet db"}
    address = "postgresql://u:s3cr3t%20canary%2F%40@127.0.0.1:1/fleet%20db"
    with pytest.raises(DatabaseUnreachable, match=r"the database fleet db at 127\.0\.0\.1") as caught:
        await expose_sql_methods(
            {"connection": parts if connection == "parts" else address, "link": {"schemas": ["s"]}}
        )
    assert "canary" not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_a_wrong_password_is_not_repeated(database_dsn: str, expose: Expose) -> None:
    with pytest.raises(DatabaseUnreachable) as caught:
        await expose({**parts_of(database_dsn), "user": "nobody", "password": SECRET, "database": "nowhere"})
    assert "canary" not in str(caught.value)


async def test_a_pool_of_one_cannot_listen(expose: Expose, database_dsn: str) -> None:
    async with asyncpg.create_pool(database_dsn, min_size=0, max_size=1) as pool:
        with pytest.raises(ConfigProblem, match="channel: listening takes a connection"):
            await expose(pool, channel="changed")


async def test_waiting_for_a_connection_has_an_end(sql: Sql, expose: Expose, database_dsn: str) -> None:
    await sql(ECHO)
    async with asyncpg.create_pool(database_dsn, min_size=0, max_size=1) as pool:
        exposed = await expose(pool, wait_timeout_s=0.1)
        async with pool.acquire():
            with pytest.raises(Unavailable, match=r"no connection was free within 0\.1 s"):
                await exposed.methods.s.echo(p=1)
        assert await exposed.methods.s.echo(p=1) == 1
        await exposed.stop()


@pytest.mark.parametrize("given", ["own", "database"])
async def test_a_call_that_takes_too_long_is_stopped(sql: Sql, expose: Expose, database_dsn: str, given: str) -> None:
    await sql(SLEEP)
    async with Database(database_dsn, pool_size=1) as database:
        exposed = await expose(database if given == "database" else {**parts_of(database_dsn), "max": 1})
        with pytest.raises(CallTimeout, match=r"s\.sleep took too long") as caught:
            await exposed.methods.s.sleep(seconds=600, timeout_s=0.1)
        assert caught.value.data["timeout_s"] == 0.1
        assert await exposed.methods.s.sleep(seconds=0) is None
        await exposed.stop()


async def test_the_servers_own_time_out_is_told_alike(sql: Sql, expose: Expose) -> None:
    await sql(SLEEP + "; ALTER FUNCTION s.sleep SET search_path = ''")
    await sql(
        "CREATE FUNCTION s.limit() RETURNS text LANGUAGE sql AS $$SELECT set_config('statement_timeout', '100', true)$$"
    )
    exposed = await expose()
    tx = await exposed.tx_begin()
    await exposed.methods.s.limit(tx=tx)
    with pytest.raises(CallTimeout):
        await exposed.methods.s.sleep({"seconds": 600}, tx=tx)
    await exposed.tx_end(tx, commit=False)


@pytest.mark.parametrize("given", ["own", "database"])
async def test_a_server_that_goes_away_is_told_and_calls_work_when_it_is_back(server: Server, given: str) -> None:
    connection = await asyncpg.connect(server.dsn)
    await connection.execute("DROP SCHEMA IF EXISTS s CASCADE; CREATE SCHEMA s")
    await connection.execute(SLEEP)
    await connection.close()
    async with Database(server.dsn) as database:
        config = {"connection": database if given == "database" else server.dsn, "link": {"schemas": ["s"]}}
        async with await expose_sql_methods(config) as exposed:
            tx = await exposed.tx_begin()
            call = asyncio.create_task(exposed.methods.s.sleep({"seconds": 600}, timeout_s=600))
            within = asyncio.create_task(exposed.methods.s.sleep({"seconds": 600}, tx=tx, timeout_s=600))
            while len(database_calls(await database.fetch("SELECT query FROM pg_stat_activity"))) < 2:
                await asyncio.sleep(0.01)
            await server.stop()
            for each in (call, within):
                with pytest.raises(Unavailable):
                    await each
            with pytest.raises(Unavailable):
                await exposed.methods.s.sleep(seconds=0)
            await server.start()
            async with asyncio.timeout(30):
                while True:
                    try:
                        await exposed.methods.s.sleep(seconds=0)
                        break
                    except Unavailable:
                        await asyncio.sleep(0.05)


def database_calls(rows: list[Any]) -> list[Any]:
    return [row for row in rows if row["query"].startswith('SELECT "s"."sleep"')]


def test_the_module_needs_little_of_the_platform() -> None:
    """Whoever takes it alone takes these along."""
    folder = Path(__file__).parents[2] / "fleet_platform" / "sql_methods"
    found = {
        name
        for path in folder.glob("*.py")
        for name in re.findall(
            r"^from (fleet_platform\.(?!sql_methods)\S+|plugin_sdk\S*) import", path.read_text(), re.MULTILINE
        )
    }
    assert found == {
        "fleet_platform.storage",
        "fleet_platform.storage.database",
        "fleet_platform.storage.problems",
        "plugin_sdk.errors",
    }
