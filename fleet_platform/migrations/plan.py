"""What is to do: files on one side, rows of the bookkeeping on the other. No database and no folders here."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Literal, TypeAlias

from fleet_platform.migrations.files import MigrationFile
from fleet_platform.storage.problems import MigrationFailed

State: TypeAlias = Literal["applied", "pending", "changed", "missing"]

UNKNOWN = ""
"""Checksum of a migration whose text at the time is not known: the predecessor kept none."""

DIFF_LINES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A migration that was applied.

    Attributes:
        applied: When.
        seconds: How long it took.
        batch: Number of the run; 0 where runs were not counted yet.
        position: Grows with each migration applied.
        schema: What was first in the search path, or None.
        up: The statements that were run; None if they were not kept.
        down: The statements that undo it; None if they were not kept.
    """

    owner: str
    file: str
    checksum: str
    applied: datetime
    seconds: float = 0.0
    batch: int = 0
    position: int = 0
    schema: str | None = None
    up: str | None = None
    down: str | None = None

    def __str__(self) -> str:
        return f"{self.owner}/{self.file}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A migration as both sides know it.

    Attributes:
        source: The file; None if it is missing.
        row: That it was applied; None if it was not.
    """

    source: MigrationFile | None
    row: Row | None

    @property
    def state(self) -> State:
        """``missing`` was applied and its file is not there; ``changed`` was applied with another text."""
        if self.row is None:
            return "pending"
        if self.source is None:
            return "missing"
        return "applied" if self.row.checksum in (UNKNOWN, self.source.checksum) else "changed"

    @property
    def owner(self) -> str:
        """Whose it is."""
        return self.source.folder.owner if self.source is not None else self._applied.owner

    @property
    def file(self) -> str:
        """Name of the file."""
        return self.source.name if self.source is not None else self._applied.file

    @property
    def is_stale(self) -> bool:
        """Whether the bookkeeping lacks what the file tells: whose it is, or the statements as they are now."""
        source, row = self.source, self.row
        if source is None or row is None or self.state == "changed":
            return False
        kept = (row.owner, row.checksum, row.schema, row.up, row.down)
        return kept != (source.folder.owner, source.checksum, source.folder.schema, source.up, source.down)

    @property
    def undoing(self) -> str | None:
        """The statements that undo it: the file's if it is what was applied, else those that were kept."""
        if self.source is not None and self.state == "applied":
            return self.source.down
        return self.row.down if self.row is not None else None

    @property
    def _applied(self) -> Row:
        assert self.row is not None
        return self.row

    def __str__(self) -> str:
        return f"{self.owner}/{self.file}"


def match(files: Iterable[MigrationFile], rows: Iterable[Row]) -> list[Entry]:
    """Bring files and rows together: the files in their order, then what is missing in the order of application.

    A row without a checksum, which the predecessor left, belongs to the file of its name whatever the owner.
    """
    files = list(files)
    left = {str(row): row for row in rows}
    exact = {str(file): left.pop(str(file)) for file in files if str(file) in left}
    by_name = {row.file: row for row in left.values() if row.checksum == UNKNOWN}
    entries = []
    for file in files:
        row = exact.get(str(file)) or by_name.pop(file.name, None)
        if row is not None:
            left.pop(str(row), None)
        entries.append(Entry(source=file, row=row))
    missing = sorted(left.values(), key=lambda row: row.position)
    return entries + [Entry(source=None, row=row) for row in missing]


def refuse_changed(entries: Iterable[Entry]) -> None:
    """Refuse files that are not what was applied.

    Raises:
        MigrationFailed: Names the first one, and shows what differs if that is known.
    """
    for entry in entries:
        if entry.state == "changed":
            assert entry.row is not None
            detail = (
                f"the migration {entry} was changed after it had been applied on "
                f"{entry.row.applied:%Y-%m-%d %H:%M} UTC; restore the file and put the change into a new one"
            )
            raise MigrationFailed("\n".join([detail, *difference(entry)]))


def difference(entry: Entry) -> list[str]:
    """The first lines of a unified diff from what was applied to what the file has now; empty if that is unknown."""
    if entry.row is None or entry.row.up is None or entry.source is None:
        return []
    before, now = entry.row.up.split("\n"), entry.source.up.split("\n")
    lines = list(islice(difflib.unified_diff(before, now, "applied", "now", lineterm="", n=1), DIFF_LINES + 1))
    return [*lines[:DIFF_LINES], "…"] if len(lines) > DIFF_LINES else lines


def until(entries: Sequence[Entry], to: str | None) -> Sequence[Entry]:
    """The entries up to and with the one that is named.

    Raises:
        MigrationFailed: No or more than one file is of that name.
    """
    return entries if to is None else entries[: entries.index(find(entries, to)) + 1]


def undone(
    entries: Iterable[Entry], owners: Iterable[str], *, count: int | None = None, to: str | None = None
) -> list[Entry]:
    """What to undo, the last one applied first.

    Args:
        owners: Whose migrations count.
        count: So many.
        to: All that were applied after this one. Without either: what the last run applied, with all that another
            run applied meanwhile.

    Raises:
        MigrationFailed: There is no such file, it is not applied, or no run is known.
    """
    mine = set(owners)
    applied = sorted((entry for entry in entries if entry.row is not None and entry.owner in mine), key=_position)
    if to is not None:
        applied = applied[applied.index(find(applied, to)) + 1 :]
    elif count is not None:
        applied = applied[max(0, len(applied) - count) :]
    elif applied:
        applied = _last_batch(applied)
    return applied[::-1]


def find(entries: Sequence[Entry], name: str) -> Entry:
    """The entry of a file, by its name or by ``owner/name``, with or without ``.sql``.

    Raises:
        MigrationFailed: There is none, or more than one.
    """
    wanted = name if name.endswith(".sql") else f"{name}.sql"
    found = [entry for entry in entries if wanted in (entry.file, str(entry))]
    if len(found) == 1:
        return found[0]
    if found:
        raise MigrationFailed(f"{name} is a file of several: {', '.join(map(str, found))}; name the owner too")
    near = difflib.get_close_matches(wanted, [entry.file for entry in entries], n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise MigrationFailed(f"there is no migration {name} here{hint}")


def _last_batch(applied: list[Entry]) -> list[Entry]:
    last = max(entry.row.batch for entry in applied if entry.row is not None)
    if last == 0:
        raise MigrationFailed(
            "it is not known which files the last run applied, because runs were not counted then; "
            "say how many, or to which file"
        )
    first = next(number for number, entry in enumerate(applied) if entry.row is not None and entry.row.batch == last)
    return applied[first:]


def _position(entry: Entry) -> int:
    assert entry.row is not None
    return entry.row.position
