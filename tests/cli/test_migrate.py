from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from fleet_platform.storage.data_folder import locked

if TYPE_CHECKING:
    from tests.cli.conftest import Ran

RunProgram = Callable[..., "Ran"]
SECRET = "canary-5a1f"


def write(name: str, up: str, down: str = "SELECT 1;") -> None:
    path = Path("db/shop", name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"-----UP\n{up}\n-----DOWN\n{down}\n")


@pytest.fixture
def config(database_dsn: str) -> str:
    """A configuration with one folder of two files, in the working folder."""
    write("1_item.sql", "CREATE TABLE item ();", "DROP TABLE item;")
    write("2_price.sql", "CREATE TABLE price ();", "DROP TABLE price;")
    Path("m.yaml").write_text(yaml.safe_dump({"connection": database_dsn, "schema": "book", "cwd": ["db/shop"]}))
    return "m.yaml"


def states(run: RunProgram, *options: str) -> dict[str, str]:
    ran = run("migrate", "status", "--json", *options)
    assert ran.code == 0, ran.err
    return {f"{entry['owner']}/{entry['file']}": entry["state"] for entry in json.loads(ran.out)}


def test_a_file_of_its_own_goes_up_and_down(run: RunProgram, config: str) -> None:
    ran = run("migrate", "up", "--config", config, "--to", "1_item")
    assert (ran.code, ran.err) == (0, "")
    assert [line.split()[0] for line in ran.out.splitlines()] == ["applied", "shop/1_item.sql"]
    assert states(run, "--config", config) == {"shop/1_item.sql": "applied", "shop/2_price.sql": "pending"}
    done = json.loads(run("migrate", "up", "--config", config, "--json").out)
    assert [(each["file"], each["migrated"]) for each in done] == [("1_item.sql", False), ("2_price.sql", True)]
    assert "there is nothing to do" in run("migrate", "up", "--config", config).out
    ran = run("migrate", "down", "--config", config, "--yes", "--json")
    assert [each["file"] for each in json.loads(ran.out)] == ["2_price.sql"]
    assert run("migrate", "down", "--config", config, "--count", "1", "--yes").code == 0
    assert set(states(run, "--config", config).values()) == {"pending"}


def test_a_dry_run_prints_the_statements_and_changes_nothing(run: RunProgram, config: str) -> None:
    ran = run("migrate", "up", "--config", config, "--dry-run")
    assert ran.out == "-- shop/1_item.sql\nCREATE TABLE item ();\n\n-- shop/2_price.sql\nCREATE TABLE price ();\n\n"
    assert set(states(run, "--config", config).values()) == {"pending"}
    run("migrate", "up", "--config", config)
    shown = json.loads(run("migrate", "down", "--config", config, "--dry-run", "--json").out)
    assert [each["sql"] for each in shown] == ["DROP TABLE price;", "DROP TABLE item;"]
    assert set(states(run, "--config", config).values()) == {"applied"}


@pytest.mark.parametrize(
    ("answer", "code", "state"), [("n\n", 1, "applied"), ("y\n", 0, "pending"), ("", 2, "applied")]
)
def test_down_asks_first(
    run: RunProgram, config: str, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, state: str
) -> None:
    run("migrate", "up", "--config", config)
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    ran = run("migrate", "down", "--config", config)
    assert ran.code == code, ran.err
    assert "  shop/2_price.sql\n  shop/1_item.sql\n" in ran.err
    assert set(states(run, "--config", config).values()) == {state}


def test_status_shows_what_was_changed_and_what_is_missing(run: RunProgram, config: str) -> None:
    run("migrate", "up", "--config", config)
    write("1_item.sql", "CREATE TABLE article ();")
    Path("db/shop/2_price.sql").unlink()
    ran = run("migrate", "status", "--config", config)
    assert {line.split()[0]: line.split()[1] for line in ran.out.splitlines()[1:3]} == {
        "shop/1_item.sql": "changed",
        "shop/2_price.sql": "missing",
    }
    assert "-CREATE TABLE item ();\n+CREATE TABLE article ();" in ran.out
    refused = run("migrate", "up", "--config", config)
    assert refused.code == 1
    assert "shop/1_item.sql was changed after it had been applied" in refused.err
    assert "\n+CREATE TABLE article ();" in refused.err


def test_a_file_that_fails_is_told_with_its_line_and_code_1(run: RunProgram, config: str) -> None:
    write("3_wrong.sql", "\nCREATE TABEL x ();")
    ran = run("migrate", "up", "--config", config)
    assert ran.code == 1
    assert 'Error: the migration shop/3_wrong.sql, line 3, failed: syntax error at or near "TABEL"' in ran.err
    assert states(run, "--config", config)["shop/2_price.sql"] == "applied"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("m.json", '{"cwd": [],\n}', "m.json, line 2: "),
        ("m.yaml", f"connection: [{SECRET}\n", "m.yaml, line 2: "),
        ("m.yaml", "- 1", "m.yaml: the configuration should be an object"),
        ("m.json", '{"cwd": ["x"], "connection": "postgresql://u:' + SECRET + '@127.0.0.1:1/x"}', "cannot be used: "),
        ("nowhere.json", None, "nowhere.json cannot be read: No such file"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_told_with_code_2(
    run: RunProgram, name: str, text: str | None, said: str
) -> None:
    Path("m.json").write_text("{}")
    if text is not None:
        Path(name).write_text(text)
    ran = run("migrate", "up", "--config", name)
    assert ran.code == 2
    assert said in ran.err
    assert SECRET not in ran.err
    assert "Traceback" not in ran.err


def test_options_that_do_not_fit_are_refused(run: RunProgram, config: str) -> None:
    for arguments, said in (
        (["up", "--config", config, "--dsn", "postgresql://x"], "--dsn is for the platform's database"),
        (["down", "--config", config, "--to", "x", "--count", "1"], "exclude one another"),
        (["down", "--config", config, "--json"], "give --yes too"),
        (["new", "x"], "say with --folder where"),
    ):
        ran = run("migrate", *arguments)
        assert ran.code == 2
        assert said in ran.err


def test_a_new_file_is_made_in_the_only_folder_with_the_next_number(run: RunProgram, config: str) -> None:
    ran = run("migrate", "new", "add colours", "--config", config)
    assert (ran.code, Path(ran.out.strip()).name) == (0, "3_add_colours.sql")
    assert Path("db/shop/3_add_colours.sql").read_text().startswith("-- add colours\n")
    assert Path(run("migrate", "new", "x", "--folder", "db").out.strip()) == Path("db/1_x.sql")
    assert run("migrate", "new", "x", "--folder", "nowhere").code == 1


def test_the_platform_s_files_and_those_of_its_plugins_are_applied_to_its_database(
    run: RunProgram, database_dsn: str
) -> None:
    where = ("--dsn", database_dsn)
    assert set(states(run, *where).values()) == {"pending"}
    assert run("migrate", "up", *where, "--to", "core/2_core").code == 0
    found = states(run, *where)
    assert {name for name, state in found.items() if state == "applied"} == {"core/1_device.sql", "core/2_core.sql"}
    assert run("migrate", "up", *where).code == 0
    assert set(states(run, *where).values()) == {"applied"}
    assert states(run, *where)["local_users/1_users.sql"] == "applied"
    ran = run("migrate", "down", *where, "--to", "core/2_core", "--yes", "--json")
    assert "local_users" in {each["owner"] for each in json.loads(ran.out)}


def test_a_disabled_plugin_s_files_are_left_out(
    run: RunProgram, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEET_DISABLED_PLUGINS", "jobs,groups")
    assert run("migrate", "up", "--dsn", database_dsn).code == 0
    assert {name: state for name, state in states(run, "--dsn", database_dsn).items() if state != "applied"} == {
        "groups/1_groups.sql": "pending",
        "jobs/1_jobs.sql": "pending",
    }


def test_nothing_is_undone_under_a_running_platform(run: RunProgram, database_dsn: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert run("migrate", "up", "--dsn", database_dsn).code == 0
    with locked(tmp_path / "data"):  # as a platform holds it
        ran = run("migrate", "down", "--dsn", database_dsn, "--yes")
        assert ran.code == 2
        assert "another platform (process" in ran.err
        assert run("migrate", "down", "--dsn", database_dsn, "--dry-run").code == 0
        assert set(states(run, "--dsn", database_dsn).values()) == {"applied"}


def test_without_a_database_there_is_nothing_to_list(run: RunProgram, tmp_path: Path) -> None:
    for arguments in (["status"], ["down", "--yes"], ["up", "--dry-run"]):
        ran = run("migrate", *arguments)
        assert ran.code == 2
        assert "there is no database in" in ran.err
    assert not (tmp_path / "data").exists()
