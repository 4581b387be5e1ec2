from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Ran

RunProgram = Callable[..., "Ran"]
SECRET = "canary-5a1f"


def test_the_table_says_what_is_in_force_and_why(run: RunProgram) -> None:
    Path("fleet-platform.toml").write_text("ping_interval_s = 5\n")
    ran = run("config", "--port", "80")
    rows = {line.split()[0]: line.split()[1:] for line in ran.out.splitlines()}
    assert rows["port"] == ["80", "--port"]
    assert rows["ping_interval_s"] == ["5", str(Path.cwd() / "fleet-platform.toml")]
    assert rows["host"] == ["0.0.0.0", "default"]
    assert (ran.code, ran.err) == (0, "")


def test_json_says_the_same_and_secrets_are_hidden(run: RunProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_DSN", f"postgresql://u:{SECRET}@db/x")
    ran = run("config", "--json")
    rows = {row["name"]: row for row in json.loads(ran.out)}
    assert rows["dsn"] == {"name": "dsn", "value": "(hidden)", "source": "FLEET_DSN"}
    assert SECRET not in ran.out


def test_all_problems_are_printed_at_once_in_plain_words_with_code_2(run: RunProgram) -> None:
    Path("fleet-platform.toml").write_text("prot = 1\nhost = ''\n")
    for command in ("config", "serve"):
        ran = run(command, "--port", "http", "--log-level", "loud")
        assert ran.code == 2
        assert "--port: port should be a whole number, not 'http'" in ran.err
        assert "--log-level: log_level should be" in ran.err
        assert "there is no setting prot; did you mean port?" in ran.err
        assert "host should have at least 1 character" in ran.err
        assert "Traceback" not in ran.err


def test_a_mistyped_variable_is_warned_about(run: RunProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_PROT", "1")
    ran = run("config")
    assert ran.code == 0
    assert "FLEET_PROT is set but is no setting; did you mean FLEET_PORT?" in ran.err
