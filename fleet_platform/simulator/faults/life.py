"""Faults of the device itself: its clock, its restarts, its firmware, its tongue."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from fleet_platform.simulator.faults.effect import Effect, Timed
from fleet_platform.simulator.faults.fault import Fault

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine


class ClockJumps(Fault):
    """Its clock is wrong, in every ts and in sys.unixtime."""

    name: ClassVar[str] = "clock"
    seconds: float = Field(
        default=3_600.0, ge=-2_000_000_000, le=2_000_000_000, description="Seconds ahead; less than 0 for behind."
    )

    def on(self, device: Machine) -> Effect:
        """Have the clock jump."""
        return _Clock(device, self.seconds)


class RebootLoops(Fault):
    """Crashes and starts again and again."""

    name: ClassVar[str] = "reboot_loop"
    up_s: float = Field(default=10.0, gt=0, le=86_400, description="Seconds from one start to the next crash.")

    def on(self, device: Machine) -> Effect:
        """Have it crash."""
        return _Crashes(device, self.up_s)


class Storms(Fault):
    """Sends many notifications."""

    name: ClassVar[str] = "storm"
    per_s: float = Field(default=100.0, gt=0, le=10_000, description="Notifications a second.")
    kind: Literal["status", "event"] = Field(default="status", description="What it sends: status or event.")

    def on(self, device: Machine) -> Effect:
        """Have it chatter."""
        return _Storm(device, self)


class UpdateFails(Fault):
    """Firmware updates end with ota_error, and the old firmware stays."""

    name: ClassVar[str] = "update_fails"

    def on(self, device: Machine) -> Effect:
        """Have updates fail."""
        return _NoUpdate(device)


class _Clock(Effect):
    __slots__ = ("_seconds",)

    def __init__(self, device: Machine, seconds: float) -> None:
        super().__init__(device)
        self._seconds = seconds

    def begin(self) -> None:
        self.device.shift_clock(self._seconds)

    def end(self) -> None:
        self.device.shift_clock(0.0)


class _Crashes(Timed):
    __slots__ = ("_up_s",)

    def __init__(self, device: Machine, up_s: float) -> None:
        super().__init__(device)
        self._up_s = up_s

    def begin(self) -> None:
        self.wait(self._up_s, self._crash)

    def _crash(self) -> None:
        power = self.device.power
        if power.state not in ("off", "asleep"):
            power.switch_off()
            # What firmware says after a crash is not documented; "internal" stands for a brownout or a watchdog.
            power.switch_on(boot="internal")
        self.wait(self.device.world.timing.boot_s + self._up_s, self._crash)


class _Storm(Timed):
    __slots__ = ("_fault", "_number")

    def __init__(self, device: Machine, fault: Storms) -> None:
        super().__init__(device)
        self._fault = fault
        self._number = 0

    def begin(self) -> None:
        self.wait(1 / self._fault.per_s, self._send)

    def _send(self) -> None:
        self.wait(1 / self._fault.per_s, self._send)
        if self.device.session.link.channel is None:
            return
        self._number += 1
        if self._fault.kind == "event":
            # A button that chatters; whatever has none sends an event of its own.
            key = next(iter(self.device.keys("input")), "sys")
            self.device.emit(key, "single_push" if key != "sys" else "storm")
            return
        for key, status in self.device.state.status.items():
            power = status.get("apower")
            if isinstance(power, int | float):
                step = 0.5 if self._number % 2 else -0.5
                self.device.report(key, {"apower": round(power + step, 1)})
                return
        # Nothing in it is measured, so its signal wanders.
        self.device.report("wifi", {"rssi": -50 - self._number % 20})


class _NoUpdate(Effect):
    __slots__ = ()

    def begin(self) -> None:
        self.device.session.faults.update_fails = True

    def end(self) -> None:
        self.device.session.faults.update_fails = False
