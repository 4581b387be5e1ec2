"""Servers under measurement: started as a user would, pinned to one core, measured from outside.

The load keeps to the other core. Postgres, a child of the platform, is free on both and counts for neither.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

import aiohttp
import orjson

from benchmarks.scale import Scale
from benchmarks.table import Row
from benchmarks.wire import Address

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 15.0
PASSWORD = "benchmark-of-this-run"
ROOT = Path(__file__).resolve().parent.parent
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
RUN_AND_DIE_WITH_ME = (
    sys.executable,
    "-c",
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); os.execv(sys.argv[1], sys.argv[1:])",
)
"""Becomes the program named after it, which gets SIGTERM when the benchmark ends, however it ends.

1 is PR_SET_PDEATHSIG (Linux, ``prctl(2)``); it outlives ``execv``.
"""

PAGE_KIB = os.sysconf("SC_PAGE_SIZE") / 1024
DISTURBED = 0.05
"""Share of the time that server and load waited for their cores, from which a figure says so."""

Start: TypeAlias = Callable[[], AbstractAsyncContextManager["Server"]]
"""Starts a server and stops it again: :func:`bare` or :func:`platform`."""

Measure: TypeAlias = Callable[[Start, Scale], Awaitable[list[Row]]]
"""What each figure's module offers: the rows of one server."""


@dataclass(slots=True)
class Usage:
    """Seconds of processor time over a stretch of wall time.

    ``waited_s`` is how long server and load were ready to run while other processes had their cores.
    """

    server_s: float = 0.0
    load_s: float = 0.0
    wall_s: float = 0.0
    waited_s: float = 0.0

    @property
    def disturbance(self) -> float:
        """Share of the wall time that was lost to other processes."""
        return self.waited_s / self.wall_s

    def __str__(self) -> str:
        load = self.load_s / self.wall_s
        disturbed = f", disturbed {self.disturbance:.0%}" if self.disturbance > DISTURBED else ""
        return f"server {self.server_s / self.wall_s:.0%}, load {load:.0%}{disturbed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server."""

    name: str
    pid: int
    address: Address
    token: str

    def cpu_s(self) -> float:
        """Processor time of the process so far, user and system, without its children."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def rss_kib(self) -> float:
        """Resident memory of the process."""
        return rss_kib(self.pid)

    @contextlib.contextmanager
    def metered(self) -> Iterator[Usage]:
        """Usage of server and load within the block; filled in at its end."""
        usage = Usage()
        before = self._readings()
        yield usage
        after = self._readings()
        usage.server_s, usage.load_s, usage.wall_s, usage.waited_s = (b - a for a, b in zip(before, after, strict=True))

    def _readings(self) -> tuple[float, float, float, float]:
        return self.cpu_s(), time.process_time(), time.perf_counter(), _waited_s(self.pid) + _waited_s(os.getpid())

    async def call(self, method: str, **params: Any) -> Any:
        """Call a method of the platform over HTTP; returns its result."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return await _post(self.address, f"/rpc/{method}", params, headers)


class NotReadyError(Exception):
    """The server answers, but not yet to this."""


class Measured(Protocol):
    """What a stretch of measurement gave."""

    @property
    def usage(self) -> Usage:
        """What it took."""


M = TypeVar("M", bound=Measured)


async def least_disturbed(attempts: int, stretch: Callable[[], Awaitable[M]]) -> M:
    """Measure again while other processes disturb it; returns the quietest attempt."""
    best = await stretch()
    for _ in range(attempts - 1):
        if best.usage.disturbance <= DISTURBED:
            break
        again = await stretch()
        best = min(best, again, key=lambda measured: measured.usage.disturbance)
    return best


def rss_kib(pid: int) -> float:
    """Resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_KIB


def _waited_s(pid: int) -> float:
    """How long the threads of a process were ready to run and did not (Linux, ``/proc/*/schedstat``)."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[1]) for task in tasks) / 1e9


@contextlib.asynccontextmanager
async def bare() -> AsyncIterator[Server]:
    """The reference server of :mod:`benchmarks.bare`."""
    port = _free_port()
    async with _running("bare", [sys.executable, "-m", "benchmarks.bare", str(port)], {}, port) as server:
        yield server


@contextlib.asynccontextmanager
async def platform() -> AsyncIterator[Server]:
    """The platform with an empty data folder, its own Postgres and an open door."""
    port = _free_port()
    program = str(Path(sys.executable).with_name("fleet-platform"))
    environment = {"FLEET_ADMIN_PASSWORD": PASSWORD, "FLEET_PLUGINS__ADMISSION__MODE": "open"}
    with _readable_folder() as folder:
        arguments = [program, "serve", "--data", f"{folder}/data", "--port", str(port)]
        async with _running("platform", arguments, environment, port) as server:
            yield server


@contextlib.contextmanager
def _readable_folder() -> Iterator[Path]:
    """A temporary folder that others may enter: where the platform runs as root, its Postgres does not."""
    folder = Path(tempfile.mkdtemp(prefix="fleet-benchmark-"))
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def _running(name: str, arguments: list[str], environment: dict[str, str], port: int) -> AsyncIterator[Server]:
    address = Address(port=port)
    with tempfile.TemporaryFile() as log:
        with _on_every_core():
            process = await asyncio.create_subprocess_exec(
                *RUN_AND_DIE_WITH_ME,
                *arguments,
                cwd=ROOT,
                env=os.environ | environment,
                stdin=DEVNULL,
                stdout=log,
                stderr=STDOUT,
            )
        try:
            token = await _sign_in(process, address)
            _pin(process.pid)
            yield Server(name=name, pid=process.pid, address=address, token=token)
        except BaseException as error:
            log.seek(0)
            error.add_note(f"{name} said:\n" + log.read().decode(errors="replace")[-4000:])
            raise
        finally:
            await _stop(process)


@contextlib.contextmanager
def _on_every_core() -> Iterator[None]:
    """Children started within may run anywhere, whatever core this process keeps to."""
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, CORES)
    try:
        yield
    finally:
        os.sched_setaffinity(0, own)


def _pin(pid: int) -> None:
    """Keep all threads of the server to its core; a child it has started already stays free."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {SERVER_CORE})


async def _sign_in(process: Process, address: Address) -> str:
    """The token of the administrator, as soon as the server answers."""
    credentials = {"username": "admin", "password": PASSWORD}
    async with asyncio.timeout(START_TIMEOUT_S):
        while process.returncode is None:
            with contextlib.suppress(aiohttp.ClientConnectionError, NotReadyError):
                answer = await _post(address, "/rpc/User.Authenticate", credentials, {})
                return str(answer["access_token"])
            await asyncio.sleep(0.05)
    raise RuntimeError(f"the server ended with code {process.returncode}")


async def _post(address: Address, path: str, body: Any, headers: dict[str, str]) -> Any:
    url = f"http://{address.host}:{address.port}{path}"
    timeout = aiohttp.ClientTimeout(total=START_TIMEOUT_S)
    async with (
        aiohttp.ClientSession(headers=headers, timeout=timeout) as session,
        session.post(url, json=body) as response,
    ):
        text = await response.read()
        if response.status == 503:
            raise NotReadyError(path)
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status} {text[:500]!r}")
        return orjson.loads(text)


async def _stop(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
