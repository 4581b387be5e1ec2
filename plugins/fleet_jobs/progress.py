"""Telling clients how far jobs are, not too often."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

INTERVAL_S = 0.25
"""At most four events a second about one job."""

DEVICE_INTERVAL_S = 1.0
"""At most one event a second about one device."""


class Throttle:
    """Calls something at once, and once more later if it was asked for meanwhile: at most once an interval."""

    def __init__(self, tell: Callable[[], None], interval_s: float) -> None:
        self._tell = tell
        self._interval_s = interval_s
        self._timer: asyncio.TimerHandle | None = None
        self._asked = False
        self._closed = False

    def ask(self) -> None:
        """There is something new to tell."""
        if self._closed:
            return
        if self._timer is None:
            self._tell()
            self._timer = asyncio.get_running_loop().call_later(self._interval_s, self._due)
        else:
            self._asked = True

    def close(self) -> None:
        """Tell nothing any more; what was not told is dropped."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _due(self) -> None:
        self._timer = None
        if self._asked:
            self._asked = False
            self.ask()
