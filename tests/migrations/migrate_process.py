"""Runs migrations, for tests that kill it: ``migrate_process.py DSN FOLDER``. Prints what it applied."""

from __future__ import annotations

import asyncio
import sys

from fleet_platform.migrations import migrate
from fleet_platform.storage.problems import StorageProblem


async def run(dsn: str, folder: str) -> None:
    for done in await migrate({"connection": dsn, "cwd": [folder]}):
        if done.migrated:
            sys.stdout.write(f"{done}\n")


if __name__ == "__main__":
    try:
        asyncio.run(run(*sys.argv[1:]))
    except StorageProblem as problem:
        sys.exit(str(problem))
