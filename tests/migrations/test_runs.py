from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from fleet_platform.migrations import Migrations
from fleet_platform.migrations.connection import LOCK_KEY
from fleet_platform.migrations.platform import MigrationFolder, migrate
from fleet_platform.storage.database import Database
from fleet_platform.storage.problems import MigrationFailed
from tests.migrations.conftest import column, folder_of


async def test_each_file_is_applied_once(empty: Database, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "m", _1_a="CREATE TABLE t (n int);", _2_b="INSERT INTO t VALUES (1);")
    assert [(done.owner, done.file) for done in await migrate(empty, [folder])] == [
        ("greetings", "1_a.sql"),
        ("greetings", "2_b.sql"),
    ]
    assert await migrate(empty, [folder]) == []
    folder_of(tmp_path / "m", _1_1_between="INSERT INTO t VALUES (2);")
    assert [done.file for done in await migrate(empty, [folder])] == ["1_1_between.sql"]
    assert await column(empty, "SELECT n FROM plugin_greetings.t ORDER BY n") == [1, 2]


async def test_moving_the_folder_applies_nothing_again(empty: Database, tmp_path: Path) -> None:
    await migrate(empty, [folder_of(tmp_path / "m", _1_a="CREATE TABLE t ();")])
    (tmp_path / "m").rename(tmp_path / "elsewhere")
    assert await migrate(empty, [MigrationFolder.of_plugin("greetings", tmp_path / "elsewhere")]) == []


async def test_each_plugin_has_a_schema_of_its_own_first_in_the_path_while_its_files_run(
    empty: Database, tmp_path: Path
) -> None:
    folders = [
        folder_of(
            tmp_path / name, name, _1_a=f"CREATE TABLE own (); INSERT INTO public.path SELECT '{name}', current_schema;"
        )
        for name in ("mqtt", "odd-name")
    ]
    await empty.execute("CREATE TABLE public.path (plugin text, schema text)")
    await migrate(empty, folders)
    rows = [tuple(row) for row in await empty.fetch("SELECT plugin, schema FROM path ORDER BY plugin")]
    assert rows == [("mqtt", "plugin_mqtt"), ("odd-name", "plugin_odd-name")]
    assert await column(empty, "SELECT current_schema") == ["public"]


async def test_a_file_that_fails_leaves_nothing_of_itself_and_names_its_line(empty: Database, tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path / "m", _1_a="CREATE TABLE first ();", _2_b="CREATE TABLE second ();\n\nSELECT wrong;", _3_c=""
    )
    with pytest.raises(MigrationFailed, match=r'greetings/2_b.sql, line 5, failed: column "wrong" does not exist'):
        await migrate(empty, [folder])
    assert await column(empty, "SELECT tablename FROM pg_tables WHERE schemaname = 'plugin_greetings'") == ["first"]
    assert await column(empty, "SELECT file FROM core.migration") == ["1_a.sql"]
    folder_of(tmp_path / "m", _2_b="CREATE TABLE second ();")
    assert [done.file for done in await migrate(empty, [folder])] == ["2_b.sql", "3_c.sql"]


async def test_a_file_that_was_changed_after_it_had_been_applied_is_refused(empty: Database, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "m", _1_a="CREATE TABLE t ();")
    await migrate(empty, [folder])
    folder_of(tmp_path / "m", _1_a="CREATE TABLE t (n int);", _2_b="")
    with pytest.raises(MigrationFailed, match=r"greetings/1_a.sql was changed after it had been applied on 2\d\d\d-"):
        await migrate(empty, [folder])
    assert await column(empty, "SELECT file FROM core.migration") == ["1_a.sql"]


async def test_what_undoes_a_migration_may_be_mended_later(empty: Database, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "m", _1_a="CREATE TABLE t ();")
    await migrate(empty, [folder])
    path = tmp_path / "m/1_a.sql"
    path.write_text(path.read_text().replace("about", "something else").replace("SELECT 1", "DROP TABLE t"))
    assert await migrate(empty, [folder]) == []


async def test_a_file_may_not_end_its_transaction(empty: Database, tmp_path: Path) -> None:
    with pytest.raises(MigrationFailed, match="must not begin or end transactions itself"):
        await migrate(empty, [folder_of(tmp_path / "m", _1_a="SELECT 1; COMMIT;")])
    assert await column(empty, "SELECT file FROM core.migration") == []


async def test_of_many_runs_at_once_each_file_is_run_by_one(database_dsn: str, tmp_path: Path) -> None:
    files = {
        f"_{number}_n": f"INSERT INTO public.ran VALUES ({number}); SELECT pg_sleep(0.01);" for number in range(10)
    }
    folder = folder_of(tmp_path / "m", **files)

    async def run() -> list[str]:
        async with Database(database_dsn) as database:
            return [done.file for done in await migrate(database, [folder])]

    async with Database(database_dsn) as database:
        await database.execute("CREATE TABLE public.ran (n int)")
        runs = await asyncio.gather(*(run() for _ in range(4)))
        assert await column(database, "SELECT n FROM ran ORDER BY n") == list(range(10))
    assert sorted(file for files in runs for file in files) == [f"{number}_n.sql" for number in range(10)]


async def test_who_holds_the_lock_too_long_is_named(empty: Database, database_dsn: str, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "m", _1_a="CREATE TABLE t ();")
    holder = await asyncpg.connect(database_dsn, server_settings={"application_name": "another-runner"})
    async with holder.transaction():
        await holder.execute(f"SELECT pg_advisory_xact_lock({LOCK_KEY})")
        expected = (
            rf"another migration run holds the lock: another-runner on .*, server process {holder.get_server_pid()},"
        )
        with pytest.raises(MigrationFailed, match=expected):
            await migrate(empty, [folder], lock_timeout_s=0.2)
    assert len(await migrate(empty, [folder])) == 1
    await holder.close()


async def test_a_file_may_not_end_its_transaction_even_if_it_begins_another(empty: Database, tmp_path: Path) -> None:
    for text in ("CREATE TABLE t (); COMMIT; BEGIN;", "CREATE TABLE t (); ROLLBACK;", "SAVEPOINT s;", "BEGIN;"):
        folder = folder_of(tmp_path / "m", _1_a=text)
        with pytest.raises(MigrationFailed, match=r"greetings/1_a.sql must not begin or end transactions itself"):
            await migrate(empty, [folder])
        assert await column(empty, "SELECT tablename FROM pg_tables WHERE schemaname = 'plugin_greetings'") == []


async def test_functions_with_bodies_of_every_kind_can_be_made(empty: Database, tmp_path: Path) -> None:
    up = """
    CREATE FUNCTION a() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END;
    CREATE FUNCTION b() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN ';$do$ COMMIT'; END $$;
    CREATE PROCEDURE c() LANGUAGE plpgsql AS $fleet_do$ BEGIN COMMIT; END $fleet_do$;
    DO $$ BEGIN PERFORM 1; END $$; -- no end of line follows this comment
    SELECT 1 AS one INTO made /* nor this */"""
    await migrate(empty, [folder_of(tmp_path / "m", _1_a=up)])
    assert await column(empty, "SELECT plugin_greetings.a()") == [2]
    assert await column(empty, "SELECT one FROM plugin_greetings.made") == [1]


async def test_a_statement_that_cannot_run_in_a_transaction_is_refused_with_a_way_out(
    empty: Database, tmp_path: Path
) -> None:
    folder = folder_of(tmp_path / "m", _1_a="CREATE TABLE t (n int);\nCREATE INDEX CONCURRENTLY i ON t (n);")
    with pytest.raises(MigrationFailed, match=r"1_a.sql failed: CREATE INDEX CONCURRENTLY cannot .* by hand"):
        await migrate(empty, [folder])


async def test_a_file_that_takes_too_long_is_stopped(empty: Database, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "m", _1_a="CREATE TABLE t (); SELECT pg_sleep(60);")
    with pytest.raises(MigrationFailed, match=r"greetings/1_a.sql took longer than 0.1 s"):
        await migrate(empty, [folder], file_timeout_s=0.1)
    assert await column(empty, "SELECT tablename FROM pg_tables WHERE schemaname = 'plugin_greetings'") == []


async def test_what_a_file_sets_is_gone_for_the_next_one(empty: Database, tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path / "m",
        _1_a="SELECT set_config('search_path', '', false); SET work_mem = '5MB';",
        _2_b="CREATE TABLE t ();",
    )
    await migrate(empty, [folder])
    assert await column(empty, "SELECT to_regclass('plugin_greetings.t') IS NOT NULL") == [True]


async def test_a_role_s_preferences_do_not_get_in_the_way(empty: Database, database_dsn: str, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "m", _1_a="SELECT pg_sleep(0.1);", _2_b="")
    preferences = "-c default_transaction_isolation=serializable -c statement_timeout=50 -c lock_timeout=50"
    (name,) = await column(empty, "SELECT current_database()")
    for each in preferences.split("-c ")[1:]:
        setting, value = each.strip().split("=")
        await empty.execute(f"ALTER DATABASE {name} SET {setting} = {value!r}")
    try:
        async with Database(database_dsn) as first, Database(database_dsn) as second:
            runs = await asyncio.gather(migrate(first, [folder]), migrate(second, [folder]))
    finally:
        await empty.execute(f"ALTER DATABASE {name} RESET ALL")
    assert sorted(done.file for run in runs for done in run) == ["1_a.sql", "2_b.sql"]


async def test_a_changed_file_is_refused_with_what_differs(empty: Database, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "m", _1_a="CREATE TABLE t (\n  n int,\n  m int\n);")
    await migrate(empty, [folder])
    folder_of(tmp_path / "m", _1_a="CREATE TABLE t (\n  n bigint,\n  m int\n);")
    with pytest.raises(MigrationFailed) as caught:
        await migrate(empty, [folder])
    assert "\n-  n int,\n+  n bigint,\n" in str(caught.value)


async def test_up_to_a_file_stops_there(empty: Database, tmp_path: Path) -> None:
    migrations = Migrations(empty, [folder_of(tmp_path / "m", _1_a="", _2_b="", _10_c="")])
    assert [done.file for done in await migrations.up(to="2_b.sql")] == ["1_a.sql", "2_b.sql"]
    assert [entry.state for entry in await migrations.status()] == ["applied", "applied", "pending"]
    done = await migrations.up(to="greetings/10_c")
    assert [each.migrated for each in done] == [False, False, True]
    with pytest.raises(MigrationFailed, match=r"there is no migration 2_bb here; did you mean 2_b.sql\?"):
        await migrations.up(to="2_bb")


async def test_a_dry_run_touches_nothing(empty: Database, tmp_path: Path) -> None:
    migrations = Migrations(empty, [folder_of(tmp_path / "m", _2_b="CREATE TABLE b ();", _1_a="CREATE TABLE a ();")])
    shown = await migrations.up(dry_run=True)
    assert [(each.file, each.sql, each.migrated) for each in shown] == [
        ("1_a.sql", "CREATE TABLE a ();", True),
        ("2_b.sql", "CREATE TABLE b ();", True),
    ]
    assert [entry.state for entry in await migrations.status()] == ["pending", "pending"]
    made = (
        "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('public', 'information_schema')"
    )
    assert await column(empty, made) == []


async def test_folders_of_different_owners_may_hold_equal_names(empty: Database, tmp_path: Path) -> None:
    folders = [folder_of(tmp_path / name, name, _1_a="CREATE TABLE t ();") for name in ("x", "y")]
    migrations = Migrations(empty, folders)
    assert [str(done) for done in await migrations.up()] == ["x/1_a.sql", "y/1_a.sql"]
    with pytest.raises(MigrationFailed, match=r"1_a.sql is a file of several: x/1_a.sql, y/1_a.sql"):
        await migrations.up(to="1_a.sql")
