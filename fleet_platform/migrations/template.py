"""Making the next numbered file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from fleet_platform.storage.problems import MigrationFailed

TEMPLATE = """\
-- {what}

------------------------------------------------------------UP



----------------------------------------------------------DOWN


"""


def new_file(folder: Path, what: str, *, beside: Iterable[Path] = ()) -> Path:
    """Make ``<number>_<what>.sql`` with empty parts; returns its path.

    Args:
        what: A few words; blanks and hyphens become underscores.
        beside: Further folders whose numbers count, because their files run in one order with these.

    Raises:
        MigrationFailed: The words make no name, or the file cannot be made.
    """
    name = re.sub(r"[\s_-]+", "_", what.strip().lower()).strip("_")
    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise MigrationFailed(f"a migration is named in letters, digits and underscores, not {what!r}")
    try:
        number = 1 + max((_number(path) for each in {folder, *beside} for path in each.glob("*.sql")), default=0)
        path = folder / f"{number}_{name}.sql"
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.format(what=" ".join(what.split())))
    except OSError as err:
        raise MigrationFailed(f"no migration can be made in {folder}: {err.strerror}") from err
    return path


def _number(path: Path) -> int:
    digits = re.match(r"[0-9]+", path.name)
    return int(digits[0]) if digits else 0
