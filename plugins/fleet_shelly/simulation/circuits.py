"""Energy meters of circuits that cannot be switched: one phase, or three.

Source: Shelly Gen2+ API, "PM1", "EM1", "EM". The sign of ``pf`` while energy flows back is not documented; it is
positive here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from fleet_shelly.simulation import checks
from fleet_shelly.simulation.gestures import amount
from fleet_shelly.simulation.meters import LoadMeter
from fleet_shelly.simulation.outputs import MEASURES_WITHIN_S
from fleet_shelly.simulation.supply import Supply, neutral_amps
from plugin_sdk import JSON, ComponentKey, JSONObject
from plugin_sdk.arguments import choice, required, texts, whole
from plugin_sdk.simulation import Behaviour, DeviceFault, Handler, SimulatedDevice

PHASES = "abc"
_SHOWN = ("current", "voltage", "act_power", "aprt_power", "pf", "freq")
_FREQUENCY_HZ = 50


class Pm1(Behaviour):
    """``pm1:N``: one metered circuit."""

    __slots__ = ("meter",)

    def __init__(self, device: SimulatedDevice, key: ComponentKey) -> None:
        super().__init__(device, key)
        self.meter = LoadMeter(self, ("fridge", "boiler", "heat pump", "office", "standby", "solar"))

    def methods(self) -> Mapping[str, Handler]:
        """Reset counters."""
        return {"ResetCounters": lambda params: self.meter.reset(texts(params, "type") or ["aenergy", "ret_aenergy"])}

    def boot(self) -> None:
        """Energy counters of the last minutes start anew."""
        patch = self.meter.restarted()
        if patch:
            self.report(**patch)

    def minute(self) -> None:
        """Count energy, follow the day."""
        patch = self.meter.minute()
        if patch:
            self.report(**patch)
        if self.meter.changed(1.0):
            wait_s = self.device.random.uniform(1, MEASURES_WITHIN_S)
            self.device.after(wait_s, lambda: self.report(**self.meter.drawing(1.0)))

    def vary(self) -> bool:
        """The load drifts."""
        self.report(**self.meter.drawing(1.0))
        return True

    def press(self, gesture: str) -> bool:
        """Another load or voltage; see :meth:`LoadMeter.press`."""
        if not self.meter.press(gesture):
            return False
        patch = self.meter.drawing(1.0)
        if gesture.startswith("voltage"):
            patch["voltage"] = self.meter.mains_v
        self.report(**patch)
        return True

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """A meter that is turned round needs a restart."""
        checks.obey(changes, {"name": checks.text(64)})
        return "reverse" in changes


class _Phases(Behaviour):
    """What meters of one and of three phases share."""

    __slots__ = ("_lost", "_means", "_supplies")

    prefixes: ClassVar[Sequence[str]] = ("",)
    """What the names of each phase's fields begin with."""

    clamps: ClassVar[tuple[Sequence[str], Sequence[str]]] = (("50A", "120A"), ("50A", "120A"))
    """All current transformers that there are, and those that fit this device."""

    def __init__(self, device: SimulatedDevice, key: ComponentKey) -> None:
        super().__init__(device, key)
        self._supplies = supplies_of(device, key, self.prefixes)
        self._means: list[tuple[float, float]] | None = None
        self._lost: set[str] | None = None

    def methods(self) -> Mapping[str, Handler]:
        """Which clamps fit."""
        types, supported = self.clamps
        return {"GetCTTypes": lambda _params: {"types": list(types), "supported": list(supported)}}

    def minute(self) -> None:
        """Consumption moves with the day."""
        self._means = None
        self.vary()

    def vary(self) -> bool:
        """The loads drift."""
        self.report(**self.measured())
        return True

    def measured(self) -> JSONObject:
        """A patch for the status with what the meter sees now."""
        means = self._means
        if means is None:
            minutes = [supply.minute(self.device.now()) for supply in self._supplies]
            means = self._means = [(one.watts, one.factor) for one in minutes]
        patch: JSONObject = {}
        noise = self.device.random.random()
        status = self.status
        for prefix, (watts, factor) in zip(self.prefixes, means, strict=True):
            noise = noise * 7 % 1
            if self._lost is not None and prefix in self._lost:
                patch |= {f"{prefix}{name}": 0 for name in _SHOWN}
                continue
            volts = status.get(f"{prefix}voltage") or 230.0
            volts = round(volts + (230.0 - volts) / 8 + noise - 0.5, 1)
            shown = round(watts * (0.98 + 0.04 * noise), 1)
            apparent = round(abs(shown) / factor, 1)
            patch[f"{prefix}current"] = round(apparent / volts, 3)
            patch[f"{prefix}voltage"] = volts
            patch[f"{prefix}act_power"] = shown
            patch[f"{prefix}aprt_power"] = apparent
            patch[f"{prefix}pf"] = round(factor, 2) if shown else 0
            if status.get(f"{prefix}freq") == 0:
                patch[f"{prefix}freq"] = _FREQUENCY_HZ
        return patch

    def press(self, gesture: str) -> bool:
        """``load solar 3000`` for all phases, ``load a 2000`` for one; ``lose b`` and ``find b`` for a wire."""
        word, _, rest = gesture.partition(" ")
        if word == "load":
            letter, _, load = rest.partition(" ")
            named = f"{letter}_" in self.prefixes
            chosen = [self.prefixes.index(f"{letter}_")] if named else range(len(self.prefixes))
            connected = [self._supplies[at].connect(load if named else rest) for at in chosen]
            if not all(connected):
                return False
        elif word in ("lose", "find") and f"{rest}_" in self.prefixes:
            lost = self._lost or set()
            self._lost = lost | {f"{rest}_"} if word == "lose" else lost - {f"{rest}_"}
        else:
            return False
        self._means = None
        self.vary()
        return True


class Em1(_Phases):
    """``em1:N``: one phase."""

    __slots__ = ()

    def measured(self) -> JSONObject:
        """What it sees; the smallest meter shows neither apparent power nor power factor."""
        patch = super().measured()
        return patch if "pf" in self.status else {name: patch[name] for name in patch if name in self.status}

    def methods(self) -> Mapping[str, Handler]:
        """Which clamps fit; take another channel's calibration."""
        own = {"CalibrateFrom": self.calibrate_from, "RevertToFactoryCalibration": self.revert}
        return {**super().methods(), **own}

    def calibrate_from(self, params: JSONObject) -> JSON:
        """Measure as another channel does."""
        required(params, "id_src")
        source = whole(params, "id_src")
        if source == self.index or f"em1:{source}" not in self.device.keys("em1"):
            raise DeviceFault(-105, f"Bad id={source}")
        self.report(calibration=f"em1:{source}")
        return None

    def revert(self, _params: JSONObject) -> JSON:
        """Measure as it was made to."""
        self.report(calibration="factory")
        return None

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """A clamp that is turned round is so at once."""
        checks.obey(changes, {"name": checks.text(64), "ct_type": checks.one_of(*self.clamps[0])})
        self._means = None
        return False


class Em(_Phases):
    """``em:N``: three phases and their sum."""

    __slots__ = ()

    prefixes: ClassVar[Sequence[str]] = tuple(f"{phase}_" for phase in PHASES)
    clamps: ClassVar[tuple[Sequence[str], Sequence[str]]] = (("120A", "400A"), ("120A",))

    def methods(self) -> Mapping[str, Handler]:
        """Which clamps fit; calibrate a phase by another."""
        own = {"PhaseToPhaseCalib": self.calibrate, "PhaseToPhaseCalibReset": self.reset}
        return {**super().methods(), **own}

    def measured(self) -> JSONObject:
        """All three phases and what they add up to."""
        patch = super().measured()
        for name in ("current", "act_power", "aprt_power"):
            patch[f"total_{name}"] = round(sum(patch[f"{phase}_{name}"] for phase in PHASES), 3)
        if isinstance(self.status.get("n_current"), int | float):
            patch["n_current"] = round(neutral_amps(*(patch[f"{phase}_current"] for phase in PHASES)), 3)
        return patch

    def press(self, gesture: str) -> bool:
        """As any meter; ``phase_sequence wrong`` and ``phase_sequence right`` for wires that were swapped."""
        word, _, rest = gesture.partition(" ")
        if word == "phase_sequence" and rest in ("wrong", "right"):
            wrong = rest == "wrong" and bool(self.config.get("monitor_phase_sequence"))
            self.report(errors=["phase_sequence"] if wrong else None)
            return True
        amps = amount(gesture, "neutral")
        if amps is not None:
            self.report(n_current=amps)
            return True
        return super().press(gesture)

    def calibrate(self, params: JSONObject) -> JSON:
        """Measure a phase as another is measured."""
        required(params, "base_phase")
        required(params, "phase")
        base, phase = choice(params, "base_phase", PHASES), choice(params, "phase", PHASES)
        if base == phase:
            raise DeviceFault(-103, "Invalid argument 'phase'!")
        self.report(user_calibrated_phase=sorted({*self.status.get("user_calibrated_phase", ()), str(phase)}))
        return None

    def reset(self, params: JSONObject) -> JSON:
        """Measure a phase as it was made to."""
        required(params, "phase")
        phase = choice(params, "phase", PHASES)
        self.report(user_calibrated_phase=[one for one in self.status.get("user_calibrated_phase", ()) if one != phase])
        return None

    def configured(self, changes: Mapping[str, JSON]) -> bool:
        """Clamps that are turned round are so at once."""
        rules = {
            "name": checks.text(64),
            "ct_type": checks.one_of(*self.clamps[0], "50A", "80A", "3x63A"),
            "blink_mode_selector": checks.one_of("active_energy", "apparent_energy"),
            "phase_selector": checks.one_of(*PHASES, "all"),
        }
        checks.obey(changes, rules)
        self._means = None
        return False


def supplies_of(device: SimulatedDevice, key: str, prefixes: Sequence[str]) -> list[Supply]:
    """What hangs on a meter's phases; the last channel of several may have solar panels."""
    index = int(key.partition(":")[2] or 0)
    last = prefixes[-1] if index > 0 or len(prefixes) > 1 else None
    return [Supply(device, key, prefix, may_be_solar=prefix == last) for prefix in prefixes]
