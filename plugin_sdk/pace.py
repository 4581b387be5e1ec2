"""How often something may begin."""

from __future__ import annotations

from collections.abc import Callable


class Pace:
    """Lets things begin at most ``rate`` times a second, evenly; after a pause there is no burst.

    Args:
        rate: Per second; None for no limit.
        clock: Seconds that only grow.
    """

    def __init__(self, rate: float | None, clock: Callable[[], float]) -> None:
        self._interval_s = 0.0 if rate is None else 1 / rate
        self._clock = clock
        self._next = clock()

    def reserve(self) -> float:
        """Take the next turn; returns in how many seconds that is."""
        now = self._clock()
        begins = max(now, self._next)
        self._next = begins + self._interval_s
        return begins - now
