"""A plugin's rows are its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fleet_platform.host import HostServices
from plugin_sdk import Migrations, hookimpl
from plugin_sdk.errors import Unavailable


class Plain:
    """A plugin."""


def migrating(folder: Any) -> Any:
    class Plugin:
        @hookimpl
        def fleet_register_migrations(self) -> Any:
            return Migrations(folder=folder)

    return Plugin


@pytest.fixture
async def fleets(open_host: Any, stored: HostServices) -> AsyncIterator[Any]:
    async with open_host(stored, one=Plain, two=Plain) as host:
        yield [host._lives[name].plugin.fleet for name in ("one", "two")]


async def test_keys_of_two_plugins_are_apart(fleets: Any) -> None:
    one, two = fleets
    await one.kv.set("key", {"a": [1, None]})
    assert await one.kv.get("key") == {"a": [1, None]}
    assert await two.kv.get("key", "default") == "default"
    assert await one.kv.keys("k") == ["key"]
    assert await one.kv.delete("key")
    assert not await one.kv.delete("key")


async def test_same_table_of_two_plugins_is_two_tables(fleets: Any) -> None:
    one, two = fleets
    await one.sql.execute("CREATE TABLE item (value int)")
    await two.sql.execute("CREATE TABLE item (value text)")
    await one.sql.execute_many("INSERT INTO item VALUES ($1)", [(1,), (2,)])
    assert await two.sql.execute("INSERT INTO item VALUES ($1)", "a") == "INSERT 0 1"
    for _ in range(2):
        assert await one.sql.fetch("SELECT value FROM item ORDER BY value") == [{"value": 1}, {"value": 2}]
        assert await two.sql.fetch("SELECT value FROM item ORDER BY value") == [{"value": "a"}]


async def test_first_statements_may_come_together(fleets: Any) -> None:
    counts = await asyncio.gather(*(fleets[0].sql.fetch("SELECT current_schema AS own") for _ in range(8)))
    assert {row["own"] for (row,) in counts} == {"plugin_one"}


async def test_without_a_database_everything_is_unavailable(open_host: Any) -> None:
    async with open_host(one=Plain) as host:
        fleet = host._lives["one"].plugin.fleet
        for call in (fleet.kv.get("a"), fleet.kv.set("a", 1), fleet.sql.fetch("SELECT 1"), fleet.sql.execute("x")):
            with pytest.raises(Unavailable):
                await call


async def test_migrations_run_before_the_lifespan(open_host: Any, stored: HostServices, tmp_path: Path) -> None:
    (tmp_path / "1_item.sql").write_text("-----UP\nCREATE TABLE item (value int);\n-----DOWN\nDROP TABLE item;\n")
    seen: list[Any] = []

    class Plugin(migrating(tmp_path)):  # type: ignore[misc]  # made for the test
        @hookimpl
        def fleet_lifespan(self, fleet: Any) -> Any:
            return self.live(fleet)

        @staticmethod
        def live(fleet: Any) -> Any:
            from contextlib import asynccontextmanager

            @asynccontextmanager
            async def manager() -> AsyncIterator[Any]:
                seen.append(await fleet.sql.fetch("SELECT count(*) AS n FROM item"))
                yield

            return manager()

    async with open_host(stored, plugin=Plugin) as host:
        assert host.records["plugin"].state == "running"
    assert seen == [[{"n": 0}]]


async def test_migrations_run_again_when_another_database_returns(
    open_host: Any, stored: HostServices, tmp_path: Path
) -> None:
    (tmp_path / "1_item.sql").write_text("-----UP\nCREATE TABLE item (value int);\n-----DOWN\nDROP TABLE item;\n")
    database = stored.database
    async with open_host(stored, plugin=migrating(tmp_path)) as host:
        await database.execute("DROP SCHEMA plugin_plugin CASCADE")
        await database.execute("DELETE FROM core.migration WHERE owner = 'plugin'")
        for callback in database._returned:
            callback()
        fleet = host._lives["plugin"].plugin.fleet

        async def is_there() -> bool:
            (row,) = await fleet.sql.fetch("SELECT to_regclass('plugin_plugin.item') IS NOT NULL AS there")
            return bool(row["there"])

        while not await is_there():  # the database announces nothing
            await asyncio.sleep(0.01)


async def test_migration_that_fails_marks_the_plugin_failed_until_it_is_mended(
    open_host: Any, stored: HostServices, tmp_path: Path, eventually: Any
) -> None:
    file = tmp_path / "1_item.sql"
    file.write_text("-----UP\nCREATE TABEL item ();\n-----DOWN\n")
    async with open_host(stored, plugin=migrating(tmp_path)) as host:
        assert host.records["plugin"].state == "failed"
        assert "plugin/1_item.sql" in host.records["plugin"].reason
        file.write_text("-----UP\nCREATE TABLE item ();\n-----DOWN\n")
        await eventually(lambda: host.records["plugin"].state == "running")


async def test_migrations_folder_must_exist(open_host: Any, tmp_path: Path) -> None:
    async with open_host(plugin=migrating(tmp_path / "nowhere")) as host:
        assert host.records["plugin"].state == "quarantined"
        assert "there is no folder nowhere" in host.records["plugin"].reason
