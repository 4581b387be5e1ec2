"""A plugin's subscription to events: a bounded queue that drops its oldest events and counts them."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Collection
from typing import Self

from fleet_platform.events.bus import Bus
from plugin_sdk import Event


class Subscription:
    """``async with subscription as events: async for event in events: …``.

    Args:
        components: Of status events and messages only those about a component of one of these types.
        tally: Its ``events_missed`` counts what was dropped.

    Attributes:
        missed: How many events were dropped.
    """

    def __init__(
        self,
        bus: Bus,
        names: tuple[str, ...],
        *,
        components: Collection[str] = (),
        queue_size: int,
        tally: Counter[str],
    ) -> None:
        self._bus = bus
        self._names = names
        self._components = frozenset(components)
        self._waiting: deque[Event] = deque(maxlen=queue_size)
        self._some = asyncio.Event()
        self._tally = tally
        self._open = False
        self.missed = 0

    async def __aenter__(self) -> Self:
        self._remove = self._bus.tap(self._names, self._take, components=self._components)
        self._open = True
        return self

    async def __aexit__(self, *_exc_info: object) -> None:
        self._remove()
        self._open = False
        self._some.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        if not await self._is_some():
            raise StopAsyncIteration
        return self._waiting.popleft()

    async def batch(self) -> list[Event]:
        """All events that wait, once there is one; empty when the subscription has ended."""
        await self._is_some()
        waiting = list(self._waiting)
        self._waiting.clear()
        return waiting

    async def _is_some(self) -> bool:
        while self._open and not self._waiting:
            self._some.clear()
            await self._some.wait()
        return bool(self._waiting)

    def _take(self, event: Event) -> None:
        if len(self._waiting) == self._waiting.maxlen:
            self.missed += 1
            self._tally["events_missed"] += 1
        self._waiting.append(event)
        self._some.set()
