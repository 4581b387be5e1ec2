from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncpg
import pytest

from fleet_platform.migrations import ConfigWrong, migrate, parse
from fleet_platform.storage.problems import DatabaseUnreachable, MigrationFailed
from tests.migrations.conftest import write

SECRET = "canary-5a1f"
GOOD: dict[str, Any] = {"connection": "postgresql://db/x", "cwd": ["./a"]}


def test_the_predecessor_s_shape_is_understood(tmp_path: Path) -> None:
    config = parse(
        {
            "connection": {
                "host": "db", "port": "5434", "user": "fm", "password": SECRET, "database": "fm", "max": 10, "ssl": False
            },
            "schema": "migration",
            "cwd": ["./db/a", {"owner": "bills", "path": "/db/b"}],
            "link": {"schemas": ["devices"]},
        },
        base=tmp_path,
    )  # fmt: skip
    assert config.connect == {"host": "db", "port": 5434, "user": "fm", "password": SECRET, "database": "fm"}
    assert config.where == "the database fm at db:5434"
    assert [(folder.owner, folder.path, folder.schema) for folder in config.folders] == [
        ("a", tmp_path / "db/a", None),
        ("bills", Path("/db/b"), None),
    ]


def test_an_address_will_do_and_the_schema_has_a_default() -> None:
    for connection in (GOOD["connection"], {"dsn": GOOD["connection"]}):
        config = parse({**GOOD, "connection": connection})
        assert (config.connect, config.schema) == ({"dsn": "postgresql://db/x"}, "migration")


def test_a_folder_is_called_by_its_real_name(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for path in (tmp_path / "link", f"{tmp_path}/real/", f"{tmp_path}/real/../real/."):
        assert parse({**GOOD, "cwd": [path]}).folders[0].owner == "real"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"conection": {}}, "there is no conection; did you mean connection?"),
        ({"connection": None}, "connection should be an address or an object"),
        ({"connection": {"passwort": SECRET}}, "there is no connection.passwort; did you mean password?"),
        ({"connection": {"password": 1234}}, "connection.password should be a text (in quotes)"),
        ({"connection": {"port": 0}}, "connection.port should be a number from 1 to 65535"),
        ({"connection": {"port": "x"}}, "connection.port should be a number from 1 to 65535"),
        ({"connection": {"ssl": 3}}, "connection.ssl should be true, false or a mode"),
        ({"connection": {"dsn": "postgresql://db/x", "host": "db"}}, "connection has both dsn and host"),
        ({"connection": "mysql://db"}, "connection: the DSN must start with postgresql://"),
        ({"connection": f"postgresql://u:{SECRET}@x@db/x"}, "must be percent-encoded"),
        ({"schema": ""}, "schema should be the name of a schema"),
        ({"schema": "x" * 64}, "schema should be the name of a schema"),
        ({"cwd": []}, "cwd should be a list of folders"),
        ({"cwd": [3]}, "cwd[0] should be a folder"),
        ({"cwd": [{"owner": "a/b", "path": "x"}]}, "cwd[0] needs an owner"),
        ({"cwd": ["/"]}, "cwd[0] needs an owner"),
    ],
)
def test_what_cannot_be_used_is_said_without_secrets(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigWrong) as caught:
        parse({**GOOD, **change})
    assert said in str(caught.value)
    assert SECRET not in str(caught.value)


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigWrong, match=r"there is no x; connection should be .*; schema should be .*; cwd should"):
        parse({"x": 1, "schema": 3})
    with pytest.raises(ConfigWrong, match="should be an object"):
        parse([])  # type: ignore[arg-type]


async def test_a_database_that_cannot_be_reached_is_named_without_its_password(tmp_path: Path) -> None:
    connection = {"host": "127.0.0.1", "port": 1, "user": "fm", "password": SECRET, "database": "fm"}
    for given in (connection, f"postgresql://fm:{SECRET}@127.0.0.1:1/fm"):
        with pytest.raises(DatabaseUnreachable, match=r"the database fm at 127.0.0.1:1 cannot be used: ") as caught:
            await migrate({"connection": given, "cwd": [tmp_path]})
        assert SECRET not in str(caught.value)


async def test_a_role_without_the_right_to_make_schemas_needs_one_that_is_there(
    database_dsn: str, tmp_path: Path
) -> None:
    write(tmp_path / "1_a.sql", "CREATE TABLE migration.made ();", "SELECT 1")
    config = {"connection": database_dsn, "cwd": [tmp_path]}
    owner = await asyncpg.connect(database_dsn)
    await owner.execute("CREATE ROLE fleet_test_poor")
    name = await owner.fetchval("SELECT current_database()")
    await owner.execute(f"ALTER DATABASE {name} SET role = fleet_test_poor")
    try:
        with pytest.raises(MigrationFailed, match="does not let the run go on: permission denied for database"):
            await migrate(config)
        await owner.execute("CREATE SCHEMA migration AUTHORIZATION fleet_test_poor")
        assert [done.migrated for done in await migrate(config)] == [True]
    finally:
        await owner.execute(
            f"ALTER DATABASE {name} RESET ALL; DROP OWNED BY fleet_test_poor; DROP ROLE fleet_test_poor"
        )
        await owner.close()
