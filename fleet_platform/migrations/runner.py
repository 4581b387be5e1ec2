"""The runner: applies each file once and undoes it on demand, each in a transaction of its own.

A run that is killed leaves nothing half done and nothing locked: the lock belongs to the transaction. Of several
runs at once each takes the lock for one file and skips what another has applied meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fleet_platform.migrations.bookkeeping import Bookkeeping
from fleet_platform.migrations.connection import Connection, Transactions, begin, lock
from fleet_platform.migrations.files import MigrationFile, MigrationFolder, read
from fleet_platform.migrations.plan import Entry, match, refuse_changed, undone, until
from fleet_platform.migrations.statements import Part, is_empty, run
from fleet_platform.storage.problems import MigrationFailed

logger = logging.getLogger(__name__)

TRANSACTION_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """A migration that a run has dealt with.

    Attributes:
        migrated: Whether this run applied it, or undid it; of a dry run, whether it would. False: it was there.
        seconds: How long that took; 0 if it was not done.
        sql: The statements.
    """

    owner: str
    file: str
    migrated: bool
    seconds: float
    sql: str

    def __str__(self) -> str:
        return f"{self.owner}/{self.file}"


class Migrations:
    """Folders of migrations, and a database to apply them to.

    Args:
        schema: Where the bookkeeping is: its table ``migration``.
        lock_timeout_s: How long to wait for another run, for each file.
        file_timeout_s: How long one file may take.

    All methods raise :class:`MigrationFailed`, with a sentence that says what to do, and what the database raises
    when it is away. What was done before stays done.
    """

    def __init__(
        self,
        database: Transactions,
        folders: Sequence[MigrationFolder],
        *,
        schema: str = "migration",
        lock_timeout_s: float = 60.0,
        file_timeout_s: float = 600.0,
    ) -> None:
        self._database = database
        self._folders = tuple(folders)
        self._book = Bookkeeping(schema)
        self._lock_timeout_s = lock_timeout_s
        self._file_timeout_s = file_timeout_s

    async def status(self) -> list[Entry]:
        """All files in their order, then what was applied and has no file; changes nothing."""
        files = await asyncio.to_thread(read, self._folders)
        async with self._database.transaction(timeout_s=TRANSACTION_TIMEOUT_S) as connection:
            return match(files, await self._book.rows(connection))

    async def up(self, *, to: str | None = None, dry_run: bool = False) -> list[Migrated]:
        """Apply what was not applied yet, in the natural order of the files' numbers.

        Args:
            to: The last file to apply, by its name or as ``owner/name``.
            dry_run: Change nothing, not even the bookkeeping.

        Returns:
            The files in their order, up to the last one to apply.

        Raises:
            MigrationFailed: A file fails, cannot be read or was changed after it had been applied, or another run
                holds the lock. The files before it stay applied.
        """
        entries, batch = (await self.status(), 0) if dry_run else await self._opened()
        refuse_changed(entries)
        done = []
        for entry in until([entry for entry in entries if entry.source is not None], to):
            assert entry.source is not None
            if entry.state == "pending" and not dry_run:
                done.append(await self._apply(entry.source, batch))
            else:
                done.append(_told(entry, entry.source.up, migrated=entry.state == "pending"))
        return done

    async def to_undo(self, *, count: int | None = None, to: str | None = None) -> list[Entry]:
        """What :meth:`down` would undo, in its order."""
        entries = await self.status()
        chosen = undone(entries, {folder.owner for folder in self._folders}, count=count, to=to)
        for entry in chosen:
            _statements(entry)
        return chosen

    async def down(self, *, count: int | None = None, to: str | None = None, dry_run: bool = False) -> list[Migrated]:
        """Undo migrations, the last one applied first.

        A file that is missing, or was changed, is undone by the statements that were kept when it was applied.

        Args:
            count: So many.
            to: All that were applied after this file. Without either: what the last run applied.
            dry_run: Change nothing.

        Raises:
            MigrationFailed: One cannot be undone. Those before it stay undone.
        """
        chosen = await self.to_undo(count=count, to=to)
        if dry_run:
            return [_told(entry, _statements(entry), migrated=True) for entry in chosen]
        return await self.undo(chosen)

    async def undo(self, entries: Sequence[Entry]) -> list[Migrated]:
        """Undo what :meth:`to_undo` chose; what another run undid meanwhile is left out."""
        if entries:
            await self._opened()
        return [done for entry in entries if (done := await self._undo(entry)) is not None]

    # ---- one file -------------------------------------------------------------------------------------------

    async def _apply(self, file: MigrationFile, batch: int) -> Migrated:
        async with self._locked(self._file_timeout_s) as connection:
            row = await self._book.find(connection, file.folder.owner, file.name)
            entry = Entry(source=file, row=row)
            if row is not None:  # another run was first
                refuse_changed([entry])
                return _told(entry, file.up, migrated=False)
            part = Part(label=f"migration {file}", text=file.up, line=file.up_line, schema=file.folder.schema)
            seconds = await run(connection, part, self._file_timeout_s)
            await self._book.add(connection, file, batch=batch, seconds=seconds)
        logger.info("migration %s applied in %.2f s", file, seconds)
        return _told(entry, file.up, migrated=True, seconds=seconds)

    async def _undo(self, entry: Entry) -> Migrated | None:
        text = _statements(entry)
        from_file = entry.source is not None and entry.state == "applied"
        line = entry.source.down_line if entry.source is not None and from_file else None
        async with self._locked(self._file_timeout_s) as connection:
            row = await self._book.find(connection, entry.owner, entry.file)
            if row is None:
                return None
            schema = entry.source.folder.schema if entry.source is not None else row.schema
            part = Part(label=f"DOWN part of the migration {entry}", text=text, line=line, schema=schema)
            seconds = await run(connection, part, self._file_timeout_s)
            await self._book.remove(connection, row)
        logger.info("migration %s undone in %.2f s", entry, seconds)
        return _told(entry, text, migrated=True, seconds=seconds)

    # ---- the bookkeeping ------------------------------------------------------------------------------------

    async def _opened(self) -> tuple[list[Entry], int]:
        """What is applied and what is not, once the bookkeeping is in order; and the number of this run.

        Runs that start together have the same number, so that they are undone together.
        """
        files = await asyncio.to_thread(read, self._folders)
        async with self._transaction(TRANSACTION_TIMEOUT_S) as connection:
            is_current = await self._book.is_current(connection)
            entries = match(files, await self._book.rows(connection))
        batch = 1 + max((entry.row.batch for entry in entries if entry.row is not None), default=0)
        if not is_current or any(entry.is_stale for entry in entries):
            entries = await self._put_in_order(files)
        owners = {folder.owner for folder in self._folders}
        missing = [str(entry) for entry in entries if entry.state == "missing" and entry.owner in owners]
        if missing:
            logger.warning("applied, but without a file now, perhaps by a newer version: %s", ", ".join(missing))
        return entries, batch

    async def _put_in_order(self, files: Sequence[MigrationFile]) -> list[Entry]:
        # A transaction of its own: one that has looked for the table before would not see that another run made it.
        async with self._locked(TRANSACTION_TIMEOUT_S) as connection:
            await self._book.make(connection)
            entries = match(files, await self._book.rows(connection))
            for entry in entries:
                if entry.is_stale and entry.row is not None and entry.source is not None:
                    await self._book.refresh(connection, entry.row, entry.source)
            return match(files, await self._book.rows(connection))

    @asynccontextmanager
    async def _transaction(self, timeout_s: float) -> AsyncIterator[Connection]:
        async with self._database.transaction(timeout_s=timeout_s) as connection:
            await begin(connection)
            yield connection

    @asynccontextmanager
    async def _locked(self, timeout_s: float) -> AsyncIterator[Connection]:
        async with self._transaction(timeout_s) as connection:
            await lock(connection, self._lock_timeout_s)
            yield connection


def _statements(entry: Entry) -> str:
    """What undoes a migration.

    Raises:
        MigrationFailed: Nobody knows, or there is nothing.
    """
    text = entry.undoing
    if text is None:
        raise MigrationFailed(f"the migration {entry} cannot be undone: its file is missing and its text was not kept")
    if is_empty(text):
        raise MigrationFailed(
            f"the migration {entry} cannot be undone: its DOWN part is empty "
            "(if there is nothing to undo, let it say SELECT 1)"
        )
    return text


def _told(entry: Entry, sql: str, *, migrated: bool, seconds: float = 0.0) -> Migrated:
    return Migrated(owner=entry.owner, file=entry.file, migrated=migrated, seconds=seconds, sql=sql)
