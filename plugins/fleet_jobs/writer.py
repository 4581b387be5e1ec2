"""Writes what came of devices, of all jobs together and many at a time.

Nothing is told before it is durable: each entry is called back when it is written. While the database is away entries
wait; there are not many, because beginning a turn needs the database too, and a run ends none of itself while a
thousand wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fleet_jobs.store import Ended, Store
from fleet_jobs.values import Counts
from plugin_sdk.errors import Unavailable

_BATCH = 500
_BATCH_CHARACTERS = 1024 * 1024
"""Results that are written in one go: encoding them holds up everybody."""
_GATHER_S = 0.1
"""How long entries are gathered before they are written."""
_RETRY_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is to be written.

    Attributes:
        counts: The job's figures as they were written last.
        written: Called with the new ones.
    """

    ended: Ended
    counts: Callable[[], Counts]
    written: Callable[[Counts], None]


class Writer:
    """Owns no task: whoever runs :meth:`run` does."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._entries: list[Entry] = []
        self._some = asyncio.Event()

    def put(self, entry: Entry) -> None:
        """Have an entry written soon."""
        self._entries.append(entry)
        self._some.set()

    async def run(self) -> None:
        """Write, for ever."""
        while True:
            await self._some.wait()
            await asyncio.sleep(_GATHER_S)
            try:
                await self.flush()
            except Unavailable:
                await asyncio.sleep(_RETRY_S)

    async def flush(self) -> None:
        """Write all entries there are; not while :meth:`run` runs.

        Raises:
            Unavailable: The database is away; nothing is lost.
        """
        while self._entries:
            batch = self._batch()
            counts = _counted(batch)
            await self._store.write([entry.ended for entry in batch], counts)
            del self._entries[: len(batch)]
            for entry in batch:
                entry.written(counts[entry.ended.job])
        self._some.clear()

    def _batch(self) -> list[Entry]:
        """The first entries, at least one."""
        size, batch = 0, self._entries[:_BATCH]
        for number, entry in enumerate(batch):
            size += len(entry.ended.outcome.result or "")
            if number and size > _BATCH_CHARACTERS:
                return batch[:number]
        return batch


def _counted(batch: Sequence[Entry]) -> dict[int, Counts]:
    """Each job's figures after a batch."""
    counts: dict[int, Counts] = {}
    for entry in batch:
        ended = entry.ended
        before = counts[ended.job] if ended.job in counts else entry.counts()
        counts[ended.job] = before.with_one(ended.outcome.state)
    return counts
