"""The history of one platform: its parts, introduced to one another."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from fleet_platform.history.journal import Journal
from fleet_platform.history.keeper import Keeper
from fleet_platform.history.sampler import Sampler
from fleet_platform.history.spool import Spool
from fleet_platform.history.upkeep import Upkeep
from fleet_platform.history.writer import HistoryStats, HistoryWriter
from fleet_platform.storage.database import Database
from plugin_sdk import ComponentType


class History:
    """Everything of one platform that has to do with history.

    Args:
        folder: Its own folder in the data folder.
        keep: How long each level is kept, by its name; None for ever.
        settle: Awaited before the spool is drained: devices first seen meanwhile get their rows.
        types: The component types in force.
        tally: Counts under ``history_…`` what is not kept.
    """

    def __init__(
        self,
        database: Database,
        folder: Path,
        *,
        interval_s: float,
        spool_bytes: int,
        keep: Mapping[str, timedelta | None],
        settle: Callable[[], Awaitable[None]],
        types: Callable[[], Mapping[str, ComponentType]],
        tally: Counter[str],
    ) -> None:
        self.sampler = Sampler(types, tally)
        self.journal = Journal(tally)
        self.keeper = Keeper(self.sampler, self.journal)
        self._writer = HistoryWriter(
            database,
            self.sampler,
            self.journal,
            Spool(folder / "spool", max_bytes=spool_bytes),
            Spool(folder / "refused", max_bytes=spool_bytes // 10),
            name=_name(folder / "name"),
            interval_s=interval_s,
            settle=settle,
            tally=tally,
        )
        self._upkeep = Upkeep(database, keep=keep, settled_ms=lambda: self._writer.settled_ms, opened=self._writer.open)

    @property
    def stats(self) -> HistoryStats:
        """What was written and what waits."""
        return self._writer.stats

    async def prepare(self) -> None:
        """Make ready for the first sample.

        Raises:
            Unavailable: The database is away.
        """
        await self._upkeep.prepare()
        await self._writer.prepare()

    def tasks(self) -> Mapping[str, Callable[[], Coroutine[Any, Any, None]]]:
        """What runs for ever."""
        return {"history writer": self._writer.run, "history upkeep": self._upkeep.run}

    async def flush(self) -> None:
        """Write or spool all that waits."""
        await self._writer.flush()

    async def look(self) -> None:
        """Do what is due, without waiting for its time.

        Raises:
            Unavailable: The database is away.
        """
        await self._upkeep.look()

    async def end(self) -> None:
        """Write or spool what is left; to be called last."""
        await self._writer.end()


def _name(path: Path) -> str:
    """The name that goes with a data folder, made when it is first asked for."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        path.write_text(secrets.token_hex(8), "ascii")
    return path.read_text("ascii").strip()
