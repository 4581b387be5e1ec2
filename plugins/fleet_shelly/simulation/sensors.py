"""Sensors of the surroundings, and the battery behind them.

The surroundings have a day: it is warmest in the afternoon, driest when it is warmest, and brightest at noon. A sensor
shows what it measures plus its offset, and tells of it when it moved by its threshold.

Source: Shelly Gen2+ API, "Temperature", "Humidity", "Illuminance", "Voltmeter", "DevicePower".
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

from fleet_shelly.simulation import checks
from fleet_shelly.simulation.daytime import daylight, local_hour, warmth_of_day
from fleet_shelly.simulation.expressions import LONGEST, check_expression, transformed
from fleet_shelly.simulation.gestures import amount
from fleet_shelly.simulation.thermal import degrees
from fleet_shelly.simulation.traits import between
from plugin_sdk import JSON, ComponentKey, JSONObject
from plugin_sdk.simulation import Behaviour, Handler, SimulatedDevice

_DARK_LUX, _BRIGHT_LUX = 30, 200
_LAMPLIGHT_LUX = 8
_EACH_MINUTE = 0.04
_FAULTS = {"fault": "read", "out of range": "out_of_range"}


class _Sensor(Behaviour):
    """What sensors with one value share."""

    __slots__ = ("_middle", "_real", "_shown_offset")

    value: ClassVar[str]
    """The status field that shows the value."""

    threshold: ClassVar[tuple[str, float]]
    """The setting of how much it moves before it is told, and what that is where there is none."""

    offset: ClassVar[str] = ""
    word: ClassVar[str]
    """The word of the gesture that sets the value: ``temperature 30``."""

    swing: ClassVar[float]
    """How much the day moves it, to either side."""

    noise: ClassVar[float]
    span: ClassVar[tuple[float, float]]
    rules: ClassVar[Mapping[str, checks.Rule]]

    def __init__(self, device: SimulatedDevice, key: ComponentKey) -> None:
        super().__init__(device, key)
        self._shown_offset = self._offset()
        shown = self.status.get(self.value)
        # A Wall Display without a driver for its sensor shows -275.15 degrees and an error, for ever.
        self._real: float | None = None
        if isinstance(shown, int | float) and "errors" not in self.status:
            self._real = float(shown) - self._shown_offset
        self._middle = self._real

    def boot(self) -> None:
        """A sensor measures when it starts; a sleeper's world has gone on."""
        if self._real is not None and self._middle is not None:
            self._real = self._kept_within(self._aim() + self._jitter())
            self.report(**self.shown(self._real + self._offset()))

    def minute(self) -> None:
        """Drift; told only when it moved by the report threshold."""
        before = self.status.get(self.value)
        if self._real is None or not isinstance(before, int | float):
            return
        self._drift()
        name, usual = self.threshold
        if abs(self._real + self._offset() - before) >= float(self.config.get(name) or usual):
            self.report(**self.shown(self._real + self._offset()))

    def vary(self) -> bool:
        """Somebody opens a window."""
        real, middle = self._real, self._middle
        if real is None or middle is None or self.value not in self.status:
            return False
        # Plain sums, and not by the hour: this runs for every notification of a fleet under load.
        real += (middle - real) * _EACH_MINUTE + (self.device.random.random() - 0.5) * 2 * self.noise
        if not self.span[0] <= real <= self.span[1]:
            real = self._kept_within(real)
        self._real = real
        self.device.report(self.key, self.shown(real + self._shown_offset))
        return True

    def press(self, gesture: str) -> bool:
        """``temperature 30`` for another world; ``fault``, ``out of range`` for a broken sensor, ``well`` for none."""
        value = amount(gesture, self.word)
        if value is not None and self.span[0] <= value <= self.span[1]:
            self._real = self._middle = value
            self.report(**self.shown(value + self._offset()), **self._mended())
        elif gesture in _FAULTS:
            self.report(**dict.fromkeys(self.shown(0.0)), errors=[_FAULTS[gesture]])
        elif gesture == "well" and self._real is not None:
            self.report(**self.shown(self._real + self._offset()), **self._mended())
        else:
            return False
        return True

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """A new offset shows at once."""
        checks.obey(changes, self.rules)
        if self.offset in changes and isinstance(shown := self.status.get(self.value), int | float):
            moved, self._shown_offset = self._offset() - self._shown_offset, self._offset()
            self.report(**self.shown(shown + moved))
        return False

    def shown(self, value: float) -> JSONObject:
        """A patch for the status that shows a value."""
        return {self.value: round(value, 1)}

    def _offset(self) -> float:
        offset = self.config.get(self.offset) if self.offset else None
        return float(offset) if isinstance(offset, int | float) else 0.0

    def _aim(self) -> float:
        """What the surroundings have at this hour."""
        return (self._middle or 0.0) + self.swing * warmth_of_day(local_hour(self.device))

    def _jitter(self) -> float:
        return self.device.random.uniform(-self.noise, self.noise)

    def _drift(self) -> None:
        real = self._real or 0.0
        self._real = self._kept_within(real + (self._aim() - real) * _EACH_MINUTE + self._jitter())

    def _kept_within(self, value: float) -> float:
        return max(self.span[0], min(self.span[1], value))

    def _mended(self) -> JSONObject:
        return {"errors": None} if "errors" in self.status else {}


class Temperature(_Sensor):
    """``temperature:N``."""

    __slots__ = ()

    value: ClassVar[str] = "tC"
    threshold: ClassVar[tuple[str, float]] = ("report_thr_C", 0.5)
    offset: ClassVar[str] = "offset_C"
    word: ClassVar[str] = "temperature"
    swing: ClassVar[float] = 1.4
    noise: ClassVar[float] = 0.15
    span: ClassVar[tuple[float, float]] = (-55.0, 125.0)
    rules: ClassVar[Mapping[str, checks.Rule]] = {
        "name": checks.text(64),
        "report_thr_C": checks.number(0.1, 5),
        "offset_C": checks.number(-50, 50),
    }

    def shown(self, value: float) -> JSONObject:
        """Both scales."""
        return degrees(round(value, 1))


class Humidity(_Sensor):
    """``humidity:N``."""

    __slots__ = ()

    value: ClassVar[str] = "rh"
    threshold: ClassVar[tuple[str, float]] = ("report_thr", 1.0)
    offset: ClassVar[str] = "offset"
    word: ClassVar[str] = "humidity"
    swing: ClassVar[float] = -4.0
    noise: ClassVar[float] = 0.6
    span: ClassVar[tuple[float, float]] = (0.0, 100.0)
    rules: ClassVar[Mapping[str, checks.Rule]] = {
        "name": checks.text(64),
        "report_thr": checks.number(0, 20),
        "offset": checks.number(-50, 50),
    }


class Voltmeter(_Sensor):
    """``voltmeter:N``: a voltage, and what a formula makes of it."""

    __slots__ = ()

    shared_methods: ClassVar[Sequence[str]] = ("CheckExpression",)

    value: ClassVar[str] = "voltage"
    threshold: ClassVar[tuple[str, float]] = ("report_thr", 0.5)
    word: ClassVar[str] = "voltage"
    swing: ClassVar[float] = 0.0
    noise: ClassVar[float] = 0.5
    span: ClassVar[tuple[float, float]] = (0.0, 500.0)
    rules: ClassVar[Mapping[str, checks.Rule]] = {
        "name": checks.text(64),
        "report_thr": checks.number(0.1, 100),
        "range": checks.number(0, 1),
        "xvoltage.expr": checks.text(LONGEST),
        "xvoltage.unit": checks.text(20),
    }

    def methods(self) -> Mapping[str, Handler]:
        """Try a formula."""
        return {"CheckExpression": check_expression}

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """A new formula shows at once."""
        super().configured(changes)
        if "xvoltage" in changes and isinstance(voltage := self.status.get("voltage"), int | float):
            self.report(**{"xvoltage": None, **self.shown(voltage)})
        return False

    def shown(self, value: float) -> JSONObject:
        """The voltage, and what a formula makes of it."""
        voltage = round(value, 2)
        is_shown, transform = transformed(self.config.get("xvoltage"), voltage)
        return {"voltage": voltage, "xvoltage": transform} if is_shown else {"voltage": voltage}


class Illuminance(Behaviour):
    """``illuminance:N``: lux, and the word for it by the two thresholds."""

    __slots__ = ("_fixed",)

    rules: ClassVar[Mapping[str, checks.Rule]] = {
        "name": checks.text(64),
        "dark_thr": checks.number(0, 200_000),
        "bright_thr": checks.number(0, 200_000),
    }

    def __init__(self, device: SimulatedDevice, key: ComponentKey) -> None:
        super().__init__(device, key)
        self._fixed: int | None = None

    def minute(self) -> None:
        """The day goes on; told when the word for it changes, or when it is much brighter or darker."""
        before = self.status.get("lux")
        if not isinstance(before, int | float):
            return
        lux = self._measured()
        if self._word(lux) != self.status.get("illumination") or abs(lux - before) > max(5, before / 10):
            self._show(lux)

    def vary(self) -> bool:
        """Clouds pass."""
        before = self.status.get("lux")
        if not isinstance(before, int | float):
            return False
        self._show(int(before * (0.9 + 0.21 * self.device.random.random()) + 0.5))
        return True

    def press(self, gesture: str) -> bool:
        """``lux 900`` for a light that stays, ``lux 0`` for a drawn curtain, ``daylight`` for the day's own."""
        lux = amount(gesture, "lux")
        if gesture == "daylight":
            self._fixed = None
        elif lux is not None and 0 <= lux < 200_000:
            self._fixed = int(lux)
        else:
            return False
        self._show(self._measured())
        return True

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """New thresholds give another word."""
        checks.obey(changes, self.rules)
        lux = self.status.get("lux")
        if isinstance(lux, int) and self._word(lux) != self.status.get("illumination"):
            self._show(lux)
        return False

    def _measured(self) -> int:
        if self._fixed is not None:
            return self._fixed
        most = between(250, 1200, self.device.id, self.key, "lux")
        clouds = self.device.random.uniform(0.75, 1.1)
        return round(_LAMPLIGHT_LUX * clouds + most * daylight(local_hour(self.device)) * clouds)

    def _show(self, lux: int) -> None:
        self.report(lux=lux, illumination=self._word(lux))

    def _word(self, lux: float) -> str:
        if lux < float(self.config.get("dark_thr", _DARK_LUX)):
            return "dark"
        return "bright" if lux > float(self.config.get("bright_thr", _BRIGHT_LUX)) else "twilight"


class DevicePower(Behaviour):
    """``devicepower:N``: a battery that empties with each wake-up, and perhaps a cable.

    The voltage follows the charge as four alkaline cells do, within what dumps show: 6.27 V at 100 %, 5.92 V at 93 %,
    5.64 V at 81 %.
    """

    __slots__ = ()

    a_wake_up: ClassVar[float] = 0.006
    """Percent that a wake-up costs: half a year to a year with one in two hours."""

    def boot(self) -> None:
        """Each wake-up costs a little, unless there is a cable."""
        battery = self.status.get("battery")
        percent = battery.get("percent") if isinstance(battery, dict) else None
        if not isinstance(percent, int | float) or self._is_powered():
            return
        kept = self.device.storage(self.key)
        charge = max(0.0, float(kept.get("charge", percent)) - self.a_wake_up)
        kept["charge"] = charge
        self._show(charge)

    def press(self, gesture: str) -> bool:
        """``battery 12`` for a charge in percent; ``usb on`` and ``usb off`` for a cable."""
        percent = amount(gesture, "battery")
        if percent is not None and 0 <= percent <= 100 and "battery" in self.status:
            self.device.storage(self.key)["charge"] = percent
            self._show(percent)
        elif gesture in ("usb on", "usb off") and "external" in self.status:
            self.report(external={"present": gesture == "usb on"})
        else:
            return False
        return True

    def _is_powered(self) -> bool:
        external = self.status.get("external")
        return isinstance(external, dict) and external.get("present") is True

    def _show(self, charge: float) -> None:
        percent = math.ceil(charge)
        volts = round(4.2 + 2.07 * (charge / 100) ** 1.6, 2)
        if {"V": volts, "percent": percent} != self.status.get("battery"):
            self.report(battery={"V": volts, "percent": percent})
