"""``Entity.InvokeAction`` and ``Entity.ListActions``: what people make entities do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from fleet_platform.devices.actions import arguments, offered, pick
from fleet_platform.devices.composer import Composer
from fleet_platform.devices.twin import Twin
from fleet_platform.methods.entity import EntityId, FindEntity, describe_action
from fleet_platform.methods.shapes import Like, OfferedAction, Outcome
from fleet_platform.rpc.calls import caller
from fleet_platform.rpc.dispatch import Allows
from fleet_platform.rpc.many import for_each
from fleet_platform.rpc.relay import Relay
from plugin_sdk import JSON, Call, ComponentType, ComponentView, JSONObject, Method, component_type
from plugin_sdk.errors import FleetError, InvalidParams

EntityIds = Annotated[list[EntityId], Field(max_length=10_000)]
DEADLINE_S = 590.0
"""After it, whoever has not answered is given up, so that the answers of the others are not lost."""


class ActionMethods:
    """Handlers of the two.

    Args:
        find: Finds an entity that somebody may see.
        types: Component types in force.
    """

    def __init__(
        self,
        *,
        find: FindEntity,
        composer: Composer,
        relay: Relay,
        allows: Allows,
        types: Callable[[], Mapping[str, ComponentType]],
    ) -> None:
        self._find = find
        self._composer = composer
        self._relay = relay
        self._allows = allows
        self._types = types

    def methods(self) -> list[Method]:
        """Declare them."""
        return [
            Method(name="Entity.ListActions", handler=self.list, read_only=True),
            Method(name="Entity.InvokeAction", handler=self.invoke, timeout_s=600.0),
        ]

    def list(
        self,
        call: Call,
        id: EntityId,  # noqa: A002  # the wire's name
    ) -> Annotated[Sequence[JSONObject], Like(list[OfferedAction])]:
        """What an entity can be told to do, as it is now.

        A list of `{name, label, method, allowed, parameters: {name: {schema, label, required}}}`; `allowed` says
        whether the caller may.
        """
        twin, kind, view = self._look(call, id)
        return [
            {
                **describe_action(action),
                "allowed": self._allows(caller(call), action.method.lower(), twin.id),
            }
            for action in offered(kind, view)
        ]

    async def invoke(
        self,
        call: Call,
        action: Annotated[str, Field(min_length=1, max_length=100)],
        id: EntityId | None = None,  # noqa: A002  # the wire's name
        ids: EntityIds | None = None,
        params: dict[str, Any] | None = None,
    ) -> Annotated[JSON, Like(dict[str, Outcome] | Any)]:
        """Make an entity do something and answer with the device's result.

        With `ids` several, and the answer is an object by entity id of `{result}` or `{error: {code, message,
        data?}}`. The caller needs the permission of the device's method, for each device: `switch.toggle`.
        """
        if (id is None) == (ids is None):
            raise InvalidParams.at("id" if ids is None else "ids", "either id names one entity, or ids several")
        if id is not None:
            return await self._invoke(call, id, action, params or {})
        outcomes = await for_each(
            ids or (),
            lambda entity: self._invoke(call, entity, action, params or {}),
            where=f"action {action}",
            within_s=DEADLINE_S,
        )
        return {
            entity: {"error": outcome.to_json()} if isinstance(outcome, FleetError) else {"result": outcome}
            for entity, outcome in outcomes.items()
        }

    async def _invoke(self, call: Call, entity: str, name: str, params: Mapping[str, JSON]) -> JSON:
        twin, kind, view = self._look(call, entity)
        action = pick(kind, view, name)
        self._relay.authorise(twin.id, action.method, caller(call))
        return await self._relay.call(twin.id, action.method, arguments(action, view, params), principal=caller(call))

    def _look(self, call: Call, wanted: str) -> tuple[Twin, ComponentType, ComponentView]:
        twin, entity = self._find(caller(call), wanted)
        view = self._composer.view(twin, entity.component)
        return twin, self._types()[component_type(entity.component)], view
