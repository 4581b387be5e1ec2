"""``Entity.*``: the things of devices that users name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import Field

from fleet_platform.devices.composer import Composer
from fleet_platform.devices.fleet import Fleet
from fleet_platform.devices.twin import Twin
from fleet_platform.methods import shapes
from fleet_platform.methods.device import SEE
from fleet_platform.methods.shapes import AnEntity, EntityCount, Like
from fleet_platform.methods.slices import in_slices, joined
from fleet_platform.rpc.calls import caller
from fleet_platform.rpc.dispatch import Allows
from plugin_sdk import Action, Call, ComponentType, Entity, JSONObject, Method, Principal
from plugin_sdk.errors import NotFound

EntityId = Annotated[str, Field(min_length=1, max_length=200)]
FindEntity: TypeAlias = Callable[[Principal, str], tuple[Twin, Entity]]
"""An entity that somebody may see, by its id in any case, with its device; raises ``NotFound``."""


class EntityMethods:
    """Handlers of ``Entity.*``.

    Args:
        types: Component types in force.
    """

    def __init__(
        self, *, fleet: Fleet, allows: Allows, composer: Composer, types: Callable[[], Mapping[str, ComponentType]]
    ) -> None:
        self._fleet = fleet
        self._composer = composer
        self._allows = allows
        self._types = types

    def methods(self) -> list[Method]:
        """Declare them."""
        return [
            Method(name="Entity.List", handler=self.list, read_only=True),
            Method(name="Entity.GetInfo", handler=self.get_info, read_only=True),
            Method(name="Entity.GetStatus", handler=self.get_status, read_only=True),
            Method(name="Entity.GetConfig", handler=self.get_config, read_only=True),
            Method(name="Component.ListTypes", handler=self.list_types, read_only=True),
        ]

    async def list(self, call: Call) -> Annotated[Any, Like(dict[str, shapes.Entity])]:
        """All entities of the devices the caller may see, connected or not: an object by entity id."""
        principal = caller(call)
        parts = (
            self._composer.encoded(twin)
            async for twin in in_slices(self._fleet)
            if self._allows(principal, SEE, twin.id)
        )
        return await joined(b"{", parts, b"}")

    def get_info(self, call: Call, id: EntityId) -> AnEntity:  # noqa: A002  # the wire's name
        """One entity: ``{id, name, type, source, properties}``."""
        _, entity = self.find(caller(call), id)
        return entity.to_json()

    async def get_status(
        self,
        call: Call,
        id: EntityId | None = None,  # noqa: A002
    ) -> Annotated[JSONObject, Like(EntityCount | dict[str, Any])]:
        """An entity's part of its device's status; without an id how many entities there are, and which."""
        if id is None:
            seen = in_slices(self._seen(caller(call)))
            ids = [entity async for twin in seen for _, entity in twin.entities]
            return {"entities_count": len(ids), "entities": ids}
        twin, entity = self.find(caller(call), id)
        return twin.status.get(entity.component) or {}

    def get_config(self, call: Call, id: EntityId) -> JSONObject:  # noqa: A002
        """An entity's part of its device's settings."""
        twin, entity = self.find(caller(call), id)
        return twin.settings().get(entity.component) or {}

    def list_types(self) -> JSONObject:
        """Component types the platform knows, with what they measure and what they can do."""
        return {name: _describe(kind) for name, kind in sorted(self._types().items())}

    def _seen(self, principal: Principal) -> Iterator[Twin]:
        return (twin for twin in self._fleet if self._allows(principal, SEE, twin.id))

    def find(self, principal: Principal, wanted: str) -> tuple[Twin, Entity]:
        """An entity that somebody may see, by its id in any case, with its device.

        Raises:
            NotFound: There is none.
        """
        twin = self._fleet.get(wanted.rpartition("_")[0])
        if twin is not None and self._allows(principal, SEE, twin.id):
            for entity in self._composer.of(twin):
                if entity.id.lower() == wanted.lower():
                    return twin, entity
        raise NotFound(entity=wanted)


def describe_action(action: Action) -> JSONObject:
    """``{name, method, label, parameters: {name: {schema, label, required}}}``."""
    return {
        "name": action.name,
        "method": action.method,
        "label": action.label,
        "parameters": {
            name: {"schema": dict(p.schema), "label": p.label, "required": p.required}
            for name, p in action.parameters.items()
        },
    }


def _describe(kind: ComponentType) -> JSONObject:
    return {
        "namespace": kind.namespace,
        "title": kind.title,
        "singleton": kind.singleton,
        "dynamic": kind.dynamic,
        "reported": kind.reported,
        "entity": kind.entity.type if kind.entity is not None else None,
        "fields": [{"path": f.path, "unit": f.unit, "kind": f.kind, "label": f.label} for f in kind.fields],
        "actions": [{**describe_action(action), "conditional": action.conditional} for action in kind.actions],
        "events": list(kind.events),
        "settings": None if kind.settings is None else dict(kind.settings),
        "slow_methods": list(kind.slow_methods),
    }
