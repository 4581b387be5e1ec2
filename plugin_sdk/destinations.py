"""Destinations as people write them: ids of devices, and sets of them (``group:1``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from plugin_sdk.errors import NotFound
from plugin_sdk.values import Principal

if TYPE_CHECKING:
    from plugin_sdk.fleet import Fleet


def members(fleet: Fleet, destinations: Iterable[str], principal: Principal) -> Iterator[tuple[str, str | None]]:
    """Ids of devices one by one, some perhaps more than once, and what each was written as; None for those of a set.

    A device is spelt as it spells itself; what is no known device stays as it was written.

    Raises:
        NotFound: A set does not exist, or the principal may not know of it.
    """
    sets = fleet.services("destination")
    devices = fleet.devices
    seen: set[str] = set()
    for destination in destinations:
        if destination in seen:
            continue
        seen.add(destination)
        kind, colon, name = destination.partition(":")
        find = sets.get(kind) if colon else None
        names = [destination] if find is None else find(name, principal)
        if names is None:
            raise NotFound(**{kind: name})
        for each in names:
            device = devices.get(each)
            yield each if device is None else str(device.id), destination if find is None else None


def expand(fleet: Fleet, destinations: Iterable[str], principal: Principal) -> list[str]:
    """Ids of devices as :func:`members` gives them, each once, in order.

    Raises:
        NotFound: A set does not exist, or the principal may not know of it.
    """
    found: dict[str, str] = {}
    for device, _ in members(fleet, destinations, principal):
        found.setdefault(device.lower(), device)
    return list(found.values())
