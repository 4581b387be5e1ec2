"""The devices that were found. Bounded: what a hostile network adds beyond that is counted, and costs nothing more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fleet_discovery.found import Found, device_of

MOST = 2_000


@dataclass(slots=True)
class Entry:
    """A line of the book.

    Attributes:
        found: What it announced last.
        services: Under which services it is announced.
        seen_ms: When it was heard of last, UTC epoch milliseconds.
        asked: What a visit brought to light.
    """

    found: Found
    seen_ms: int
    services: set[str] = field(default_factory=set)
    asked: Asked | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a device said when it was called.

    Attributes:
        name: What its owner calls it.
        model: Its order number.
        server: Where its websocket is pointed, for people; None if it is switched off, or not known.
        known: Whether that is known: a device with a password may not have told.
        here: Whether that is this platform.
    """

    name: str | None
    model: str | None
    server: str | None
    known: bool
    here: bool


class Book:
    """Found devices by id in lower case.

    Args:
        clock_ms: UTC epoch milliseconds.
        changed: Called with the id, in lower case, of what came, changed or went.
        most: How many there may be.

    Attributes:
        refused: How many announcements found no place.
    """

    def __init__(self, *, clock_ms: Callable[[], int], changed: Callable[[str], None], most: int = MOST) -> None:
        self._clock_ms = clock_ms
        self._changed = changed
        self._most = most
        self._entries: dict[str, Entry] = {}
        self.refused = 0

    def __len__(self) -> int:
        return len(self._entries)

    def entries(self) -> list[Entry]:
        """All of them, in the order of their coming."""
        return list(self._entries.values())

    def get(self, device: str) -> Entry | None:
        """One of them, by its id or its name in the local network, in any case."""
        return self._entries.get(device.lower().removesuffix(".").removesuffix(".local"))

    def put(self, found: Found, service: str) -> None:
        """A device announces itself."""
        key = found.id.lower()
        entry = self._entries.get(key)
        if entry is None:
            if len(self._entries) >= self._most:
                self.refused += 1
                return
            entry = self._entries[key] = Entry(found, self._clock_ms())
            self._changed(key)
        elif entry.found != found:
            moved = (entry.found.address, entry.found.port) != (found.address, found.port)
            entry.found, entry.asked = found, None if moved else entry.asked
            self._changed(key)
        entry.seen_ms = self._clock_ms()
        entry.services.add(service)

    def remove(self, name: str, service: str) -> None:
        """A service is announced no more; the device goes with its last one."""
        key = (device_of(name) or "").lower()
        entry = self._entries.get(key)
        if entry is None:
            return
        entry.services.discard(service)
        if not entry.services:
            del self._entries[key]
            self._changed(key)

    def heard(self, name: str) -> None:
        """Something was said of a service or a host."""
        entry = self._entries.get(name.partition(".")[0].lower())
        if entry is not None:
            entry.seen_ms = self._clock_ms()

    def note(self, device: str, address: str, asked: Asked) -> None:
        """A device was visited; kept if it was the one that is in the book."""
        entry = self._entries.get(device.lower())
        if entry is not None and entry.found.address == address:
            entry.asked = asked

    def clear(self) -> None:
        """Nobody listens any more."""
        gone = list(self._entries)
        self._entries.clear()
        self.refused = 0
        for key in gone:
            self._changed(key)
