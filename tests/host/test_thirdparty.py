"""A stranger's distribution, installed beside the platform's wheel in a fresh environment, works as a bundled plugin does."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
ECHO = PROJECT / "tests" / "thirdparty" / "fleet_echo"
PATIENCE_S = 600

pytestmark = [pytest.mark.timeout(PATIENCE_S), pytest.mark.xdist_group("thirdparty")]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the wheels of the platform and of the plugin."""
    folder = tmp_path_factory.mktemp("thirdparty")
    wheels = folder / "wheels"
    for project in (PROJECT, ECHO):
        run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels), str(project))
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    platform, echo = sorted(wheels.glob("*.whl"), key=lambda path: path.name.startswith("fleet_echo"))
    run(str(python), "-m", "pip", "install", "--quiet", str(platform), f"{echo}[test]")
    return python


def run(*command: str, cwd: Path | None = None) -> str:
    """Run a program and return what it prints; shows all of it if it fails."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_S, cwd=cwd, env=surroundings, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_its_own_tests_pass_with_the_fixtures_for_authors(environment: Path, tmp_path: Path) -> None:
    """They call its method over a websocket, and its sink hears of a device that connects."""
    said = run(str(environment), "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(ECHO),
               "-c", str(ECHO / "pyproject.toml"), "--basetemp", str(tmp_path / "base"), str(ECHO / "tests"),
               cwd=tmp_path)  # fmt: skip
    assert "6 passed" in said


def test_it_is_found_as_a_distribution_of_its_own(environment: Path) -> None:
    code = (
        "from fleet_platform.host.discovery import discover;"
        "print(*((each.name, each.distribution, each.version) for each in discover() if each.name == 'echo'))"
    )
    assert run(str(environment), "-c", code).strip() == "('echo', 'fleet-echo', '1.0.0')"


def test_the_wheel_holds_panels_templates_and_sql(environment: Path) -> None:
    """Package data patterns do not descend, and an editable installation would hide what is missing."""
    code = (
        "from importlib.resources import files\n"
        "for package, pattern in (('fleet_pages', 'panel/*.js'), ('fleet_platform.web', 'templates/*.html'),\n"
        "                         ('fleet_platform.web', 'static/*.js'), ('fleet_migrations', '*.sql'),\n"
        "                         ('fleet_local_users', 'migrations/*.sql')):\n"
        "    print(package, pattern, len(list(files(package).glob(pattern))) > 0)\n"
    )
    assert "False" not in run(str(environment), "-c", code)


def test_authors_tests_import_nothing_of_the_platform() -> None:
    for path in ECHO.rglob("*.py"):
        assert "fleet_platform" not in path.read_text("utf-8")
