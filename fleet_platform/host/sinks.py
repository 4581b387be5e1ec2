"""One event sink: a bounded queue on the bus, and the batches that a plugin's writer takes from it.

Putting an event in is synchronous, takes constant time and never raises. A writer that fails, hangs or is slow costs
its own events and nothing else; each lost one is counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter, deque
from collections.abc import Callable

from fleet_platform.host.faults import describe
from fleet_platform.host.records import PluginRecord
from fleet_platform.host.supervisor import Timing
from fleet_platform.host.tasks import StuckError, bounded
from plugin_sdk import Event, Sink

logger = logging.getLogger(__name__)

COMPLAINT_INTERVAL_S = 60.0

_COUNTERS = ("received", "written", "dropped", "failed", "retried")


class SinkQueue:
    """Feeds one sink.

    Args:
        record: Of the plugin; its ``sinks`` gets the counters ``received``, ``written``, ``dropped`` (the queue was
            full, or the plugin stopped), ``failed`` (given up after all attempts) and ``retried`` (batches).
        is_ready: Whether the plugin's lifespan is entered; nothing is written while it is not.
        timing: Its pauses are made after failures.
    """

    def __init__(self, sink: Sink, *, record: PluginRecord, is_ready: Callable[[], bool], timing: Timing) -> None:
        self._sink = sink
        self._record = record
        self._is_ready = is_ready
        self._timing = timing
        self._pauses_s = timing.pauses_s()
        self._clock = asyncio.get_running_loop().time
        self._waiting: deque[tuple[float, Event]] = deque()
        self._wake = asyncio.Event()
        self._quiet_until = 0.0
        self._tally = record.sinks.setdefault(sink.name, Counter(dict.fromkeys(_COUNTERS, 0)))

    def put(self, event: Event) -> None:
        """Take an event from the bus."""
        waiting = self._waiting
        self._tally["received"] += 1
        if len(waiting) >= self._sink.queue_size:
            self._count_dropped(1)
            if self._sink.overflow == "drop_newest":
                return
            waiting.popleft()
        waiting.append((self._clock(), event))
        if len(waiting) in (1, self._sink.batch_size):
            self._wake.set()

    def wake(self) -> None:
        """Look again whether something can be written."""
        self._wake.set()

    async def run(self, started: Callable[[], None], stopping: asyncio.Future[None]) -> None:
        """Write batches until the plugin stops; then what is left, each batch once."""
        started()
        stopping.add_done_callback(lambda _: self._wake.set())
        try:
            while self._waiting or not stopping.done():
                self._wake.clear()
                if not self._is_ready():
                    if stopping.done():
                        return
                    await self._wake.wait()
                elif self._is_due(stopping):
                    await self._deliver(stopping)
                else:
                    await self._wait()
        finally:
            self._count_dropped(len(self._waiting))
            self._waiting.clear()

    def _is_due(self, stopping: asyncio.Future[None]) -> bool:
        return len(self._waiting) >= self._sink.batch_size or bool(
            self._waiting and (stopping.done() or self._left_s() <= 0)
        )

    def _left_s(self) -> float:
        """How long the oldest event may still wait for others."""
        return self._waiting[0][0] + self._sink.batch_age_s - self._clock()

    async def _wait(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._left_s() if self._waiting else None):
                await self._wake.wait()

    async def _deliver(self, stopping: asyncio.Future[None]) -> None:
        """Write one batch, or give it up."""
        size = min(len(self._waiting), self._sink.batch_size)
        batch = tuple([self._waiting.popleft()[1] for _ in range(size)])
        lost = "failed"
        try:
            for attempt in range(self._sink.attempts):
                last_call = stopping.done()
                if await self._write(batch):
                    lost = ""
                    return
                await asyncio.wait({stopping}, timeout=next(self._pauses_s))
                if last_call:
                    return
                self._tally["retried"] += attempt + 1 < self._sink.attempts
        except asyncio.CancelledError:
            lost = "dropped"
            raise
        finally:
            if lost:
                self._tally[lost] += size

    async def _write(self, batch: tuple[Event, ...]) -> bool:
        """One attempt; returns whether it succeeded."""
        part = f"writing to the {self._sink.name}"
        try:
            await bounded(
                lambda: self._sink.write(batch), timeout_s=self._sink.timeout_s, name=f"sink {self._sink.name}"
            )
        except StuckError:
            raise
        except Exception as error:  # the rim to plugin code: a writer may raise anything
            self._record.fault(part, f"The sink {self._sink.name} cannot write: {describe(error)}.", error=error)
            return False
        self._pauses_s = self._timing.pauses_s()
        self._tally["written"] += len(batch)
        self._record.mend(part)
        return True

    def _count_dropped(self, number: int) -> None:
        if not number:
            return
        self._tally["dropped"] += number
        if self._clock() >= self._quiet_until:
            self._quiet_until = self._clock() + COMPLAINT_INTERVAL_S
            logger.warning(
                "sink %s of plugin %s drops events, %s so far",
                self._sink.name,
                self._record.name,
                self._tally["dropped"],
            )
