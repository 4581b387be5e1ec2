"""A PostgreSQL cluster in the data folder: where its parts are, and the command that serves it.

::

    <data folder>/postgres           the cluster, owned by the account that serves it
    <data folder>/postgres-access    who may connect; the platform's own, so that the server cannot change it
    <data folder>/postgres-socket    the private socket (elsewhere if that path is too long)
    <data folder>/programs           a copy of the programs, where the account cannot read the installed ones
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from fleet_platform.storage.server.account import Account
from fleet_platform.storage.server.programs import Programs

ROLE = "fleet"
DATABASE = "fleet"
PORT = 5432

MAX_SOCKET_PATH = 103
"""Bytes in the path of a Unix socket on macOS; Linux has 107. Source: unix(7), unix(4)."""

PLAIN_PATH = re.compile(r"[\w/.~+-]+", re.ASCII)
"""Paths that need quoting nowhere: not in the server's list of folders, not in a DSN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster that is ready to be served.

    Attributes:
        folder: The data folder.
        programs: Programs of the cluster's own major version.
        account: Whom the cluster belongs to.
        sockets: Folder of the private socket.
    """

    folder: Path
    programs: Programs
    account: Account
    sockets: Path

    @property
    def data(self) -> Path:
        """What PostgreSQL calls the data directory."""
        return cluster_folder(self.folder)

    def dsn(self, database: str = DATABASE) -> str:
        """Address of a database through the private socket."""
        return address(self.sockets, database)

    def command(self, *, shared_buffers_mb: int) -> list[str]:
        """The server's command line. It overrules the cluster's own configuration file."""
        access = access_folder(self.folder)
        settings = {
            "hba_file": access / "pg_hba.conf",
            "ident_file": access / "pg_ident.conf",
            "listen_addresses": "",
            "unix_socket_directories": self.sockets,
            "unix_socket_permissions": "0700",
            "port": PORT,
            "max_connections": 40,
            "shared_buffers": f"{shared_buffers_mb}MB",
            "jit": "off",
            "cluster_name": "fleet-platform",
            "logging_collector": "off",
            "log_destination": "stderr",
            "log_line_prefix": "",
            "log_min_messages": "warning",
            # neither statements nor rows, which may hold secrets
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.programs.bin / "postgres"), "-D", str(self.data), *options]

    def clear_socket(self) -> None:
        """Remove what a killed server left behind; PostgreSQL would take its process number for a live one."""
        socket = socket_path(self.sockets)
        for path in (socket, socket.with_name(f"{socket.name}.lock")):
            path.unlink(missing_ok=True)


def cluster_folder(folder: Path) -> Path:
    """Where the cluster is inside the data folder."""
    return folder / "postgres"


def access_folder(folder: Path) -> Path:
    """Where the files are that say who may connect."""
    return folder / "postgres-access"


def socket_folder(folder: Path) -> Path:
    """Where the private socket of a data folder is; elsewhere if its path would be too long, or need quoting."""
    sockets = folder / "postgres-socket"
    if not _fits(sockets):
        name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
        sockets = Path("/tmp") / f"fleet-platform-{name}"  # noqa: S108 - its owner and mode are checked when it is made
    return sockets


def address(sockets: Path, database: str = DATABASE) -> str:
    """DSN of a database through the socket in a folder."""
    return f"postgresql://{ROLE}@/{database}?host={quote(str(sockets), safe='/')}&port={PORT}"


def socket_path(sockets: Path) -> Path:
    """The socket itself."""
    return sockets / f".s.PGSQL.{PORT}"


def _fits(sockets: Path) -> bool:
    path = socket_path(sockets)
    return len(os.fsencode(path)) <= MAX_SOCKET_PATH and PLAIN_PATH.fullmatch(str(path)) is not None
