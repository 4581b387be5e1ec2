"""Migration files: finding, ordering and reading them. No database here.

A file ``<number>_<what>.sql`` has a line that ends in ``-----UP`` above the statements that apply it and one that ends
in ``-----DOWN`` above those that undo it; the case of the words does not matter.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fleet_platform.storage.problems import MigrationFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationFolder:
    """A folder of migration files.

    Attributes:
        owner: Whose files they are: ``core``, a plugin's name, the name of a folder. With the file's name it is a
            migration's identity, so that moving the folder changes nothing.
        path: Where they are; folders inside it are not looked into.
        schema: Made if missing, and first in the search path while the files run; None leaves the path as it is.
        rank: Files of a lower rank run before all of a higher one, whatever their numbers.
    """

    owner: str
    path: Path
    schema: str | None = None
    rank: int = 0

    @classmethod
    def of_plugin(cls, name: str, path: Path) -> MigrationFolder:
        """A plugin's folder, with the schema that is its own."""
        return cls(owner=name, schema=f"plugin_{name}", path=path, rank=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationFile:
    """One migration.

    Attributes:
        folder: Where it comes from.
        name: Name of the file.
        up: Statements that apply it.
        down: Statements that undo it.
        up_line: Line of the file on which ``up`` begins, from 1.
        down_line: Line on which ``down`` begins.
    """

    folder: MigrationFolder
    name: str
    up: str
    down: str
    up_line: int
    down_line: int

    @property
    def checksum(self) -> str:
        """SHA-256 of ``up``. What undoes a migration may be mended after it was applied."""
        return hashlib.sha256(self.up.encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.folder.owner}/{self.name}"


def read(folders: Iterable[MigrationFolder]) -> list[MigrationFile]:
    """The files of all folders in the order in which they run: by number, and folder by folder where it is equal.

    Raises:
        MigrationFailed: A folder or file cannot be read, a file lacks one of its two parts, or two files have the
            same owner and name.
    """
    files = [_read(folder, path) for folder in folders for path in _listed(folder)]
    twice = [name for name, count in Counter(map(str, files)).items() if count > 1]
    if twice:
        raise MigrationFailed(
            f"there are two migrations {twice[0]}; folders of the same name need owners of their own, "
            'as {"owner": "…", "path": "…"}'
        )
    return sorted(files, key=lambda file: (file.folder.rank, natural(file.name)))


def natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key by which ``2_b.sql`` comes before ``10_a.sql``."""
    parts = re.findall(r"([0-9]+)|([^0-9]+)", name.lower())
    return [(0, int(digits), "") if digits else (1, 0, text) for digits, text in parts]


def _listed(folder: MigrationFolder) -> list[Path]:
    try:
        return sorted(path for path in folder.path.iterdir() if path.suffix == ".sql")
    except OSError as err:
        detail = f"the migrations of {folder.owner} in {folder.path} cannot be read: {err.strerror}"
        raise MigrationFailed(detail) from err


def _read(folder: MigrationFolder, path: Path) -> MigrationFile:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        reason = err.strerror if isinstance(err, OSError) else f"it is no UTF-8 text ({err})"
        raise MigrationFailed(f"the migration {folder.owner}/{path.name} cannot be read: {reason}") from err
    if "\0" in text:
        raise MigrationFailed(f"the migration {folder.owner}/{path.name} cannot be read: it has a NUL character")
    # not splitlines(), which takes characters for line ends that may stand in a text of the file
    lines = text.removesuffix("\n").split("\n")
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
        down_line=down + 2,
    )


def _marker(lines: list[str], word: str) -> int | None:
    return next((number for number, line in enumerate(lines) if line.rstrip().upper().endswith(word)), None)
