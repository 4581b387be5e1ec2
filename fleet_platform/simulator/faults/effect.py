"""A fault at work on one device. The general forms; what single faults do is in their own modules."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from fleet_platform.simulator.outbound.channel import Channel

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine
    from fleet_platform.simulator.wheel import WheelTimer


class Effect:
    """What a fault does to a device while it lasts; this one does nothing.

    Attributes:
        device: Whom it is done to.
    """

    __slots__ = ("device",)

    def __init__(self, device: Machine) -> None:
        self.device = device

    def begin(self) -> None:
        """Start; the device may be connected or not."""

    def opening(self, channel: Channel) -> None:
        """There is a new connection, and nothing was said by it yet."""

    def opened(self, channel: Channel) -> None:
        """The first word was said by a new connection."""

    def end(self) -> None:
        """Undo what can be undone. Called once."""


class Setting(Effect):
    """Something is set for as long as the fault lasts."""

    __slots__ = ("_reset", "_set")

    def __init__(self, device: Machine, *, to: Callable[[], object], back: Callable[[], object]) -> None:
        super().__init__(device)
        self._set = to
        self._reset = back

    def begin(self) -> None:
        """Set it."""
        self._set()

    def end(self) -> None:
        """Set it back."""
        self._reset()


class Timed(Effect):
    """Something happens from time to time: simulated time, also while the device restarts."""

    __slots__ = ("_timer",)

    def __init__(self, device: Machine) -> None:
        super().__init__(device)
        self._timer: WheelTimer | None = None

    def wait(self, delay_s: float, then: Callable[[], None]) -> None:
        """Do something after a while; there is one such wait at a time."""
        self._timer = self.device.world.wheel.after(delay_s, then)

    def end(self) -> None:
        """Wait for nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Blow(Timed):
    """One thing done to the connection, behind the first word: once, or again and again.

    Without a connection it waits for the next one. Done once, it is over.
    """

    __slots__ = ("_every_s",)

    def __init__(self, device: Machine, every_s: float) -> None:
        super().__init__(device)
        self._every_s = every_s

    @abstractmethod
    def strike(self, channel: Channel) -> None:
        """Do it to an open connection."""

    def begin(self) -> None:
        """Do it if there is a connection."""
        channel = self.device.session.link.channel
        if channel is not None:
            self._strike(channel)

    def opened(self, channel: Channel) -> None:
        """Do it to a new connection, unless the next time is fixed."""
        if self._timer is None:
            self._strike(channel)

    def _strike(self, channel: Channel) -> None:
        if self._every_s > 0:
            self.wait(self._every_s, self._again)
        else:
            self.device.session.faults.is_over(self)
        self.strike(channel)

    def _again(self) -> None:
        self._timer = None
        self.begin()


class Absence(Timed):
    """The device is not connected and does not try."""

    __slots__ = ("_away",)

    def __init__(self, device: Machine) -> None:
        super().__init__(device)
        self._away = False

    def leave(self) -> None:
        """Lose the connection without a word and stay away."""
        if not self._away:
            self._away = True
            self.device.session.faults.away += 1
            self.device.session.link.cut()

    def come_back(self) -> None:
        """Connect again, unless something else keeps the device away."""
        if self._away:
            self._away = False
            self.device.session.faults.away -= 1
            if self.device.power.state == "on" and self.device.wants_connection():
                self.device.session.link.connect()

    def end(self) -> None:
        """Come back."""
        super().end()
        self.come_back()
