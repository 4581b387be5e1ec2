"""The last minutes of events, for clients that lost their connection and want to go on where they were.

Bounded by bytes and age. Only names that somebody subscribes to, or did within the ring's age, are recorded;
asking for a name that was not recorded all the while is answered with "resync".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fleet_platform.events.filters import name_matches
from fleet_platform.events.record import Record

MAX_REPLAY = 20_000
"""Records that may be replayed in one step; beyond it a fresh start is cheaper for everybody."""


@dataclass(slots=True)
class _Pattern:
    subscribers: int
    since_seq: int
    idle_since: float | None = None


class Ring:
    """Keeps records in order.

    Args:
        max_bytes: Bound of what is kept, by ``Record.size``; the oldest go first.
        max_age_s: Records older than this are dropped.
        clock: Monotonic seconds.
    """

    def __init__(self, *, max_bytes: int, max_age_s: float, clock: Callable[[], float]) -> None:
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._clock = clock
        self._records: deque[tuple[float, Record]] = deque()
        self._patterns: dict[str, _Pattern] = {}
        self._lost_seq = 0
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._records)

    def append(self, record: Record) -> None:
        """Keep a record, dropping old ones to make room."""
        now = self._clock()
        self._records.append((now, record))
        self.bytes += record.size
        self._trim(now)

    def since(self, seq: int, names: Iterable[str]) -> list[Record] | None:
        """All records after ``seq``, oldest first, or None if some that these names might match are gone.

        Args:
            names: Subscribed names; each must have been recorded since ``seq``.
        """
        self._trim(self._clock())
        if seq < self._lost_seq:
            return None
        for name in names:
            pattern = self._patterns.get(name)
            if pattern is None or pattern.since_seq > seq:
                return None
        found: list[Record] = []
        for _, record in reversed(self._records):
            if record.seq <= seq:
                break
            if len(found) == MAX_REPLAY:
                return None
            found.append(record)
        found.reverse()
        return found

    def records(self, method: str) -> bool:
        """Whether events of a name are to be kept."""
        return any(name_matches(name, method) for name in self._patterns)

    def watch(self, name: str, seq: int) -> bool:
        """Somebody subscribed to a name; returns whether that name is new to the ring."""
        pattern = self._patterns.get(name)
        if pattern is None:
            self._patterns[name] = _Pattern(subscribers=1, since_seq=seq)
            return True
        pattern.subscribers += 1
        pattern.idle_since = None
        return False

    def unwatch(self, name: str) -> None:
        """Somebody unsubscribed; the name is recorded for the ring's age more."""
        pattern = self._patterns.get(name)
        if pattern is not None:
            pattern.subscribers -= 1
            if pattern.subscribers <= 0:
                pattern.idle_since = self._clock()

    def forget_idle(self) -> bool:
        """Stop recording names that nobody has wanted for the ring's age; returns whether any was dropped."""
        limit = self._clock() - self._max_age_s
        idle = [name for name, p in self._patterns.items() if p.idle_since is not None and p.idle_since < limit]
        for name in idle:
            del self._patterns[name]
        return bool(idle)

    def _trim(self, now: float) -> None:
        records, oldest = self._records, now - self._max_age_s
        while records and (self.bytes > self._max_bytes or records[0][0] < oldest):
            _, record = records.popleft()
            self.bytes -= record.size
            self._lost_seq = record.seq
