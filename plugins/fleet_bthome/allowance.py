"""How much of what each gateway sends is read, so that none of them costs more than its share. Pure."""

from __future__ import annotations

from collections.abc import Callable


class Allowance:
    """Lets ``burst`` things (or bytes) of each gateway through at once, and ``rate`` a second in the long run.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, gateway: str, amount: float = 1) -> bool:
        """Whether some more of a gateway may go through now; what was too large is made up for by what follows."""
        now = self._clock()
        left, at = self._left.get(gateway, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        allowed = left > 0
        self._left[gateway] = (left - amount * allowed, now)
        return allowed

    def forget(self, gateway: str) -> None:
        """A gateway was deleted."""
        self._left.pop(gateway, None)
