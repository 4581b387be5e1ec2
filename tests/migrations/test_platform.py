"""The platform's own files, and databases that earlier code has made."""

from __future__ import annotations

from pathlib import Path

from fleet_platform.migrations import Migrations
from fleet_platform.migrations.files import read
from fleet_platform.migrations.platform import core_migrations, migrate
from fleet_platform.storage.database import Database
from tests.migrations.conftest import column, folder_of

FIRST_FORM = """
CREATE SCHEMA core;
CREATE TABLE core.migration (
    owner    text        NOT NULL,
    file     text        NOT NULL,
    checksum text        NOT NULL,
    applied  timestamptz NOT NULL DEFAULT now(),
    seconds  real        NOT NULL,
    PRIMARY KEY (owner, file)
);
"""


async def test_the_core_s_files_build_its_tables_and_explain_every_column(empty: Database) -> None:
    files = [file.name for file in read([core_migrations()])]
    assert files[:2] == ["1_device.sql", "2_core.sql"]
    assert [done.file for done in await migrate(empty, [core_migrations()])] == files
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
    applied = await migrate(empty, [core_migrations()])
    undone = await Migrations(empty, [core_migrations()], schema="core").down()
    assert [done.file for done in undone] == [done.file for done in reversed(applied)]
    left = "SELECT tablename FROM pg_tables WHERE schemaname IN ('core', 'device', 'history')"
    assert await column(empty, left) == ["migration"]
    assert len(await migrate(empty, [core_migrations()])) == len(applied)


async def test_plugins_files_run_after_the_core_s_whatever_their_numbers(empty: Database, tmp_path: Path) -> None:
    plugin = folder_of(tmp_path / "p", "alpha", _0_first="CREATE TABLE t AS SELECT * FROM device.list;")
    done = await migrate(empty, [plugin, core_migrations()])
    assert [each.owner for each in done] == ["core"] * (len(done) - 1) + ["alpha"]


async def test_a_database_of_the_first_form_goes_on_and_keeps_the_texts_from_then_on(
    empty: Database, tmp_path: Path
) -> None:
    folder = folder_of(tmp_path / "m", _1_a="CREATE TABLE t ();", _2_b="CREATE TABLE u ();")
    first, second = read([folder])
    await empty.execute(FIRST_FORM)
    await empty.execute("CREATE SCHEMA plugin_greetings; CREATE TABLE plugin_greetings.t ();")
    await empty.execute(
        "INSERT INTO core.migration (owner, file, checksum, seconds) VALUES ('greetings', '1_a.sql', $1, 0.5)",
        first.checksum,
    )
    migrations = Migrations(empty, [folder], schema="core")
    assert [entry.state for entry in await migrations.status()] == ["applied", "pending"]
    assert [done.file for done in await migrate(empty, [folder])] == ["2_b.sql"]
    kept = "SELECT concat_ws('|', file, batch, schema, up, down) FROM core.migration ORDER BY position"
    assert await column(empty, kept) == [
        "1_a.sql|0|plugin_greetings|CREATE TABLE t ();|SELECT 1;",
        "2_b.sql|1|plugin_greetings|CREATE TABLE u ();|SELECT 1;",
    ]
    # a node that still runs the earlier code adds its rows as before
    await empty.execute(
        "INSERT INTO core.migration (owner, file, checksum, seconds) VALUES ('other', '1_a.sql', 'x', 0.5)"
    )
    assert await migrate(empty, [folder]) == []
    assert second.checksum in await column(empty, "SELECT checksum FROM core.migration")
