"""Devices that sleep: when one that does not come back counts as gone, and what waits for the next wake.

A sleeper that closed its connection is expected back; only after twice its wake-up period it is offline.
Source: the vendor's own fleet software waits two periods; real periods drift by 5 %.
"""

from __future__ import annotations

import asyncio
import time

from fleet_platform.devices.fleet import Fleet
from fleet_platform.devices.voice import Voice

PERIODS_MISSED = 2
_LOOK_EVERY_S = 5.0


class Sleepers:
    """Declares sleepers offline that missed their time."""

    def __init__(self, fleet: Fleet, voice: Voice) -> None:
        self._fleet = fleet
        self._voice = voice

    async def run(self) -> None:
        """Look now and then, for ever."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            self.look(time.time())

    def look(self, now: float) -> None:
        """Declare all sleepers offline that are overdue at ``now`` (UTC epoch seconds)."""
        for twin in self._fleet:
            if twin.asleep and now > twin.last_report_ms / 1000 + PERIODS_MISSED * twin.wakeup_period_s:
                twin.asleep = False
                self._voice.disconnected(twin, "did not wake in time")
