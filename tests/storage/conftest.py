"""Servers that tests may stop, freeze and kill, and folders that such servers can reach."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from fleet_platform.migrations.platform import core_migrations, migrate
from fleet_platform.storage.data_folder import make_data_folder
from fleet_platform.storage.database import Database
from fleet_platform.storage.server.creation import open_cluster
from fleet_platform.storage.server.process import ServerProcess

Servers: TypeAlias = Callable[[Path], list[int]]
Until: TypeAlias = Callable[[Callable[[], bool]], Awaitable[None]]


class Server:
    """A PostgreSQL server under the test's control."""

    def __init__(self, folder: Path) -> None:
        self._cluster = open_cluster(make_data_folder(folder))
        self._process: ServerProcess | None = None
        self.dsn = self._cluster.dsn("postgres")

    async def start(self) -> None:
        self._cluster.clear_socket()
        command = self._cluster.command(shared_buffers_mb=16)
        self._process = ServerProcess(command, self._cluster.account, self._cluster.folder)
        await self._process.start()
        await (await self._process.wait_ready(self.dsn, 30)).close()

    async def stop(self) -> None:
        assert self._process is not None
        await self._process.stop()

    @property
    def pid(self) -> int:
        return int((self._cluster.data / "postmaster.pid").read_text().split()[0])

    def processes(self) -> list[int]:
        return [self.pid, *children_of(self.pid)]

    def signal_all(self, number: signal.Signals) -> None:
        for pid in self.processes():
            os.kill(pid, number)


def children_of(parent: int) -> list[int]:
    pids = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal())
    return [pid for pid in pids if status_of(pid).get("PPid") == str(parent)]


def status_of(pid: int) -> dict[str, str]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def servers_in(folder: Path) -> list[int]:
    """All processes that work in the cluster of a data folder."""
    found = []
    for path in Path("/proc").iterdir():
        try:
            if path.name.isdecimal() and (path / "cwd").readlink() == folder / "postgres":
                found.append(int(path.name))
        except OSError:
            continue
    return found


@pytest.fixture
def servers() -> Servers:
    """Finds the server's processes of a data folder."""
    return servers_in


@contextmanager
def new_folder() -> Iterator[Path]:
    """A folder in a place that any user can reach, unlike pytest's own when root runs it."""
    path = Path(tempfile.mkdtemp(prefix="fleet-test-"))
    path.chmod(0o755)
    yield path
    while servers_in(path):  # of a platform that was killed
        time.sleep(0.01)
    shutil.rmtree(path)


def copy_cluster(source: Path, target: Path) -> None:
    """Copy a cluster with its owner, which costs a fraction of making one."""
    subprocess.run(["cp", "-a", str(source / "postgres"), str(target)], check=True)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that nobody has used yet."""
    with new_folder() as path:
        yield path


@pytest.fixture(scope="session")
def template() -> Iterator[Path]:
    """A data folder with a new cluster, to copy from."""
    with new_folder() as path:
        open_cluster(path)
        yield path


@pytest.fixture
def used_folder(template: Path) -> Iterator[Path]:
    """A data folder with a cluster."""
    with new_folder() as path:
        copy_cluster(template, path)
        yield path


@pytest.fixture(scope="session")
def cluster_folder(template: Path) -> Iterator[Path]:
    """A data folder with a cluster, for one server after the other."""
    with new_folder() as path:
        copy_cluster(template, path)
        yield path


@pytest.fixture
async def server(cluster_folder: Path) -> AsyncIterator[Server]:
    """A server that tests may stop, freeze and kill; what they store in it stays for the next."""
    server = Server(cluster_folder)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Database]:
    """A database with the core's tables."""
    async with Database(database_dsn) as database:
        await migrate(database, [core_migrations()])
        yield database


@pytest.fixture
def until() -> Until:
    """Wait until something has become true; the test's own time-out bounds it."""

    async def wait(condition: Callable[[], bool]) -> None:
        while not condition():
            await asyncio.sleep(0.01)

    return wait
