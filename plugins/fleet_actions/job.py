"""The job type ``action``: a saved action on many devices, as a durable job."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fleet_actions.methods import Running, load
from fleet_actions.plan import Planner
from fleet_actions.run import Run
from fleet_actions.steps import TARGETS, Variables
from plugin_sdk import JSON, JobStep, JobType, JSONObject, Parameter
from plugin_sdk.errors import Conflict, DeviceError, InvalidParams

_TIMEOUT_S = 1_800.0


class ActionParams(BaseModel):
    """``{action, variables?}``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: str = Field(min_length=1, max_length=100)
    variables: Variables = Field(default_factory=dict)


class ActionType:
    """Runs actions in jobs.

    Args:
        running: What there is while the plugin runs.
    """

    def __init__(self, running: Callable[[], Running]) -> None:
        self._running = running

    def declare(self) -> JobType:
        """Declare it. Each call asks for its own right; not idempotent, for nobody knows what the calls do."""
        return JobType(
            title="Run an action",
            run=self._run,
            permission=lambda _params: "action.run",
            check=_check,
            parameters={
                "action": Parameter(schema={"type": "string"}, label="Action", required=True),
                "variables": Parameter(schema={"type": "object"}, label="Variables"),
            },
            timeout_s=_TIMEOUT_S,
        )

    async def _run(self, step: JobStep) -> JSON:
        given = ActionParams.model_validate(step.params)
        steps, own = await load(self._running().store, step.fleet, given.action, step.on_behalf_of)
        for number, each in enumerate(steps, 1):
            if each.dst != [TARGETS]:
                raise Conflict(f"step {number} names devices itself; in a job every step is for {TARGETS}")
        planner = Planner(
            fleet=step.fleet,
            principal=step.on_behalf_of,
            known={**own, **given.variables},
            targets=[step.device],
        )
        run = Run(fleet=step.fleet, principal=step.on_behalf_of, id=f"job{step.job}", action=given.action)
        told = await run.work(await planner.plan(steps))
        outcomes = [{"method": each["method"], **each["results"].get(step.device, {})} for each in told["steps"]]
        for number, outcome in enumerate(outcomes, 1):
            if "error" in outcome:
                error = outcome["error"]
                raise DeviceError({**error, "message": f"step {number}, {outcome['method']}: {error.get('message')}"})
        return {"steps": outcomes}


def _check(params: JSONObject) -> None:
    try:
        ActionParams.model_validate(params)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidParams(
            [{"path": ".".join(str(part) for part in fault["loc"]), "message": fault["msg"]} for fault in faults]
        ) from error
