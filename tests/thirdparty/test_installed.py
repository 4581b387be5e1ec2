"""A stranger's distribution, installed beside the platform's wheel in a fresh environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
ECHO = Path(__file__).parent / "fleet_echo"
PATIENCE_S = 900

LIST_PLUGINS = """
from fleet_platform.host.discovery import discover
print(*sorted((each.name, each.distribution, each.version) for each in discover()), sep="\\n")
"""
COUNT_FILES = """
from importlib.resources import files
for package, pattern in (
    ("fleet_pages", "panel/*.js"), ("fleet_platform.web", "templates/*.html"), ("fleet_platform.web", "static/*.js"),
    ("fleet_migrations", "*.sql"), ("fleet_local_users", "migrations/*.sql"), ("plugin_sdk", "py.typed"),
):
    assert list(files(package).glob(pattern)), f"{package} lacks {pattern}"
"""


@pytest.mark.timeout(PATIENCE_S)
def test_plugin_of_a_stranger_works_beside_the_installed_platform(tmp_path: Path) -> None:
    """Its own tests call its method over a websocket and see what its sink received, with the authors' fixtures."""
    python = new_environment(tmp_path / "environment")
    install(python, wheel_of(PROJECT, tmp_path), f"{wheel_of(ECHO, tmp_path)}[test]")
    assert "('echo', 'fleet-echo', '1.0.0')" in run(python, "-c", LIST_PLUGINS)
    run(python, "-c", COUNT_FILES)
    said = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=tmp_path / ECHO.name)
    assert "6 passed" in said


def test_tests_of_authors_import_nothing_of_the_platform() -> None:
    for path in ECHO.rglob("*.py"):
        assert "fleet_platform" not in path.read_text("utf-8")


def wheel_of(project: Path, folder: Path) -> str:
    """Build a wheel of a copy, where no earlier build has left anything."""
    left_out = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__", "node_modules", "thirdparty")
    copy = shutil.copytree(project, folder / project.name, ignore=left_out)
    wheels = folder / f"wheel of {project.name}"
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels), str(copy))
    (wheel,) = wheels.iterdir()
    return str(wheel)


def new_environment(folder: Path) -> str:
    """An environment without anything in it; returns its interpreter."""
    venv.create(folder, symlinks=True)
    return str(folder / "bin" / "python")


def install(python: str, *wheels: str) -> None:
    """Install wheels and what they need; the environment has no pip of its own."""
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-compile", *wheels)


def run(*command: str, cwd: Path | None = None) -> str:
    """Run a program and return what it prints; shows all of it if it fails."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_S, cwd=cwd, env=surroundings, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout
