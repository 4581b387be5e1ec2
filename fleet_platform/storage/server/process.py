"""The server's process, guarded by a shell that stops it when the platform is gone.

The shell holds the reading end of a pipe whose writing end only the platform has. When that closes, on a clean stop
as on kill -9, the server gets SIGINT and shuts down fast. Unlike PR_SET_PDEATHSIG this depends neither on the thread
that started it nor on who the server runs as. Both live in a session of their own, so Ctrl-C does not reach them.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
from collections import deque
from contextlib import suppress
from pathlib import Path

import asyncpg

from fleet_platform.storage.problems import EmbeddedPostgresFailed
from fleet_platform.storage.server.account import Account, environment

logger = logging.getLogger(__name__)

GUARD = """
trap '' HUP INT TERM
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
{ read -r _; kill -INT "$server"; } <&3 >/dev/null 2>&1 &
guard=$!
wait "$server"
status=$?
{ kill -KILL "$guard"; wait "$guard"; } 2>/dev/null
exit "$status"
"""

CONNECT_TIMEOUT_S = 5.0
POLL_S = 0.02

FAST_STOP_S = 8.0
IMMEDIATE_STOP_S = 2.0
KILLED_S = 2.0


class ServerEnded(Exception):
    """The server ended before it was ready; the text is the last it said."""


class ServerProcess:
    """One run of the server.

    Attributes:
        ended: Set once the server and all of its own processes have ended.
    """

    def __init__(self, command: list[str], account: Account, folder: Path) -> None:
        self.ended = asyncio.Event()
        self._tail: deque[str] = deque(maxlen=20)
        self._command = command
        self._account = account
        self._folder = folder
        self._shell: subprocess.Popen[bytes] | None = None
        self._output: asyncio.ReadTransport | None = None

    async def start(self) -> None:
        """Start it; returns before it is ready.

        Raises:
            EmbeddedPostgresFailed: The process cannot be made.
        """
        try:
            self._shell = subprocess.Popen(  # noqa: ASYNC220, S603 - waits for one fork; asyncio's own cannot switch users
                ["/bin/sh", "-c", GUARD, "sh", *self._command],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
                cwd="/",
                env=environment(),
                **self._account.switch,
            )
        except OSError as err:
            self.ended.set()
            raise EmbeddedPostgresFailed(f"PostgreSQL cannot be run as user {self._account.name}: {err}") from err
        loop = asyncio.get_running_loop()
        # The pipe ends when the last process that could write to it has ended: the server's children too.
        output = _Output(self._tail, self.ended)
        self._output, _ = await loop.connect_read_pipe(lambda: output, self._shell.stderr)

    async def wait_ready(self, dsn: str, timeout_s: float) -> asyncpg.Connection[asyncpg.Record]:
        """Wait until it takes connections and return the first.

        Raises:
            ServerEnded: It ended instead.
            TimeoutError: It is not ready in time.
        """
        async with asyncio.timeout(timeout_s):
            while not self.ended.is_set():
                try:
                    return await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S)
                except (OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError):
                    await asyncio.sleep(POLL_S)
        raise ServerEnded("\n".join(self._tail) or "it said nothing")

    async def stop(self) -> None:
        """Stop it: fast, then without waiting for anything, then by force."""
        shell = self._shell
        if shell is None:
            return
        assert shell.stdin is not None
        shell.stdin.close()
        if not await self._ends_within(FAST_STOP_S):
            logger.warning("PostgreSQL does not stop; it will recover at the next start")
            for number, patience_s in ((signal.SIGQUIT, IMMEDIATE_STOP_S), (signal.SIGKILL, KILLED_S)):
                with suppress(ProcessLookupError):
                    os.killpg(shell.pid, number)
                if await self._ends_within(patience_s):
                    break
        self._close()

    def _close(self) -> None:
        if self._output is not None:
            self._output.close()
        if self._shell is not None:
            self._shell.poll()

    async def _ends_within(self, patience_s: float) -> bool:
        try:
            async with asyncio.timeout(patience_s):
                await self.ended.wait()
                while self._shell is not None and self._shell.poll() is None:  # noqa: ASYNC110 - a process has no event
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            return False
        return True


class _Output(asyncio.Protocol):
    """Passes the server's messages on to the log, and notes its end."""

    def __init__(self, tail: deque[str], ended: asyncio.Event) -> None:
        self._tail = tail
        self._ended = ended

    def data_received(self, data: bytes) -> None:
        for line in data.decode(errors="replace").splitlines():
            self._tail.append(line)
            serious = line.startswith(("WARNING", "PANIC"))
            logger.log(logging.WARNING if serious else logging.DEBUG, "PostgreSQL says: %s", line)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - how the pipe ended does not matter
        self._ended.set()
