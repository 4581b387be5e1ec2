from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from fleet_platform.storage.database import Database
from fleet_platform.storage.migration_files import natural, read
from fleet_platform.storage.migrations import LOCK_KEY, MigrationFolder, core_migrations, migrate
from fleet_platform.storage.problems import MigrationFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PROGRAM = Path(__file__).with_name("migrate_process.py")


@pytest.fixture
async def empty(database_dsn: str) -> AsyncIterator[Database]:
    async with Database(database_dsn) as database:
        yield database


def folder_of(path: Path, owner: str = "greetings", **files: str) -> MigrationFolder:
    """A plugin's folder with files ``_1_name`` → ``1_name.sql`` that hold the statements given."""
    path.mkdir(exist_ok=True)
    for name, up in files.items():
        (path / f"{name.lstrip('_')}.sql").write_text(f"-- about\n-----------UP\n{up}\n---------DOWN\nSELECT 1;\n")
    return MigrationFolder.of_plugin(owner, path)


async def column(database: Database, query: str) -> list[object]:
    return [row[0] for row in await database.fetch(query)]


# ---- files ----------------------------------------------------------------------------------------------------


def test_files_run_in_the_order_of_their_numbers_folder_by_folder(tmp_path: Path) -> None:
    first = folder_of(tmp_path / "a", "core", _10_c="", _2_b="", _5000_x="", notes="")
    second = folder_of(tmp_path / "b", "mqtt", _1_a="", _2_a="", _10_c="")
    assert [str(file) for file in read([first, second])] == [
        "mqtt/1_a.sql",
        "mqtt/2_a.sql",
        "core/2_b.sql",
        "core/10_c.sql",
        "mqtt/10_c.sql",
        "core/5000_x.sql",
        "core/notes.sql",
    ]


def test_equal_names_keep_the_order_of_their_folders(tmp_path: Path) -> None:
    folders = [folder_of(tmp_path / name, name, _1_same="") for name in ("z", "a", "m")]
    assert [file.folder.owner for file in read(folders)] == ["z", "a", "m"]


def test_numbers_count_not_digits() -> None:
    assert sorted(["30_x", "3_x", "x", "2_x", "1000_x", "0_x"], key=natural) == [
        "0_x",
        "2_x",
        "3_x",
        "30_x",
        "1000_x",
        "x",
    ]


@pytest.mark.parametrize(
    ("text", "up", "down"),
    [
        ("-----UP\nA\n-----DOWN\nB", "A", "B"),
        ("\ufeff-- ---------up  \r\nA;\r\nA2;\r\n----------Down\r\nB\r\n", "A;\nA2;", "B"),
        ("-- text\n-----UP\n-----DOWN", "", ""),
    ],
)
def test_parts_are_marked_whatever_the_case_and_line_ends(tmp_path: Path, text: str, up: str, down: str) -> None:
    (tmp_path / "1_a.sql").write_bytes(text.encode())
    (file,) = read([MigrationFolder.of_plugin("greetings", tmp_path)])
    assert (file.up, file.down) == (up, down)


@pytest.mark.parametrize("text", ["SELECT 1", "-----UP\nA\n----DOWN\nDROP", "-----DOWN\nB\n-----UP\nA", ""])
def test_a_file_without_both_parts_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "1_a.sql").write_text(text)
    with pytest.raises(MigrationFailed, match=r"greetings/1_a.sql needs a line ending in -----UP"):
        read([MigrationFolder.of_plugin("greetings", tmp_path)])


def test_a_folder_or_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(MigrationFailed, match=r"migrations of greetings in .*nowhere cannot be read"):
        read([MigrationFolder.of_plugin("greetings", tmp_path / "nowhere")])
    (tmp_path / "1_a.sql").write_bytes(b"\xff")
    with pytest.raises(MigrationFailed, match=r"greetings/1_a.sql cannot be read"):
        read([MigrationFolder.of_plugin("greetings", tmp_path)])


# ---- runs -----------------------------------------------------------------------------------------------------


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


async def test_a_run_that_is_killed_in_the_middle_of_a_file_leaves_nothing_half_done_and_nothing_locked(
    empty: Database, database_dsn: str, tmp_path: Path
) -> None:
    # The file waits in its middle for a lock that the test holds.
    folder = folder_of(
        tmp_path / "m",
        _1_a="CREATE TABLE first ();",
        _2_b="CREATE TABLE half (); SELECT pg_advisory_xact_lock(42); CREATE TABLE whole ();",
    )
    gate = await asyncpg.connect(database_dsn)
    await gate.execute("SELECT pg_advisory_lock(42)")
    runner = await asyncio.create_subprocess_exec(
        sys.executable, str(PROGRAM), database_dsn, "greetings", str(folder.path), stderr=subprocess.DEVNULL
    )
    waiting = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    while not await empty.fetch(waiting):
        assert runner.returncode is None
    runner.send_signal(signal.SIGKILL)
    await runner.wait()
    # Its connection ends within a second, although nobody opens the gate.
    while await empty.fetch(waiting):
        pass
    assert await column(empty, "SELECT tablename FROM pg_tables WHERE schemaname = 'plugin_greetings'") == ["first"]
    await gate.close()
    assert [done.file for done in await migrate(empty, [folder], lock_timeout_s=10)] == ["2_b.sql"]


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


# ---- the core's own files -------------------------------------------------------------------------------------


async def test_the_core_s_files_build_its_tables_and_explain_every_column(empty: Database) -> None:
    assert [done.file for done in await migrate(empty, [core_migrations()])] == ["1_device.sql", "2_core.sql"]
    tables = (
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('core', 'device') ORDER BY 1"
    )
    assert await column(empty, tables) == [
        "core.kv",
        "core.migration",
        "core.queued_call",
        "device.list",
        "device.state",
    ]
    unexplained = (
        "SELECT format('%s.%s', attrelid::regclass, attname) FROM pg_attribute"
        " JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE nspname IN ('core', 'device') AND relkind = 'r' AND attnum > 0"
        " AND (col_description(attrelid, attnum) IS NULL OR obj_description(attrelid) IS NULL)"
    )
    assert await column(empty, unexplained) == []


async def test_what_the_core_s_files_build_can_be_taken_down_and_built_again(empty: Database) -> None:
    await migrate(empty, [core_migrations()])
    for file in reversed(read([core_migrations()])):
        await empty.execute(file.down)
        await empty.execute("DELETE FROM core.migration WHERE file = $1", file.name)
    assert len(await migrate(empty, [core_migrations()])) == 2
