"""Events from plugins: who may use which name, and how many."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

from fleet_platform.devices.fleet import Fleet
from fleet_platform.events.bus import Bus
from fleet_platform.host.records import PluginRecord
from plugin_sdk import JSON
from plugin_sdk.errors import PluginError

RATE = 1_000
"""Events a second that a plugin may publish."""

BURST = 5_000
"""Events it may publish at once after a silence."""

QUIET_AFTER_S = 60.0
"""A plugin counts as well again when it has dropped no event for so long."""

_PART = "events"


class TokenBucket:
    """Lets ``burst`` things through at once and ``rate`` a second in the long run."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._filled = clock()

    def take(self) -> bool:
        """Whether one more may go through now."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._rate)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Publisher:
    """Publishes the events of one plugin.

    Args:
        clock: Seconds that only grow.

    Attributes:
        nouns: First parts of the names that it may use, as :func:`noun` gives them.
        declared: Whole names that it may use.
    """

    def __init__(self, bus: Bus, devices: Fleet, record: PluginRecord, clock: Callable[[], float]) -> None:
        self.nouns: frozenset[str] = frozenset({noun(record.name)})
        self.declared: frozenset[str] = frozenset()
        self._bus = bus
        self._devices = devices
        self._record = record
        self._bucket = TokenBucket(RATE, BURST, clock)
        self._clock = clock
        self._dropped_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def allow(self, names: Iterable[str]) -> None:
        """Let it use the nouns of some names as well."""
        self.nouns |= {noun(name) for name in names}

    def publish(self, method: str, params: Mapping[str, JSON], *, device: str | None) -> None:
        """Publish, or drop what is too much.

        Raises:
            PluginError: The name is none of the plugin's own.
            UnknownDevice: There is no such device.
            TypeError: The parameters have no JSON form.
        """
        if method not in self.declared and ("." not in method or noun(method) not in self.nouns):
            raise PluginError(f"{self._record.name} may not publish {method!r}: it is not declared by the plugin")
        if not self._bucket.take():
            self._drop()
            return
        self._bus.publish(method, params, device=None if device is None else self._devices.find(device).id)
        self._record.tally["events_published"] += 1

    def close(self) -> None:
        """Forget the timer."""
        if self._timer is not None:
            self._timer.cancel()

    def _drop(self) -> None:
        self._record.tally["events_dropped"] += 1
        self._dropped_at = self._clock()
        if self._timer is None:
            reason = f"It publishes more than {RATE} events a second; what is more is dropped."
            self._record.fault(_PART, reason)
            self._look_again_in(QUIET_AFTER_S)

    def _look_again_in(self, delay_s: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._look)

    def _look(self) -> None:
        self._timer = None
        left_s = self._dropped_at + QUIET_AFTER_S - self._clock()
        if left_s > 0:
            self._look_again_in(left_s)
        else:
            self._record.mend(_PART)


def noun(name: str) -> str:
    """The first part of a name, in a form to compare: ``LocalUsers.Added`` and ``local_users`` give ``localusers``."""
    return name.partition(".")[0].lower().replace("_", "")
