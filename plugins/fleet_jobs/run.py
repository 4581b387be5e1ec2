"""A job at work: devices have their turn, so many at a time and so often, until none is left or it is told to stop.

A run keeps the ids of devices that are still to do, and nothing else of them; the rows are the truth. It may be
dropped at any moment: what it had begun is in the rows, and the next run goes on from there.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime

from fleet_jobs.progress import DEVICE_INTERVAL_S, INTERVAL_S, Throttle
from fleet_jobs.room import Room
from fleet_jobs.store import Ended, Store
from fleet_jobs.turn import STILL_TO_DO, Task, failure
from fleet_jobs.values import Counts, Job, Outcome, State, Turn
from fleet_jobs.writer import Entry, Writer
from plugin_sdk import JSONObject, Pace, Principal
from plugin_sdk.errors import CallTimeout, DeviceOffline, PermissionDenied, Unavailable

_LOOK_EVERY_S = 15.0
"""How often waited-for devices are looked for, should the event of one have been missed."""

_SLICE = 500
_UNWRITTEN = 1_000
"""Outcomes that may wait to be written: devices that fail at once do so faster than rows are written."""

_NOBODY = "the job's owner is not known any more, or disabled, or has other credentials now"


class Run:
    """One job at work.

    Attributes:
        job: As it was when the run began.
        counts: Figures that are durable.
        steps: Devices that have their turn now, and how far each is: ``{percent?, text?}``.
    """

    def __init__(self, task: Task, *, store: Store, writer: Writer, room: Room) -> None:
        self.job: Job = task.job
        self.counts: Counts = task.job.counts
        self.steps: dict[str, JSONObject] = {}
        self._state: State = "running"
        self._task = task
        self._store = store
        self._writer = writer
        self._room = room
        self._clock = asyncio.get_running_loop().time
        self._pace = Pace(self.job.rate_per_s, self._clock)
        self._going = 0
        self._ready: deque[Turn] = deque()
        self._begun: deque[Turn] = deque()
        self._waiting: dict[str, Turn] = {}
        self._unwritten = 0
        self._away: Unavailable | None = None
        self._stop = asyncio.Event()
        self._entering: asyncio.Timeout | None = None
        self._ownerless = False
        self._changed = asyncio.Event()
        self._progress = Throttle(self._tell, INTERVAL_S)

    # ---- from outside -------------------------------------------------------------------------------------

    def stop(self, state: State) -> None:
        """Begin no further turn, because the job is in another state now; turns that go on are finished."""
        self._state = state
        self._stop.set()
        self._changed.set()
        if self._entering is not None:
            self._entering.reschedule(self._clock())
        self._progress.ask()

    def came(self, device: str) -> None:
        """A device is there; if it was waited for it is next, for sleepers do not stay long."""
        turn = self._waiting.pop(device.lower(), None)
        if turn is not None:
            self._ready.appendleft(turn)
            self._changed.set()

    async def work(self) -> bool:
        """Work until the job is over, its type is gone or :meth:`stop` was called; returns whether it is over.

        Raises:
            Unavailable: The database, or whoever knows the owner, is away. Turns that went on were finished.
        """
        try:
            await self._load()
            async with asyncio.TaskGroup() as turns:
                try:
                    await self._all_turns(turns)
                except Unavailable as error:  # turns that go on are finished all the same
                    self._away = error
            self._give_back()
            if self._away is not None:
                self._progress.ask()
            while self._unwritten:
                await self._change(_LOOK_EVERY_S)
            if self._away is not None:
                raise self._away
            return not self._stop.is_set() and self.counts.left == 0
        finally:
            self._give_back()
            self._progress.close()

    # ---- the loop -----------------------------------------------------------------------------------------

    async def _load(self) -> None:
        moved = await self._store.move(self.job.id, "running", None, of=("queued", "running"))
        if moved is None:  # paused, or cancelled, since it was looked at
            self._stop.set()
            return
        await self._store.recover(self.job.id, again=self._task.type.idempotent)
        self.counts = await self._store.recount(self.job.id)
        async for turns in self._store.pending(self.job.id):
            self._ready.extend(turns)
        self._progress.ask()

    def _ends(self) -> bool:
        """Whether no further turn may begin."""
        return self._stop.is_set() or self._task.is_outdated()

    async def _all_turns(self, turns: asyncio.TaskGroup) -> None:
        looked = self._clock()
        while not self._ends():
            if self._away is not None:
                raise self._away
            if self._expired() or self._ownerless:
                await self._end_rest()
            if self._waiting and self._clock() - looked > _LOOK_EVERY_S:
                await self._look()
                looked = self._clock()
            if self._begun:
                await self._start_one(turns)
            elif self._ready and self._going < self.job.concurrency and self._unwritten < _UNWRITTEN:
                await self._begin_some(self.job.concurrency - self._going)
            elif self._going or self._waiting or self._unwritten:
                await self._change(_LOOK_EVERY_S)
            else:
                return

    async def _begin_some(self, most: int) -> None:
        """Take devices that are there, and write that they have their turn: what was begun is known after a crash."""
        most = min(most, max(1, int(self.job.rate_per_s or most)))
        looked_at = 0
        taken: list[Turn] = []
        while self._ready and len(taken) < most and looked_at < _SLICE:
            looked_at += 1
            turn = self._ready.popleft()
            if not self._task.is_away(turn.device):
                taken.append(turn)
            elif self.job.offline == "wait":
                self._waiting[turn.device.lower()] = turn
            else:
                self._end(turn, failure(DeviceOffline()))
        if not taken:
            await asyncio.sleep(0)
            return
        for turn in taken:
            turn.attempts += 1
        self._begun.extend(taken)
        await self._store.begin(self.job.id, taken)

    async def _start_one(self, turns: asyncio.TaskGroup) -> None:
        await self._pause(self._pace.reserve())
        if not await self._enter():
            return
        await self._pause(self._room.pace.reserve())
        if self._ends():
            self._room.leave()
            return
        self._going += 1
        turns.create_task(self._turn(self._begun.popleft())).add_done_callback(self._left)

    async def _enter(self) -> bool:
        """Wait for a place among the turns of all jobs; False if the run is stopped meanwhile."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(None) as self._entering:
                    await self._room.enter()
                return True
            return False
        finally:
            self._entering = None

    def _left(self, _turn: asyncio.Task[None]) -> None:
        """A turn has ended, or was cancelled before it began."""
        self._going -= 1
        self._room.leave()
        self._changed.set()

    async def _turn(self, turn: Turn) -> None:
        self.steps[turn.device] = {}
        again = self._task.type.idempotent
        outcome = STILL_TO_DO if again else Outcome(state="interrupted", message="the platform stopped meanwhile")
        throttle = Throttle(lambda: self._tell_device(turn.device), DEVICE_INTERVAL_S)
        try:
            outcome = await self._attempt(turn, throttle)
        finally:
            throttle.close()
            del self.steps[turn.device]
            self._end(turn, outcome)

    async def _attempt(self, turn: Turn, throttle: Throttle) -> Outcome:
        if self.job.offline == "wait" and self._task.is_away(turn.device):
            turn.attempts -= 1
            return STILL_TO_DO
        try:
            owner = await self._owner()
        except Unavailable as error:
            self._away = error
            turn.attempts -= 1
            return STILL_TO_DO
        if owner is None:
            self._ownerless = True
            return failure(PermissionDenied(_NOBODY))

        def tell(percent: float | None, text: str | None) -> None:
            told = {"percent": percent, "text": text}
            if self.steps.get(turn.device) != told:
                self.steps[turn.device] = told
                throttle.ask()

        return await self._task.attempt(turn, owner, tell)

    async def _owner(self) -> Principal | None:
        """Whoever started the job, with the rights it has now; another user of the same name is none."""
        owner = await self._task.fleet.find_principal(self.job.owner, self.job.provider)
        return owner if owner is not None and owner.stamp == self.job.stamp else None

    # ---- what became of it --------------------------------------------------------------------------------

    def _end(self, turn: Turn, outcome: Outcome) -> None:
        """Have it written; what is still to do comes back when that is known."""
        self._unwritten += 1

        def written(counts: Counts) -> None:
            self.counts = counts
            self._unwritten -= 1
            if outcome.state == "pending":
                self._ready.append(turn)
            self._progress.ask()
            self._changed.set()

        ended = Ended(job=self.job.id, turn=turn, outcome=outcome)
        self._writer.put(Entry(ended=ended, counts=lambda: self.counts, written=written))

    def _give_back(self) -> None:
        """Devices whose turn was written but has not begun are still to do."""
        while self._begun:
            turn = self._begun.popleft()
            turn.attempts = max(0, turn.attempts - 1)
            self._end(turn, STILL_TO_DO)

    def _expired(self) -> bool:
        return datetime.now(UTC) >= self.job.expires and bool(self._ready or self._waiting)

    async def _end_rest(self) -> None:
        """Nothing that has not begun will be done: the job expired, or its owner is gone."""
        late = CallTimeout("the device was not there in time")
        outcome = failure(PermissionDenied(_NOBODY) if self._ownerless else late)
        self._give_back()
        while self._going or self._unwritten:
            await self._change(_LOOK_EVERY_S)
        await self._store.end_pending(self.job.id, "failed", outcome.code, outcome.message or "")
        self._ready.clear()
        self._waiting.clear()
        self.counts = await self._store.recount(self.job.id)
        self._ownerless = False

    # ---- waiting and telling ------------------------------------------------------------------------------

    async def _look(self) -> None:
        """Look for devices whose coming was missed."""
        for number, device in enumerate(list(self._waiting)):
            if not self._task.is_away(device):
                self.came(device)
            if number % _SLICE == _SLICE - 1:
                await asyncio.sleep(0)

    async def _change(self, timeout_s: float) -> None:
        """Wait until something changed, or a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        self._changed.clear()

    async def _pause(self, delay_s: float) -> None:
        """Wait for a while, unless the run is stopped."""
        if delay_s > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await self._stop.wait()

    def progress(self) -> JSONObject:
        """``{id, type, state, total, done, failed, skipped, left, running, waiting}``."""
        return {
            "id": self.job.id,
            "type": self.job.type,
            "state": "paused" if self._away is not None else self._state,
            "reason": None if self._away is None else away(self._away),
            **self.counts.to_json(),
            "running": len(self.steps),
            "waiting": len(self._waiting),
        }

    def _tell(self) -> None:
        self._task.fleet.publish("Job.Progress", self.progress())

    def _tell_device(self, device: str) -> None:
        """How far a device is, to those who may see it; a device of the waiting room has no such event."""
        if self._task.fleet.devices.get(device) is not None:
            told = {"id": self.job.id, "shellyID": device, **self.steps.get(device, {})}
            self._task.fleet.publish("Job.DeviceProgress", told, device=device)


def away(error: Unavailable) -> str:
    """What a job waits for, for people."""
    return f"the {error.data.get('part', 'platform')} is away; the job goes on when it is back"
