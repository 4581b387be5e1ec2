"""Whether a fleet reaches its server, and why not, for whoever started it."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping

from fleet_platform.simulator.device.device import Device
from fleet_platform.simulator.simulator import Simulator

_ERRNO = re.compile(r"\[Errno (-?\d+)\] (.*)", re.DOTALL)


class Reach:
    """Notices that nobody answers; says so once, and again only after somebody did."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._told = False
        self._failures = 0

    def look(self) -> str | None:
        """A sentence where nobody answers, once; else None."""
        stats = self._simulator.stats
        if stats.connected > 0:
            self._told, self._failures = False, stats.failures
        elif not self._told and stats.failures > self._failures:
            self._told = True
            return f"{self._why()}; the devices go on trying"
        return None

    def _why(self) -> str:
        waiting = (device.closed for device in self._simulator if device.session.link.wanted)
        code, reason = next((closed for closed in waiting if closed is not None), (0, ""))
        if code == 0:
            return f"nobody answers at {self._simulator.url}" + (f": {_plain(reason)}" if reason else "")
        if code < 1000:
            return f"no device gets in at {self._simulator.url}: the answer is HTTP {code}"
        return f"no device gets in at {self._simulator.url}: the connection ends before it is open"


def away(simulator: Simulator) -> Mapping[str, int]:
    """Of the devices that do not want to be connected now, why and how many: ``{"off": 2, "asleep": 1}``."""
    return Counter(why for device in simulator if (why := _why_away(device)) is not None)


def was_there(device: Device) -> bool:
    """Whether a device was connected at some time, or somebody wanted it to be away."""
    return device.session.link.connections > 0 or device.power.state == "off" or device.session.barred


def _why_away(device: Device) -> str | None:
    power, session = device.power.state, device.session
    if power in ("off", "asleep"):
        return power
    if session.barred:
        return "kept away by a fault"
    return "told not to connect" if power == "on" and not session.link.wanted else None


def _plain(reason: str) -> str:
    """``[Errno 111] Connect call failed ('127.0.0.1', 9)`` → ``Connection refused``."""
    found = _ERRNO.fullmatch(reason)
    if found is None:
        return reason
    number = int(found[1])
    return os.strerror(number) if number > 0 else found[2]  # below 0 are those of the resolver
