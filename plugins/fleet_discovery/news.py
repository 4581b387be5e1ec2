"""``Discovery.Found`` and ``Discovery.Lost``: what changed in the book, a few at a time.

What comes and goes between two turns is not told, so that a network where thousands of names flicker makes no flood.
What waits is bounded by the book: a device waits once.
"""

from __future__ import annotations

import asyncio

from fleet_discovery.book import Book
from fleet_discovery.found import Found
from fleet_discovery.whereabouts import known_id
from plugin_sdk import Fleet

TICK_S = 0.25
A_TICK = 25


class News:
    """Tells of devices that came, changed and went."""

    def __init__(self) -> None:
        self._told: dict[str, Found] = {}
        self._waiting: dict[str, None] = {}
        self._wake = asyncio.Event()

    def changed(self, key: str) -> None:
        """Something changed about a device; called with its id in lower case."""
        self._waiting[key] = None
        self._wake.set()

    async def run(self, fleet: Fleet, book: Book) -> None:
        """Tell, for ever."""
        while True:
            await self._wake.wait()
            self.tell(fleet, book)
            if not self._waiting:
                self._wake.clear()
            await asyncio.sleep(TICK_S)

    def tell(self, fleet: Fleet, book: Book) -> None:
        """Tell of some of those that wait."""
        published = 0
        for key in list(self._waiting):
            if published >= A_TICK:
                return
            del self._waiting[key]
            entry = book.get(key)
            now, before = entry.found if entry is not None else None, self._told.pop(key, None)
            if now is not None:
                self._told[key] = now
            if now == before:
                continue
            published += 1
            if now is not None:
                fleet.publish("Discovery.Found", now.to_json(), device=known_id(fleet, now.id))
            elif before is not None:
                fleet.publish("Discovery.Lost", {"id": before.id}, device=known_id(fleet, before.id))
