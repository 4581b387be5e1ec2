from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from fleet_platform.cli.program import SUMMARIES, Program, program

if TYPE_CHECKING:
    from tests.cli.conftest import Ran

RunProgram = Callable[..., "Ran"]


def test_help_names_every_command_and_loads_none_of_them() -> None:
    script = "import sys; from fleet_platform.cli import main; main(['--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=50)
    text, _, loaded = done.stdout.rpartition("\n\n")
    assert all(name in text for name in SUMMARIES)
    assert not {"aiohttp", "pydantic", "rich", "asyncpg", "fleet_platform.app"} & set(loaded.split())


@pytest.mark.parametrize("name", SUMMARIES)
def test_each_command_says_the_same_in_its_own_help(name: str) -> None:
    assert isinstance(program, Program)
    command = program.get_command(click.Context(program), name)
    assert command is not None
    assert (command.name, command.short_help) == (name, SUMMARIES[name])


def test_an_unknown_command_names_the_nearest(run: RunProgram) -> None:
    ran = run("device")
    assert ran.code == 2
    assert "No such command 'device'. Did you mean devices?" in ran.err


def test_wrong_usage_is_code_2(run: RunProgram) -> None:
    assert run("rpc").code == 2
    assert run("devices", "--nonsense").code == 2


def test_help_and_version_are_code_0(run: RunProgram) -> None:
    assert run("--version").out.startswith("fleet-platform, version ")
    assert run("-h").code == 0


def test_a_closed_pipe_is_no_traceback(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = f"{sys.executable} -m fleet_platform config --json | head -c 1"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True, timeout=50
    )
    assert "Traceback" not in done.stderr
