"""All known devices, by id and by MAC, and what operators decided about ids.

Holds everything in memory, loaded once at start, so that no question about a device ever waits for the database.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

from fleet_platform.devices.twin import Twin
from plugin_sdk import DeviceId, JSONObject
from plugin_sdk.errors import UnknownDevice

AccessState: TypeAlias = Literal["pending", "allowed", "denied"]


class Fleet:
    """Registry of twins.

    Attributes:
        access: Lower-case id to what was decided about it; ids nobody decided about are absent.
    """

    def __init__(self) -> None:
        self._by_id: dict[str, Twin] = {}
        self._by_mac: dict[str, Twin] = {}
        self._ordered: list[str] | None = None
        self.access: dict[str, AccessState] = {}

    def __iter__(self) -> Iterator[Twin]:
        return iter(list(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, twin: Twin) -> None:
        """Add a twin, in place of one with the same id. A MAC goes on naming the device that had it first."""
        key = twin.id.lower()
        if key not in self._by_id:
            self._ordered = None
        self._by_id[key] = twin
        if twin.mac is not None:
            holder = self._by_mac.setdefault(twin.mac, twin)
            if holder.id.lower() == key:
                self._by_mac[twin.mac] = twin

    def remove(self, twin: Twin) -> None:
        """Forget a twin."""
        if self._by_id.get(twin.id.lower()) is twin:
            del self._by_id[twin.id.lower()]
            self._ordered = None
        if twin.mac is not None and self._by_mac.get(twin.mac) is twin:
            del self._by_mac[twin.mac]

    def get(self, device: str) -> Twin | None:
        """The twin of an id in any case, or of a MAC with or without separators."""
        twin = self._by_id.get(device)
        if twin is None:
            twin = self._by_id.get(device.lower())
        if twin is None:
            twin = self._by_mac.get(device.upper().replace(":", ""))
        return twin

    def find(self, device: str) -> Twin:
        """Like :meth:`get`.

        Raises:
            UnknownDevice: There is none.
        """
        twin = self.get(device)
        if twin is None:
            raise UnknownDevice(device[:100])
        return twin

    def after(self, device: str = "") -> Sequence[str]:
        """Lower-case ids in their order, from the one that follows an id in any case."""
        if self._ordered is None:
            self._ordered = sorted(self._by_id)
        return self._ordered[bisect_right(self._ordered, device.lower()) :]

    def status_of(self, device: DeviceId) -> JSONObject | None:
        """The live status of a device, or None if it is unknown."""
        twin = self.get(device)
        return None if twin is None else twin.status

    def online(self) -> Iterable[Twin]:
        """All twins with a connection."""
        return [twin for twin in self._by_id.values() if twin.link is not None]
