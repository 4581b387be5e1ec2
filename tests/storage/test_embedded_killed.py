"""What happens to the embedded server when processes are killed; as root and as an ordinary user."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from fleet_platform.storage.server.account import Account
from fleet_platform.storage.server.programs import find_programs, runnable

if TYPE_CHECKING:
    from tests.storage.conftest import Servers, Until

ROOT = os.geteuid() == 0
PROGRAM = Path(__file__).with_name("platform_process.py")

needs_root = pytest.mark.skipif(not ROOT, reason="only root can become another user")
pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at processes through /proc")


class Platform:
    """A platform in a process of its own, as a user of its own."""

    def __init__(self, folder: Path, user: str | None) -> None:
        self.folder = folder
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(folder), *([user] if user else [])],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env={**os.environ, "HOME": "/nonexistent"},
            start_new_session=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            _, said = self._process.communicate()
            pytest.fail(f"the platform did not start: {said}")
        self.dsn: str = json.loads(line)["dsn"]

    @property
    def postmaster(self) -> int:
        return int((self.folder / "postgres/postmaster.pid").read_text().split()[0])

    def signal(self, number: signal.Signals) -> None:
        """Give a signal to all of the platform's process group, as a terminal does."""
        os.killpg(self._process.pid, number)

    def wait(self) -> int:
        code = self._process.wait(30)
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()
        return code

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.wait()


async def notes(dsn: str) -> list[str]:
    connection = await asyncpg.connect(dsn)
    try:
        return [row["text"] for row in await connection.fetch("SELECT text FROM note")]
    finally:
        await connection.close()


async def write(dsn: str, text: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("INSERT INTO note VALUES ($1)", text)
    finally:
        await connection.close()


def members(group: int) -> list[int]:
    """All processes of a process group."""
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
    return [pid for pid in pids if group_of(pid) == group]


def group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


@contextmanager
def bystander_of(file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Some process of the user who owns a file."""
    with subprocess.Popen(["sleep", "60"], user=file.stat().st_uid if ROOT else None) as process:
        yield process
        process.kill()


@pytest.fixture(params=[None, pytest.param("nobody", marks=needs_root)], ids=["self", "nobody"])
def user(request: pytest.FixtureRequest, used_folder: Path, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """Whom the platform runs as: the user of the tests, and an ordinary one where that is root.

    That one need not be able to read the environment the tests run in, so it finds the programs on its path.
    """
    name: str | None = request.param
    if name is not None:
        entry = pwd.getpwnam(name)
        account = Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid, platform="root")
        programs = runnable(find_programs(None), account, used_folder / "programs")
        monkeypatch.setenv("PATH", f"{programs.bin}:{os.environ['PATH']}")
        shutil.chown(used_folder, name)
        subprocess.run(["chown", "-R", name, str(used_folder / "postgres")], check=True)
    return name


async def test_what_was_stored_survives_kill_9_and_an_immediate_restart(used_folder: Path, user: str | None) -> None:
    platform = Platform(used_folder, user)
    for round_number in range(2):
        await write(platform.dsn, f"note {round_number}")
        platform.kill()
        platform = Platform(used_folder, user)
    assert await notes(platform.dsn) == ["note 0", "note 1"]
    platform.signal(signal.SIGTERM)
    assert platform.wait() == 0


async def test_what_was_stored_survives_kill_9_of_platform_and_server_together(
    used_folder: Path, user: str | None
) -> None:
    platform = Platform(used_folder, user)
    for round_number in range(2):
        await write(platform.dsn, f"note {round_number}")
        os.kill(platform.postmaster, signal.SIGKILL)
        platform.kill()
        platform = Platform(used_folder, user)
    assert await notes(platform.dsn) == ["note 0", "note 1"]
    platform.kill()


async def test_no_server_outlives_a_platform_that_was_killed(
    used_folder: Path, user: str | None, until: Until, servers: Servers
) -> None:
    platform = Platform(used_folder, user)
    assert servers(used_folder)
    platform.kill()
    await until(lambda: not servers(used_folder))
    assert not (used_folder / "postgres/postmaster.pid").exists()


async def test_a_server_that_lost_its_guard_too_is_taken_over(
    used_folder: Path, user: str | None, servers: Servers
) -> None:
    platform = Platform(used_folder, user)
    await write(platform.dsn, "kept")
    orphan = platform.postmaster
    for guard in set(members(os.getpgid(orphan))) - {orphan}:
        os.kill(guard, signal.SIGKILL)
    platform.kill()
    assert orphan in servers(used_folder)
    platform = Platform(used_folder, user)
    assert orphan not in servers(used_folder)
    assert await notes(platform.dsn) == ["kept"]
    platform.kill()


async def test_a_process_number_that_was_given_away_meanwhile_stops_nobody(
    used_folder: Path, user: str | None, until: Until, servers: Servers
) -> None:
    platform = Platform(used_folder, user)
    os.kill(platform.postmaster, signal.SIGKILL)
    platform.kill()
    await until(lambda: not servers(used_folder))
    pid_file = used_folder / "postgres/postmaster.pid"
    with bystander_of(pid_file) as bystander:
        pid_file.write_text("\n".join([str(bystander.pid), *pid_file.read_text().splitlines()[1:], ""]))
        Platform(used_folder, user).kill()
        assert bystander.poll() is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_to_the_whole_group_leaves_the_server_to_the_platform(
    used_folder: Path, user: str | None, number: signal.Signals, servers: Servers
) -> None:
    platform = Platform(used_folder, user)
    platform.signal(number)
    assert platform.wait() == 0
    assert not servers(used_folder)
    platform = Platform(used_folder, user)
    assert await notes(platform.dsn) == ["last words"]
    platform.kill()
