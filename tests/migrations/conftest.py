"""A database without anything in it, folders of files, and a server that may be killed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fleet_platform.migrations import MigrationFolder
from fleet_platform.storage.database import Database
from tests.storage.conftest import Server, cluster_folder, server, template

__all__ = ["Server", "cluster_folder", "server", "template"]


@pytest.fixture
async def empty(database_dsn: str) -> AsyncIterator[Database]:
    async with Database(database_dsn) as database:
        yield database


def folder_of(path: Path, owner: str = "greetings", **files: str) -> MigrationFolder:
    """A plugin's folder with files ``_1_name`` → ``1_name.sql`` that hold the statements given."""
    path.mkdir(exist_ok=True)
    for name, up in files.items():
        write(path / f"{name.lstrip('_')}.sql", up, "SELECT 1;")
    return MigrationFolder.of_plugin(owner, path)


def write(path: Path, up: str, down: str) -> None:
    path.write_text(f"-- about\n-----------UP\n{up}\n---------DOWN\n{down}\n")


async def column(database: Database, query: str) -> list[object]:
    return [row[0] for row in await database.fetch(query)]
