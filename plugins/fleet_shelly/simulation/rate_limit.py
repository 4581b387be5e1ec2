"""How many notifications an input may send: 80 in a minute.

Source: firmware changelog 0.14.1 for the number; the event ``rate_limit_exceeded`` and its counts from client code.
Whether the minute slides is not documented; here it begins with the first notification.
"""

from __future__ import annotations

LIMIT = 80
WINDOW_S = 60.0


class RateLimit:
    """Counts what was sent and what was missed in a minute.

    Attributes:
        missed_status: Status changes that were not told.
        missed_events: Events that were not told.
    """

    __slots__ = ("_sent", "missed_events", "missed_status")

    def __init__(self) -> None:
        self._sent = 0
        self.missed_status = 0
        self.missed_events = 0

    @property
    def exceeded(self) -> bool:
        """Whether something was missed."""
        return self.missed_status + self.missed_events > 0

    def allows_status(self) -> bool:
        """Whether one more status change may be told; counts it either way."""
        allowed = self._sent < LIMIT
        self._sent += allowed
        self.missed_status += not allowed
        return allowed

    def allows_event(self) -> bool:
        """Whether one more event may be told; counts it either way."""
        allowed = self._sent < LIMIT
        self._sent += allowed
        self.missed_events += not allowed
        return allowed
