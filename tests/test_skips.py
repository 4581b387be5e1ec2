import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent

TESTS = """
import pytest

def test_passes(): pass

@pytest.mark.skip(reason="no broker here")
@pytest.mark.parametrize("n", range(3))
def test_needs_a_broker(n): pass
"""


def run(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run pytest with the plugin over the tests above; returns exit code and output."""
    (folder / "test_here.py").write_text(TESTS)
    (folder / "test_elsewhere.py").write_text("import pytest\npytest.skip('no browser', allow_module_level=True)\n")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "FLEET_"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.skips", "-o", "asyncio_mode=auto", *arguments],
        cwd=folder,
        env={**inherited, "PYTHONPATH": str(PROJECT), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("arguments", [[], ["-n", "2"]])
def test_a_run_that_may_skip_nothing_fails_and_shows_what_was_skipped(tmp_path: Path, arguments: list[str]) -> None:
    code, output = run(tmp_path, *arguments, FLEET_FAIL_ON_SKIP="1")
    _, _, table = output.partition("skipped, and why")
    assert code == 1
    assert [line.split(maxsplit=2) for line in table.splitlines()[1:3]] == [
        ["3", "test_here.py", "no broker here"],
        ["1", "test_elsewhere.py", "no browser"],
    ]


def test_elsewhere_skipping_is_shown_and_no_failure(tmp_path: Path) -> None:
    code, output = run(tmp_path)
    assert code == 0
    assert "skipped, and why" in output


def test_a_run_without_skips_passes_and_shows_no_table(tmp_path: Path) -> None:
    code, output = run(tmp_path, "-k", "passes", "--ignore=test_elsewhere.py", FLEET_FAIL_ON_SKIP="1")
    assert code == 0
    assert "skipped, and why" not in output
