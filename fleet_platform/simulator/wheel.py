"""One clock and one heap of timers for a whole simulated fleet.

Time here is simulated: it follows the event loop's clock and can be moved ahead, which runs everything that falls
due on the way, in order, each at its own moment. Only one timer of the event loop is ever armed.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)

_EARLY_S = 0.001
"""Timers due within a millisecond run together: the loop's own resolution."""


class WheelTimer:
    """A pending call; drop it with :meth:`cancel`."""

    __slots__ = ("callback", "due")

    def __init__(self, due: float, callback: Callable[[], None]) -> None:
        self.due = due
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Make sure it is not called any more."""
        self.callback = None

    def __lt__(self, other: WheelTimer) -> bool:
        return self.due < other.due


class Wheel:
    """Timers of all devices. Used on one event loop only.

    ``after_each`` is called after each timer, at the same moment.

    Attributes:
        to_epoch: What is to be added to :meth:`now` for UTC epoch seconds.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, after_each: Callable[[], None]) -> None:
        self._loop = loop
        self._after_each = after_each
        self._heap: list[WheelTimer] = []
        self._armed: asyncio.TimerHandle | None = None
        self._armed_for = 0.0
        self._ahead = 0.0
        self._moment: float | None = None
        self.to_epoch = time.time() - loop.time()

    def now(self) -> float:
        """Simulated seconds on a monotonic scale; inside a timer's callback exactly when it was due."""
        return self._loop.time() + self._ahead if self._moment is None else self._moment

    def epoch(self) -> float:
        """The same moment as UTC epoch seconds."""
        return self.now() + self.to_epoch

    def after(self, delay_s: float, callback: Callable[[], None]) -> WheelTimer:
        """Call back once after so many simulated seconds."""
        timer = WheelTimer(self.now() + delay_s, callback)
        heapq.heappush(self._heap, timer)
        if self._moment is None and (self._armed is None or timer.due < self._armed_for):
            self._arm()
        return timer

    def advance(self, seconds: float) -> None:
        """Move time ahead and run all that falls due on the way before returning."""
        until = self.now() + seconds
        self._run(until)
        self._ahead += max(0.0, until - self.now())
        self._arm()

    def stop(self) -> None:
        """Forget all timers."""
        self._heap.clear()
        if self._armed is not None:
            self._armed.cancel()
            self._armed = None

    def _arm(self) -> None:
        if self._armed is not None:
            self._armed.cancel()
            self._armed = None
        if self._heap:
            self._armed_for = self._heap[0].due
            self._armed = self._loop.call_at(self._armed_for - self._ahead, self._fire)

    def _fire(self) -> None:
        self._armed = None
        self._run(self.now() + _EARLY_S)

    def _run(self, until: float) -> None:
        heap = self._heap
        while heap and heap[0].due <= until:
            timer = heapq.heappop(heap)
            if timer.callback is None:
                continue
            self._moment = timer.due
            try:
                timer.callback()
                self._after_each()
            except Exception:
                # One device's fault must not stop the clock of all the others.
                _log.exception("simulated device's timer failed")
            finally:
                self._moment = None
        self._arm()
