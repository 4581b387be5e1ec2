"""The demo hotel's life: all that happens by itself, on the simulator's clock, without a task of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random

from fleet_platform.simulator.demo.acts import Act, perform, settle, within
from fleet_platform.simulator.demo.day import HABITS, Habit
from fleet_platform.simulator.demo.hotel import ROOMS
from fleet_platform.simulator.demo.plan import plan, taken_rooms
from fleet_platform.simulator.demo.story import FLAKY, FORGOTTEN, LOST, Flaky
from fleet_platform.simulator.device.device import Device
from plugin_sdk import component_type

_DRIFT_EVERY_S = 1.0
_HABITS_EVERY_S = 5.0
_LOOK_AGAIN_S = 5.0
_DRIFTING = ("switch", "light", "rgb", "pm1", "em", "em1", "temperature", "humidity", "illuminance")


class Life:
    """Moves a hotel's devices: loads drift, guests come and go, a few things go wrong.

    Args:
        devices: Full name to device; not empty.
        seed: The same seed and the same time give the same life.
    """

    def __init__(self, devices: Mapping[str, Device], seed: int) -> None:
        some = next(iter(devices.values()))
        self._wheel = some.world.wheel
        self._devices = devices
        self._seed = seed
        self._random = Random(f"{seed}/hotel")  # noqa: S311 - a show, no secrets
        self._offset_s = int(some.status("sys").get("utc_offset") or 0)
        self._drifting = _drifting(devices)

    def begin(self) -> None:
        """Bring all devices to where they are at this hour, and go on from here."""
        today = self._now().date()
        for act in FORGOTTEN:
            self._with(act, settle)
        for day in (today - timedelta(days=1), today):
            self._take_up(day)
        self._every(_DRIFT_EVERY_S, self._drift)
        self._every(_HABITS_EVERY_S, self._follow_habits)
        for name, flaky in FLAKY.items():
            self._lose_connection_later(self._devices[name], flaky)
        for name, after_s in LOST.items():
            self._lose_power_later(self._devices[name], after_s)

    # ---- the day ----------------------------------------------------------------------------------------

    def _now(self) -> datetime:
        """The hotel's local time."""
        return datetime.fromtimestamp(self._wheel.epoch() + self._offset_s, UTC)

    def _take_up(self, day: date) -> None:
        """Have what has been of a day's plan, and wait for the rest and for the next midnight."""
        passed_h = (self._now() - datetime(day.year, day.month, day.day, tzinfo=UTC)) / timedelta(hours=1)
        for entry in plan(day, self._seed):
            if entry.hour <= passed_h:
                self._with(entry.act, settle)
            else:
                self._later((entry.hour - passed_h) * 3600, entry.act)
        if passed_h < 24:
            self._wheel.after((24 - passed_h) * 3600, lambda: self._take_up(day + timedelta(days=1)))

    def _later(self, delay_s: float, act: Act) -> None:
        self._wheel.after(delay_s, lambda: self._with(act, perform))

    def _with(self, act: Act, do: Callable[[Device, Act], None]) -> None:
        device = self._devices.get(act.device)
        if device is not None:
            do(device, act)

    def _follow_habits(self) -> None:
        now = self._now()
        hour = now.hour + now.minute / 60
        for habit in HABITS:
            if habit.start <= hour < habit.end and self._random.random() < habit.per_hour * _HABITS_EVERY_S / 3600:
                self._do(habit, now.date())

    def _do(self, habit: Habit, today: date) -> None:
        awake = taken_rooms(today, self._seed)
        places = [place for place in habit.places if place not in ROOMS or place in awake]
        place = self._random.choice(places) if places else ""
        for act in habit.acts:
            there = within(place, act) if place else act
            if act.after_s:
                self._later(act.after_s, there)
            else:
                self._with(there, perform)

    def _drift(self) -> None:
        """One load, or one sensor, changes a little."""
        device, key = self._random.choice(self._drifting)
        if device.power.state == "on" and device.status(key).get("output") is not False:
            device.vary_one(key)

    # ---- troubles ---------------------------------------------------------------------------------------

    def _lose_connection_later(self, device: Device, flaky: Flaky) -> None:
        up_s, down_s = (each * self._random.uniform(1, 2) for each in (flaky.up_s, flaky.down_s))

        def lose() -> None:
            if device.power.state == "on":
                device.session.link.cut()
                self._wheel.after(down_s, back)
            else:
                back()

        def back() -> None:
            if device.power.state == "on":
                device.reconnect()
            self._lose_connection_later(device, flaky)

        self._wheel.after(up_s, lose)

    def _lose_power_later(self, device: Device, after_s: float) -> None:
        def look() -> None:
            if device.session.link.connections:
                self._wheel.after(after_s, device.power.switch_off)
            else:
                self._wheel.after(_LOOK_AGAIN_S, look)

        look()

    def _every(self, period_s: float, do: Callable[[], None]) -> None:
        def due() -> None:
            self._wheel.after(period_s, due)
            do()

        self._wheel.after(period_s, due)


def _drifting(devices: Mapping[str, Device]) -> list[tuple[Device, str]]:
    """What is measured all the time, device by device; sleepers have nothing like that."""
    return [
        (device, key)
        for device in devices.values()
        if not device.power.sleeper
        for key, status in device.state.status.items()
        if component_type(key) in _DRIFTING and ("output" not in status or "apower" in status)
    ]
