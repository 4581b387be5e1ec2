"""What happened, as opposed to what was measured: entries that wait to be written."""

from __future__ import annotations

from collections import Counter
from typing import TypeAlias

from plugin_sdk import DeviceId

Entry: TypeAlias = tuple[int, str | None, str, str]
"""UTC epoch milliseconds, the device or None, what happened, and more about it as JSON."""

MAX_ENTRIES = 100_000


class Journal:
    """Keeps entries until somebody takes them.

    Args:
        tally: Counts under ``history_…`` what is not kept.
    """

    def __init__(self, tally: Counter[str]) -> None:
        self._tally = tally
        self._waiting: list[Entry] = []

    def note(self, ts_ms: int, device: DeviceId | None, name: str, data: str) -> None:
        """Note what happened; ``data`` is a JSON object."""
        if len(self._waiting) >= MAX_ENTRIES:
            self._tally["history_no_room"] += 1
        else:
            self._waiting.append((ts_ms, device, name, data))

    def drain(self) -> list[Entry]:
        """All that waits, which waits no longer."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def put_back(self, entries: list[Entry]) -> None:
        """Let entries wait again, before those that came meanwhile."""
        self._waiting[:0] = entries
