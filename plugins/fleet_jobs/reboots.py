"""What devices say while they restart: their updates' progress, and that they are back.

One subscription serves all devices that are followed, and there is none while nobody is: frames of the whole fleet
pass by in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from plugin_sdk import Event, Fleet, JSONObject

_QUEUE = 20_000
_NEWS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something a followed device did.

    Attributes:
        name: ``connected``, or the event of ``sys``: ``ota_progress``.
        event: The event as it came.
    """

    name: str
    event: JSONObject


class Reboots:
    """Follows devices."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._followed: dict[str, list[asyncio.Queue[News]]] = {}
        self._wanted = asyncio.Event()
        self._open = asyncio.Event()

    @asynccontextmanager
    async def following(self, device: str) -> AsyncIterator[asyncio.Queue[News]]:
        """News of a device from now on; of what is more than 100 the newest are dropped."""
        news: asyncio.Queue[News] = asyncio.Queue(_NEWS)
        self._followed.setdefault(device.lower(), []).append(news)
        self._wanted.set()
        try:
            await self._open.wait()
            yield news
        finally:
            others = self._followed[device.lower()]
            others.remove(news)
            if not others:
                del self._followed[device.lower()]

    async def run(self) -> None:
        """Listen while anybody is followed, for ever."""
        while True:
            await self._wanted.wait()
            try:
                async with self._fleet.subscribe("Shelly.Message", "Shelly.Connect", queue_size=_QUEUE) as events:
                    self._open.set()
                    async for event in events:
                        if not self._followed:
                            self._open.clear()  # at once: who comes now has to wait for the next subscription
                            break
                        self._hand_out(event)
            finally:
                self._open.clear()
            if not self._followed:
                self._wanted.clear()

    def _hand_out(self, event: Event) -> None:
        queues = self._followed.get(str(event.device).lower())
        if not queues:
            return
        for news in _read(event):
            for queue in queues:
                if not queue.full():
                    queue.put_nowait(news)


def _read(event: Event) -> Iterator[News]:
    if event.method == "Shelly.Connect":
        yield News(name="connected", event={})
        return
    message = event.params.get("message")
    params = message.get("params") if isinstance(message, dict) and message.get("method") == "NotifyEvent" else None
    events = params.get("events") if isinstance(params, dict) else None
    for each in events if isinstance(events, list) else ():
        if isinstance(each, dict) and each.get("component") == "sys":
            yield News(name=str(each.get("event")), event=each)
