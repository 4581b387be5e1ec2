"""The data folder: how it is made, and the lock that keeps a second platform out."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fleet_platform.storage.problems import DataFolderInUse, DataFolderUnusable

LOCK_FILE = "lock"


def make_data_folder(folder: Path) -> Path:
    """Make the folder where it is missing, and return its real path.

    What root makes may be entered by others, because PostgreSQL runs as another user in it; what anybody else makes
    is private. Folders that exist keep their modes.

    Raises:
        DataFolderUnusable: It cannot be made, or is not writable.
    """
    try:
        folder = folder.expanduser().absolute()
        for part in reversed((folder, *folder.parents)):
            if not part.exists():
                part.mkdir()
                part.chmod(0o755 if os.geteuid() == 0 else 0o700)
        folder = folder.resolve(strict=True)
    except (OSError, RuntimeError) as err:
        why = getattr(err, "strerror", None) or err
        detail = f"the data folder {folder} cannot be made: {why}; choose another one with --data"
        raise DataFolderUnusable(detail) from err
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise DataFolderUnusable(f"{folder} is not a folder that may be written; choose another one with --data")
    return folder


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the data folder; the lock goes with the process, however that ends.

    Raises:
        DataFolderInUse: Another platform has it.
    """
    with (folder / LOCK_FILE).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            file.seek(0)
            detail = (
                f"another platform (process {file.read().strip() or 'unknown'}) uses the data folder {folder}; "
                "stop it, or choose another folder with --data"
            )
            raise DataFolderInUse(detail) from err
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
