"""``Action.*``: saving actions, and running them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from fleet_actions import registry
from fleet_actions.plan import PlannedStep, Planner
from fleet_actions.running import Runs
from fleet_actions.steps import Step, Steps, Text, Variables
from fleet_actions.store import Action, Store
from plugin_sdk import JSON, Call, Fleet, JSONObject, Method, Principal
from plugin_sdk.errors import Conflict, InvalidParams, NotFound, PermissionDenied

Id = Annotated[str, Field(min_length=1, max_length=100)]
Targets = Annotated[list[Text], Field(max_length=10_000)]

RUN_S = 600.0
_TRIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What there is while the plugin runs."""

    store: Store
    runs: Runs


class ActionMethods:
    """Handlers of ``Action.*``.

    Args:
        running: What there is while the plugin runs.
    """

    def __init__(self, running: Callable[[], Running]) -> None:
        self._running = running

    def methods(self) -> list[Method]:
        """Declare them."""
        return [
            Method(name="Action.Create", handler=self.create),
            Method(name="Action.Update", handler=self.update),
            Method(name="Action.Delete", handler=self.delete),
            Method(name="Action.Get", handler=self.get, read_only=True),
            Method(name="Action.List", handler=self.list, read_only=True),
            Method(name="Action.Run", handler=self.run, timeout_s=RUN_S),
            Method(name="Action.Preview", handler=self.preview, read_only=True),
            Method(name="Action.Import", handler=self.import_kept, timeout_s=60.0),
        ]

    async def create(
        self, fleet: Fleet, call: Call, name: Text, steps: Steps, variables: Variables | None = None
    ) -> JSONObject:
        """Save an action: the action, with its new id. `variables` are values for those that a run does not give."""
        milliseconds = time.time_ns() // 1_000_000
        author = _asker(call).name
        for number in range(milliseconds, milliseconds + _TRIES):
            if await self._running().store.add(f"action{number}", name, steps, variables or {}, author):
                fleet.publish("Action.Changed", {"id": f"action{number}"})
                return (await self._find(f"action{number}")).to_json()
        raise Conflict("there are too many actions; delete some")

    async def update(
        self,
        fleet: Fleet,
        call: Call,
        id: Id,  # noqa: A002  # the wire's name
        name: Text | None = None,
        steps: Steps | None = None,
        variables: Variables | None = None,
    ) -> JSONObject:
        """Change what is given of an action: the action."""
        if not await self._running().store.change(id, name, steps, variables, _asker(call).name):
            raise NotFound(action=id)
        fleet.publish("Action.Changed", {"id": id})
        return (await self._find(id)).to_json()

    async def delete(self, fleet: Fleet, id: Id) -> JSONObject:  # noqa: A002
        """Forget an action: `{deleted: id}`."""
        if not await self._running().store.delete(id):
            raise NotFound(action=id)
        fleet.publish("Action.Changed", {"id": id})
        return {"deleted": id}

    async def get(self, id: Id) -> JSONObject:  # noqa: A002
        """An action: name, steps, variables."""
        return (await self._find(id)).to_json()

    async def list(self) -> JSONObject:
        """All actions by name: `{items}`."""
        return {"items": [action.to_json() for action in await self._running().store.list()]}

    async def run(
        self,
        fleet: Fleet,
        call: Call,
        id: Id | None = None,  # noqa: A002
        steps: Steps | None = None,
        targets: Targets | None = None,
        variables: Variables | None = None,
        wait: bool = True,
    ) -> JSONObject:
        """Run a saved action, or steps as they are: `{runId, state, steps: [{method, results}]}`.

        `results` holds `{result}` or `{error}` by device. `targets` are what `$targets` stands for: ids and sets.
        Without `wait` the answer is `{runId}` at once; events tell of the rest. A run goes on when its caller goes
        away.
        """
        principal = _asker(call)
        action, planned = await self._plan(fleet, principal, id, steps, targets or [], variables or {})
        runs = self._running().runs
        number, task = runs.start(action, planned, principal)
        return await runs.result(task) if wait else {"runId": number}

    async def preview(
        self,
        fleet: Fleet,
        call: Call,
        id: Id | None = None,  # noqa: A002
        steps: Steps | None = None,
        targets: Targets | None = None,
        variables: Variables | None = None,
    ) -> JSONObject:
        """What `Action.Run` would do: `{steps: [{method, params, dst, on_error, wait_s}]}`."""
        _, planned = await self._plan(fleet, _asker(call), id, steps, targets or [], variables or {})
        return {"steps": [step.to_json() for step in planned]}

    async def import_kept(self, fleet: Fleet, call: Call) -> JSONObject:
        """Save the actions of the registry `actions`, key `rpc`: `{imported, skipped, failed}`.

        Those whose id is saved already are skipped; `failed` says what is wrong with others.
        """
        principal, store = _asker(call), self._running().store
        imported: list[str] = []
        skipped: list[str] = []
        failed: list[JSONObject] = []
        for number, entry in enumerate(await registry.kept_actions(fleet, principal)):
            try:
                kept = registry.read(entry)
                added = await store.add(kept.id, kept.name, kept.steps, {}, principal.name)
                (imported if added else skipped).append(kept.id)
            except InvalidParams as error:
                failed.append({"number": number, "errors": error.data["errors"]})
        if imported:
            fleet.publish("Action.Changed", {"id": None})
        return {"imported": imported, "skipped": skipped, "failed": failed}

    # ---- inside -------------------------------------------------------------------------------------------

    async def _find(self, action: str) -> Action:
        found = await self._running().store.get(action)
        if found is None:
            raise NotFound(action=action)
        return found

    async def _plan(
        self,
        fleet: Fleet,
        principal: Principal,
        action: str | None,
        steps: Sequence[Step] | None,
        targets: Sequence[str],
        given: Mapping[str, JSON],
    ) -> tuple[str, Sequence[PlannedStep]]:
        """The action's id, and its steps as they will be done."""
        if (action is None) == (steps is None):
            raise InvalidParams.at("id", "name an action, or give steps")
        own: Mapping[str, JSON] = {}
        if action is not None:
            steps, own = await load(self._running().store, fleet, action, principal)
        planner = Planner(fleet=fleet, principal=principal, known={**own, **given}, targets=targets)
        return action or "", await planner.plan(steps or [])


async def load(
    store: Store, fleet: Fleet, action: str, principal: Principal
) -> tuple[Sequence[Step], Mapping[str, Any]]:
    """Steps and variables of a saved action, or of one that is kept in the registry.

    Raises:
        NotFound: There is neither.
    """
    saved = await store.get(action)
    if saved is not None:
        return saved.steps, saved.variables
    kept = await registry.kept_action(fleet, action, principal)
    if kept is None:
        raise NotFound(action=action)
    return kept.steps, {}


def _asker(call: Call) -> Principal:
    if call.principal is None:
        raise PermissionDenied(reason="not_signed_in")
    return call.principal
