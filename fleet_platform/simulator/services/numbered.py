"""Numbered items in a device's flash, with a revision that counts changes: what schedules and webhooks share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import invalid, required, whole
from plugin_sdk.simulation import DeviceFault

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """Create, update and delete items of one kind.

    Attributes:
        items: Where a device keeps them, by number.
        revision: Name in ``sys`` that counts changes.
        required: What a new item must have.
        defaults: All that an item holds, with the values of what was not given.
        limit: How many a device may have.
    """

    items: Callable[[Machine], dict[int, JSONObject]]
    revision: str
    required: tuple[str, ...]
    defaults: Mapping[str, JSON]
    limit: Callable[[Machine], int]

    def all(self, device: Machine) -> list[JSONObject]:
        """All items, by number."""
        return [item for _, item in sorted(self.items(device).items())]

    def create(self, device: Machine, params: JSONObject) -> JSON:
        """Store a new item: ``{id, rev}``."""
        for name in self.required:
            required(params, name)
        items = self.items(device)
        if len(items) >= self.limit(device):
            raise DeviceFault(-108, "Resource exhausted")
        number = next(n for n in range(1, len(items) + 2) if n not in items)
        items[number] = {"id": number, **self.defaults, **self._known(params)}
        return {"id": number, "rev": device.bump(self.revision)}

    def update(self, device: Machine, params: JSONObject) -> JSON:
        """Change an item: ``{rev}``."""
        self._existing(device, params).update(self._known(params))
        return {"rev": device.bump(self.revision)}

    def delete(self, device: Machine, params: JSONObject) -> JSON:
        """Remove an item: ``{rev}``."""
        del self.items(device)[self._existing(device, params)["id"]]
        return {"rev": device.bump(self.revision)}

    def delete_all(self, device: Machine, _params: JSONObject) -> JSON:
        """Remove all: ``{rev}``."""
        self.items(device).clear()
        return {"rev": device.bump(self.revision)}

    def _existing(self, device: Machine, params: JSONObject) -> JSONObject:
        required(params, "id")
        number = whole(params, "id")
        found = self.items(device).get(number or 0)
        if found is None:
            raise DeviceFault(-105, f"Bad id={number}")
        return found

    def _known(self, params: JSONObject) -> JSONObject:
        known = {name: value for name, value in params.items() if name in self.defaults}
        for name, value in known.items():
            if self.defaults[name] is not None and type(value) is not type(self.defaults[name]):
                raise invalid(name)
        return known
