"""A platform reduced to its storage, for tests that kill it: ``platform_process.py FOLDER [USER]``.

Prints one line of JSON once it is ready. On SIGTERM or SIGINT it takes its time, stores its last words and stops.
"""

from __future__ import annotations

import asyncio
import concurrent.futures.thread  # noqa: F401 - while it may still be read, see become()
import json
import os
import pwd
import signal
import sys
from pathlib import Path

import uvloop

from fleet_platform.storage.database import Database
from fleet_platform.storage.embedded import EmbeddedPostgres
from fleet_platform.storage.problems import StorageProblem


async def run(folder: Path) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with EmbeddedPostgres(folder, shared_buffers_mb=16) as postgres, Database(postgres.dsn) as database:
        await database.execute("CREATE TABLE IF NOT EXISTS note (text text)")
        sys.stdout.write(json.dumps({"dsn": postgres.dsn}) + "\n")
        sys.stdout.flush()
        await stop.wait()
        await asyncio.sleep(0.3)
        await database.execute("INSERT INTO note VALUES ('last words')")


def become(user: str) -> None:
    """Be another user from here on; that one need not be able to read this Python's own files."""
    account = pwd.getpwnam(user)
    os.setgroups([])
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)


def main() -> None:
    for user in sys.argv[2:]:
        become(user)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run(Path(sys.argv[1])))
    except StorageProblem as err:
        sys.exit(str(err))


if __name__ == "__main__":
    main()
