"""The platform's own migrations: the core's files, plugins' folders, and the bookkeeping in schema ``core``."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from fleet_platform.migrations.connection import Transactions
from fleet_platform.migrations.files import MigrationFolder
from fleet_platform.migrations.runner import Migrated, Migrations

__all__ = ["BOOKKEEPING_SCHEMA", "MigrationFolder", "core_migrations", "migrate"]

BOOKKEEPING_SCHEMA = "core"


def core_migrations() -> MigrationFolder:
    """The core's own files, as installed."""
    return MigrationFolder(owner="core", schema="core", path=Path(str(files("fleet_migrations"))))


async def migrate(
    database: Transactions,
    folders: Sequence[MigrationFolder],
    *,
    lock_timeout_s: float = 60.0,
    file_timeout_s: float = 600.0,
) -> list[Migrated]:
    """Apply what was not applied yet; returns what this run applied, in order. See :meth:`Migrations.up`.

    Raises:
        MigrationFailed: A file cannot be applied. The files before it stay applied.
        Unavailable: The database is away.
    """
    migrations = Migrations(
        database,
        folders,
        schema=BOOKKEEPING_SCHEMA,
        lock_timeout_s=lock_timeout_s,
        file_timeout_s=file_timeout_s,
    )
    return [each for each in await migrations.up() if each.migrated]
