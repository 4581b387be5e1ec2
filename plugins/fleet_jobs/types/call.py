"""The job type ``call``: call a method of each device."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from fleet_jobs.types.params import Params, read
from plugin_sdk import JSON, JobStep, JobType, JSONObject, Parameter

_TIMEOUT_S = 600.0


class CallParams(Params):
    """``{method, params?, timeout_s?}``."""

    method: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\s.]+(\.[^\s.]+)+$")]
    params: dict[str, Any] = Field(default_factory=dict)
    timeout_s: Annotated[float, Field(gt=0, le=_TIMEOUT_S)] | None = None


def call_type() -> JobType:
    """Declare it. Not idempotent: nobody knows what a method does when it is called twice."""
    return JobType(
        title="Call a method",
        run=_run,
        permission=lambda params: str(params["method"]).lower(),
        check=_check,
        parameters={
            "method": Parameter(schema={"type": "string"}, label="Method", required=True),
            "params": Parameter(schema={"type": "object"}, label="Parameters"),
        },
        timeout_s=_TIMEOUT_S,
    )


def _check(params: JSONObject) -> None:
    read(CallParams, params)


async def _run(step: JobStep) -> JSON:
    given = read(CallParams, step.params)
    return await step.call(given.method, given.params, timeout_s=given.timeout_s)
