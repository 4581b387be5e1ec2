"""Runs, backends and servers that are killed in the middle of a file; two processes that start together."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from fleet_platform.migrations import MigrationFailed, migrate, opened, parse
from fleet_platform.migrations.connection import LOCK_KEY
from tests.migrations.conftest import write

if TYPE_CHECKING:
    from tests.storage.conftest import Server

PROGRAM = Path(__file__).with_name("migrate_process.py")
WAITING = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
GATE = "SELECT pg_advisory_xact_lock(42);"


def gated(path: Path) -> Path:
    """A file, and one that waits in its middle for a lock which the test holds."""
    path.mkdir()
    write(path / "1_a.sql", "CREATE TABLE public.first ();", "DROP TABLE public.first;")
    write(path / "2_b.sql", f"CREATE TABLE public.half (); {GATE} CREATE TABLE public.whole ();", "SELECT 1")
    return path


async def start(dsn: str, folder: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, str(PROGRAM), dsn, str(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


async def waiting_backend(gate: Any, runner: asyncio.subprocess.Process) -> int:
    while not (rows := await gate.fetch(WAITING)):
        assert runner.returncode is None, (await runner.communicate())[1].decode()
        await asyncio.sleep(0.01)
    return int(rows[0]["pid"])


async def tables(dsn: str) -> list[str]:
    connection = await asyncpg.connect(dsn)
    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    found = [row[0] for row in await connection.fetch(query)]
    await connection.close()
    return found


async def test_a_run_that_is_killed_leaves_nothing_half_done_and_nothing_locked(
    database_dsn: str, tmp_path: Path
) -> None:
    folder = gated(tmp_path / "m")
    gate = await asyncpg.connect(database_dsn)
    await gate.execute("SELECT pg_advisory_lock(42)")
    runner = await start(database_dsn, folder)
    await waiting_backend(gate, runner)
    runner.send_signal(signal.SIGKILL)
    await runner.communicate()
    # Its connection ends within a second, although nobody opens the gate.
    while await gate.fetch(WAITING):
        await asyncio.sleep(0.01)
    assert await tables(database_dsn) == ["first"]
    await gate.close()
    done = await migrate({"connection": database_dsn, "cwd": [str(folder)]}, lock_timeout_s=10)
    assert [(each.file, each.migrated) for each in done] == [("1_a.sql", False), ("2_b.sql", True)]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at processes through /proc")
async def test_a_backend_that_is_killed_takes_the_half_file_with_it(server: Server, tmp_path: Path) -> None:
    folder = gated(tmp_path / "m")
    gate = await asyncpg.connect(server.dsn)
    await gate.execute("DROP SCHEMA IF EXISTS migration CASCADE; DROP TABLE IF EXISTS first, half, whole")
    await gate.execute("SELECT pg_advisory_lock(42)")
    runner = await start(server.dsn, folder)
    os.kill(await waiting_backend(gate, runner), signal.SIGKILL)
    _, said = await runner.communicate()
    assert runner.returncode == 1
    assert b"does not let the run go on" in said
    assert b"rolled back" in said
    gate.terminate()
    # killing one backend makes the server start all of them anew
    while True:
        try:
            done = await migrate({"connection": server.dsn, "cwd": [str(folder)]}, lock_timeout_s=10)
        except Exception as error:
            assert "not yet accepting" in str(error) or "starting up" in str(error) or "recovery" in str(error), error
            await asyncio.sleep(0.05)
        else:
            break
    assert [(each.file, each.migrated) for each in done] == [("1_a.sql", False), ("2_b.sql", True)]
    assert await tables(server.dsn) == ["first", "half", "whole"]


async def test_two_processes_that_start_together_run_each_file_once(database_dsn: str, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    for number in range(1, 13):
        write(
            tmp_path / f"m/{number}_n.sql",
            f"INSERT INTO public.ran VALUES ({number}); SELECT pg_sleep(0.02);",
            "SELECT 1",
        )
    connection = await asyncpg.connect(database_dsn)
    await connection.execute("CREATE TABLE public.ran (n int, id int GENERATED ALWAYS AS IDENTITY)")
    # both find the door closed, so that they are at it together
    await connection.execute(f"BEGIN; SELECT pg_advisory_xact_lock({LOCK_KEY})")
    runners = [await start(database_dsn, tmp_path / "m") for _ in range(2)]
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'fleet-platform migrations'"
    while await connection.fetchval(waiting) < 2:
        await connection.execute("SELECT pg_stat_clear_snapshot()")
        await asyncio.sleep(0.01)
    await connection.execute("COMMIT")
    said = [await runner.communicate() for runner in runners]
    assert [runner.returncode for runner in runners] == [0, 0], said
    assert sorted(line for out, _ in said for line in out.split()) == sorted(
        f"m/{number}_n.sql".encode() for number in range(1, 13)
    )
    ran = [row[0] for row in await connection.fetch("SELECT n FROM ran ORDER BY id")]
    assert ran == list(range(1, 13))
    await connection.close()
    async with opened(parse({"connection": database_dsn, "cwd": [str(tmp_path / "m")]})) as migrations:
        undone = [done.file for done in await migrations.down()]
    assert undone == [f"{number}_n.sql" for number in range(12, 0, -1)]


async def test_a_run_that_is_late_is_told_who_holds_the_lock(database_dsn: str, tmp_path: Path) -> None:
    folder = gated(tmp_path / "m")
    gate = await asyncpg.connect(database_dsn)
    await gate.execute("SELECT pg_advisory_lock(42)")
    runner = await start(database_dsn, folder)
    backend = await waiting_backend(gate, runner)
    expected = (
        r"another migration run holds the lock: fleet-platform migrations on this machine, "
        rf"server process {backend}, since \d\d:\d\d:\d\d UTC"
    )
    with pytest.raises(MigrationFailed, match=expected):
        await migrate({"connection": database_dsn, "cwd": [str(folder)]}, lock_timeout_s=0.2)
    await gate.execute("SELECT pg_advisory_unlock(42)")
    assert await runner.communicate() == (b"m/1_a.sql\nm/2_b.sql\n", b"")
    await gate.close()
