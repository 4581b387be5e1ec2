"""A channel: clients that want the same and may hear of the same, served as one.

A filter is asked once for all of them, and the events of five milliseconds are joined once and leave as one write to
each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from fleet_platform.events.filters import Filter
from fleet_platform.events.outbox import FLUSH_INTERVAL_S, HIGH_WATER, Item, Outbox
from fleet_platform.events.record import Record
from plugin_sdk import DeviceId

MAX_COLLECTED = 256
"""Events that are joined at most; more within five milliseconds leave as several writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Of which devices, and of what else, a client may hear.

    Attributes:
        key: Equal for clients with equal rights.
        sees: Asked once per device and channel, again after :meth:`Bus.rights_changed`.
        may: Whether a client has a permission that an event asks for; asked as rarely.
    """

    key: Hashable
    sees: Callable[[DeviceId], bool]
    may: Callable[[str], bool] = lambda _permission: True


@dataclass(slots=True)
class Channel:
    """Clients with equal wishes and equal rights.

    Attributes:
        audience: What they may hear of.
        filters: What each of them subscribed to.
        members: Their outboxes.
        visible: What was asked of ``audience``; emptied when rights change.
        waiting: Events that leave with the next write; at most 256, or 256 KiB and one more.
        size: Their bytes.
        timer: Will make that write.
        next_flush: When it may be made, in seconds of the event loop.
    """

    audience: Audience
    filters: tuple[Filter, ...]
    members: set[Outbox] = field(default_factory=set)
    visible: dict[DeviceId, bool] = field(default_factory=dict)
    waiting: list[Item] = field(default_factory=list)
    size: int = 0
    timer: asyncio.Handle | None = None
    next_flush: float = 0.0

    def push(self, item: Item) -> None:
        """Collect an event; what comes within five milliseconds leaves as one write per member."""
        self.waiting.append(item)
        self.size += len(item.frame)
        if len(self.waiting) >= MAX_COLLECTED or self.size > HIGH_WATER:
            self.flush()
        elif self.timer is None:
            loop = asyncio.get_running_loop()
            delay = self.next_flush - loop.time()
            self.timer = loop.call_later(delay, self.flush) if delay > 0 else loop.call_soon(self.flush)

    def flush(self) -> None:
        """Hand what was collected to every member: before a reply to one of them, and before one joins or parts."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if not self.waiting:
            return
        self.next_flush = asyncio.get_running_loop().time() + FLUSH_INTERVAL_S
        items, self.waiting, self.size = self.waiting, [], 0
        data = b"".join([item.frame for item in items])
        for outbox in tuple(self.members):
            outbox.extend(items, data)

    def sees(self, device: DeviceId) -> bool:
        """Whether the members may hear of a device."""
        known = self.visible.get(device)
        if known is None:
            known = self.visible[device] = self.audience.sees(device)
        return known

    def select(self, record: Record, filters: Sequence[Filter]) -> tuple[bool, tuple[str, ...]] | None:
        """Whether the members get the record: None, or ``(with full status, component keys)``."""
        if record.device is not None and not self.sees(record.device):
            return None
        found: tuple[str, ...] | None = None
        for wish in filters:
            keys = wish.select(record)
            if keys is None:
                continue
            if record.components is not None and not wish.changed_only:
                return True, keys
            found = keys if found is None else tuple(key for key in record.keys if key in {*found, *keys})
        return None if found is None else (False, found)
