"""Has a fleet send so many notifications a second, on top of what its devices tell by themselves."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable

from fleet_platform.simulator.device.device import Device

_TICK_S = 0.02


class Pace:
    """Devices in turn report small changes.

    Args:
        rate: Notifications a second over the whole fleet; 0 for none.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate

    def change(self, rate: float) -> None:
        """Another rate from now on."""
        self._rate = rate

    async def keep(self, fleet: Iterable[Device]) -> None:
        """Do so until cancelled."""
        loop = asyncio.get_running_loop()
        every = list(fleet)
        turn, then, owed = itertools.cycle(every), loop.time(), 0.0
        while True:
            await asyncio.sleep(_TICK_S)
            now = loop.time()
            # What a fleet cannot report in time is forgotten after a second of it.
            owed, then = min(owed + (now - then) * self._rate, max(self._rate, 1.0)), now
            # A fleet that cannot report so much must not keep the loop busy: one round of all devices a tick.
            for device in itertools.islice(turn, len(every)):
                if owed < 1:
                    break
                owed -= device.vary()
