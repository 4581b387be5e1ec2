"""When one device is on, restarting or asleep.

A restart goes through the same steps as on hardware: calls are refused while it is shutting down, then the connection
ends, then the device boots without a clock and connects. A sleeper wakes, says all it knows, waits a little for
requests, says that it sleeps, and closes with ``Bye``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

from plugin_sdk.simulation import DeviceFault, Timer

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

State: TypeAlias = Literal["off", "on", "stopping", "booting", "asleep"]

_WAKE_DRIFT = 0.05
"""Real sleepers wake up to 5 % early or late (reference F8)."""

_OTA_STEPS = 4
_OTA_STEP_S = 1.0
_OTA_RESTART_MS = 435


class Power:
    """One device's power.

    Attributes:
        state: What it is doing.
    """

    __slots__ = ("_device", "_stops_at", "_timer", "state")

    def __init__(self, device: Machine) -> None:
        self._device = device
        self._stops_at = 0.0
        self._timer: Timer | None = None
        self.state: State = "off"

    @property
    def sleeper(self) -> bool:
        """Whether the device sleeps between reports."""
        return "wakeup_period" in self._device.state.sys

    def start(self) -> None:
        """Come into the simulation as a device that has been running for a while."""
        self.state = "on"
        self._device.session.link.connect()

    def check_running(self) -> None:
        """Refuse a call while the device is shutting down.

        Raises:
            DeviceFault: -109 with the time that is left.
        """
        if self.state == "stopping":
            left_ms = max(0, round((self._stops_at - self._device.world.wheel.now()) * 1000))
            raise DeviceFault(-109, f"shutting down in {left_ms} ms")

    def restart(self, delay_s: float, then: Callable[[], None] = lambda: None) -> None:
        """Restart after a delay; ``then`` is called while the device is down."""
        self.state = "stopping"
        self._stops_at = self._device.world.wheel.now() + delay_s
        self._wait(delay_s, lambda: self._go_down(then))

    def update(self, version: str) -> None:
        """Install firmware, with the events a real device sends, and restart with it.

        Source: captured sequence of a Plus i4 (notifications.jsonl).
        """
        device = self._device
        device.emit("sys", "ota_begin", msg="Update started")
        for step in range(1, _OTA_STEPS + 1):
            percent = 99 if step == _OTA_STEPS else step * 100 // _OTA_STEPS
            device.after(
                step * _OTA_STEP_S,
                partial(device.emit, "sys", "ota_progress", msg="Waiting for data", progress_percent=percent),
            )
        device.after((_OTA_STEPS + 1) * _OTA_STEP_S, lambda: self._updated(version))

    def change(self, then: Callable[[], None]) -> None:
        """Lose power, become something else meanwhile, and boot."""
        self.switch_off()
        then()
        self.switch_on(boot="software_restart")

    def switch_off(self) -> None:
        """Lose power: the connection dies without a word."""
        self._cancel()
        self.state = "off"
        self._device.stop()
        self._device.session.link.cut()

    def switch_on(self, *, boot: str = "poweron", cause: str = "undefined") -> None:
        """Get power, or wake: boot and connect."""
        self._cancel()
        self.state = "booting"
        reason = self._device.status("sys").get("wakeup_reason")
        if isinstance(reason, dict):
            reason.update(boot=boot, cause=cause)
        self._device.boot()
        self._wait(self._device.world.timing.boot_s, self._booted)

    def stay_awake(self) -> None:
        """Something was asked of a sleeper, or it has just woken: put sleep off."""
        if self.sleeper and self.state == "on":
            self._wait(self._device.world.timing.awake_s, self.sleep)

    def sleep(self) -> None:
        """Say so, close, and wake again after the wake-up period."""
        self._cancel()
        device = self._device
        device.emit("sys", "sleep")
        device.session.flush()
        device.session.link.disconnect(1000, "Bye")
        device.stop()
        self.state = "asleep"
        period_s = float(device.status("sys")["wakeup_period"]) * device.random.uniform(
            1 - _WAKE_DRIFT, 1 + _WAKE_DRIFT
        )
        self._wait(period_s, lambda: self.switch_on(boot="deepsleep_wake", cause="periodic"))

    def _updated(self, version: str) -> None:
        device = self._device
        device.emit("sys", "ota_success", msg="Update applied, rebooting")
        device.emit("sys", "scheduled_restart", time_ms=_OTA_RESTART_MS)
        self.restart(_OTA_RESTART_MS / 1000, then=lambda: device.state.install(version))

    def _go_down(self, then: Callable[[], None]) -> None:
        device = self._device
        device.stop()
        then()
        device.session.link.disconnect(1001, "")
        self.switch_on(boot="software_restart")

    def _booted(self) -> None:
        self.state = "on"
        self._timer = None
        if self._device.wants_connection():
            self._device.session.link.connect()

    def _wait(self, delay_s: float, then: Callable[[], None]) -> None:
        self._cancel()
        self._timer = self._device.world.wheel.after(delay_s, then)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
