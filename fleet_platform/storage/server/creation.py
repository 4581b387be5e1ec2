"""Making a cluster ready to be served: the first time, and before every start. All of it blocks."""

from __future__ import annotations

import logging
import os
import shutil
import stat
import tempfile
from pathlib import Path

from fleet_platform.storage.problems import EmbeddedPostgresFailed
from fleet_platform.storage.server.account import Account, choose_account, run_as
from fleet_platform.storage.server.cluster import ROLE, Cluster, access_folder, cluster_folder, socket_folder
from fleet_platform.storage.server.programs import Programs, find_programs, runnable

logger = logging.getLogger(__name__)

INITDB_TIMEOUT_S = 300.0
"""It writes and syncs a thousand files, which takes its time on a memory card."""


def open_cluster(folder: Path) -> Cluster:
    """The cluster of a data folder that exists; made at the first time.

    Raises:
        DataFolderUnusable: The user that PostgreSQL runs as cannot get to it.
        EmbeddedPostgresFailed: There is no PostgreSQL for it, or no cluster can be made.
    """
    account = choose_account(cluster_folder(folder))
    account.check_reaches(folder)
    major = _major(folder)
    programs = runnable(find_programs(major), account, folder / "programs")
    if major is None:
        logger.info("making a PostgreSQL %s cluster in %s", programs.version, folder)
        _create(folder, programs, account)
    _write_access(folder, account)
    sockets = _make_socket_folder(folder, account)
    return Cluster(folder=folder, programs=programs, account=account, sockets=sockets)


def _major(folder: Path) -> int | None:
    """Major version of an existing cluster, None if there is none."""
    try:
        return int((cluster_folder(folder) / "PG_VERSION").read_text().strip())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as err:
        raise EmbeddedPostgresFailed(f"{cluster_folder(folder)} is no cluster that can be read: {err}") from err


def _create(folder: Path, programs: Programs, account: Account) -> None:
    """Make a new cluster; one that is not finished, because somebody pulled the plug, is never used. Blocks.

    Raises:
        EmbeddedPostgresFailed: Its output says why.
    """
    for leftover in folder.glob("postgres.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    unfinished = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=folder))
    account.own(unfinished)
    options = ["-U", ROLE, "--encoding=UTF8", "--data-checksums", "--auth=peer", "--no-instructions"]
    result = run_as(
        account, [str(programs.bin / "initdb"), "-D", str(unfinished), *options, *_locale(programs)], INITDB_TIMEOUT_S
    )
    if result.returncode != 0:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise EmbeddedPostgresFailed(f"a new cluster cannot be made in {folder}: {result.stderr.strip()}")
    unfinished.rename(cluster_folder(folder))


def _write_access(folder: Path, account: Account) -> None:
    """Let the platform's user, the server's and root in, as the one role there is; nobody else, and no password."""
    access = access_folder(folder)
    access.mkdir(exist_ok=True)
    access.chmod(0o755)
    users = dict.fromkeys((account.platform, account.name, "root"))
    for name, lines in (
        ("pg_hba.conf", [f"local all {ROLE} peer map=platform"]),
        ("pg_ident.conf", [f'platform "{user}" {ROLE}' for user in users]),
    ):
        path = access / name
        path.write_text("\n".join([*lines, ""]))
        path.chmod(0o644)


def _make_socket_folder(folder: Path, account: Account) -> Path:
    """A folder that only the account may enter, with a path short enough for a socket.

    Raises:
        EmbeddedPostgresFailed: Somebody else has made it before.
    """
    sockets = socket_folder(folder)
    try:
        sockets.mkdir(mode=0o700)
    except FileExistsError:
        found = sockets.lstat()
        private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700
        if not private or found.st_uid not in (account.uid, os.geteuid()):
            raise EmbeddedPostgresFailed(
                f"{sockets} is not a private folder of user {account.name}; remove it"
            ) from None
    account.own(sockets)
    return sockets


def _locale(programs: Programs) -> list[str]:
    if programs.major >= 17:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C.UTF-8"]
