"""The job type ``adopt``: many devices, one after the other, each by its address, its name, or its id if it was found.

A job's parameters are stored, so none is a password: devices that have one get that of the plugin's settings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fleet_discovery.adoption import AT_ONCE, Adoptions, Order
from fleet_discovery.server_url import read_server_url
from plugin_sdk import JSON, JobStep, JobType, JSONObject, Parameter
from plugin_sdk.errors import CallTimeout, InvalidParams

TURN_S = 700.0
"""Longer than the longest patience that can be set."""


class AdoptParams(BaseModel):
    """What an adoption may be asked as a job."""

    model_config = ConfigDict(extra="forbid", strict=True)

    url: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None
    replace: bool = False


def adopt_type(adoptions: Callable[[], Adoptions]) -> JobType:
    """Declare it."""

    async def run(step: JobStep) -> JSON:
        params = _read(step.params)
        url = None if params.url is None else read_server_url(params.url)
        answer = await adoptions().adopt(
            Order(host=step.device, asker=step.on_behalf_of, url=url, replace=params.replace)
        )
        if answer["outcome"] == "timeout":
            raise CallTimeout(answer["steps"][-1]["detail"])
        return answer

    return JobType(
        title="Adopt devices",
        run=run,
        permission=lambda _params: "discovery.adopt",
        check=_check,
        parameters={
            "url": Parameter(schema={"type": "string"}, label="Address for devices", required=False),
            "replace": Parameter(schema={"type": "boolean"}, label="Take away from another server", required=False),
        },
        idempotent=True,
        concurrency=AT_ONCE,
        timeout_s=TURN_S,
        needs_online="run",
        known=False,
    )


def _check(params: JSONObject) -> None:
    url = _read(params).url
    if url is not None:
        read_server_url(url)


def _read(params: JSONObject) -> AdoptParams:
    try:
        return AdoptParams.model_validate(params)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidParams(
            [{"path": ".".join(map(str, fault["loc"])), "message": fault["msg"]} for fault in faults]
        ) from error
