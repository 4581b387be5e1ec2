"""A server that outlived its platform: still stopping, or orphaned because its guard was killed too.

Only called by who holds the lock of the data folder, so nobody else can be the server's owner.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
from pathlib import Path

from fleet_platform.storage.problems import EmbeddedPostgresFailed

logger = logging.getLogger(__name__)

ESCALATION = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
"""Fast shutdown, immediate shutdown, and what cannot be refused, each with seconds to wait.

Source: PostgreSQL manual, "Shutting Down the Server".
"""

POLL_S = 0.02


async def stop_leftover(data: Path) -> None:
    """Stop the server that still serves a cluster, if there is one.

    Raises:
        EmbeddedPostgresFailed: It does not stop.
    """
    pid = _recorded(data)
    if pid is None or not _is_alive(pid):
        return
    if not _serves(pid, data):
        # The number was given to another process since; PostgreSQL would take that for the server and not start.
        (data / "postmaster.pid").unlink(missing_ok=True)
        return
    logger.warning("a former PostgreSQL (process %s) still runs in %s; stopping it", pid, data)
    for number, patience_s in ESCALATION:
        if await _ends(pid, data, number, patience_s):
            return
    raise EmbeddedPostgresFailed(f"the former PostgreSQL (process {pid}) in {data} does not stop")


async def _ends(pid: int, data: Path, number: signal.Signals, patience_s: float) -> bool:
    deadline = asyncio.get_running_loop().time() + patience_s
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return True
    while asyncio.get_running_loop().time() < deadline:
        if not _serves(pid, data):
            return True
        await asyncio.sleep(POLL_S)
    return False


def _recorded(data: Path) -> int | None:
    """First line of ``postmaster.pid``; negative where a lone backend wrote it."""
    try:
        return abs(int((data / "postmaster.pid").read_text().splitlines()[0]))
    except (OSError, ValueError, IndexError):
        return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _serves(pid: int, data: Path) -> bool:
    """Whether the process is a PostgreSQL server of this very cluster: it works in its data directory."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == data and b"postgres" in _arguments(pid)
        except OSError:
            return False
    # without /proc, as on macOS
    command = subprocess.run(  # noqa: S603
        ["/bin/ps", "-p", str(pid), "-o", "command="], check=False, capture_output=True, text=True
    )
    return "postgres" in command.stdout and str(data) in command.stdout


def _arguments(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()
