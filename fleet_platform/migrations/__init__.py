"""Migrations: numbered SQL files, each applied once to a database and taken back when asked.

Usable alone, with a configuration of the predecessor's shape::

    from fleet_platform.migrations import migrate

    await migrate({"connection": "postgresql://…", "schema": "migration", "cwd": ["./db/a", "./db/b"]})

The platform's own use of it is in ``platform.py``. A file is known by its owner and its name, never by its path.
"""

from fleet_platform.migrations.config import Config, ConfigWrong, parse
from fleet_platform.migrations.files import MigrationFolder
from fleet_platform.migrations.plan import Entry
from fleet_platform.migrations.runner import Migrated, Migrations
from fleet_platform.migrations.standalone import migrate, opened
from fleet_platform.migrations.template import new_file
from fleet_platform.storage.problems import MigrationFailed

__all__ = [
    "Config",
    "ConfigWrong",
    "Entry",
    "Migrated",
    "MigrationFailed",
    "MigrationFolder",
    "Migrations",
    "migrate",
    "new_file",
    "opened",
    "parse",
]
