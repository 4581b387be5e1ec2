"""Energy meters of circuits: one phase, three phases, and the recorded energy of both.

Source: Shelly Gen2+ API, "EM", "EM1", "EMData", "EM1Data", "PM1".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from fleet_shelly.simulation.meters import LoadMeter
from plugin_sdk import JSON, ComponentKey, JSONObject
from plugin_sdk.arguments import flag, texts, whole
from plugin_sdk.simulation import Behaviour, Handler, SimulatedDevice

_PHASES = "abc"
_RECORDS_KEPT = 60
_RECORD_KEYS = (
    "total_act_energy",
    "fund_act_energy",
    "total_act_ret_energy",
    "fund_act_ret_energy",
    "lag_react_energy",
    "lead_react_energy",
    "max_act_power",
    "min_act_power",
    "max_aprt_power",
    "min_aprt_power",
    "max_voltage",
    "min_voltage",
    "avg_voltage",
    "max_current",
    "min_current",
    "avg_current",
)
"""What a record of one minute holds for each phase, in this order."""


class Pm1(Behaviour):
    """``pm1:N``: one metered circuit that cannot be switched."""

    __slots__ = ("meter",)

    def __init__(self, device: SimulatedDevice, key: ComponentKey) -> None:
        super().__init__(device, key)
        self.meter = LoadMeter(self, round(device.random.uniform(40, 900), 1))

    def methods(self) -> Mapping[str, Handler]:
        """Reset counters."""
        return {"ResetCounters": lambda params: self.meter.reset(texts(params, "type") or ["aenergy"])}

    def minute(self) -> None:
        """Count energy."""
        self.report(**self.meter.minute())

    def vary(self) -> bool:
        """The load drifts."""
        self.report(**self.meter.drawing(1.0))
        return True


class Em1(Behaviour):
    """``em1:N``: one phase."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Which clamps fit."""
        return {"GetCTTypes": lambda _params: {"types": ["50A", "120A"], "supported": ["50A", "120A"]}}

    def minute(self) -> None:
        """Consumption moves with the day."""
        self.vary()

    def vary(self) -> bool:
        """The load drifts."""
        self.report(**_drift(self.device, self.status, ""))
        return True


class Em(Behaviour):
    """``em:N``: three phases and their sum."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        """Which clamps fit."""
        return {"GetCTTypes": lambda _params: {"types": ["120A", "400A"], "supported": ["120A"]}}

    def minute(self) -> None:
        """Consumption moves with the day."""
        self.vary()

    def vary(self) -> bool:
        """All three loads drift."""
        patch: JSONObject = {}
        for phase in _PHASES:
            patch |= _drift(self.device, self.status, f"{phase}_")
        for name in ("current", "act_power", "aprt_power"):
            patch[f"total_{name}"] = round(sum(patch[f"{phase}_{name}"] for phase in _PHASES), 3)
        self.report(**patch)
        return True


class _Recorded(Behaviour):
    """Energy recorded once a minute, the last hour of it at hand."""

    __slots__ = ("_records",)

    def __init__(self, device: SimulatedDevice, key: ComponentKey) -> None:
        super().__init__(device, key)
        self._records: deque[tuple[int, list[float]]] = deque(maxlen=_RECORDS_KEPT)

    def methods(self) -> Mapping[str, Handler]:
        """Read or delete what was recorded."""
        return {"GetRecords": self.get_records, "GetData": self.get_data, "DeleteAllData": self.delete_all_data}

    def get_records(self, params: JSONObject) -> JSON:
        """Which minutes there are."""
        found = self._since(params)
        blocks = [{"ts": found[0][0], "period": 60, "records": len(found)}] if found else []
        return {"data_blocks": blocks}

    def get_data(self, params: JSONObject) -> JSON:
        """The minutes themselves, oldest first."""
        found = self._since(params)
        data = [{"ts": found[0][0], "period": 60, "values": [values for _, values in found]}] if found else []
        return {**({"keys": self.record_keys()} if flag(params, "add_keys") is not False else {}), "data": data}

    def delete_all_data(self, _params: JSONObject) -> JSON:
        """Forget all."""
        self._records.clear()
        return None

    def record_keys(self) -> list[str]:
        """Names of a record's values."""
        raise NotImplementedError

    def record(self, values: Sequence[float]) -> None:
        """Keep a minute and tell of it."""
        minute_ts = int(self.device.now()) // 60 * 60
        self._records.append((minute_ts, list(values)))
        self.device.emit(self.key, "data", data={"ts": minute_ts, "period": 60, "values": [list(values)]})

    def _since(self, params: JSONObject) -> list[tuple[int, list[float]]]:
        first, last = whole(params, "ts") or 0, whole(params, "end_ts")
        return [entry for entry in self._records if first <= entry[0] and (last is None or entry[0] <= last)]


class Em1Data(_Recorded):
    """``em1data:N``: energy of one phase."""

    __slots__ = ()

    def record_keys(self) -> list[str]:
        """Names of a record's values."""
        return list(_RECORD_KEYS)

    def minute(self) -> None:
        """Count what the meter of the same number showed."""
        measured = self.device.status(f"em1:{self.index}")
        energy_wh = measured.get("act_power", 0) / 60
        self.report(total_act_energy=round(self.status.get("total_act_energy", 0) + max(0.0, energy_wh), 2))
        self.record(_record(measured, "", energy_wh))


class EmData(_Recorded):
    """``emdata:N``: energy of three phases."""

    __slots__ = ()

    def record_keys(self) -> list[str]:
        """Names of a record's values."""
        return [f"{phase}_{name}" for phase in _PHASES for name in _RECORD_KEYS]

    def minute(self) -> None:
        """Count what the meter of the same number showed."""
        measured, status = self.device.status(f"em:{self.index}"), self.status
        patch: JSONObject = {}
        values: list[float] = []
        for phase in _PHASES:
            energy_wh = measured.get(f"{phase}_act_power", 0) / 60
            name = f"{phase}_total_act_energy"
            patch[name] = round(status.get(name, 0) + max(0.0, energy_wh), 2)
            values += _record(measured, f"{phase}_", energy_wh)
        patch["total_act"] = round(sum(patch[f"{phase}_total_act_energy"] for phase in _PHASES), 2)
        self.report(**patch)
        self.record(values)


def _drift(device: SimulatedDevice, status: JSONObject, prefix: str) -> JSONObject:
    """A patch for one phase whose load has moved a little."""
    noise = device.random.random()
    volts = round(status.get(f"{prefix}voltage") or 230.0, 1)
    volts = round(volts + (230.0 - volts) / 8 + noise - 0.5, 1)
    watts = max(2.0, abs(status.get(f"{prefix}act_power") or 60.0))
    watts = round(min(6000.0, watts * (0.96 + 0.084 * (noise * 7 % 1))), 1)
    factor = round(0.7 + 0.25 * (noise * 13 % 1), 2)
    apparent = round(watts / factor, 1)
    return {
        f"{prefix}current": round(apparent / volts, 3),
        f"{prefix}voltage": volts,
        f"{prefix}act_power": watts,
        f"{prefix}aprt_power": apparent,
        f"{prefix}pf": factor,
    }


def _record(measured: JSONObject, prefix: str, energy_wh: float) -> list[float]:
    """Values of a minute in the order of the record's keys."""
    used, returned = max(0.0, energy_wh), max(0.0, -energy_wh)
    power, apparent = measured.get(f"{prefix}act_power", 0), measured.get(f"{prefix}aprt_power", 0)
    volts, amps = measured.get(f"{prefix}voltage", 0), measured.get(f"{prefix}current", 0)
    energies = [used, used, returned, returned, round(used * 0.2, 4), 0.0]
    spans = [power, power, apparent, apparent, volts, volts, volts, amps, amps, amps]
    return [round(float(value), 4) for value in (*energies, *spans)]
