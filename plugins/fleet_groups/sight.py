"""Which devices a caller may see; each is asked about once, and a long list in slices."""

from __future__ import annotations

from collections.abc import Iterable

from fleet_groups.slices import sliced
from plugin_sdk import Device, Fleet, Principal
from plugin_sdk.errors import UnknownDevice

SEE = "device.get"


class Sight:
    """One caller's view, during one call."""

    def __init__(self, fleet: Fleet, principal: Principal) -> None:
        self._fleet = fleet
        self._principal = principal
        self._known: dict[str, bool] = {}

    def sees(self, key: str, spelt: str = "") -> bool:
        """Whether the caller may know of a device, by its lower-case id."""
        seen = self._known.get(key)
        if seen is None:
            device = self._fleet.devices.get(key)
            name = device.id if device is not None else spelt or key
            seen = self._known[key] = self._fleet.allows(self._principal, SEE, name)
        return seen

    def spelt(self, key: str, fallback: str = "") -> str:
        """How a device is written."""
        device = self._fleet.devices.get(key)
        return fallback or key if device is None else str(device.id)

    async def of(self, keys: Iterable[str]) -> list[str]:
        """Those of some devices that the caller may see, as they are written, sorted."""
        return sorted([self.spelt(key) async for key in sliced(list(keys)) if self.sees(key)])

    def device(self, name: str) -> Device:
        """A device by its id or MAC.

        Raises:
            UnknownDevice: There is none, or the caller may not know of it.
        """
        device = self._fleet.devices.get(name)
        if device is None or not self.sees(device.id.lower()):
            raise UnknownDevice(name)
        return device
