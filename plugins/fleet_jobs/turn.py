"""One device's turn: who asks, whether they may, what is done, and what became of it.

The only place where an unexpected exception of a job type becomes a device's error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from fleet_jobs.types import job_types
from fleet_jobs.values import Job, Outcome, Turn, result_text, sentence
from plugin_sdk import Fleet, JobStep, JobType, JSONObject, Principal, SkipDevice
from plugin_sdk.errors import CallTimeout, DeviceOffline, FleetError, PermissionDenied, UnknownDevice

ATTEMPTS = 10
"""How often a device that goes away during its turn has another one."""

STILL_TO_DO = Outcome(state="pending")
_LARGEST_CODE = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What all turns of a job have in common."""

    fleet: Fleet
    job: Job
    type: JobType

    @property
    def params(self) -> JSONObject:
        """Parameters of the job."""
        return self.job.params or {}

    def is_outdated(self) -> bool:
        """Whether the plugin that brought the type has stopped, or brings another one by now."""
        return job_types(self.fleet).get(self.job.type) is not self.type

    def is_away(self, device: str) -> bool:
        """Whether a device has to be waited for, or fails, because it cannot be called."""
        if self.job.offline == "run" or not self.type.known:
            return False
        found = self.fleet.devices.get(device)
        return found is not None and not found.connected

    async def attempt(self, turn: Turn, owner: Principal, tell: Callable[[float | None, str | None], None]) -> Outcome:
        """Do it. Cancelled when the platform stops; raises nothing else."""
        try:
            self._check_rights(turn.device, owner)
            step = JobStep(
                fleet=self.fleet,
                job=self.job.id,
                device=turn.device,
                params=self.params,
                on_behalf_of=owner,
                tell=tell,
            )
            text, truncated = result_text(await self._run(step))
        except SkipDevice as skip:
            return Outcome(state="skipped", message=sentence(str(skip)))
        except DeviceOffline as error:
            # What is not idempotent may have been done already.
            again = self.type.idempotent and self.job.offline == "wait" and turn.attempts < ATTEMPTS
            return STILL_TO_DO if again else failure(error)
        except FleetError as error:
            return failure(error)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Nobody cancelled the turn: the type waited for something that was cancelled.
            return self._unexpected(turn, error)
        except (Exception, SystemExit) as error:  # a job type may be anybody's code: its fault is one device's error
            return self._unexpected(turn, error)
        return Outcome(state="done", result=text, truncated=truncated)

    async def _run(self, step: JobStep) -> object:
        try:
            async with asyncio.timeout(self.type.timeout_s) as deadline:
                return await self.type.run(step)
        except TimeoutError as error:
            if deadline.expired():
                raise CallTimeout(timeout_s=self.type.timeout_s) from error
            raise

    def _check_rights(self, device: str, owner: Principal) -> None:
        permission = self.type.permission(self.params)
        if self.type.known and self.fleet.devices.get(device) is None:
            raise UnknownDevice(device)
        if not self.fleet.allows(owner, permission, device):
            if self.type.known and not self.fleet.allows(owner, "device.get", device):
                raise UnknownDevice(device)
            raise PermissionDenied(permission=permission, device=device)

    def _unexpected(self, turn: Turn, error: BaseException) -> Outcome:
        self.fleet.log.error("job %s of type %s failed on %s", self.job.id, self.job.type, turn.device, exc_info=error)
        return Outcome(
            state="failed", code=FleetError.code, message="Internal error; the platform's log has the reason"
        )


def failure(error: FleetError) -> Outcome:
    """The outcome of an error: its code, and what it says."""
    told = error.to_json()
    code, message = told.get("code"), str(told.get("message", ""))
    data = told.get("data")
    if isinstance(data, dict):
        more = data.get("detail") or data.get("reason") or data.get("permission")
        errors = data.get("errors")
        if isinstance(errors, list):
            more = "; ".join(f"{each.get('path')}: {each.get('message')}" for each in errors if isinstance(each, dict))
        message = f"{message}: {more}" if more else message
    known = isinstance(code, int) and not isinstance(code, bool) and abs(code) <= _LARGEST_CODE
    return Outcome(state="failed", code=code if known else FleetError.code, message=sentence(message))
