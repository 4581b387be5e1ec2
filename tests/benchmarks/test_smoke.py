"""Every benchmark runs in its short form and prints its rows; what it measures there is not judged."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIGURES = {
    "ingest": 2,
    "fanout": 7,
    "relay": 3,
    "memory": 1,
    "storm": 3,
    "listing": 4,
    "simulator": 2,
    "groups": 1,
    "sql_methods": 2,
}

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="benchmarks pin processes to cores as Linux does"),
]


@pytest.mark.parametrize("name", FIGURES)
def test_benchmark_runs_and_prints_a_row_for_each_figure(name: str, tmp_path: Path) -> None:
    result = tmp_path / "rows.json"
    command = [sys.executable, "-m", "benchmarks", name, "--short", "--json", str(result)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert result.exists(), ran.stderr
    rows = json.loads(result.read_text())
    assert len(rows) == FIGURES[name]
    assert all(row["platform"] is not None and row["bare"] is not None for row in rows)
    assert all(f"| {row['figure']}" in ran.stdout for row in rows)


def test_an_unknown_name_is_refused_in_plain_words() -> None:
    command = [sys.executable, "-m", "benchmarks", "nonsense"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert ran.returncode == 2
    assert "nonsense" in ran.stderr


def test_a_killed_benchmark_leaves_no_server_behind() -> None:
    command = [sys.executable, "-m", "benchmarks", "memory", "--short"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as benchmark:
        children = Path(f"/proc/{benchmark.pid}/task/{benchmark.pid}/children")
        wait_until(lambda: children.read_text() != "")
        server = Path(f"/proc/{children.read_text().split()[0]}")
        # While a process changes its program, its command line reads as empty.
        wait_until(lambda: (server / "cmdline").read_bytes().split(b"\0")[2:3] == [b"benchmarks.bare"])
        benchmark.kill()
    wait_until(lambda: not server.exists())


def wait_until(is_so: Callable[[], bool], timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)
