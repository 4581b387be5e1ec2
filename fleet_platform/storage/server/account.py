"""The operating-system user that PostgreSQL runs as.

PostgreSQL refuses to run as root, so root switches to an unprivileged user for it and for it alone.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from fleet_platform.storage.problems import DataFolderUnusable, EmbeddedPostgresFailed

UNPRIVILEGED = ("postgres", "nobody")

FIRST_CLOSED = 'for folder do [ -x "$folder" ] || { printf %s "$folder"; exit 1; }; done'


class Switch(TypedDict, total=False):
    """Arguments of ``subprocess`` that make a child run as the account."""

    user: int
    group: int
    extra_groups: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user of this machine.

    Attributes:
        name: As the machine calls it.
        platform: Name of the user that the platform itself runs as.
    """

    name: str
    uid: int
    gid: int
    platform: str

    @property
    def switch(self) -> Switch:
        """How to start a child as this user; empty if the platform is that user."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, folder: Path) -> None:
        """Give a folder that the platform has just made to this user."""
        if self.uid != os.geteuid():
            os.chown(folder, self.uid, self.gid, follow_symlinks=False)

    def check_reaches(self, folder: Path) -> None:
        """Refuse a folder that this user cannot get to.

        Raises:
            DataFolderUnusable: Names the very folder that blocks the way.
        """
        way = [str(part) for part in reversed((folder, *folder.parents))]
        result = run_as(self, ["/bin/sh", "-c", FIRST_CLOSED, "sh", *way])
        if result.returncode != 0:
            detail = (
                f"PostgreSQL runs as user {self.name}, who may not enter the folder {result.stdout or folder}; "
                "let others enter it (chmod o+x), choose another data folder with --data, or configure a database "
                "with --dsn"
            )
            raise DataFolderUnusable(detail)


def choose_account(cluster: Path) -> Account:
    """The platform's own user; for root the owner of the cluster, if there is one, else an unprivileged user.

    Raises:
        EmbeddedPostgresFailed: The user has no name, or there is no unprivileged one.
    """
    try:
        own = pwd.getpwuid(os.geteuid())
    except KeyError as err:
        detail = f"PostgreSQL needs a user name and user id {os.geteuid()} has none; configure a database with --dsn"
        raise EmbeddedPostgresFailed(detail) from err
    other = own if own.pw_uid != 0 else _owner(cluster) or _unprivileged()
    return Account(name=other.pw_name, uid=other.pw_uid, gid=other.pw_gid, platform=own.pw_name)


def run_as(account: Account, command: Sequence[str], timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
    """Run a program to its end as the account, in an environment of its own; blocks.

    Raises:
        EmbeddedPostgresFailed: It cannot be run, or takes too long.
    """
    try:
        return subprocess.run(  # noqa: S603 - programs that this package has found itself
            command,
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=timeout_s,
            cwd="/",
            env=environment(),
            **account.switch,
        )
    except (OSError, subprocess.TimeoutExpired) as err:
        raise EmbeddedPostgresFailed(f"{command[0]} cannot be run as user {account.name}: {err}") from err


def environment() -> dict[str, str]:
    """Environment of PostgreSQL's programs: nothing of the platform's own, no setting of libpq, English messages."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TZ") if name in os.environ}
    return {"PATH": os.defpath, **kept, "LC_ALL": "C"}


def _owner(cluster: Path) -> pwd.struct_passwd | None:
    try:
        uid = cluster.lstat().st_uid
        return pwd.getpwuid(uid) if uid != 0 else None
    except (FileNotFoundError, KeyError):
        return None


def _unprivileged() -> pwd.struct_passwd:
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    detail = "PostgreSQL cannot run as root, and there is no user postgres or nobody; configure a database with --dsn"
    raise EmbeddedPostgresFailed(detail)
