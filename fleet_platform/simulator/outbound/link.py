"""Keeps one device connected: dials, waits after a failure, and stays away when told to.

At most one connection or attempt exists at a time. The wait doubles from the first to the longest and starts anew
after a connection that lasted; how real firmware waits is not documented, so it is configurable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Protocol

from fleet_platform.simulator.outbound.channel import Channel, Peer
from fleet_platform.simulator.outbound.dialler import Address, Dialler
from fleet_platform.simulator.wheel import Wheel, WheelTimer

_LASTED_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How long a device waits before it connects again.

    Attributes:
        first_s: After the first failure, or after a connection that lasted.
        longest_s: At most.
        jitter: Part of the wait that is random: 0.25 means ± 25 %.
    """

    first_s: float = 1.0
    longest_s: float = 60.0
    jitter: float = 0.25

    def delay_s(self, failures: int, random: Random) -> float:
        """Seconds to wait after so many failures in a row."""
        plain = min(self.longest_s, self.first_s * 2.0 ** min(failures, 16))
        return plain * random.uniform(1 - self.jitter, 1 + self.jitter)


class Station(Protocol):
    """The device at the end of a link."""

    @property
    def random(self) -> Random:
        """For the jitter."""

    def online(self) -> None:
        """Connected; say hello."""

    def received(self, text: bytes) -> None:
        """A message came in."""

    def offline(self) -> None:
        """The connection is gone."""

    def writable_again(self) -> None:
        """The server reads again."""

    def failed(self) -> None:
        """An attempt to connect came to nothing."""


class Link:
    """One device's connection over time.

    Attributes:
        address: Where to connect next.
        channel: The open connection, or None.
        wanted: Whether the device wants to be connected.
        closed: Code and reason of the last end: a close code, 1006 without one, an HTTP status where the upgrade was
            refused, 0 where there was no TCP connection. None before that.
        connections: How often it was connected.
    """

    __slots__ = (
        "_backoff",
        "_busy",
        "_dialler",
        "_failures",
        "_since",
        "_station",
        "_timer",
        "_waiters",
        "_wheel",
        "address",
        "channel",
        "closed",
        "connections",
        "wanted",
    )

    def __init__(self, station: Station, address: Address, dialler: Dialler, wheel: Wheel, backoff: Backoff) -> None:
        self._station = station
        self._dialler = dialler
        self._wheel = wheel
        self._backoff = backoff
        self._failures = 0
        self._since = 0.0
        self._busy = False
        self._timer: WheelTimer | None = None
        self._waiters: list[asyncio.Future[None]] | None = None
        self.address = address
        self.channel: Channel | None = None
        self.closed: tuple[int, str] | None = None
        self.connections = 0
        self.wanted = False

    def connect(self, delay_s: float = 0.0) -> None:
        """Want a connection, after a delay; ends a wait for the next attempt."""
        self.wanted = True
        self._stop_waiting()
        if self.channel is None and not self._busy:
            self._dial_after(delay_s)

    def disconnect(self, code: int = 1000, reason: str = "") -> None:
        """Close in order and stay away."""
        self.wanted = False
        self._stop_waiting()
        if self.channel is not None:
            self.channel.close(code, reason)

    def cut(self) -> None:
        """End the connection as a power cut does, without a word; stay away."""
        self.wanted = False
        self._stop_waiting()
        if self.channel is not None:
            self.channel.abort()

    def let_go(self, heir: Peer) -> None:
        """Be without the connection, which stays open and is another's from now on."""
        channel, self.channel = self.channel, None
        if channel is not None:
            channel.belong_to(heir)
            self._station.offline()
            self._tell()

    async def until_connected(self) -> None:
        """Return once there is an open connection; cancel-safe."""
        await self._until(lambda: self.channel is not None and self.channel.open)

    async def until_disconnected(self) -> None:
        """Return once there is none; cancel-safe."""
        await self._until(lambda: self.channel is None)

    # ---- called by the dialler and the channel ----------------------------------------------------------

    def unreachable(self, reason: str) -> None:
        """No TCP connection."""
        self._busy = False
        self.closed = (0, reason)
        self._station.failed()
        self._try_again()

    def opened(self, channel: Channel) -> None:
        """The handshake is done."""
        self._busy = False
        if not self.wanted:
            channel.abort()
            return
        self.channel = channel
        self.connections += 1
        self._since = self._wheel.now()
        self._station.online()
        self._tell()

    def received(self, text: bytes) -> None:
        """A message came in."""
        self._station.received(text)

    def writable_again(self) -> None:
        """The server reads again."""
        self._station.writable_again()

    def lost(self, channel: Channel, code: int, reason: str) -> None:
        """The connection, or the attempt, is over."""
        self.closed = (code, reason)
        self._busy = False
        if channel is self.channel:
            self.channel = None
            if self._wheel.now() - self._since >= _LASTED_S:
                self._failures = 0
            self._station.offline()
            self._tell()
        else:
            self._station.failed()
        self._try_again()

    # ---- inside -----------------------------------------------------------------------------------------

    def _try_again(self) -> None:
        if self.wanted and self.channel is None and self._timer is None:
            self._dial_after(self._backoff.delay_s(self._failures, self._station.random))
            self._failures += 1

    def _dial_after(self, delay_s: float) -> None:
        if delay_s > 0:
            self._timer = self._wheel.after(delay_s, self._dial)
        else:
            self._dial()

    def _dial(self) -> None:
        self._timer = None
        self._busy = True
        self._dialler.dial(self)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell(self) -> None:
        waiters, self._waiters = self._waiters, None
        for waiter in waiters or ():
            if not waiter.done():
                waiter.set_result(None)

    async def _until(self, reached: Callable[[], bool]) -> None:
        while not reached():
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters = [*(self._waiters or ()), waiter]
            await waiter
