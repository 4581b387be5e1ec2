"""What keeps a repeater from making a storm: it knows what it has just carried, and carries only so much. Pure.

Both ways, with a second repeater between the same networks, or with a loop of cables, a message comes back; it is known
by its hash. A storm of different messages is cut to a rate per network.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable

WINDOW_S = 0.5
"""How long a message counts as carried just now. Who repeats itself waits a second (RFC 6762, 5.2 and 8.3)."""

MOST_KNOWN = 4_096
RATE, BURST = 200.0, 400.0
"""Messages a second from one network, and at once after a silence."""


class Recent:
    """Knows messages of the last half second.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: OrderedDict[bytes, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._until)

    def is_new(self, packet: bytes) -> bool:
        """Whether a message was not seen just now; it has been from then on."""
        now = self._clock()
        while self._until and (len(self._until) >= MOST_KNOWN or next(iter(self._until.values())) <= now):
            self._until.popitem(last=False)
        key = hashlib.blake2b(packet, digest_size=16).digest()
        if key in self._until:
            return False
        self._until[key] = now + WINDOW_S
        return True


class Limit:
    """Lets so many messages through."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._left = BURST
        self._filled = clock()

    def take(self) -> bool:
        """Whether one more may go."""
        now = self._clock()
        self._left = min(BURST, self._left + (now - self._filled) * RATE)
        self._filled = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
