from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from fleet_platform.storage.data_folder import locked
from fleet_platform.storage.embedded import EmbeddedPostgres
from fleet_platform.storage.problems import DataFolderInUse, EmbeddedPostgresFailed
from fleet_platform.storage.reach import reached
from tests.storage.conftest import servers_in


async def one(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval("SELECT 1"))
    finally:
        await connection.close()


async def test_the_embedded_server_is_started_for_the_command_and_no_longer(used_folder: Path) -> None:
    async with reached(used_folder, None) as dsn:
        assert await one(dsn) == 1
    assert servers_in(used_folder) == []


async def test_the_server_of_a_running_platform_is_used_and_left_running(used_folder: Path) -> None:
    async with EmbeddedPostgres(used_folder) as postgres:
        async with reached(used_folder, None) as dsn:
            assert dsn == postgres.dsn
            assert await one(dsn) == 1
        assert await one(postgres.dsn) == 1
        with pytest.raises(DataFolderInUse):
            async with reached(used_folder, None, alone=True):
                pass


async def test_a_running_platform_without_an_embedded_server_is_told(used_folder: Path) -> None:
    with locked(used_folder), pytest.raises(EmbeddedPostgresFailed, match="is named with --dsn"):
        async with reached(used_folder, None):
            pass


async def test_a_cluster_is_made_only_on_demand(folder: Path) -> None:
    with pytest.raises(EmbeddedPostgresFailed, match="there is no database in"):
        async with reached(folder, None):
            pass
    async with reached(folder, None, make=True) as dsn:
        assert await one(dsn) == 1


async def test_a_configured_database_is_taken_as_it_is_and_kept_from_platforms_on_demand(folder: Path) -> None:
    with locked(folder):
        async with reached(folder, "postgresql://db/x") as dsn:
            assert dsn == "postgresql://db/x"
        with pytest.raises(DataFolderInUse):
            async with reached(folder, "postgresql://db/x", alone=True):
                pass
    async with reached(folder, "postgresql://db/x", alone=True):
        with pytest.raises(DataFolderInUse), locked(folder):
            pass
