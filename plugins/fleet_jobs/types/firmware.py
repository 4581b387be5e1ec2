"""The job type ``firmware``: update a device and follow it through its restart.

Source: Shelly Gen2+ API, "Shelly.Update"; captured sequence of an update: ``ota_begin``, ``ota_progress``…,
``ota_success``, restart, and a new ``fw_id``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field, model_validator

from fleet_jobs.reboots import News, Reboots
from fleet_jobs.types.params import Params, read
from plugin_sdk import JSON, JobStep, JobType, JSONObject, Parameter, SkipDevice
from plugin_sdk.errors import CallTimeout, DeviceBusy, DeviceError, DeviceOffline, PermissionDenied, Unavailable

_NOTHING_NEWER = "no newer firmware is offered"
_NO_UPDATE_INFO = -114
_UPDATE_GOES_ON = "Update is in progress"
_FAILED = -1
"""Code of an update that failed half-way: the device tells of it by an event, which has none."""


class FirmwareParams(Params):
    """``{stage: "stable" | "beta"}`` or ``{url}``."""

    stage: Literal["stable", "beta"] | None = None
    url: Annotated[str, Field(min_length=8, max_length=2_000, pattern="^https?://")] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> FirmwareParams:
        if self.stage is not None and self.url is not None:
            raise ValueError("give a stage or a url, not both")
        return self


class FirmwareType:
    """Updates devices."""

    def __init__(self, reboots: Callable[[], Reboots]) -> None:
        self._reboots = reboots

    def declare(self) -> JobType:
        """Declare it. Idempotent: a device that has the firmware already is skipped, or gets the same again."""
        return JobType(
            title="Update firmware",
            run=self._run,
            permission=lambda _params: "shelly.update",
            check=_check,
            parameters={
                "stage": Parameter(schema={"type": "string", "enum": ["stable", "beta"]}, label="Stage"),
                "url": Parameter(schema={"type": "string"}, label="Or address of a file"),
            },
            idempotent=True,
            concurrency=20,
            timeout_s=900.0,
            needs_online="wait",
        )

    async def _run(self, step: JobStep) -> JSON:
        given = read(FirmwareParams, step.params)
        before = await _firmware(step)
        if given.url is None:
            await _require_offer(step, given.stage or "stable")
        async with self._reboots().following(step.device) as news:
            await _begin(step, {"url": given.url} if given.url else {"stage": given.stage or "stable"})
            after = await _follow(step, news, before)
        return {"fw_id": after, "before": before, "changed": after != before}


def _check(params: JSONObject) -> None:
    read(FirmwareParams, params)


async def _require_offer(step: JobStep, stage: str) -> None:
    """Skip a device that has the newest firmware."""
    try:
        offers = await step.call("Shelly.CheckForUpdate")
    except PermissionDenied:
        return  # the update itself will tell
    if isinstance(offers, dict) and stage not in offers:
        raise SkipDevice(_NOTHING_NEWER)


async def _begin(step: JobStep, params: JSONObject) -> None:
    try:
        await step.call("Shelly.Update", params)
    except DeviceError as error:
        if error.error.get("code") == _NO_UPDATE_INFO:
            raise SkipDevice(_NOTHING_NEWER) from error
        if error.error.get("message") != _UPDATE_GOES_ON:
            raise


async def _follow(step: JobStep, news: asyncio.Queue[News], before: str) -> str:
    """Wait until the device is back with other firmware, or with the same after it said that it was installed."""
    installed = False
    step.tell(0, "update begins")
    while True:
        heard = await news.get()
        if heard.name == "ota_error":
            raise DeviceError({"code": _FAILED, "message": f"the update failed: {heard.event.get('msg', '')}"})
        if heard.name == "ota_progress":
            step.tell(_percent(heard.event.get("progress_percent")), "loading")
        elif heard.name == "ota_success":
            installed = True
            step.tell(100, "restarting")
        elif heard.name == "connected":
            try:
                after = await _firmware(step)
            except (DeviceOffline, DeviceError, DeviceBusy, CallTimeout):
                continue  # it restarts once more
            if after != before or installed:
                return after


async def _firmware(step: JobStep) -> str:
    """The firmware a device has, asked in the platform's own name: whoever may update may know."""
    info = await step.fleet.call(step.device, "Shelly.GetDeviceInfo")
    if not isinstance(info, dict) or not isinstance(info.get("fw_id"), str):
        raise Unavailable("the device does not say which firmware it has", part="device")
    return str(info["fw_id"])


def _percent(value: JSON) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
