"""Why the platform cannot start with its database or its data folder, in words for whoever operates it.

No text here holds a password.
"""

from __future__ import annotations

from plugin_sdk.errors import FleetError


class StorageProblem(FleetError):
    """Storage cannot be used as it is; the detail says what is wrong and what to do."""

    message = "Storage cannot be used"


class DatabaseUnreachable(StorageProblem):
    """The first connection to the configured database failed."""

    message = "The database cannot be reached"


class DataFolderUnusable(StorageProblem):
    """The data folder cannot be created, entered or written."""

    message = "The data folder cannot be used"


class DataFolderInUse(StorageProblem):
    """Another running platform has the data folder."""

    message = "The data folder is in use"


class EmbeddedPostgresFailed(StorageProblem):
    """The embedded PostgreSQL is not installed, or does not start."""

    message = "The embedded PostgreSQL cannot be started"


class MigrationFailed(StorageProblem):
    """A migration cannot be applied; nothing of it was."""

    message = "A migration failed"
