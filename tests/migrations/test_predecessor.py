"""Databases that the predecessor migrated: its list counts, its lock does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fleet_platform.migrations import Migrations, migrate, opened, parse
from fleet_platform.storage.database import Database
from tests.migrations.conftest import column, write

# Source: the predecessor's migration-collection, table by table
TABLES = """
CREATE SCHEMA migration;
CREATE TABLE migration."migration.list" (
    id serial, name varchar, batch int, time timestamptz DEFAULT now()
);
CREATE TABLE migration."migration.locks" (index serial, isLocked int, time timestamptz DEFAULT now());
INSERT INTO migration."migration.locks" (isLocked) VALUES (1), (0), (1);
INSERT INTO migration."migration.list" (name, batch) VALUES
    ('/app/backend/db/migration/postgresql/1_first.sql', 1),
    ('/app/backend/db/migration/postgresql/2_second.sql', 1),
    ('/home/other/db/migration/postgresql/1_first.sql', 2),
    ('C:\\fm\\db\\device\\30_gone.sql', 2);
"""


def folder(path: Path, *names: str) -> Path:
    path.mkdir(parents=True)
    for name in names:
        write(path / name, f'CREATE TABLE public."{name}" ();', f'DROP TABLE public."{name}";')
    return path


async def test_what_it_lists_counts_as_applied_by_its_name_and_its_stale_lock_is_ignored(
    empty: Database, database_dsn: str, tmp_path: Path
) -> None:
    await empty.execute(TABLES)
    path = folder(tmp_path / "moved/postgresql", "1_first.sql", "2_second.sql", "3_third.sql")
    config: dict[str, Any] = {"connection": database_dsn, "schema": "migration", "cwd": [str(path)]}
    shown = await migrate(config, dry_run=True)
    assert [(each.file, each.migrated) for each in shown] == [
        ("1_first.sql", False),
        ("2_second.sql", False),
        ("3_third.sql", True),
    ]
    assert [each.migrated for each in await migrate(config, lock_timeout_s=1)] == [False, False, True]
    assert await column(empty, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == ["3_third.sql"]
    async with opened(parse(config)) as migrations:
        states = [(str(entry), entry.state, entry.row and entry.row.batch) for entry in await migrations.status()]
    assert states == [
        ("postgresql/1_first.sql", "applied", 1),
        ("postgresql/2_second.sql", "applied", 1),
        ("postgresql/3_third.sql", "applied", 3),
        ("device/30_gone.sql", "missing", 2),
    ]
    assert [each.migrated for each in await migrate(config)] == [False] * 3


async def test_a_folder_of_another_name_takes_its_files_over(empty: Database, tmp_path: Path) -> None:
    await empty.execute(TABLES)
    path = folder(tmp_path / "sql", "1_first.sql", "2_second.sql")
    config = parse({"connection": "postgresql://x", "cwd": [str(path)]})
    migrations = Migrations(empty, config.folders)
    assert [each.migrated for each in await migrations.up()] == [False, False]
    assert await column(empty, "SELECT owner FROM migration.migration ORDER BY position") == ["sql", "sql", "device"]


async def test_a_folder_that_comes_later_is_taken_over_then(empty: Database, tmp_path: Path) -> None:
    await empty.execute(TABLES)
    first = folder(tmp_path / "postgresql", "1_first.sql", "2_second.sql")
    later = folder(tmp_path / "device", "30_gone.sql")
    config = {"connection": "postgresql://x", "cwd": [str(first)]}
    await Migrations(empty, parse(config).folders).up()
    both = Migrations(empty, parse({**config, "cwd": [str(first), str(later)]}).folders)
    assert [each.migrated for each in await both.up()] == [False] * 3


async def test_what_was_taken_over_and_undone_is_not_taken_over_again(empty: Database, tmp_path: Path) -> None:
    await empty.execute(TABLES + 'CREATE TABLE public."2_second.sql" ();')
    path = folder(tmp_path / "postgresql", "1_first.sql", "2_second.sql")
    migrations = Migrations(empty, parse({"connection": "postgresql://x", "cwd": [str(path)]}).folders)
    await migrations.up()
    assert [done.file for done in await migrations.down(to="1_first")] == ["2_second.sql"]
    assert [each.migrated for each in await migrations.up()] == [False, True]
