"""``Job.*``: starting jobs, watching them, and what they are told meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from fleet_jobs import starting
from fleet_jobs.results import Results
from fleet_jobs.scheduler import Scheduler
from fleet_jobs.settings import JobsSettings
from fleet_jobs.store import NewJob, Store
from fleet_jobs.types import job_types
from fleet_jobs.values import Job, State
from plugin_sdk import Call, Fleet, JobType, JSONObject, Method, Principal
from plugin_sdk.errors import Conflict, InvalidParams, NotFound, PermissionDenied
from plugin_sdk.jobs import Offline

Id = Annotated[int, Field(ge=1, le=2**53)]
Name = Annotated[str, Field(max_length=200)]
Target = Annotated[str, Field(min_length=1, max_length=200)]
DeviceStates = Literal["pending", "running", "done", "failed", "skipped", "interrupted"]

LIST_ALL = "job.listall"
"""Permission to see, and with the method's own permission to steer, jobs of others."""

_DAY_S = 86_400.0
_RETRY_S = 7 * _DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What there is while the plugin runs."""

    fleet: Fleet
    store: Store
    scheduler: Scheduler
    results: Results


class JobMethods:
    """Handlers of ``Job.*``.

    Args:
        running: What there is while the plugin runs.
    """

    def __init__(self, running: Callable[[], Running]) -> None:
        self._running = running
        self._making = asyncio.Lock()
        """Held from asking for room until it is taken."""

    def methods(self) -> list[Method]:
        """Declare them."""
        return [
            Method(name="Job.Start", handler=self.start, timeout_s=120.0),
            Method(name="Job.Get", handler=self.get, read_only=True),
            Method(name="Job.List", handler=self.list, read_only=True),
            Method(name="Job.GetResults", handler=self.get_results, read_only=True),
            Method(name="Job.Pause", handler=self.pause),
            Method(name="Job.Resume", handler=self.resume),
            Method(name="Job.Cancel", handler=self.cancel),
            Method(name="Job.Retry", handler=self.retry),
            Method(name="Job.Delete", handler=self.delete),
            Method(name="Job.ListTypes", handler=self.list_types, read_only=True),
        ]

    async def start(
        self,
        fleet: Fleet,
        call: Call,
        type: Annotated[str, Field(min_length=1, max_length=100)],  # noqa: A002  # the wire's name
        devices: Annotated[list[Target], Field(min_length=1, max_length=starting.MAX_DEVICES)],
        params: dict[str, Any] | None = None,
        name: Name = "",
        concurrency: Annotated[int, Field(ge=1, le=1_000)] | None = None,
        rate_per_s: Annotated[float, Field(ge=0.01, le=1_000)] | None = None,
        offline: Offline | None = None,
        idempotency_key: Annotated[str, Field(min_length=1, max_length=200)] | None = None,
        not_before: Annotated[float, Field(ge=0, le=2**33)] | None = None,
        expires_s: Annotated[float, Field(ge=1, le=90 * _DAY_S)] = 7 * _DAY_S,
    ) -> JSONObject:
        """Start a job: the job, as `Job.Get` gives it.

        `devices` are ids, sets (`group:1`) and `*`, all devices you may see. `offline` says what is done about a device
        that cannot be called: `wait`, `fail` or `run`; default is the type's. `not_before` is in UTC epoch seconds;
        what is not done `expires_s` later fails. The same `idempotency_key` again gives the same job.
        """
        running, principal = self._running(), asker(call)
        if idempotency_key and (known := await running.store.by_key(principal, idempotency_key)):
            return self._shown(known)
        kind, given = _kind(fleet, type), params or {}
        for path, text in (("name", name), ("idempotency_key", idempotency_key or "")):
            if not text.isprintable():
                raise InvalidParams.at(path, "has no control characters")
        starting.check(kind, given)
        found = await starting.targets(fleet, kind, devices, principal)
        await starting.require_some_right(fleet, kind.permission(given), found, principal)
        begins = datetime.now(UTC) if not_before is None else datetime.fromtimestamp(not_before, UTC)
        new = NewJob(
            owner=principal,
            type=type,
            name=name or kind.title,
            params=given,
            devices=found,
            concurrency=concurrency or kind.concurrency,
            rate_per_s=rate_per_s,
            offline=offline or kind.needs_online,
            idempotency_key=idempotency_key,
            not_before=None if not_before is None else begins,
            expires=max(begins, datetime.now(UTC)) + timedelta(seconds=expires_s),
        )
        async with self._making:
            await self._require_room(len(found))
            number = await running.store.add(new)
        made = await running.store.get(number) if number else None
        if made is None and idempotency_key:  # another call with the key came first
            made = await running.store.by_key(principal, idempotency_key)
        if made is None:
            raise Conflict("the job was deleted meanwhile")
        running.scheduler.tell("Job.Progress", made)
        running.scheduler.look()
        return self._shown(made)

    async def get(self, fleet: Fleet, call: Call, id: Id) -> JSONObject:  # noqa: A002
        """A job: state, figures, owner, limits and parameters; `steps` is how far devices are."""
        job = await self._find(fleet, call, id)
        run = self._running().scheduler.runs.get(id)
        steps = {} if run is None else run.steps
        seen = {device: step for device, step in steps.items() if fleet.allows(asker(call), "device.get", device)}
        return {**self._shown(job), "steps": seen}

    async def list(
        self,
        fleet: Fleet,
        call: Call,
        state: State | None = None,
        type: Annotated[str, Field(max_length=100)] | None = None,  # noqa: A002
        limit: Annotated[int, Field(ge=1, le=1_000)] = 100,
        cursor: Annotated[int, Field(ge=1)] | None = None,
    ) -> JSONObject:
        """Your jobs, newest first, without parameters: `{items, cursor}`; `cursor` is null on the last page.

        All jobs, if you have the permission `job.listall`.
        """
        principal = asker(call)
        owner = None if fleet.allows(principal, LIST_ALL) else principal
        states = [state] if state else []
        jobs = await self._running().store.page(owner, states, type, cursor, limit + 1)
        more = len(jobs) > limit
        return {
            "items": [self._shown(job) for job in jobs[:limit]],
            "cursor": jobs[limit - 1].id if more else None,
        }

    async def get_results(
        self,
        fleet: Fleet,
        call: Call,
        id: Id,  # noqa: A002
        state: DeviceStates | None = None,
        limit: Annotated[int, Field(ge=1, le=1_000)] = 100,
        cursor: Annotated[int, Field(ge=0)] = 0,
        format: Literal["json", "csv"] = "json",  # noqa: A002
    ) -> JSONObject:
        """What came of a job's devices, in order: `{items, cursor}`, or `{csv, cursor}`; `cursor` is null at the end.

        A page ends early when its results are long.
        """
        job = await self._find(fleet, call, id)
        known = is_known(fleet, job.type)
        page = await self._running().results.page(
            job, asker(call), states=[state] if state else [], after=cursor, limit=limit, known=known
        )
        return page.to_csv() if format == "csv" else page.to_json()

    async def pause(self, fleet: Fleet, call: Call, id: Id) -> JSONObject:  # noqa: A002
        """Begin nothing more until `Job.Resume`: the job. What has begun is finished."""
        return await self._move(fleet, call, id, "paused", of=("queued", "running"))

    async def resume(self, fleet: Fleet, call: Call, id: Id) -> JSONObject:  # noqa: A002
        """Go on with a paused job: the job."""
        return await self._move(fleet, call, id, "queued", of=("paused",))

    async def cancel(self, fleet: Fleet, call: Call, id: Id) -> JSONObject:  # noqa: A002
        """End a job: the job. What has begun is finished, what has not is skipped."""
        return await self._move(fleet, call, id, "cancelled", of=("queued", "running", "paused"))

    async def retry(self, fleet: Fleet, call: Call, id: Id) -> JSONObject:  # noqa: A002
        """Do the failed and interrupted devices of a finished job again: the job."""
        job = await self._find(fleet, call, id)
        if job.counts.failed == 0:
            raise Conflict("no device has failed")
        principal = asker(call)
        stamp = principal.stamp if job.is_of(principal) else None
        async with self._making:
            await self._require_room(job.counts.failed)
            again = await self._running().store.retry(id, datetime.now(UTC) + timedelta(seconds=_RETRY_S), stamp)
        if again is None:
            raise _unfinished(job)
        return self._told(again)

    async def delete(self, fleet: Fleet, call: Call, id: Id) -> JSONObject:  # noqa: A002
        """Forget a finished job with its results: `{deleted: id}`."""
        job = await self._find(fleet, call, id)
        if id in self._running().scheduler.runs or not await self._running().store.delete(id):
            raise _unfinished(job)
        return {"deleted": id}

    def list_types(self, fleet: Fleet) -> JSONObject:
        """What jobs can do, by name: title, parameters for forms, and the type's own limits."""
        return {name: _described(kind) for name, kind in sorted(job_types(fleet).items())}

    # ---- inside -------------------------------------------------------------------------------------------

    async def _find(self, fleet: Fleet, call: Call, number: int) -> Job:
        principal = asker(call)
        job = await self._running().store.get(number)
        if job is None or not (job.is_of(principal) or fleet.allows(principal, LIST_ALL)):
            raise NotFound(job=number)
        return job

    async def _move(self, fleet: Fleet, call: Call, number: int, to: State, *, of: Sequence[State]) -> JSONObject:
        job = await self._find(fleet, call, number)
        moved = await self._running().store.move(number, to, None, of=of)
        if moved is None:
            raise Conflict(f"the job is {job.state}")
        return self._told(moved)

    def _told(self, job: Job) -> JSONObject:
        """A job whose row has just changed, after telling everybody."""
        running = self._running()
        if job.state in ("queued", "running") or not running.scheduler.stop(job.id, job.state):
            running.scheduler.tell("Job.Progress", job)
        running.scheduler.look()
        return self._shown(job)

    async def _require_room(self, devices: int) -> None:
        running = self._running()
        settings: JobsSettings = running.fleet.settings
        jobs, waiting = await running.store.unfinished()
        if jobs >= settings.unfinished_jobs:
            raise Conflict(f"{jobs} jobs have not finished; cancel some, or wait")
        if waiting + devices > settings.unfinished_devices:
            most = settings.unfinished_devices
            raise Conflict(
                f"unfinished jobs have {waiting:,} devices left, and may have {most:,}; wait, or cancel some"
            )

    def _shown(self, job: Job) -> JSONObject:
        run = self._running().scheduler.runs.get(job.id)
        live: Mapping[str, Any] = {"running": 0, "waiting": 0}
        if run is not None:
            live = {name: value for name, value in run.progress().items() if name in live}
            live = {**live, **run.counts.to_json()}
        return {**job.to_json(), **live}


def asker(call: Call) -> Principal:
    """Who calls."""
    if call.principal is None:
        raise PermissionDenied(reason="not_signed_in")
    return call.principal


def _kind(fleet: Fleet, name: str) -> JobType:
    kinds = job_types(fleet)
    if name not in kinds:
        raise InvalidParams.at("type", f"there is no such type; there are {', '.join(sorted(kinds))}")
    return kinds[name]


def _unfinished(job: Job) -> Conflict:
    """Why a job cannot be done again, or forgotten, yet."""
    if job.ended is None:
        return Conflict(f"the job has not finished: it is {job.state}")
    return Conflict("what the job began is not finished yet; try again in a moment")


def is_known(fleet: Fleet, name: str) -> bool:
    """Whether jobs of a type are about devices of the fleet."""
    kind = job_types(fleet).get(name)
    return kind is None or kind.known


def _described(kind: JobType) -> JSONObject:
    return {
        "title": kind.title,
        "parameters": {
            name: {"schema": dict(each.schema), "label": each.label, "required": each.required}
            for name, each in kind.parameters.items()
        },
        "idempotent": kind.idempotent,
        "concurrency": kind.concurrency,
        "timeout_s": kind.timeout_s,
        "offline": kind.needs_online,
        "known": kind.known,
    }
