"""Log lines about devices that come and go: one each while they are few, one for all when they are many.

A site that loses its power, or a platform that is restarted, would otherwise spend its busiest second on log lines that
nobody can read.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

ONE_BY_ONE = 20
"""Lines of one kind within a second that are written out."""


class News:
    """Writes to a log what happens to devices.

    Args:
        logger: Where to.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._told: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None

    def tell(self, device: str, what: str) -> None:
        """Tell that something happened to a device: ``device <device> <what>``."""
        self._told[what] += 1
        if self._told[what] <= ONE_BY_ONE:
            self._logger.info("device %s %s", device, what)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(1.0, self._sum_up)

    def _sum_up(self) -> None:
        self._timer = None
        for what, number in self._told.items():
            if number > ONE_BY_ONE:
                self._logger.info("the same of %s more devices: %s", number - ONE_BY_ONE, what)
        self._told.clear()
