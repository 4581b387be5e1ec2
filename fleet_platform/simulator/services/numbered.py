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

_INVALID = -103


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """Create, update and delete items of one kind.

    Attributes:
        items: Where a device keeps them, by number.
        revision: Name in ``sys`` that counts changes.
        required: What a new item must have.
        defaults: All that an item holds, with the values of what was not given.
        limit: How many a device may have.
        nullable: What may be null though its default is not.
        check: Refuses a whole item whose values do not fit, with a DeviceFault.
        changed: Called after each change.
    """

    items: Callable[[Machine], dict[int, JSONObject]]
    revision: str
    required: tuple[str, ...]
    defaults: Mapping[str, JSON]
    limit: Callable[[Machine], int]
    nullable: tuple[str, ...] = ()
    check: Callable[[Machine, JSONObject], None] = lambda _device, _item: None
    changed: Callable[[Machine], None] = lambda _device: None

    def all(self, device: Machine) -> list[JSONObject]:
        """All items, by number."""
        return [item for _, item in sorted(self.items(device).items())]

    def create(self, device: Machine, params: JSONObject) -> JSON:
        """Store a new item: ``{id, rev}``."""
        for name in self.required:
            required(params, name)
        items = self.items(device)
        item = {**self.defaults, **self._known(params)}
        self.check(device, item)
        if len(items) >= self.limit(device):
            raise DeviceFault(-108, "Resource exhausted")
        number = next(n for n in range(1, len(items) + 2) if n not in items)
        items[number] = {"id": number, **item}
        return {"id": number, "rev": self._count(device)}

    def update(self, device: Machine, params: JSONObject) -> JSON:
        """Change an item: ``{rev}``."""
        item = self._existing(device, params)
        changed = {**item, **self._known(params)}
        self.check(device, changed)
        item.update(changed)
        return {"rev": self._count(device)}

    def delete(self, device: Machine, params: JSONObject) -> JSON:
        """Remove an item: ``{rev}``."""
        del self.items(device)[self._existing(device, params)["id"]]
        return {"rev": self._count(device)}

    def delete_all(self, device: Machine, _params: JSONObject) -> JSON:
        """Remove all: ``{rev}``."""
        self.items(device).clear()
        return {"rev": self._count(device)}

    def sweep(self, device: Machine) -> None:
        """Let go of what could not have been created, as a doctored backup may bring it in."""
        items = self.items(device)
        for number, item in list(items.items()):
            try:
                items[number] = {"id": number, **self.defaults, **self._known(item)}
                self.check(device, items[number])
            except DeviceFault as fault:
                if fault.code == _INVALID:
                    del items[number]

    def _count(self, device: Machine) -> int:
        self.changed(device)
        return device.bump(self.revision)

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
            if value is None and name in self.nullable:
                continue
            if self.defaults[name] is not None and type(value) is not type(self.defaults[name]):
                raise invalid(name)
        return known
