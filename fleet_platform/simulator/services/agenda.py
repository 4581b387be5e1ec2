"""One device's schedule at work: when its jobs come due, with one timer for all of them.

The timer never waits longer than a minute, so that a new place, another time zone or a clock that was set is noticed.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fleet_platform.simulator.services.local_time import epoch_of, local_time, place_of
from fleet_platform.simulator.services.timespec import read_timespec
from plugin_sdk import JSON
from plugin_sdk.local_time import utc_offset_s
from plugin_sdk.simulation import DeviceFault, Timer, clock_is_set

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_log = logging.getLogger(__name__)

_LONGEST_WAIT_S = 60.0
_EARLY_S = 0.001
_LATE_S = 2.0
"""A job that is later than this was passed over by a clock set ahead, and is not made up for."""

_SOURCE = "loopback"
"""What ``source`` says of what a job does. Not documented; a job's calls are the device's own, as a script's are."""


class Agenda:
    """The jobs of one device that are enabled. It lives from one boot to the next.

    Attributes:
        device: Whose jobs they are.
    """

    __slots__ = ("_due", "_looked", "_place", "_timer", "device")

    def __init__(self, device: Machine) -> None:
        self.device = device
        self._due: dict[int, float] = {}
        self._looked = 0.0
        self._place: tuple[int, JSON] = (0, None)
        self._timer: Timer | None = None

    def plan(self) -> None:
        """Jobs were added, changed or removed, or the clock was: find anew when each comes due."""
        self._due.clear()
        if any(job.get("enable") for job in self.device.stores.schedules.values()):
            self._look()
        elif self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        """Run what has come due, and wait for the next."""
        device = self.device
        if not clock_is_set(device):
            self._wait(device.world.timing.clockless_s - device.uptime_s())
            return
        now = device.now()
        place = (utc_offset_s(device, now), device.config("sys").get("location"))
        if place != self._place or now < self._looked:
            self._due.clear()
        self._place, self._looked = place, now
        for number, job in device.stores.schedules.items():
            if job.get("enable") and number not in self._due:
                self._due[number] = self._following(job["timespec"], now)
        come = sorted((due, number) for number, due in self._due.items() if due <= now + _EARLY_S)
        for due, number in come:
            self._due[number] = self._following(device.stores.schedules[number]["timespec"], max(now, due))
        self._wait(min(self._due.values(), default=now) - now)
        for due, number in come:
            still = device.stores.schedules.get(number)  # a job may delete others
            if still is not None and now - due <= _LATE_S:
                self._run(still["calls"])

    def _following(self, timespec: str, after_s: float) -> float:
        offset_s = self._place[0]
        moment = local_time(after_s, offset_s)
        due = read_timespec(timespec).following(moment, place_of(self.device, offset_s))
        return float("inf") if due is None else epoch_of(due, offset_s)

    def _run(self, calls: Sequence[JSON]) -> None:
        for call in calls:
            try:
                self.device.call(call["method"], call.get("params"), source=_SOURCE)
            except DeviceFault as fault:
                _log.debug("job of %s: %s: %s", self.device.id, call["method"], fault.text)

    def _wait(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.device.after(min(max(seconds, _EARLY_S), _LONGEST_WAIT_S), self._look)
