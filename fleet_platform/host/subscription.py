"""A plugin's subscription to events: a bounded queue that drops its oldest events and counts them."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from typing import Self

from fleet_platform.events.bus import Bus
from plugin_sdk import Event


class Subscription:
    """``async with subscription as events: async for event in events: …``.

    Args:
        tally: Its ``events_missed`` counts what was dropped.
    """

    def __init__(self, bus: Bus, names: tuple[str, ...], *, queue_size: int, tally: Counter[str]) -> None:
        self._bus = bus
        self._names = names
        self._waiting: deque[Event] = deque(maxlen=queue_size)
        self._some = asyncio.Event()
        self._tally = tally
        self._open = False

    async def __aenter__(self) -> Self:
        self._remove = self._bus.tap(self._names, self._take)
        self._open = True
        return self

    async def __aexit__(self, *_exc_info: object) -> None:
        self._remove()
        self._open = False
        self._some.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while not self._waiting:
            if not self._open:
                raise StopAsyncIteration
            self._some.clear()
            await self._some.wait()
        return self._waiting.popleft()

    def _take(self, event: Event) -> None:
        if len(self._waiting) == self._waiting.maxlen:
            self._tally["events_missed"] += 1
        self._waiting.append(event)
        self._some.set()
