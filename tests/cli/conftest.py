"""A real platform in a thread of its own, so that the program runs in the test's thread as it runs for people."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from fleet_platform.cli import main

PASSWORD = "canary-5a1f-secret"
PATIENCE_S = 60


@dataclass(frozen=True)
class Ran:
    """How a run of the program ended."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def quiet_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable, no file and no stored sign-in of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("FLEET_") and not name.startswith("FLEET_TEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FLEET_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs the program: ``run("rpc", "Device.List")``."""

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        code = main(arguments)
        captured = capsys.readouterr()
        return Ran(code=code, out=captured.out, err=captured.err)

    return run
