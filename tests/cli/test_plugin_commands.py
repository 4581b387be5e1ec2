from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Ran

RunProgram = Callable[..., "Ran"]

PLUGIN = """
from plugin_sdk import Command, hookimpl

class Weather:
    @hookimpl
    def fleet_register_commands(self):
        return [Command(name="forecast", run=self.forecast, summary="Say how the weather will be.")]

    def forecast(self, arguments):
        print("forecast for", *arguments)
        return 3
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Installs a distribution with one plugin, as far as Python can tell."""
    monkeypatch.syspath_prepend(str(tmp_path / "site"))

    def install(name: str, code: str) -> None:
        info = tmp_path / f"site/{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[fleet_platform.plugins]\n{name} = {name}_plugin:Weather\n")
        (tmp_path / f"site/{name}_plugin.py").write_text(code)

    return install


def test_a_plugins_command_gets_all_its_arguments_and_gives_the_exit_code(
    run: RunProgram, install: Callable[[str, str], None]
) -> None:
    install("weather", PLUGIN)
    ran = run("forecast", "--help", "-x", "Sofia", "--days=3")
    assert (ran.code, ran.out) == (3, "forecast for --help -x Sofia --days=3\n")


def test_plugins_commands_are_listed_without_a_platform(run: RunProgram, install: Callable[[str, str], None]) -> None:
    install("weather", PLUGIN)
    ran = run("plugins", "--commands")
    assert ran.code == 0
    assert ["forecast", "weather", "Say", "how", "the", "weather", "will", "be."] in [
        line.split() for line in ran.out.splitlines()
    ]


def test_a_broken_plugin_hides_no_command_of_the_others(run: RunProgram, install: Callable[[str, str], None]) -> None:
    install("broken", "raise RuntimeError('no such library')")
    install("weather", PLUGIN)
    ran = run("forecast")
    assert ran.code == 3
    assert "Warning: plugin broken cannot be loaded: RuntimeError: no such library" in ran.err
