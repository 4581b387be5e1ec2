"""The behaviours of one device's components: made, started, moved on.

They are plugins' code. A bug in what one does by itself is logged, once for each thing it does, and reaches neither the
device's other components nor other devices.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from plugin_sdk import ComponentKey, component_type
from plugin_sdk.simulation import Behaviour

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_log = logging.getLogger(__name__)


class Behaviours:
    """One device's behaviours by component key; types that do nothing by themselves have none."""

    __slots__ = ("_by_key", "_device", "_told", "_varying")

    def __init__(self, device: Machine) -> None:
        self._device = device
        self._by_key: dict[str, Behaviour] = {}
        self._varying: list[Behaviour] | None = None
        self._told: set[tuple[str, str]] | None = None

    def get(self, key: str) -> Behaviour | None:
        """The behaviour of a component."""
        return self._by_key.get(key)

    def make(self, keys: Iterable[str]) -> None:
        """Make those of all components anew."""
        self._by_key = {}
        for key in keys:
            self.add(key)

    def add(self, key: str) -> None:
        """Make that of a component; where that fails the component has none."""
        kind = self._device.world.types.get(component_type(key))
        if kind is None or kind.simulate is None:
            return
        try:
            self._by_key[key] = kind.simulate(self._device, ComponentKey(key))
        except Exception:
            self._complain(key, "be made")
        self._varying = None

    def remove(self, key: str) -> None:
        """Let go of that of a component."""
        self._by_key.pop(key, None)
        self._varying = None

    def boot(self) -> None:
        """The device has started; a component whose behaviour fails to has none until the next start."""
        for key, behaviour in list(self._by_key.items()):
            try:
                behaviour.boot()
            except Exception:
                self._complain(key, "boot")
                self.remove(key)

    def minute(self) -> None:
        """A minute has passed."""
        for key, behaviour in list(self._by_key.items()):
            try:
                behaviour.minute()
            except Exception:
                self._complain(key, "live through a minute")

    def vary(self) -> bool:
        """Have the next one that can change a little do so; returns whether one did."""
        if self._varying is None:
            every = self._by_key.values()
            self._varying = [each for each in every if type(each).vary is not Behaviour.vary]
        turns = self._varying
        for _ in range(len(turns)):
            behaviour = turns.pop(0)
            turns.append(behaviour)
            try:
                if behaviour.vary():
                    return True
            except Exception:
                self._complain(behaviour.key, "vary")
        return False

    def vary_one(self, key: str) -> None:
        """Have that of one component change a little, if it can."""
        behaviour = self._by_key.get(key)
        if behaviour is not None:
            try:
                behaviour.vary()
            except Exception:
                self._complain(key, "vary")

    def signal(self, key: str, event: str) -> None:
        """Tell all others what a component noticed."""
        for other, behaviour in list(self._by_key.items()):
            if other != key:
                behaviour.noticed(key, event)

    def _complain(self, key: str, doing: str) -> None:
        """Log the exception at hand, the first time; what fails every minute would flood the log."""
        told = self._told = self._told or set()
        if (key, doing) not in told:
            told.add((key, doing))
            _log.exception("%s of simulated %s could not %s", key, self._device.id, doing)
