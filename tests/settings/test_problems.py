from collections.abc import Callable
from pathlib import Path

import pytest

from fleet_platform.settings import SettingsProblems, load

SECRET = "canary-5a1f"


def problems_of(**flags: str) -> list[str]:
    with pytest.raises(SettingsProblems) as caught:
        load(flags)
    return caught.value.problems


def test_a_bad_value_is_named_with_its_source() -> None:
    assert problems_of(port="abc") == ["--port: port should be a whole number, not 'abc'"]
    assert problems_of(ring_bytes="many") == ["--ring-bytes: ring_bytes should be a size such as 64 MiB, not 'many'"]
    assert problems_of(trusted_proxies="10.0.0.0/8,here") == [
        "--trusted-proxies: trusted_proxies.1 should be an address or a network such as 10.0.0.0/8, not 'here'"
    ]


def test_a_bad_variable_is_named_as_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_LOG_LEVEL", "loud")
    (problem,) = problems_of()
    assert problem.startswith("FLEET_LOG_LEVEL: log_level should be 'debug', 'info', 'warning' or 'error'")


def test_an_unknown_key_of_the_file_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "fleet-platform.toml").write_text("prot = 7011\nplugin.mqtt.host = 'x'\nzzz = 1")
    file = tmp_path / "fleet-platform.toml"
    assert problems_of() == [
        f"{file}: there is no setting prot; did you mean port?",
        f"{file}: there is no setting plugin; did you mean plugins?",
        f"{file}: there is no setting zzz",
    ]


def test_a_syntax_error_of_the_file_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "fleet-platform.toml").write_text("port = 1\nhost = x\n")
    (problem,) = problems_of()
    assert "is not TOML" in problem
    assert "line 2" in problem


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda file: None, "cannot be read: No such file"),
        (lambda file: file.mkdir(), "cannot be read: Is a directory"),
        (lambda file: file.write_bytes(b"host = '\xff'"), "is not a UTF-8 text file"),
    ],
)
def test_an_unreadable_file_is_a_problem(tmp_path: Path, make: Callable[[Path], object], words: str) -> None:
    make(tmp_path / "named.toml")
    with pytest.raises(SettingsProblems) as caught:
        load(config=tmp_path / "named.toml")
    (problem,) = caught.value.problems
    assert words in problem


def test_plugins_are_tables_of_fields(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "fleet-platform.toml").write_text(f"plugins.mqtt = '{SECRET}'")
    monkeypatch.setenv("FLEET_PLUGINS__SHELLY", SECRET)
    problems = problems_of()
    assert len(problems) == 2
    assert "FLEET_PLUGINS__SHELLY: plugins.shelly should be a table" in problems
    assert SECRET not in str(problems)


def test_no_problem_shows_the_dsn() -> None:
    assert problems_of(dsn=f"mysql://u:{SECRET}@db/x") == ["--dsn: dsn should start with postgresql://"]
