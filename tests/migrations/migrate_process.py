"""Runs migrations, for tests that kill it: ``migrate_process.py DSN OWNER FOLDER``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from fleet_platform.storage.database import Database
from fleet_platform.storage.migrations import MigrationFolder, migrate


async def run(dsn: str, owner: str, path: str) -> None:
    async with Database(dsn) as database:
        await migrate(database, [MigrationFolder.of_plugin(owner, Path(path))])


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))
