"""Destinations of relayed calls: device ids, MACs and sets (``group:1``) become devices, each once, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from fleet_platform.devices.fleet import Fleet
from fleet_platform.rpc.dispatch import unexpected
from plugin_sdk import Principal, Service
from plugin_sdk.errors import FleetError, NotFound

Members: TypeAlias = Callable[[str, Principal], Sequence[str] | None]
"""``(name, principal)`` to ids of devices, or None if there is no set of that name. Quick, and without I/O."""


INTERFACE = "destination"


def sets_of(services: Iterable[tuple[str, Service]]) -> Mapping[str, Members]:
    """Kinds of sets that plugins contribute, each guarded: a plugin's fault is one caller's error and nobody else's."""
    return {
        service.name: _guarded(service.implementation, f"destination {service.name} of plugin {plugin}")
        for plugin, service in services
        if service.interface == INTERFACE
    }


def _guarded(members: Members, where: str) -> Members:
    def guarded(name: str, principal: Principal) -> Sequence[str] | None:
        try:
            return members(name, principal)
        except FleetError:
            raise
        except Exception as error:  # the rim to plugin code
            raise unexpected(error, where) from error

    return guarded


class Destinations:
    """Expands what clients write in ``dst``.

    Args:
        sets: What stands before the colon to whoever knows the sets of that kind (``group``), as it is in force.
    """

    def __init__(self, fleet: Fleet, *, sets: Callable[[], Mapping[str, Members]] = dict) -> None:
        self._fleet = fleet
        self._sets = sets

    def one(self, destinations: Sequence[str]) -> str | None:
        """The device, as it spells itself, where just one is named by its id or MAC; else None.

        What nearly every relayed call has: nothing need be looked for twice.
        """
        if len(destinations) != 1:
            return None
        name = destinations[0]
        twin = self._fleet.get(name)
        if twin is not None:
            return twin.id
        return None if self._kind(name) else name

    def is_many(self, dst: object) -> bool:
        """Whether a ``dst`` may stand for several devices, so that the answer is an array where it can be one."""
        return isinstance(dst, list) or (isinstance(dst, str) and bool(self._kind(dst)))

    def expand(self, destinations: Sequence[str], principal: Principal) -> Sequence[str]:
        """Device ids as the devices spell them; what is no known device stays as it was written.

        Raises:
            NotFound: A set does not exist.
        """
        device = self.one(destinations)
        if device is not None:
            return (device,)
        found: dict[str, str] = {}
        for destination in destinations:
            for name in self._named(destination, principal):
                twin = self._fleet.get(name)
                spelt = name if twin is None else str(twin.id)
                found.setdefault(spelt.lower(), spelt)
        return list(found.values())

    def _named(self, destination: str, principal: Principal) -> Sequence[str]:
        kind = self._kind(destination)
        if not kind:
            return [destination]
        name = destination.partition(":")[2]
        members = self._sets()[kind](name, principal)
        if members is None:
            raise NotFound(**{kind: name})
        return members

    def _kind(self, destination: str) -> str:
        """What stands before the colon, if it is a kind of set; a MAC has colons too."""
        kind, colon, _ = destination.partition(":")
        return kind if colon and kind in self._sets() else ""
