"""Which jobs are at work. The rows say what should be; this looks at them and makes it so.

Whoever changes a job changes its row first and calls :meth:`Scheduler.look`; so a restart needs nothing special.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

from fleet_jobs.room import Room
from fleet_jobs.run import Run, away
from fleet_jobs.settings import JobsSettings
from fleet_jobs.store import Store
from fleet_jobs.turn import Task
from fleet_jobs.types import job_types
from fleet_jobs.values import Job, State
from fleet_jobs.writer import Writer
from plugin_sdk import Fleet, JobType
from plugin_sdk.errors import Unavailable

_LOOK_EVERY_S = 5.0
_AWAY_S = 1.0
_BROKEN_S = 30.0
"""How long a job is left alone after a fault of the platform's own."""
_PRUNE_EVERY_S = 3600.0
_LAST_WRITE_S = 2.0
_CONNECTS = 20_000
"""Devices that may come at once; of what is more, waiting jobs learn when they look themselves."""


class Scheduler:
    """Owns all runs of jobs."""

    def __init__(self, fleet: Fleet, store: Store) -> None:
        self._fleet = fleet
        self._store = store
        self._writer = Writer(store)
        self._runs: dict[int, Run] = {}
        self._held: dict[int, float] = {}
        self._wake = asyncio.Event()
        self._clock = asyncio.get_running_loop().time
        self._room = self._make_room()

    @property
    def runs(self) -> Mapping[int, Run]:
        """Jobs at work, by number."""
        return self._runs

    def resize(self, settings: JobsSettings) -> None:
        """Other limits are in force; turns that go on are left alone."""
        self._room.resize(settings.concurrency, settings.rate_per_s)

    def look(self) -> None:
        """Rows have changed."""
        self._wake.set()

    def stop(self, job: int, state: State) -> bool:
        """Have a job begin nothing more; whether it is at work."""
        run = self._runs.get(job)
        if run is not None:
            run.stop(state)
        self.look()
        return run is not None

    def tell(self, event: str, job: Job) -> None:
        """Tell of a job that is not at work."""
        shown = {"id": job.id, "type": job.type, "state": job.state, "reason": job.reason, **job.counts.to_json()}
        if event == "Job.Progress":
            self._fleet.publish("Job.Progress", {**shown, "running": 0, "waiting": 0})
        else:
            self._fleet.publish("Job.Done", shown)

    async def run(self) -> None:
        """Work, until cancelled; what is not written then is written last."""
        self._writer, self._room = Writer(self._store), self._make_room()
        try:
            async with asyncio.TaskGroup() as tasks:
                for work in (self._writer.run(), self._welcome(), self._prune()):
                    tasks.create_task(work)
                while True:
                    await self._wait(await self._arrange(tasks))
        finally:
            self._runs.clear()
            with suppress(Unavailable, TimeoutError):
                async with asyncio.timeout(_LAST_WRITE_S):
                    await self._writer.flush()

    # ---- what should be at work ---------------------------------------------------------------------------

    async def _arrange(self, tasks: asyncio.TaskGroup) -> float:
        """Start what is to be worked on; returns when to look again, in seconds."""
        try:
            async for settled in self._store.settle_cancelled(list(self._runs)):
                self._tell_end(settled)
            jobs = await self._store.runnable()
        except Unavailable:
            return _AWAY_S
        now, next_s = datetime.now(UTC), _LOOK_EVERY_S
        self._held = {job: until for job, until in self._held.items() if until > self._clock()}
        types = job_types(self._fleet)
        for job in jobs:
            if job.id in self._runs:
                continue
            if job.not_before is not None and job.not_before > now:
                next_s = min(next_s, (job.not_before - now).total_seconds())
            elif job.id in self._held:
                next_s = min(next_s, self._held[job.id] - self._clock())
            elif job.type not in types:
                await self._complain(job)
            elif not await self._start(job.id, types[job.type], tasks):
                return _AWAY_S
        return max(0.05, next_s)

    async def _start(self, number: int, kind: JobType, tasks: asyncio.TaskGroup) -> bool:
        """Work on a job, now with its parameters; False if the database is away."""
        try:
            job = await self._store.get(number)
        except Unavailable:
            return False
        if job is not None:
            task = Task(fleet=self._fleet, job=job, type=kind)
            run = self._runs[number] = Run(task, store=self._store, writer=self._writer, room=self._room)
            tasks.create_task(self._work(run))
        return True

    async def _work(self, run: Run) -> None:
        job = run.job.id
        try:
            if await run.work():
                state: State = "failed" if run.counts.failed else "done"
                self._tell_end(await self._store.move(job, state, None, of=("running",)))
            else:
                self._tell_end(await self._store.get(job))
        except Unavailable as error:
            self._fleet.log.debug("job %s: %s", job, away(error))
            self._held[job] = self._clock() + _AWAY_S
        except Exception:  # a fault in one job must not take the others with it
            self._fleet.log.exception("job %s stopped unexpectedly", job)
            self._held[job] = self._clock() + _BROKEN_S
        finally:
            self._runs.pop(job, None)
            self.look()

    def _tell_end(self, job: Job | None) -> None:
        if job is not None and job.ended is not None and job.counts.left == 0:
            self.tell("Job.Progress", job)
            self.tell("Job.Done", job)

    async def _complain(self, job: Job) -> None:
        reason = f"no plugin offers the type {job.type} at the moment"
        if job.reason != reason:
            with suppress(Unavailable):
                moved = await self._store.move(job.id, "queued", reason, of=("queued", "running"))
                if moved is not None:
                    self.tell("Job.Progress", moved)

    # ---- beside it ----------------------------------------------------------------------------------------

    async def _welcome(self) -> None:
        """Tell runs of devices that come."""
        async with self._fleet.subscribe("Shelly.Connect", queue_size=_CONNECTS) as events:
            async for event in events:
                for run in self._runs.values():
                    run.came(str(event.device))

    async def _prune(self) -> None:
        """Forget old jobs, now and then."""
        while True:
            settings: JobsSettings = self._fleet.settings
            with suppress(Unavailable):
                await self._store.prune(keep=settings.keep_jobs, days=settings.keep_days)
            await asyncio.sleep(_PRUNE_EVERY_S)

    def _make_room(self) -> Room:
        settings: JobsSettings = self._fleet.settings
        return Room(settings.concurrency, settings.rate_per_s, self._clock)

    async def _wait(self, delay_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(delay_s):
                await self._wake.wait()
        self._wake.clear()
