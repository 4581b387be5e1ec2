"""The job type ``accept``: let devices of the waiting room in."""

from __future__ import annotations

from fleet_jobs.types.params import Params, read
from plugin_sdk import JSON, JobStep, JobType, JSONObject
from plugin_sdk.errors import NotFound


class AcceptParams(Params):
    """None."""


def accept_type() -> JobType:
    """Declare it."""
    return JobType(
        title="Accept waiting devices",
        run=_run,
        permission=lambda _params: "waitingroom.accept",
        check=_check,
        idempotent=True,
        needs_online="run",
        known=False,
    )


def _check(params: JSONObject) -> None:
    read(AcceptParams, params)


async def _run(step: JobStep) -> JSON:
    answer = await step.fleet.invoke(
        "WaitingRoom.AcceptPending", {"shellyIDs": [step.device]}, on_behalf_of=step.on_behalf_of
    )
    if not answer["success"]:
        raise NotFound("no such device waits to be let in")
    return {"accepted": answer["success"][0]}
