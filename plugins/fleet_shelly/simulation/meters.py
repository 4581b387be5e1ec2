"""Power and energy of one simulated load or circuit, kept in a component's status.

Energy is counted as real devices do: in milliwatt-hours per minute, newest first, and in watt-hours in total.
"""

from __future__ import annotations

from plugin_sdk import JSON, JSONObject
from plugin_sdk.simulation import Behaviour

_MINUTES_SHOWN = 3


class LoadMeter:
    """Measures what hangs on an output, or on nothing that can be switched.

    It writes only fields that the component's status has, so it fits every model.

    Attributes:
        nominal_w: What the load draws when it is fully on.
    """

    __slots__ = ("_behaviour", "_counted_mwh", "_since", "nominal_w")

    def __init__(self, behaviour: Behaviour, nominal_w: float) -> None:
        self._behaviour = behaviour
        self.nominal_w = nominal_w
        self._counted_mwh = 0.0
        self._since = behaviour.device.now()

    def drawing(self, share: float) -> JSONObject:
        """A patch for the status when the load draws a share of its nominal power; empty without a meter.

        Args:
            share: 0 is off, 1 is fully on.
        """
        status = self._behaviour.status
        if "apower" not in status:
            return {}
        self._count(status)
        # This runs for every notification of a fleet under load: one draw serves all values, and int() does what
        # round() would do in five times the time.
        noise = self._behaviour.device.random.random()
        volts = status.get("voltage") or 230.0
        volts = int((volts + (_nominal_volts(volts) - volts) / 8 + noise - 0.5) * 10 + 0.5) / 10
        watts = int(self.nominal_w * share * (0.97 + 0.06 * (noise * 7 % 1)) * 10 + 0.5) / 10 if share > 0 else 0
        factor = int((0.93 + 0.06 * (noise * 13 % 1)) * 100 + 0.5) / 100 if watts else 0
        patch: JSONObject = {"apower": watts}
        if "voltage" in status:
            patch["voltage"] = volts
        if "current" in status:
            patch["current"] = int(watts / (volts * factor) * 1000 + 0.5) / 1000 if watts else 0
        if "pf" in status:
            patch["pf"] = factor
        return patch

    def idle(self) -> JSONObject:
        """A patch for the status when the load is switched off; empty without a meter."""
        status = self._behaviour.status
        if "apower" not in status:
            return {}
        self._count(status)
        return {name: 0 for name in ("apower", "current", "pf") if name in status}

    def minute(self) -> JSONObject:
        """A patch with the energy of the minute that has passed; empty without a meter."""
        status = self._behaviour.status
        if "aenergy" not in status:
            return {}
        self._count(status)
        minute_ts = int(self._behaviour.device.now()) // 60 * 60
        patch: JSONObject = {"aenergy": _counted(status["aenergy"], self._counted_mwh, minute_ts)}
        if "ret_aenergy" in status:
            patch["ret_aenergy"] = _counted(status["ret_aenergy"], 0.0, minute_ts)
        self._counted_mwh = 0.0
        return patch

    def reset(self, kinds: list[str]) -> JSON:
        """Set energy counters back: ``{aenergy: {total}}`` with what they showed."""
        status, was = self._behaviour.status, {}
        patch: JSONObject = {}
        for kind in kinds:
            if kind in status:
                was[kind] = {"total": status[kind].get("total", 0)}
                patch[kind] = {"total": 0, "by_minute": [0] * _MINUTES_SHOWN}
        if patch:
            self._behaviour.report(**patch)
        return was

    def _count(self, status: JSONObject) -> None:
        now = self._behaviour.device.now()
        # The clock leaps when it is set after boot; no more than a minute can be uncounted.
        passed_s = max(0.0, min(60.0, now - self._since))
        self._since = now
        self._counted_mwh += (status.get("apower") or 0.0) * passed_s / 3.6


def _counted(counter: JSONObject, mwh: float, minute_ts: int) -> JSONObject:
    recent = [round(mwh, 3), *counter.get("by_minute", ())][:_MINUTES_SHOWN]
    return {
        "total": round(counter.get("total", 0) + mwh / 1000, 3),
        "by_minute": recent + [0] * (_MINUTES_SHOWN - len(recent)),
        "minute_ts": minute_ts,
    }


def _nominal_volts(volts: float) -> float:
    return 230.0 if volts > 170 else 120.0 if volts > 60 else volts
