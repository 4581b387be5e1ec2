from __future__ import annotations

from pathlib import Path

import pytest

from fleet_platform.migrations import MigrationFailed, MigrationFolder, Migrations
from fleet_platform.storage.database import Database
from tests.migrations.conftest import column, write

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'plugin_p' ORDER BY 1"
LISTED = "SELECT file FROM migration.migration ORDER BY position"


def tables(path: Path, *names: str) -> MigrationFolder:
    """Files ``1_a.sql``, ``2_b.sql`` … that make and drop a table each."""
    path.mkdir(exist_ok=True)
    for name in names:
        table = name.partition("_")[2]
        write(path / f"{name}.sql", f"CREATE TABLE {table} ();", f"DROP TABLE {table};")
    return MigrationFolder.of_plugin("p", path)


async def test_without_more_the_last_run_is_undone(empty: Database, tmp_path: Path) -> None:
    migrations = Migrations(empty, [tables(tmp_path, "1_a")])
    await migrations.up()
    tables(tmp_path, "2_b", "3_c")
    await migrations.up()
    assert [str(done) for done in await migrations.down()] == ["p/3_c.sql", "p/2_b.sql"]
    assert await column(empty, TABLES) == ["a"]
    assert await column(empty, LISTED) == ["1_a.sql"]
    assert [str(done) for done in await migrations.down()] == ["p/1_a.sql"]
    assert await migrations.down() == []
    assert len(await migrations.up()) == 3


async def test_so_many_or_back_to_a_file(empty: Database, tmp_path: Path) -> None:
    migrations = Migrations(empty, [tables(tmp_path, "1_a", "2_b", "3_c", "10_d")])
    await migrations.up()
    assert [done.file for done in await migrations.down(count=1)] == ["10_d.sql"]
    assert [done.file for done in await migrations.down(to="1_a")] == ["3_c.sql", "2_b.sql"]
    assert await column(empty, TABLES) == ["a"]
    assert [done.file for done in await migrations.down(count=7)] == ["1_a.sql"]


async def test_the_order_is_that_of_application_not_of_numbers(empty: Database, tmp_path: Path) -> None:
    migrations = Migrations(empty, [tables(tmp_path, "5_late")])
    await migrations.up()
    tables(tmp_path, "1_between")
    await migrations.up()
    assert [done.file for done in await migrations.down()] == ["1_between.sql"]


async def test_what_another_run_applied_meanwhile_is_undone_with_the_last_run(empty: Database, tmp_path: Path) -> None:
    migrations = Migrations(empty, [tables(tmp_path, "1_a", "2_b", "3_c")])
    await migrations.up()
    await empty.execute("UPDATE migration.migration SET batch = 2 WHERE file = '2_b.sql'")
    assert [done.file for done in await migrations.down()] == ["3_c.sql", "2_b.sql"]


async def test_a_dry_run_shows_the_statements_and_changes_nothing(empty: Database, tmp_path: Path) -> None:
    migrations = Migrations(empty, [tables(tmp_path, "1_a", "2_b")])
    await migrations.up()
    shown = [(done.file, done.sql, done.migrated) for done in await migrations.down(dry_run=True)]
    assert shown == [("2_b.sql", "DROP TABLE b;", True), ("1_a.sql", "DROP TABLE a;", True)]
    assert await column(empty, TABLES) == ["a", "b"]


async def test_a_missing_file_is_undone_by_what_was_kept_and_status_tells_it(empty: Database, tmp_path: Path) -> None:
    migrations = Migrations(empty, [tables(tmp_path, "1_a", "2_b")])
    await migrations.up()
    (tmp_path / "2_b.sql").unlink()
    assert [(str(entry), entry.state) for entry in await migrations.status()] == [
        ("p/1_a.sql", "applied"),
        ("p/2_b.sql", "missing"),
    ]
    assert [each.migrated for each in await migrations.up()] == [False]
    assert [done.file for done in await migrations.down(count=1)] == ["2_b.sql"]
    assert await column(empty, TABLES) == ["a"]


async def test_a_mended_down_part_counts_and_is_kept(empty: Database, tmp_path: Path) -> None:
    migrations = Migrations(empty, [tables(tmp_path, "1_a")])
    await migrations.up()
    write(tmp_path / "1_a.sql", "CREATE TABLE a ();", "DROP TABLE a; CREATE TABLE mended ();")
    await migrations.up()
    (tmp_path / "1_a.sql").unlink()
    await migrations.down()
    assert await column(empty, TABLES) == ["mended"]


async def test_a_changed_file_is_undone_as_it_was_applied(empty: Database, tmp_path: Path) -> None:
    migrations = Migrations(empty, [tables(tmp_path, "1_a")])
    await migrations.up()
    write(tmp_path / "1_a.sql", "CREATE TABLE other ();", "DROP TABLE other;")
    assert [done.sql for done in await migrations.down()] == ["DROP TABLE a;"]
    assert [each.migrated for each in await migrations.up()] == [True]
    assert await column(empty, TABLES) == ["other"]


async def test_a_down_part_that_fails_undoes_nothing_of_itself_and_names_its_line(
    empty: Database, tmp_path: Path
) -> None:
    migrations = Migrations(empty, [tables(tmp_path, "1_a", "2_b")])
    write(tmp_path / "1_a.sql", "CREATE TABLE a ();", "DROP TABLE a;\n\nDROP TABBLE a;")
    await migrations.up()
    with pytest.raises(MigrationFailed, match=r"DOWN part of the migration p/1_a.sql, line 7, failed: syntax error"):
        await migrations.down()
    assert await column(empty, TABLES) == ["a"]
    assert await column(empty, LISTED) == ["1_a.sql"]


async def test_an_empty_down_part_and_an_unknown_one_are_refused_before_anything_is_undone(
    empty: Database, tmp_path: Path
) -> None:
    migrations = Migrations(empty, [tables(tmp_path, "1_a", "2_b")])
    write(tmp_path / "1_a.sql", "CREATE TABLE a ();", "\n-- nothing\n")
    await migrations.up()
    with pytest.raises(MigrationFailed, match=r"p/1_a.sql cannot be undone: its DOWN part is empty"):
        await migrations.down()
    (tmp_path / "1_a.sql").unlink()
    await empty.execute("UPDATE migration.migration SET down = NULL WHERE file = '1_a.sql'")
    with pytest.raises(MigrationFailed, match=r"p/1_a.sql cannot be undone: its file is missing"):
        await migrations.down()
    assert await column(empty, TABLES) == ["a", "b"]


async def test_a_run_that_was_not_counted_is_undone_only_when_told_how_far(empty: Database, tmp_path: Path) -> None:
    migrations = Migrations(empty, [tables(tmp_path, "1_a")])
    await migrations.up()
    await empty.execute("UPDATE migration.migration SET batch = 0")
    with pytest.raises(MigrationFailed, match="not known which files the last run applied"):
        await migrations.down()
    assert len(await migrations.down(count=1)) == 1


async def test_other_owners_in_the_same_bookkeeping_are_left_alone(empty: Database, tmp_path: Path) -> None:
    mine = Migrations(empty, [tables(tmp_path, "1_a")])
    await mine.up()
    (tmp_path / "x").mkdir()
    write(tmp_path / "x/1_a.sql", "CREATE TABLE x ();", "DROP TABLE x;")
    await Migrations(empty, [MigrationFolder.of_plugin("q", tmp_path / "x")]).up()
    assert [str(done) for done in await mine.down(count=9)] == ["p/1_a.sql"]


async def test_a_file_that_is_not_applied_is_no_place_to_go_back_to(empty: Database, tmp_path: Path) -> None:
    migrations = Migrations(empty, [tables(tmp_path, "1_a", "2_b")])
    await migrations.up(to="1_a.sql")
    with pytest.raises(MigrationFailed, match="there is no migration 2_b here"):
        await migrations.down(to="2_b")
