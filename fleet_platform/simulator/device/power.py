"""When one device is on, restarting or asleep.

A restart goes through the same steps as on hardware: calls are refused while it is shutting down, then the connection
ends, then the device boots without a clock and connects. A sleeper wakes, says all it knows, waits a little for
requests, says that it sleeps, and closes with ``Bye``. A restart drops all that was going on, an update too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

from fleet_platform.simulator.device.clock import clock_reading
from plugin_sdk import JSONObject
from plugin_sdk.simulation import DeviceFault, Timer

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_log = logging.getLogger(__name__)

State: TypeAlias = Literal["off", "on", "stopping", "booting", "asleep"]

_WAKE_DRIFT = 0.05
"""Real sleepers wake up to 5 % early or late (reference F8)."""

_SLEEPER_BOOT = 1.75
"""How much longer a sleeper takes to its first word: 3-5 s as captured (openhab PR 20463 and issue 21289)."""

_PERIOD_ON_USB_S = 600
_PERIOD_S = 7_200
"""Wake-up periods of a climate sensor, as dumps show them."""

_OTA_STEPS = 4
_OTA_STEP_S = 1.0
_OTA_FAILS_AT = 2
_OTA_RESTART_AFTER_S = 0.08
_OTA_RESTART_MS = 435

_RESET_REASONS = {"poweron": 1, "software_restart": 3, "deepsleep_wake": 8}
"""``sys.reset_reason``: numbers of the ESP32's own (ESP_RST_POWERON, _SW, _DEEPSLEEP), as dumps show them."""


class Power:
    """One device's power.

    Attributes:
        state: What it is doing.
    """

    __slots__ = ("_device", "_pending", "_stops_at", "_timer", "_unanswered", "_updating", "_usual_period_s", "state")

    def __init__(self, device: Machine) -> None:
        self._device = device
        self._pending: tuple[Callable[[], None], ...] = ()
        self._stops_at = 0.0
        self._timer: Timer | None = None
        self._unanswered = 0
        self._updating = False
        self._usual_period_s: float | None = None
        self.state: State = "off"

    @property
    def sleeper(self) -> bool:
        """Whether the device sleeps between reports."""
        return isinstance(self._device.state.sys.get("wakeup_period"), int | float)

    def start(self) -> None:
        """Come into the simulation as a device that has been running for a while."""
        self.state = "on"
        self._device.session.link.connect()

    def check_running(self) -> None:
        """Refuse a call from outside unless the device is on.

        Raises:
            DeviceFault: -109; with the time that is left while it is shutting down. The other texts are this
                simulator's own, for of a real device nobody hears then.
        """
        if self.state == "stopping":
            left_ms = max(0, round((self._stops_at - self._device.world.wheel.now()) * 1000))
            raise DeviceFault(-109, f"shutting down in {left_ms} ms")
        if self.state != "on":
            raise DeviceFault(-109, f"device is {self.state}")

    def check_awake(self) -> None:
        """Refuse anything that needs the device's processor while that does not run.

        Raises:
            DeviceFault: -109.
        """
        if self.state in ("off", "asleep"):
            raise DeviceFault(-109, f"device is {self.state}")

    def restart(self, delay_s: float, then: Callable[[], None] | None = None) -> None:
        """Restart after a delay; ``then`` is called while the device is down.

        While it is shutting down already there is one restart for all who want it, at the earliest of their times, and
        what they want is done in the order in which they asked.
        """
        stops_at = self._device.world.wheel.now() + delay_s
        stopping = self.state == "stopping"
        before = self._pending if stopping else ()
        self._pending = before if then is None else (*before, then)
        if stopping and stops_at >= self._stops_at:
            return
        self.state = "stopping"
        self._stops_at = stops_at
        self._wait(delay_s, self._go_down)

    def update(self, version: str) -> None:
        """Install firmware, with the events a real device sends, and restart with it.

        Where the device's faults say so it fails half-way, is told of by ``ota_error``, and changes nothing.

        Raises:
            DeviceFault: -109 while another update is going on; that text is not documented.

        Source: captured sequence of a Plus i4 (notifications.jsonl); the texts of ``ota_begin`` and ``ota_error`` are
        not documented.
        """
        if self._updating:
            raise DeviceFault(-109, "Update is in progress")
        self._updating = True
        device, fails = self._device, self._device.session.faults.update_fails
        device.emit("sys", "ota_begin", msg="Update started")
        for step in range(1, (_OTA_FAILS_AT if fails else _OTA_STEPS) + 1):
            percent = 99 if step == _OTA_STEPS else step * 100 // _OTA_STEPS
            device.after(
                step * _OTA_STEP_S,
                partial(device.emit, "sys", "ota_progress", msg="Waiting for data", progress_percent=percent),
            )
        if fails:
            device.after((_OTA_FAILS_AT + 1) * _OTA_STEP_S, self._failed)
        else:
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
        device, timing = self._device, self._device.world.timing
        self.state = "booting"
        self._unanswered = 0
        self._updating = False
        sys = device.state.sys
        reason = sys.get("wakeup_reason")
        if isinstance(reason, dict):
            reason.update(boot=boot, cause=cause)
        if "reset_reason" in sys and boot in _RESET_REASONS and not device.still:
            sys["reset_reason"] = _RESET_REASONS[boot]
        device.boot()
        if cause == "usb":
            self._plug_in()
        if self.sleeper and not device.still:
            self._follow_power_source()
        if not device.still:
            device.after(timing.clockless_s, self._clock_set)
        self._wait(timing.boot_s * (_SLEEPER_BOOT if self.sleeper else 1), self._booted)

    def stay_awake(self) -> None:
        """Something was asked of a sleeper, or it has just woken: put sleep off."""
        if self.sleeper and self.state == "on":
            self._wait(self._device.world.timing.awake_s, self._doze_off)

    def owes_answer(self, *, more: bool) -> None:
        """A call that is answered later has come in, or has been answered: a sleeper stays awake until then."""
        self._unanswered = max(0, self._unanswered + (1 if more else -1))

    def sleep(self) -> None:
        """Say so, close, and wake again after the wake-up period."""
        self._cancel()
        device = self._device
        if not device.still:
            self._follow_power_source()
        device.emit("sys", "sleep")
        device.session.flush()
        device.session.link.disconnect(1000, "Bye")
        device.stop("Bye")
        self.state = "asleep"
        drift = device.random.uniform(1 - _WAKE_DRIFT, 1 + _WAKE_DRIFT)
        self._wait(
            float(device.state.sys["wakeup_period"]) * drift,
            lambda: self.switch_on(boot="deepsleep_wake", cause="periodic"),
        )

    # ---- inside -----------------------------------------------------------------------------------------

    def _doze_off(self) -> None:
        if self._unanswered or self._updating:
            self.stay_awake()
        else:
            self.sleep()

    def _follow_power_source(self) -> None:
        """Wake more often while there is power from outside, and as before when it is gone.

        Source: home-assistant/core issue 81121 (an H&T on USB wakes every 600 s).
        """
        device = self._device
        period_s = float(device.state.sys["wakeup_period"])
        powered = any(_has_external(device.status(key)) for key in device.keys("devicepower"))
        if powered and self._usual_period_s is None:
            self._usual_period_s = _PERIOD_S if period_s == _PERIOD_ON_USB_S else period_s
            self._change_period(_PERIOD_ON_USB_S)
        elif not powered and self._usual_period_s is not None:
            self._change_period(self._usual_period_s)
            self._usual_period_s = None

    def _change_period(self, period_s: float) -> None:
        if period_s != self._device.state.sys["wakeup_period"]:
            self._device.report("sys", {"wakeup_period": int(period_s)})

    def _plug_in(self) -> None:
        """The cable has woken it."""
        for key in self._device.keys("devicepower"):
            if "external" in self._device.status(key):
                self._device.report(key, {"external": {"present": True}})

    def _clock_set(self) -> None:
        """A time server has answered: say so, for the first word of the device could not."""
        device = self._device
        told = clock_reading(device.state.sys, device.epoch())
        if told:
            device.report("sys", told)

    def _failed(self) -> None:
        self._updating = False
        self._device.emit("sys", "ota_error", msg="Update failed")

    def _updated(self, version: str) -> None:
        device = self._device
        device.emit("sys", "ota_success", msg="Update applied, rebooting")
        device.after(_OTA_RESTART_AFTER_S, lambda: self._restart_with(version))

    def _restart_with(self, version: str) -> None:
        device = self._device
        device.emit("sys", "scheduled_restart", time_ms=_OTA_RESTART_MS)

        def install() -> None:
            device.state.install(version)
            device.session.learn_dialect()

        self.restart(_OTA_RESTART_MS / 1000, then=install)

    def _go_down(self) -> None:
        device = self._device
        device.stop()
        pending, self._pending = self._pending, ()
        for then in pending:
            try:
                then()
            except Exception:
                # What a device becomes may come from a plugin or from outside; a bug there must not leave it dark.
                _log.exception("simulated %s could not become what it should", device.id)
        device.session.link.disconnect(1001, "")
        self.switch_on(boot="software_restart")

    def _booted(self) -> None:
        self.state = "on"
        self._timer = None
        self._device.booted()
        if self._device.wants_connection():
            self._device.session.link.connect()

    def _wait(self, delay_s: float, then: Callable[[], None]) -> None:
        self._cancel()
        self._timer = self._device.world.wheel.after(delay_s, then)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _has_external(status: JSONObject) -> bool:
    """Whether a ``devicepower`` has power from outside."""
    external = status.get("external")
    return isinstance(external, dict) and external.get("present") is True
