"""Sensors of the surroundings, and the battery behind them."""

from __future__ import annotations

from collections.abc import Mapping

from fleet_shelly.simulation.outputs import degrees
from plugin_sdk import JSON
from plugin_sdk.simulation import Behaviour

_DARK_LUX, _BRIGHT_LUX = 30, 200


class Temperature(Behaviour):
    """``temperature:N``."""

    __slots__ = ()

    def minute(self) -> None:
        """Drift; told only when it moved by the report threshold."""
        before = self.status.get("tC")
        if isinstance(before, int | float):
            after = self._next(float(before))
            if abs(after - before) >= float(self.config.get("report_thr_C") or 0.5):
                self.report(**degrees(after))

    def vary(self) -> bool:
        """Somebody opens a window."""
        before = self.status.get("tC")
        if not isinstance(before, int | float):
            return False
        self.report(**degrees(self._next(float(before))))
        return True

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """A new offset shows at once."""
        if "offset_C" in changes and isinstance(self.status.get("tC"), int | float):
            self.report(**degrees(round(self.status["tC"] + float(changes["offset_C"]), 1)))
        return False

    def _next(self, celsius: float) -> float:
        return round(celsius + (21.5 - celsius) * 0.05 + self.device.random.uniform(-0.6, 0.6), 1)


class Humidity(Behaviour):
    """``humidity:N``."""

    __slots__ = ()

    def minute(self) -> None:
        """Drift; told only when it moved by the report threshold."""
        before = self.status.get("rh")
        if isinstance(before, int | float):
            after = self._next(float(before))
            if abs(after - before) >= float(self.config.get("report_thr") or 1):
                self.report(rh=after)

    def vary(self) -> bool:
        """Somebody breathes."""
        before = self.status.get("rh")
        if not isinstance(before, int | float):
            return False
        self.report(rh=self._next(float(before)))
        return True

    def _next(self, percent: float) -> float:
        moved = percent + (48 - percent) * 0.05 + self.device.random.uniform(-1.2, 1.2)
        return round(max(5.0, min(95.0, moved)), 1)


class Illuminance(Behaviour):
    """``illuminance:N``: lux, and the word for it by the two thresholds."""

    __slots__ = ()

    def minute(self) -> None:
        """Clouds pass."""
        self.vary()

    def vary(self) -> bool:
        """Clouds pass."""
        if "lux" not in self.status:
            return False
        lux = max(0, round(self.status["lux"] * self.device.random.uniform(0.8, 1.25)) + 1)
        self.report(lux=lux, illumination=self._word(lux))
        return True

    def _word(self, lux: int) -> str:
        if lux < int(self.config.get("dark_thr", _DARK_LUX)):
            return "dark"
        return "bright" if lux > int(self.config.get("bright_thr", _BRIGHT_LUX)) else "twilight"


class Voltmeter(Behaviour):
    """``voltmeter:N``."""

    __slots__ = ()

    def vary(self) -> bool:
        """The mains drift."""
        before = self.status.get("voltage")
        if not isinstance(before, int | float):
            return False
        self.report(voltage=round(before + self.device.random.uniform(-0.5, 0.5), 2))
        return True


class DevicePower(Behaviour):
    """``devicepower:N``: a battery that empties by a percent a month or so."""

    __slots__ = ()

    def boot(self) -> None:
        """Each wake-up costs a little."""
        battery = self.status.get("battery")
        if isinstance(battery, dict) and battery.get("percent", 0) > 1 and self.device.random.random() < 0.002:
            self.report(battery={"V": round(battery["V"] - 0.01, 2), "percent": battery["percent"] - 1})
