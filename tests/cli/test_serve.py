from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_stop(database_dsn: str, tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "data").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "fleet_platform", "serve", "--port", "0", "--host", "127.0.0.1", "--dsn", database_dsn],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ,
    )
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            with urllib.request.urlopen(f"{found[0]}/health", timeout=10) as answer:
                assert answer.status == 200
            process.send_signal(number)
            break
    rest, _ = process.communicate(timeout=20)
    assert process.returncode == 0, "".join(seen) + rest
    assert "Traceback" not in "".join(seen) + rest
