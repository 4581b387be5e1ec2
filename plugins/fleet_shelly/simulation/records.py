"""Recorded energy: each minute of the last sixty days, worked out when it is asked for.

A minute's record follows from the device and the minute alone (see :mod:`~fleet_shelly.simulation.supply`), so whatever
is asked for twice is answered alike, and nothing is kept. Gaps, which real devices have where they were off, are not
simulated.

Source: Shelly Gen2+ API, "EMData", "EM1Data"; order of the keys as in the CSV files of a Pro 3EM and in clients of an
EM. How many records fit into one answer is not documented.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from fleet_shelly.simulation.circuits import PHASES, supplies_of
from fleet_shelly.simulation.supply import MINUTE_S, Minute, Supply, energies, extremes, fundamental, neutral_amps
from plugin_sdk import JSON, ComponentKey, JSONObject
from plugin_sdk.arguments import flag, invalid, required, whole
from plugin_sdk.simulation import Behaviour, Handler, SimulatedDevice, clock_is_set

_KEPT_S = 60 * 86_400
_VALUES_A_PAGE = 3000
_PERIODS_S = (300, 900, 1800, 3600)
_EXTREMES = ("max_act_power", "min_act_power", "max_aprt_power", "min_aprt_power")
_MEANS = ("max_voltage", "min_voltage", "avg_voltage", "max_current", "min_current", "avg_current")
_ONE_PHASE = ("total_act_energy", "total_act_ret_energy", "lag_react_energy", "lead_react_energy", *_EXTREMES, *_MEANS)
_OF_THREE = (
    *("total_act_energy", "fund_act_energy", "total_act_ret_energy", "fund_act_ret_energy"),
    *("lag_react_energy", "lead_react_energy", *_EXTREMES, *_MEANS),
)
_NEUTRAL = ("n_max_current", "n_min_current", "n_avg_current")


class _Recorded(Behaviour):
    """What recorders of one and of three phases share."""

    __slots__ = ("_supplies",)

    meter: ClassVar[str]
    """Type of the component whose energy it records."""

    prefixes: ClassVar[Sequence[str]]
    keys: ClassVar[Sequence[str]]
    """Names of a record's values, in order."""

    def __init__(self, device: SimulatedDevice, key: ComponentKey) -> None:
        super().__init__(device, key)
        self._supplies: list[Supply] | None = None

    def methods(self) -> Mapping[str, Handler]:
        """Read what was recorded, delete it, set the totals back."""
        return {
            "GetRecords": self.get_records,
            "GetData": self.get_data,
            "GetNetEnergies": self.get_net_energies,
            "DeleteAllData": self.delete_all_data,
            "ResetCounters": self.reset_counters,
        }

    def get_records(self, params: JSONObject) -> JSON:
        """Which minutes there are: ``{data_blocks: [{ts, period, records}]}``."""
        first, last = self._span(whole(params, "ts"), None, MINUTE_S)
        count = (last - first) // MINUTE_S
        return {"data_blocks": [{"ts": first, "period": MINUTE_S, "records": count}] if count > 0 else []}

    def get_data(self, params: JSONObject) -> JSON:
        """The minutes themselves, oldest first, a page at a time."""
        return self._page(params, MINUTE_S, self.keys, self.record)

    def get_net_energies(self, params: JSONObject) -> JSON:
        """Energy used less energy returned, in longer periods."""
        required(params, "period")
        period_s = whole(params, "period")
        if period_s not in _PERIODS_S:
            raise invalid("period")
        names = [f"{prefix}net_act_energy" for prefix in self.prefixes]
        return self._page(params, period_s, names, lambda ts: self._net(ts, period_s))

    def delete_all_data(self, _params: JSONObject) -> JSON:
        """Forget all minutes that are over."""
        self.device.storage(self.key)["deleted_until"] = self._this_minute()
        return None

    def reset_counters(self, _params: JSONObject) -> JSON:
        """Set the totals back; what was recorded stays."""
        self.report(**{name: 0 for name in self.status if name != "id" and name.startswith(self._totals())})
        return None

    def minute(self) -> None:
        """Count the minute that is over, and tell of it."""
        if not clock_is_set(self.device):
            return
        ts = self._this_minute() - MINUTE_S
        minutes = self._minutes(ts)
        self.report(**self.counted(minutes))
        self.device.emit(self.key, "data", data={"ts": ts, "period": MINUTE_S, "values": [self.record(ts)]})

    def counted(self, minutes: Sequence[Minute]) -> JSONObject:
        """A patch for the totals of the status."""
        patch: JSONObject = {}
        for prefix, minute in zip(self.prefixes, minutes, strict=True):
            used, returned, *_ = energies(minute)
            for name, energy in (("total_act_energy", used), ("total_act_ret_energy", returned)):
                patch[prefix + name] = round(self.status.get(prefix + name, 0) + energy, 2)
        return patch

    def record(self, ts: int) -> list[float]:
        """A minute's values."""
        raise NotImplementedError

    def _minutes(self, ts: int) -> list[Minute]:
        if self._supplies is None:
            self._supplies = supplies_of(self.device, f"{self.meter}:{self.index}", self.prefixes)
        return [supply.minute(ts) for supply in self._supplies]

    def _net(self, ts: int, period_s: int) -> list[float]:
        minutes = [self._minutes(at) for at in range(ts, ts + period_s, MINUTE_S)]
        return [round(sum(one[at].watts for one in minutes) / 60, 4) for at in range(len(self.prefixes))]

    def _page(
        self, params: JSONObject, period_s: int, names: Sequence[str], values: Callable[[int], list[float]]
    ) -> JSON:
        add_keys = flag(params, "add_keys")
        first, last = self._span(whole(params, "ts"), whole(params, "end_ts"), period_s)
        until = min(last, first + max(1, _VALUES_A_PAGE // len(names)) * period_s)
        rows = [values(ts) for ts in range(first, until, period_s)]
        answer: JSONObject = {} if add_keys is False else {"keys": list(names)}
        answer["data"] = [{"ts": first, "period": period_s, "values": rows}] if rows else []
        return answer if until >= last else {**answer, "next_record_ts": until}

    def _span(self, ts: int | None, end_ts: int | None, period_s: int) -> tuple[int, int]:
        """The first record that is wanted and there is, and where the records end."""
        if not clock_is_set(self.device):
            return 0, 0
        now = self._this_minute()
        oldest = max(now - _KEPT_S, self.device.storage(self.key).get("deleted_until", 0), ts or 0)
        # A record's time is its beginning, and the last one that is wanted is included.
        end = now if end_ts is None else min(now, end_ts + 1)
        first = -(-oldest // period_s) * period_s
        last = -(-end // period_s) * period_s if end < now else now // period_s * period_s
        return first, last

    def _this_minute(self) -> int:
        return int(self.device.now()) // MINUTE_S * MINUTE_S

    def _totals(self) -> tuple[str, ...]:
        return "total_", *(f"{prefix}total_" for prefix in self.prefixes if prefix)


class Em1Data(_Recorded):
    """``em1data:N``: energy of one phase."""

    __slots__ = ()

    meter: ClassVar[str] = "em1"
    prefixes: ClassVar[Sequence[str]] = ("",)
    keys: ClassVar[Sequence[str]] = _ONE_PHASE

    def record(self, ts: int) -> list[float]:
        """A minute's values."""
        (minute,) = self._minutes(ts)
        return [round(value, 4) for value in (*energies(minute), *extremes(minute))]


class EmData(_Recorded):
    """``emdata:N``: energy of three phases."""

    __slots__ = ()

    meter: ClassVar[str] = "em"
    prefixes: ClassVar[Sequence[str]] = tuple(f"{phase}_" for phase in PHASES)
    keys: ClassVar[Sequence[str]] = (*(f"{phase}_{name}" for phase in PHASES for name in _OF_THREE), *_NEUTRAL)

    def record(self, ts: int) -> list[float]:
        """A minute's values."""
        minutes = self._minutes(ts)
        values: list[float] = []
        for minute in minutes:
            used, returned, lagging, leading = energies(minute)
            values += [used, fundamental(used), returned, fundamental(returned), lagging, leading, *extremes(minute)]
        measured = isinstance(self.device.status(f"em:{self.index}").get("n_current"), int | float)
        amps = neutral_amps(*(minute.amps for minute in minutes)) if measured else 0.0
        return [round(value, 4) for value in (*values, amps * 1.04, amps * 0.96, amps)]

    def counted(self, minutes: Sequence[Minute]) -> JSONObject:
        """The totals of all phases and their sums."""
        patch = super().counted(minutes)
        for total, name in (("total_act", "total_act_energy"), ("total_act_ret", "total_act_ret_energy")):
            patch[total] = round(sum(patch[prefix + name] for prefix in self.prefixes), 2)
        return patch
