"""Keeps the living parts of one plugin running, and ends them when it stops.

A part that fails is started again after a pause that grows. One that hangs is cancelled, and one that does not listen
to that has its coroutine closed; nobody ever waits for a part longer than its :class:`Timing` says. What blocks the
event loop itself cannot be helped from inside the process.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from fleet_platform import logs
from fleet_platform.host.faults import describe
from fleet_platform.host.records import PluginRecord
from fleet_platform.host.tasks import StuckError, end, sheltered

logger = logging.getLogger(__name__)

Run: TypeAlias = Callable[[Callable[[], None], asyncio.Future[None]], Awaitable[None]]
"""``run(started, stopping)``: calls ``started`` once it is up, and returns soon after ``stopping`` is done."""

_LEAST_PATIENCE_S = 0.5  # enough for a part to end what it runs itself, see tasks.bounded

Kind: TypeAlias = Literal["migrations", "lifespan", "task", "sink"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Deadlines and pauses, in seconds.

    Attributes:
        start_s: How long a part may take to start.
        stop_s: How long it may take to stop.
        first_pause_s: Pause before it is started again; doubled each time, up to ``longest_pause_s``.
    """

    start_s: float = 30.0
    stop_s: float = 5.0
    first_pause_s: float = 1.0
    longest_pause_s: float = 60.0

    def pauses_s(self) -> Iterator[float]:
        """Pauses between attempts, jittered so that plugins that failed together do not return together."""
        pause_s = self.first_pause_s
        while True:
            yield pause_s * random.uniform(0.5, 1.0)  # noqa: S311  # no secret
            pause_s = min(pause_s * 2, self.longest_pause_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Something that lives.

    Attributes:
        kind: Parts are stopped by their kind.
        name: Unique within the kind; may be empty where there is only one.
        run: What it does. When it returns, it is done.
        essential: Without it the whole plugin counts as failed.
        patient: It may end by itself when it shall stop; else it is cancelled at once.
        failed: Called after each run that failed, when the record says so.
        ended: Awaited after each run.
    """

    kind: Kind
    name: str = ""
    run: Run
    essential: bool = False
    patient: bool = False
    failed: Callable[[], None] = lambda: None
    ended: Callable[[], Awaitable[None]] | None = None

    @property
    def label(self) -> str:
        """For people: ``task poll``."""
        return f"{self.kind} {self.name}".rstrip()


class Supervisor:
    """The living parts of one plugin.

    Args:
        record: Is told of their faults.
    """

    def __init__(self, record: PluginRecord, timing: Timing) -> None:
        self._record = record
        self._timing = timing
        self._keepers: dict[str, Keeper] = {}

    def keep(self, part: Part) -> bool:
        """Start a part and keep it running; returns False if there is one of that kind and name already."""
        known = self._keepers.get(part.label)
        if known is not None and not known.task.done():
            return False
        self._keepers[part.label] = Keeper(part, self._record, self._timing)
        return True

    async def stop(self, kind: Kind, *, within_s: float) -> None:
        """Stop all parts of a kind, together; takes little longer than ``within_s``."""
        keepers = {label: keeper for label, keeper in self._keepers.items() if keeper.part.kind == kind}
        for keeper in keepers.values():
            keeper.ask_to_stop(within_s)
        if keepers:
            await asyncio.wait({keeper.task for keeper in keepers.values()})
        self._keepers = {label: keeper for label, keeper in self._keepers.items() if keeper is not keepers.get(label)}

    def has(self, kind: Kind) -> bool:
        """Whether there is a part of a kind that was not stopped."""
        return any(keeper.part.kind == kind for keeper in self._keepers.values())

    def hurry(self) -> None:
        """Start at once what waits to be started again."""
        for keeper in self._keepers.values():
            keeper.hurry.set()


class Keeper:
    """Keeps one part running.

    Attributes:
        task: Ends when the part is done, given up or stopped; never fails.
        hurry: Set to cut a pause short.
    """

    def __init__(self, part: Part, record: PluginRecord, timing: Timing) -> None:
        self.part = part
        self.hurry = asyncio.Event()
        self._record = record
        self._timing = timing
        self._patience_s = timing.stop_s
        self._stopping: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.task = asyncio.create_task(self._keep(), name=f"{record.name}: {part.label}")

    def ask_to_stop(self, within_s: float) -> None:
        """Stop the part; its ``task`` ends when that is done."""
        self._patience_s = max(within_s, _LEAST_PATIENCE_S)
        if not self._stopping.done():
            self._stopping.set_result(None)
        self.hurry.set()

    async def _keep(self) -> None:
        pauses_s, pause_s = self._timing.pauses_s(), 0.0
        clock = asyncio.get_running_loop().time
        with logs.about(plugin=self._record.name):
            while not self._stopping.done():
                began = clock()
                error = await self._run(settle_s=pause_s)
                if self.part.ended is not None:
                    await self.part.ended()
                if error is None or self._stopping.done() or isinstance(error, StuckError):
                    self._conclude(error)
                    return
                if clock() - began > self._timing.longest_pause_s:
                    pauses_s = self._timing.pauses_s()
                pause_s = next(pauses_s)
                self._complain(error, f"it is started again in {pause_s:.1f} s")
                await self._pause(pause_s)

    async def _run(self, *, settle_s: float) -> BaseException | None:
        """Run once, to the end; returns what went wrong.

        Args:
            settle_s: How long it must run until it counts as well.
        """
        begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(
            sheltered(lambda: self.part.run(lambda: None if begun.done() else begun.set_result(None), self._stopping)),
            name=f"{self._record.name}: {self.part.label}, running",
        )
        graceful = False
        try:
            await self._wait(task, begun, timeout_s=self._timing.start_s)
            if not (task.done() or begun.done() or self._stopping.done()):
                await end(task, patience_s=self._timing.stop_s)
                return self._stuck(task) or TimeoutError(f"it did not start within {self._timing.start_s:g} s")
            await self._wait(task, timeout_s=settle_s)
            if not task.done():
                self._record.mend(self.part.label)
            await self._wait(task, timeout_s=None)
            if self.part.patient and begun.done() and not task.done():
                await asyncio.wait({task}, timeout=self._patience_s)
                graceful = True
        finally:
            if not task.done():
                await end(task, patience_s=_LEAST_PATIENCE_S if graceful else self._patience_s)
        return self._stuck(task) or self._fault(task)

    async def _wait(self, *futures: asyncio.Future[None], timeout_s: float | None) -> None:
        """Wait for one of them, or until the part shall stop."""
        await asyncio.wait({*futures, self._stopping}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)

    async def _pause(self, pause_s: float) -> None:
        self.hurry.clear()
        try:
            async with asyncio.timeout(pause_s):
                await self.hurry.wait()
        except TimeoutError:
            pass
        if not self._stopping.done():
            self._record.restarts += 1

    @staticmethod
    def _stuck(task: asyncio.Task[None]) -> StuckError | None:
        return None if task.done() else StuckError("it ignores being cancelled")

    def _fault(self, task: asyncio.Task[None]) -> BaseException | None:
        if task.cancelled():
            return None if self._stopping.done() else RuntimeError("it was cancelled")
        return task.exception()

    def _conclude(self, error: BaseException | None) -> None:
        if isinstance(error, StuckError):
            self._complain(error, "only a restart of the platform ends it")
        elif error is not None:
            logger.warning("the %s failed while it was stopped: %s", self.part.label, describe(error))
        else:
            self._record.mend(self.part.label)

    def _complain(self, error: BaseException, outlook: str) -> None:
        reason = f"The {self.part.label} failed: {describe(error)}; {outlook}."
        self._record.fault(self.part.label, reason, essential=self.part.essential, error=error)
        self.part.failed()
