"""What waits to be sent to one client: replies and events, in order, in as few writes as possible.

Events come in from channels, collected for about five milliseconds. While the client reads slowly its status events are
conflated per device: full ones keep the newest, changed ones are merged component by component; every other event of
a device is a barrier that no status event of it passes. What cannot be conflated is bounded: beyond the
bound the client is cut off with 1013 and may resume. Replies are not counted; whoever reads requests asks
``backlog`` before reading more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from fleet_platform.events.filters import Filter
from fleet_platform.events.record import STATUS, Record

FLUSH_INTERVAL_S = 0.005
RETRY_INTERVAL_S = 0.05
HIGH_WATER = 256 * 1024
"""Bytes that may wait in the transport; more are held back here, where they can be conflated."""


class Item(NamedTuple):
    """A waiting frame, or a part of one that ``more`` follows; replies have no record."""

    frame: bytes
    record: Record | None = None
    keys: tuple[str, ...] = ()
    full: bool = False
    union: dict[str, bytes] | None = None
    more: bool = False


class Outbox:
    """One client's way out.

    Args:
        write: Hands bytes to the transport; never waits.
        buffered: Bytes the transport has not sent yet.
        overflow: Called once, on a later turn of the loop, when events can be held no longer.
        max_events: Events that may wait after conflation.
        max_bytes: Bytes of events that may wait after conflation.

    Attributes:
        subscriptions: Subscription id to filter, kept here because they live and die with the connection.
        upstream: Hands over the events that are collected for several clients, before anything is sent.
        conflated: Events that were merged into newer ones.
    """

    def __init__(
        self,
        *,
        write: Callable[[bytes], None],
        buffered: Callable[[], int],
        overflow: Callable[[], None],
        max_events: int = 10_000,
        max_bytes: int = 16 * 1024 * 1024,
    ) -> None:
        self._write = write
        self._buffered = buffered
        self._overflow = overflow
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._loop = asyncio.get_running_loop()
        self._items: list[Item] = []
        self._bytes = 0
        self._conflate_at = 256
        self._conflate_over = max_bytes
        self._timer: asyncio.Handle | None = None
        self._next_flush = 0.0
        self._closed = False
        self._drained = asyncio.Event()
        self.subscriptions: dict[int, Filter] = {}
        self.upstream: Callable[[], None] | None = None
        self.conflated = 0
        self.sent = 0

    @property
    def backlog(self) -> int:
        """Bytes that are not on their way yet: waiting here or in the transport."""
        return self._buffered() + self._bytes

    @property
    def waiting(self) -> int:
        """Frames that wait here."""
        return len(self._items)

    def push_all(self, items: Sequence[Item]) -> bool:
        """Add events that were missed; none of them, and False, if they are more than may wait."""
        size = sum(len(item.frame) for item in items)
        if self._closed or len(self._items) + len(items) > self._max_events or self._bytes + size > self._max_bytes:
            return False
        self._items.extend(items)
        self._bytes += size
        if self._timer is None:
            self._schedule()
        return True

    def extend(self, items: list[Item], data: bytes) -> None:
        """Add events that were collected for several clients; ``data`` is their frames, joined."""
        if self._closed:
            return
        if not self._items and len(data) <= HIGH_WATER - self._buffered():
            self.sent += len(items)
            self._write(data)
            return
        self._items.extend(items)
        self._bytes += len(data)
        if len(self._items) >= self._conflate_at or self._bytes > self._conflate_over:
            self._make_room()
        if self._timer is None and not self._closed:
            self._schedule()

    def reply(self, *parts: bytes) -> None:
        """Add a reply: a frame, or its parts, of which the transport gets one after the other.

        It leaves on the next turn of the loop, together with the events before it.
        """
        if self._closed:
            return
        if self.upstream is not None:
            self.upstream()
        for part in parts[:-1]:
            self._items.append(Item(part, more=True))
        self._items.append(Item(parts[-1]))
        self._bytes += sum(map(len, parts))
        if self._timer is not None and self._next_flush > 0:
            self._timer.cancel()
        elif self._timer is not None:
            return
        self._next_flush = 0.0
        self._timer = self._loop.call_soon(self.flush)

    async def drained(self) -> None:
        """Wait until everything is handed to the transport and most of it is sent."""
        while not self._closed and self.backlog > HIGH_WATER:
            self._drained.clear()
            if self._timer is None:
                # All is with the transport already, which does not tell when it is sent.
                self._again(RETRY_INTERVAL_S)
            await self._drained.wait()

    def flush(self) -> None:
        """Hand waiting frames to the transport, as far as it takes them."""
        if self.upstream is not None:
            # While the timer is still set, so that what comes now is sent below and not scheduled once more.
            self.upstream()
        self._timer = None
        if self._closed:
            return
        batch = self._take(HIGH_WATER - self._buffered())
        if batch:
            size = sum(map(len, batch))
            self._bytes -= size
            self.sent += len(batch)
            # Many small frames leave in one write; long ones are not worth a copy.
            for data in batch if size > 2 * HIGH_WATER else (b"".join(batch),):
                self._write(data)
            self._next_flush = self._loop.time() + FLUSH_INTERVAL_S
        if self._items:
            self._again(RETRY_INTERVAL_S)
        else:
            self._conflate_at, self._conflate_over = 256, self._max_bytes
        if not self._drained.is_set():
            self._drained.set()

    def close(self) -> None:
        """Send nothing more."""
        self._closed = True
        self._items.clear()
        self._bytes = 0
        self._drained.set()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _take(self, room: int) -> list[bytes]:
        """Remove frames from the front until there is no room for more; one may exceed it."""
        if room <= 0:
            return []
        if self._bytes <= room:
            batch = [item.frame for item in self._items]
            self._items.clear()
            return batch
        batch = []
        for item in self._items:
            batch.append(item.frame)
            room -= len(item.frame)
            if room <= 0 and not item.more:
                break
        del self._items[: len(batch)]
        return batch

    def _schedule(self) -> None:
        delay = self._next_flush - self._loop.time()
        if delay <= 0:
            self._next_flush = 0.0
            self._timer = self._loop.call_soon(self.flush)
        else:
            self._timer = self._loop.call_later(delay, self.flush)

    def _again(self, delay_s: float) -> None:
        self._next_flush = self._loop.time() + delay_s
        self._timer = self._loop.call_later(delay_s, self.flush)

    def _make_room(self) -> None:
        before = len(self._items)
        self._items = conflate(self._items)
        self.conflated += before - len(self._items)
        self._conflate_at = max(256, 2 * len(self._items))
        self._bytes = sum(len(item.frame) for item in self._items)
        self._conflate_over = max(self._max_bytes, 2 * self._bytes)
        events = [item for item in self._items if item.record is not None]
        if len(events) > self._max_events or sum(len(item.frame) for item in events) > self._max_bytes:
            self.close()
            self._loop.call_soon(self._overflow)


def conflate(items: list[Item]) -> list[Item]:
    """Merge status events of the same device that no other event of the device stands between.

    The merged event takes the place, number and metadata of the newest. Pure; order is kept otherwise.
    """
    kept: list[Item | None] = []
    open_places: dict[str, list[int]] = {}
    for item in items:
        record = item.record
        if record is None or record.device is None:
            kept.append(item)
        elif record.method != STATUS:
            open_places.pop(record.device, None)
            kept.append(item)
        else:
            places = open_places.setdefault(record.device, [])
            kept.append(_absorb(kept, places, item))
            places.append(len(kept) - 1)
    return [item for item in kept if item is not None]


def _absorb(kept: list[Item | None], places: list[int], newer: Item) -> Item:
    """Take what ``newer`` replaces out of ``kept`` and return what stands for all of it."""
    if newer.full:
        for place in places:
            kept[place] = None
        places.clear()
        return newer
    older = kept[places[-1]] if places else None
    if older is None or older.full or older.record is None or newer.record is None:
        return newer
    kept[places.pop()] = None
    components = older.record.components or {}
    union, frame = newer.record.merged_over(older.union or {key: components[key] for key in older.keys}, newer.keys)
    return Item(frame, newer.record, tuple(union), full=False, union=union)
