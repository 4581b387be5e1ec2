"""Heating: the Wall Display's thermostat, with its boost and override.

Source: methods and parameters from the sources of ShellyScanner, the type definitions taulfsime/shelly-rpc-ts and
clients; of ``Boost`` and ``Override`` only the names are known.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_shelly.simulation import checks
from fleet_shelly.simulation.system import is_wall_display
from fleet_shelly.simulation.timetable import COLDEST, WARMEST, Timetable
from plugin_sdk import JSON, ComponentKey, JSONObject
from plugin_sdk.arguments import number, required, whole
from plugin_sdk.simulation import Behaviour, DeviceFault, Handler, SimulatedDevice

_BOOST_S = 1_800


class Thermostat(Behaviour):
    """``thermostat:N``: switches its actuator by the temperature beside it."""

    __slots__ = ("_timetable",)

    def __init__(self, device: SimulatedDevice, key: ComponentKey) -> None:
        super().__init__(device, key)
        self._timetable = Timetable(self)

    def methods(self) -> Mapping[str, Handler]:
        """Schedules, and warmth for a while."""
        if not is_wall_display(self.device):
            return {}
        return {
            "Boost": self.boost,
            "CancelBoost": lambda _params: self._end("boost"),
            "Override": self.override,
            "CancelOverride": lambda _params: self._end("override"),
            "Calibrate": lambda _params: None,
            "IncreaseTargetTemperature": lambda params: self._step(params, 1),
            "DecreaseTargetTemperature": lambda params: self._step(params, -1),
            "Create": self.create,
            "Delete": self.delete,
            **self._timetable.methods(),
        }

    # ---- the room ---------------------------------------------------------------------------------------

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """Target and switch are part of the settings."""
        checks.obey(changes, _SETTINGS)
        if "target_C" in changes:
            self._aim(float(changes["target_C"]))
        if "enable" in changes:
            self._show(enable=changes["enable"])
        self._control()
        return False

    def boot(self) -> None:
        """Boost and override end with a restart."""
        for name in ("boost", "override"):
            if name in self.status:
                self.report(**{name: None})

    def minute(self) -> None:
        """Follow the schedule, and the room."""
        rule = self._timetable.due()
        if rule is not None and "override" not in self.status:
            self.device.set_config(self.key, {"target_C": rule["target_C"]})
        self._control()

    def create(self, _params: JSONObject) -> JSON:
        """A second one; there is room for one only, and the text is not documented."""
        raise DeviceFault(-108, "Resource exhausted")

    def delete(self, _params: JSONObject) -> JSON:
        """Let it go; it is part of this device, and the text is not documented."""
        raise DeviceFault(-109, "Thermostat is in use")

    def boost(self, params: JSONObject) -> JSON:
        """Heat for a while, whatever the target: ``duration`` in seconds."""
        self._for_a_while("boost", whole(params, "duration", 1, 86_400) or _BOOST_S, {})
        return None

    def override(self, params: JSONObject) -> JSON:
        """Another target for a while: ``target_C``, ``duration`` in seconds."""
        required(params, "target_C")
        target = number(params, "target_C", COLDEST, WARMEST)
        duration = whole(params, "duration", 1, 86_400) or _BOOST_S
        self._for_a_while("override", duration, {"target_C": target})
        return None

    def _step(self, params: JSONObject, sign: int) -> JSON:
        """A little warmer or colder; by half a degree where nothing else is said."""
        step = number(params, "target_C", 0, 10) or 0.5
        target = max(COLDEST, min(WARMEST, float(self.status.get("target_C", 20)) + sign * step))
        self.device.set_config(self.key, {"target_C": target})
        return None

    def _for_a_while(self, name: str, duration: int, more: JSONObject) -> None:
        started_at = int(self.device.now())
        self.report(**{name: {"started_at": started_at, "duration": duration, **more}})
        self.device.after(duration, lambda: self._end_of(name, started_at))
        self._control()

    def _end_of(self, name: str, started_at: int) -> None:
        if self.status.get(name, {}).get("started_at") == started_at:
            self._end(name)

    def _end(self, name: str) -> JSON:
        if name in self.status:
            self.report(**{name: None})
            self._control()
        return None

    def _aim(self, target: float) -> None:
        self._show(target_C=target, target_F=round(target * 9 / 5 + 32))

    def _show(self, **patch: JSON) -> None:
        shown = {name: value for name, value in patch.items() if name in self.status and self.status[name] != value}
        if shown:
            self.report(**shown)

    def _control(self) -> None:
        here = self.device.status(f"temperature:{self.index}").get("tC", self.status.get("current_C"))
        if not isinstance(here, int | float):
            return
        half = float(self.config.get("hysteresis") or 0.5)
        heating = bool(self.status.get("output"))
        target = float(self.status.get("override", {}).get("target_C", self.status.get("target_C", 20)))
        if self.config.get("type") == "cooling":
            needed = here > target - (half if heating else -half)
        else:
            needed = here < target + (half if heating else -half)
        wanted = self.status.get("enable") is True and (needed or "boost" in self.status)
        self._show(current_C=here, current_F=round(here * 9 / 5 + 32), output=wanted)
        if wanted != heating and self.device.keys("switch"):
            self.device.call("Switch.Set", {"id": 0, "on": wanted}, source="THERMOSTAT")


_SETTINGS: Mapping[str, checks.Rule] = {
    "name": checks.text(64),
    "target_C": checks.number(COLDEST, WARMEST),
    "hysteresis": checks.number(0.1, 5),
    "type": checks.one_of("heating", "cooling"),
    "display_unit": checks.one_of("C", "F"),
}
