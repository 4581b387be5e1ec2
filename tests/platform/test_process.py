"""The platform as people start it: a process that is stopped, killed, and started again in the same folder."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from fleet_platform.client import Client, sign_in

from .conftest import eventually

PASSWORD = "a password from outside"


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fleet-process-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def demo(folder: Path, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """``serve --demo`` with an empty home; gives the process, the address it says, and the lines before that."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLEET_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "fleet_platform", "serve", "--demo", "--port", "0", "--data", str(folder / "data")],
        env={**kept, "HOME": str(home), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said: list[str] = []
    try:
        for line in process.stdout:
            said.append(line.rstrip())
            if ready := re.search(r"ready: (http://\S+)", line):
                yield process, ready[1], said
                break
        else:
            pytest.fail("\n".join(said))
    finally:
        process.kill()
        process.communicate(timeout=30)


def read(file: Path) -> tuple[str, int]:
    """Its text, and who may read it."""
    return file.read_text().strip(), file.stat().st_mode & 0o777


async def test_after_kill_9_the_same_folder_starts_again_and_knows_its_fleet(folder: Path) -> None:
    with demo(folder, FLEET_ADMIN_PASSWORD=PASSWORD) as (process, url, _said):
        token = await sign_in(url, "admin", PASSWORD)
        async with Client(url, token) as client:

            async def hotel() -> list[str]:
                names = [device["shellyID"] for device in await client.call("Device.List") if device["id"]]
                return sorted(names) if len(names) >= 20 else []

            before = await eventually(hotel, timeout_s=60)
        process.kill()
        process.wait(30)
    with demo(folder, FLEET_ADMIN_PASSWORD=PASSWORD) as (process, url, _said):
        async with Client(url, await sign_in(url, "admin", PASSWORD)) as client:
            known = {device["shellyID"] for device in await client.call("Device.List")}
        assert set(before) <= known
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, "stopped in order"
    assert not list((folder / "data" / "postgres").glob("postmaster.pid")), "the database is stopped too"


async def test_a_password_is_made_once_and_written_where_only_the_owner_reads_it(folder: Path) -> None:
    with demo(folder) as (process, url, said):
        (line,) = [line for line in said if line.startswith("password of the user admin")]
        password, mode = read(Path(line.partition(": see ")[2]))
        assert mode == 0o600
        assert password not in "\n".join(said)
        assert await sign_in(url, "admin", password)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    with demo(folder) as (_process, url, said):
        assert not [line for line in said if "password" in line]
        assert await sign_in(url, "admin", password)
        async with aiohttp.ClientSession(url) as http, http.get("/health") as response:
            assert json.loads(await response.text())["online"] is True
