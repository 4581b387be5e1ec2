"""Migration files: finding, ordering and reading them. No database here.

A file ``<number>_<what>.sql`` has a line that ends in ``-----UP`` above the statements that apply it and one that ends
in ``-----DOWN`` above those that undo it; the case of the words does not matter.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fleet_platform.storage.problems import MigrationFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationFolder:
    """A folder of migration files.

    Attributes:
        owner: Whose files they are: ``core``, or a plugin's name. With the file's name it is a migration's identity,
            so that moving the folder changes nothing.
        schema: Made if missing, and first in the search path while the files run.
        path: Where they are; folders inside it are not looked into.
    """

    owner: str
    schema: str
    path: Path

    @classmethod
    def of_plugin(cls, name: str, path: Path) -> MigrationFolder:
        """A plugin's folder, with the schema that is its own."""
        return cls(owner=name, schema=f"plugin_{name}", path=path)


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationFile:
    """One migration.

    Attributes:
        folder: Where it comes from.
        name: Name of the file.
        up: Statements that apply it.
        down: Statements that undo it.
        up_line: Line of the file on which ``up`` begins, from 1.
    """

    folder: MigrationFolder
    name: str
    up: str
    down: str
    up_line: int

    @property
    def checksum(self) -> str:
        """SHA-256 of ``up``. What undoes a migration may be mended after it was applied."""
        return hashlib.sha256(self.up.encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.folder.owner}/{self.name}"


def read(folders: Iterable[MigrationFolder]) -> list[MigrationFile]:
    """The files of all folders in the order in which they run: by number, and folder by folder where it is equal.

    Raises:
        MigrationFailed: A folder or file cannot be read, or a file lacks one of its two parts.
    """
    files = [_read(folder, path) for folder in folders for path in _listed(folder)]
    return sorted(files, key=lambda file: natural(file.name))


def natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key by which ``2_b.sql`` comes before ``10_a.sql``."""
    parts = re.findall(r"(\d+)|(\D+)", name.lower())
    return [(0, int(digits), "") if digits else (1, 0, text) for digits, text in parts]


def _listed(folder: MigrationFolder) -> list[Path]:
    try:
        return sorted(path for path in folder.path.iterdir() if path.suffix == ".sql")
    except OSError as err:
        detail = f"the migrations of {folder.owner} in {folder.path} cannot be read: {err.strerror}"
        raise MigrationFailed(detail) from err


def _read(folder: MigrationFolder, path: Path) -> MigrationFile:
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as err:
        detail = f"the migration {folder.owner}/{path.name} cannot be read: {err}"
        raise MigrationFailed(detail) from err
    up, down = (_marker(lines, word) for word in ("-----UP", "-----DOWN"))
    if up is None or down is None or down < up:
        detail = (
            f"the migration {folder.owner}/{path.name} needs a line ending in -----UP, then one ending in -----DOWN"
        )
        raise MigrationFailed(detail)
    return MigrationFile(
        folder=folder,
        name=path.name,
        up="\n".join(lines[up + 1 : down]),
        down="\n".join(lines[down + 1 :]),
        up_line=up + 2,
    )


def _marker(lines: list[str], word: str) -> int | None:
    return next((number for number, line in enumerate(lines) if line.rstrip().upper().endswith(word)), None)
