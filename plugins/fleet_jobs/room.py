"""How many turns may go on at once, over all jobs."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from plugin_sdk import Pace


class Room:
    """Places for turns, given in the order of asking. How many there are may change meanwhile.

    Attributes:
        pace: How often a turn may begin.
    """

    def __init__(self, size: int, rate_per_s: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._inside = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self.resize(size, rate_per_s)

    def resize(self, size: int, rate_per_s: float) -> None:
        """Have so many places from now on; turns that go on are left alone."""
        self._size = size
        self.pace = Pace(rate_per_s, self._clock)
        self._let_in()

    async def enter(self) -> None:
        """Wait for a place, which has to be left later."""
        place = asyncio.get_running_loop().create_future()
        self._queue.append(place)
        self._let_in()
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():  # it was given in the same moment
                self.leave()
            raise

    def leave(self) -> None:
        """Give a place back."""
        self._inside -= 1
        self._let_in()

    def _let_in(self) -> None:
        while self._queue and self._inside < self._size:
            place = self._queue.popleft()
            if not place.done():
                self._inside += 1
                place.set_result(None)
