"""Destinations of relayed calls: device ids, MACs and groups become devices, each once, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fleet_platform.devices.fleet import Fleet
from plugin_sdk import Principal
from plugin_sdk.errors import NotFound

GROUP = "group:"

Members = Callable[[str, Principal], Sequence[str] | None]
"""Group id to its devices' ids, or None if there is no such group."""


class Destinations:
    """Expands what clients write in ``dst``."""

    def __init__(self, fleet: Fleet, *, members: Members = lambda _group, _principal: None) -> None:
        self._fleet = fleet
        self._members = members

    def expand(self, destinations: Sequence[str], principal: Principal) -> Sequence[str]:
        """Device ids as the devices spell them; what is no known device stays as it was written.

        Raises:
            NotFound: A group does not exist.
        """
        if len(destinations) == 1 and not destinations[0].startswith(GROUP):
            # What nearly every relayed call has: no table is needed to find each device once.
            twin = self._fleet.get(destinations[0])
            return (destinations[0] if twin is None else twin.id,)
        found: dict[str, str] = {}
        for destination in destinations:
            for name in self._named(destination, principal):
                twin = self._fleet.get(name)
                spelt = name if twin is None else str(twin.id)
                found.setdefault(spelt.lower(), spelt)
        return list(found.values())

    def _named(self, destination: str, principal: Principal) -> Sequence[str]:
        if not destination.startswith(GROUP):
            return [destination]
        members = self._members(destination.removeprefix(GROUP), principal)
        if members is None:
            raise NotFound(group=destination.removeprefix(GROUP))
        return members
