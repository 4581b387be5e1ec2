"""What all devices of one simulator share: the clock, the way out, the component types, the counters."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from fleet_platform.simulator.outbound.channel import Channel
from fleet_platform.simulator.outbound.dialler import Dialler
from fleet_platform.simulator.outbound.link import Backoff
from fleet_platform.simulator.outbound.web import WebClient
from fleet_platform.simulator.wheel import Wheel
from plugin_sdk import ComponentType

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long things take; seconds of simulated time.

    Attributes:
        backoff: Waits between attempts to connect.
        boot_s: From switching on to the first attempt to connect.
        clockless_s: From switching on to the clock being set.
        awake_s: How long a sleeper stays awake after its last request.
        minutes: Whether meters count and sensors drift once a minute.
    """

    backoff: Backoff = field(default_factory=Backoff)
    boot_s: float = 2.0
    clockless_s: float = 5.0
    awake_s: float = 5.0
    minutes: bool = True


@dataclass(slots=True)
class Stats:
    """Counters of a run.

    Attributes:
        connected: Devices that are connected now; not a counter.
        connections: Connections that were opened.
        failures: Attempts to connect that came to nothing.
        notifications: Notifications that were sent.
        requests: Requests that came in.
        unreadable: Messages that were no requests.
        web_requests: Web requests that devices made: webhooks and ``HTTP.*``.
        web_failures: Of these, those without any answer.
        web_refused: Of the failures, those that would have left this machine.
        web_dropped: Web requests that were not made because too many waited.
    """

    connected: int = 0
    connections: int = 0
    failures: int = 0
    notifications: int = 0
    requests: int = 0
    unreadable: int = 0
    web_requests: int = 0
    web_failures: int = 0
    web_refused: int = 0
    web_dropped: int = 0


class Teller(Protocol):
    """A device with news, on one of its sides."""

    def compose(self) -> tuple[Channel, bytes] | None:
        """Frames to be sent, and where they go; None where there are none, or they find their way themselves."""


class World:
    """What a device asks its simulator for.

    Args:
        types: Component type to its description.
        timing: How long things take.
        seed: Makes the run reproducible.
        outgoing: Whether web requests may reach beyond this machine.
        loop: Where time passes; None for the loop that runs.
    """

    def __init__(
        self,
        types: Mapping[str, ComponentType],
        timing: Timing,
        seed: int,
        *,
        outgoing: bool = False,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        loop = loop or asyncio.get_running_loop()
        self.types = types
        self.timing = timing
        self.seed = seed
        self.stats = Stats()
        self.dialler = Dialler()
        self.web = WebClient(self.stats, outgoing=outgoing)
        self.wheel = Wheel(loop, self.flush)
        self._loop = loop
        self._news: list[Teller] = []

    def soon(self, device: Teller) -> None:
        """Have a device send its news at the end of this turn; it must not be waiting for that already."""
        if not self._news:
            self._loop.call_soon(self.flush)
        self._news.append(device)

    def flush(self) -> None:
        """The turn is over: all news leave."""
        news, self._news = self._news, []
        sends = []
        for device in news:
            try:
                composed = device.compose()
            except Exception:
                # What one plugin's behaviour reported cannot be encoded; the other devices' news are fine.
                _log.exception("a simulated device's news are lost")
            else:
                if composed is not None:
                    sends.append(composed)
        # All are composed before the first is sent: the system's work between two of them costs the processor's caches.
        for channel, frames in sends:
            channel.send_raw(frames)
