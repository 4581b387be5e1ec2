"""Entities of twins, by the component types in force."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from fleet_platform.devices.entities import compose, view_of
from fleet_platform.devices.twin import Twin
from fleet_platform.text import encode
from plugin_sdk import ComponentType, ComponentView, Entity


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
        settings = twin.settings()
        return compose(twin.id, twin.name(settings), twin.status, settings, types, faulty=self._complained[1])

    def refresh(self, twin: Twin) -> None:
        """Bring what the twin keeps of its entities up to date."""
        entities = self.of(twin)
        twin.entities = tuple((entity.component, entity.id) for entity in entities)
        twin.entities_json = _members(entities)

    def encoded(self, twin: Twin) -> bytes:
        """The entities of a twin as members of a JSON object by entity id; kept until what they are made of changes."""
        if twin.entities_json is None:
            twin.entities_json = _members(self.of(twin))
        return twin.entities_json

    def view(self, twin: Twin, component: str) -> ComponentView:
        """One component of a twin, as functions of its type see it."""
        settings = twin.settings()
        return view_of(component, device=twin.id, name=twin.name(settings), status=twin.status, settings=settings)


def _members(entities: Iterable[Entity]) -> bytes:
    return encode({entity.id: entity.to_json() for entity in entities})[1:-1]
