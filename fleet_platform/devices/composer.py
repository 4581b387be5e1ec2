"""Entities of twins, by the component types in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fleet_platform.devices.entities import compose
from fleet_platform.devices.twin import Twin
from plugin_sdk import ComponentType, Entity


class Composer:
    """Makes entities.

    Args:
        types: The component types in force; a new table is a new mapping.
    """

    def __init__(self, types: Callable[[], Mapping[str, ComponentType]]) -> None:
        self._types = types
        self._complained: tuple[object, set[str]] = (None, set())

    def of(self, twin: Twin) -> tuple[Entity, ...]:
        """The entities of a twin, in the order of its components."""
        types = self._types()
        if self._complained[0] is not types:
            self._complained = (types, set())
        return compose(twin.id, twin.name(), twin.status, twin.settings(), types, faulty=self._complained[1])

    def refresh(self, twin: Twin) -> None:
        """Bring the twin's list of entity ids up to date."""
        twin.entities = tuple((entity.component, entity.id) for entity in self.of(twin))
