"""Faults of a device's connection: gone, dead, hanging, slow, twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from fleet_platform.simulator.faults.double import Double
from fleet_platform.simulator.faults.effect import Absence, Effect, Timed
from fleet_platform.simulator.faults.fault import Fault
from fleet_platform.simulator.faults.pipe import Pipe, Shape, pipe_in
from fleet_platform.simulator.outbound.channel import Channel

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine


class Drops(Fault):
    """Loses its connection without a word and stays away."""

    name: ClassVar[str] = "drop"
    stay_away: bool = Field(
        default=True, description="Whether to stay away until the fault ends, or to come back at once."
    )

    def on(self, device: Machine) -> Effect:
        """Have it dropped."""
        return _Away(device) if self.stay_away else _Cut(device)


class Flaps(Fault):
    """Loses its connection and comes back, again and again."""

    name: ClassVar[str] = "flapping"
    up_s: float = Field(default=5.0, gt=0, le=86_400, description="Seconds for which it is there.")
    down_s: float = Field(default=5.0, gt=0, le=86_400, description="Seconds for which it is away.")

    def on(self, device: Machine) -> Effect:
        """Have it come and go."""
        return _Flapping(device, self)


class HalfOpens(Fault):
    """Keeps a dead connection open: nothing is sent and nothing read, as when a router forgot it."""

    name: ClassVar[str] = "half_open"
    doubles: ClassVar[bool] = True
    new_after_s: float | None = Field(
        default=None,
        ge=0,
        le=86_400,
        description="Open a new connection after so many seconds, with the dead one still open; empty for never.",
    )

    def on(self, device: Machine) -> Effect:
        """Have it die."""
        return _HalfOpen(device, self.new_after_s)


class Freezes(Fault):
    """Hangs: reads, answers and tells nothing, pings included, with its connection open."""

    name: ClassVar[str] = "freeze"

    def on(self, device: Machine) -> Effect:
        """Have it hang."""
        return Shaped(device, Shape(blocked=True, mute=True))


class Slows(Fault):
    """Everything it sends leaves late, or over a thin line."""

    name: ClassVar[str] = "slow"
    delay_s: float = Field(default=1.0, ge=0, le=3_600, description="Seconds by which everything leaves late.")
    bytes_per_s: int | None = Field(
        default=None, ge=1, description="Bytes a second that leave at most; empty for no limit."
    )

    def on(self, device: Machine) -> Effect:
        """Have it slow."""
        return Shaped(device, Shape(delay_s=self.delay_s, bytes_per_s=self.bytes_per_s))


class Packets(Fault):
    """Frames dribble out in writes of a few bytes."""

    name: ClassVar[str] = "packets"
    size: int = Field(default=16, ge=1, le=65_536, description="Bytes in a write.")
    gap_s: float = Field(default=0.005, ge=0.002, le=3_600, description="Seconds from one write to the next.")

    def on(self, device: Machine) -> Effect:
        """Have it dribble."""
        return Shaped(device, Shape(piece=self.size, gap_s=self.gap_s))


class Duplicates(Fault):
    """Has a second connection under the same id, which tells its full status and answers calls."""

    name: ClassVar[str] = "duplicate"
    doubles: ClassVar[bool] = True

    def on(self, device: Machine) -> Effect:
        """Have a double."""
        return _Doubled(device)


class Shaped(Effect):
    """Every connection is shaped."""

    __slots__ = ("_shape",)

    def __init__(self, device: Machine, shape: Shape) -> None:
        super().__init__(device)
        self._shape = shape

    def begin(self) -> None:
        """Shape the present connection."""
        channel = self.device.session.link.channel
        if channel is not None:
            self.opening(channel)

    def opening(self, channel: Channel) -> None:
        """Shape a new one."""
        pipe = pipe_in(channel, self.device.world.wheel)
        if pipe is not None:
            pipe.put(self, self._shape)

    def end(self) -> None:
        """Leave it as it was."""
        channel = self.device.session.link.channel
        pipe = None if channel is None else pipe_in(channel, self.device.world.wheel)
        if pipe is not None:
            pipe.remove(self)


class Nobody:
    """The peer of a connection that its device has forgotten."""

    def opened(self, channel: Channel) -> None:
        """Never called: it was open before."""

    def received(self, text: bytes) -> None:
        """Nobody hears it."""

    def lost(self, channel: Channel, code: int, reason: str) -> None:
        """Nobody misses it."""

    def writable_again(self) -> None:
        """Nobody writes."""


class _Away(Absence):
    __slots__ = ()

    def begin(self) -> None:
        self.leave()


class _Cut(Effect):
    __slots__ = ()

    def begin(self) -> None:
        self.device.session.faults.is_over(self)
        channel = self.device.session.link.channel
        if channel is not None:
            channel.abort()


class _Flapping(Absence):
    __slots__ = ("_fault",)

    def __init__(self, device: Machine, fault: Flaps) -> None:
        super().__init__(device)
        self._fault = fault

    def begin(self) -> None:
        self.wait(self._fault.up_s, self._go)

    def _go(self) -> None:
        self.leave()
        self.wait(self._fault.down_s, self._return)

    def _return(self) -> None:
        self.come_back()
        self.wait(self._fault.up_s, self._go)


class _HalfOpen(Timed):
    """One connection dies: the present one, or the next."""

    __slots__ = ("_channel", "_forgotten", "_new_after_s", "_pipe")

    def __init__(self, device: Machine, new_after_s: float | None) -> None:
        super().__init__(device)
        self._new_after_s = new_after_s
        self._channel: Channel | None = None
        self._pipe: Pipe | None = None
        self._forgotten = False

    def begin(self) -> None:
        channel = self.device.session.link.channel
        if channel is not None:
            self.opened(channel)

    def opened(self, channel: Channel) -> None:
        if self._channel is not None:
            return
        self._channel = channel
        self._pipe = pipe_in(channel, self.device.world.wheel)
        if self._pipe is not None:
            self._pipe.put(self, Shape(blocked=True))
        if self._new_after_s is not None:
            self.wait(self._new_after_s, self._give_up)

    def end(self) -> None:
        super().end()
        if self._channel is not None and self._forgotten:
            self._channel.abort()
        elif self._pipe is not None:
            self._pipe.remove(self)

    def _give_up(self) -> None:
        self._timer = None
        link = self.device.session.link
        if link.channel is not self._channel or link.channel is None:
            return
        link.let_go(Nobody())
        self._forgotten = True
        if self.device.power.state == "on" and self.device.wants_connection():
            link.connect()


class _Doubled(Effect):
    __slots__ = ("_double",)

    def __init__(self, device: Machine) -> None:
        super().__init__(device)
        self._double = Double(device)

    def begin(self) -> None:
        self._double.link.connect()

    def end(self) -> None:
        self._double.link.cut()
