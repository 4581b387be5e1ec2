"""Power and energy of one simulated load, kept in a component's status.

Energy is counted as real devices do: in milliwatt-hours per minute, newest first, and in watt-hours in total. What
flows back is counted in ``ret_aenergy`` and in ``aenergy`` as well.

Source: Shelly Gen2+ API, "Switch / Status", ``aenergy`` and ``ret_aenergy``.
"""

from __future__ import annotations

from collections.abc import Sequence

from fleet_shelly.simulation.daytime import local_hour
from fleet_shelly.simulation.gestures import amount
from fleet_shelly.simulation.loads import LOADS, Load, mean_watts, read_load
from fleet_shelly.simulation.traits import between, mix, seed_of, trait
from plugin_sdk import JSON, JSONObject
from plugin_sdk.simulation import Behaviour, clock_is_set

_MINUTES_SHOWN = 3
_SAFE_SHARE = 0.6
"""No load that a device comes with is near its limits."""

_DIRECT_BELOW_V = 60
_TOLD_SHARE, _TOLD_W = 0.05, 0.5
"""A minute's change that is told. The firmware's own thresholds are not documented."""


class LoadMeter:
    """Measures what hangs on an output, or on nothing that can be switched.

    It writes only fields that the component's status has, so it fits every model. The load's mean follows the hour of
    the day once a minute; each drawing adds noise, which is cheap.

    Attributes:
        load: What it is.
        nominal_w: What the load draws when it is fully on and busy.
        mains_v: What the voltage keeps coming back to.
    """

    __slots__ = ("_behaviour", "_mean_w", "_mwh", "_returned_mwh", "_since", "load", "mains_v", "nominal_w")

    def __init__(self, behaviour: Behaviour, kinds: Sequence[str]) -> None:
        device, key = behaviour.device, behaviour.key
        self._behaviour = behaviour
        self.mains_v = _mains_v(behaviour.status)
        self.load = LOADS[kinds[int(trait(device.id, key, "kind") * len(kinds))]]
        self.nominal_w = min(self._typical_w(self.load), self._safe_w())
        self._mean_w: float | None = None
        self._mwh = 0.0
        self._returned_mwh = 0.0
        self._since = device.now()

    @property
    def mean_w(self) -> float:
        """What the load draws at this time of the day when it is fully on; negative if it feeds back."""
        if self._mean_w is None:
            self.follow_day()
        return self._mean_w or 0.0

    def follow_day(self) -> None:
        """A minute has passed, or the load is another: find out what it draws now."""
        device = self._behaviour.device
        seed = seed_of(device.id, self._behaviour.key)
        watts = mean_watts(self.load, self.nominal_w, seed, device.now(), local_hour(device))
        self._mean_w = -watts if self._behaviour.config.get("reverse") is True else watts

    def drawing(self, share: float) -> JSONObject:
        """A patch for the status when the load draws a share of its power; empty without a meter.

        Args:
            share: 0 is off, 1 is fully on.
        """
        status = self._behaviour.status
        if "apower" not in status:
            return {}
        self._count(status)
        mean_w = self._mean_w
        if mean_w is None:
            mean_w = self.mean_w
        # This runs for every notification of a fleet under load: one draw serves all values, and int() does what
        # round() would do in five times the time.
        noise = self._behaviour.device.random.random()
        volts = status.get("voltage") or self.mains_v
        volts = int((volts + (self.mains_v - volts) / 8 + noise - 0.5) * 10 + 0.5) / 10
        watts = int(abs(mean_w) * share * (0.97 + 0.06 * (noise * 7 % 1)) * 10 + 0.5) / 10 if share > 0 else 0
        factor = int((self.load.factor - 0.02 + 0.03 * (noise * 13 % 1)) * 100 + 0.5) / 100 if watts else 0
        patch: JSONObject = {"apower": -watts if mean_w < 0 and watts else watts}
        if "voltage" in status:
            patch["voltage"] = volts
        if "current" in status:
            if volts < _DIRECT_BELOW_V:
                factor = 1
            patch["current"] = int(watts / (volts * factor) * 1000 + 0.5) / 1000 if watts and volts > 0 else 0
        if "pf" in status:
            patch["pf"] = factor
        return patch

    def changed(self, share: float) -> bool:
        """Whether the power has changed so much since it was shown that it is told."""
        shown, now = float(self._behaviour.status.get("apower") or 0), self.mean_w * share
        return abs(now - shown) > max(_TOLD_W, _TOLD_SHARE * max(abs(now), abs(shown)))

    def idle(self) -> JSONObject:
        """A patch for the status when the load is switched off; empty without a meter."""
        status = self._behaviour.status
        if "apower" not in status:
            return {}
        self._count(status)
        return {name: 0 for name in ("apower", "current", "pf") if name in status}

    def minute(self) -> JSONObject:
        """A patch with the energy of the minute that has passed; empty without a meter."""
        self.follow_day()
        status = self._behaviour.status
        if "aenergy" not in status:
            return {}
        self._count(status)
        now = self._behaviour.device.now()
        patch: JSONObject = {"aenergy": _counted(status["aenergy"], self._mwh, now)}
        if "ret_aenergy" in status:
            patch["ret_aenergy"] = _counted(status["ret_aenergy"], self._returned_mwh, now)
        self._mwh = self._returned_mwh = 0.0
        if "freq" in status and (hertz := self._frequency(now)) != status["freq"]:
            patch["freq"] = hertz
        return patch

    def restarted(self) -> JSONObject:
        """A patch for the status after a start: totals stay, minutes are known again when the clock is.

        Source: first frame of a Plus 1PM after its boot (notifications.jsonl).
        """
        self._take_back_load()
        status = self._behaviour.status
        recent = [0] * _MINUTES_SHOWN if clock_is_set(self._behaviour.device) else None
        minute_ts = None if recent is None else int(self._behaviour.device.now()) // 60 * 60
        return {
            name: {"by_minute": recent, "minute_ts": minute_ts} for name in ("aenergy", "ret_aenergy") if name in status
        }

    def reset(self, kinds: Sequence[str]) -> JSON:
        """Set energy counters back: ``{aenergy: {total}}`` with what they showed."""
        status, was = self._behaviour.status, {}
        patch: JSONObject = {}
        for kind in kinds:
            if kind in ("aenergy", "ret_aenergy") and kind in status:
                was[kind] = {"total": status[kind].get("total", 0)}
                patch[kind] = {"total": 0, "by_minute": [0] * _MINUTES_SHOWN}
        if "aenergy" in patch:
            self._mwh = 0.0
        if "ret_aenergy" in patch:
            self._returned_mwh = 0.0
        if patch:
            self._behaviour.report(**patch)
        return was

    def press(self, gesture: str) -> bool:
        """Another load, or another voltage: ``load 3000``, ``load fridge``, ``load solar 2500``, ``voltage 290``.

        The status follows when the component says so. A load given so survives a restart, the voltage does not.

        Returns:
            Whether it was such a gesture.
        """
        word, *words = gesture.split(" ")
        if word == "load" and (read := read_load(words)) is not None:
            # So many watts and no kind are asked for to be seen, whatever the hour: a lamp.
            kind, watts = read[0] or "lamp", read[1]
            self.load = LOADS[kind]
            self.nominal_w = self._typical_w(self.load) if watts is None else watts
            self._behaviour.device.storage(self._behaviour.key)["load"] = [kind, self.nominal_w]
            self.follow_day()
            return True
        volts = amount(gesture, "voltage")
        if volts is not None and 0 < volts < 1000:
            self.mains_v = volts
            return True
        return False

    def _frequency(self, now: float) -> float:
        """The mains frequency, which is the same for a quarter of an hour or so."""
        usual = 50 if self.mains_v > 170 else 60
        return round(usual + 0.16 * (mix(seed_of("mains"), int(now) // 900) - 0.5), 1)

    def _typical_w(self, load: Load) -> float:
        return round(between(*load.watts, self._behaviour.device.id, self._behaviour.key, "watts"), 1)

    def _safe_w(self) -> float:
        """So much that no limit is near."""
        config = self._behaviour.config
        power_w, current_a = config.get("power_limit"), config.get("current_limit")
        by_power = power_w if isinstance(power_w, int | float) and power_w > 0 else 1e9
        by_current = current_a * self.mains_v if isinstance(current_a, int | float) and current_a > 0 else 1e9
        return float(_SAFE_SHARE * min(by_power, by_current))

    def _take_back_load(self) -> None:
        saved = self._behaviour.device.storage(self._behaviour.key).get("load")
        if saved is not None:
            self.load, self.nominal_w = LOADS[saved[0]], saved[1]
            self._mean_w = None

    def _count(self, status: JSONObject) -> None:
        now = self._behaviour.device.now()
        # The clock leaps when it is set after boot; no more than a minute can be uncounted.
        passed_s = max(0.0, min(60.0, now - self._since))
        self._since = now
        mwh = (status.get("apower") or 0.0) * passed_s / 3.6
        if mwh < 0:
            self._returned_mwh -= mwh
            self._mwh -= mwh
        else:
            self._mwh += mwh


def _counted(counter: JSONObject, mwh: float, now: float) -> JSONObject:
    recent = [round(mwh, 3), *counter.get("by_minute", ())][:_MINUTES_SHOWN]
    return {
        "total": round(counter.get("total", 0) + mwh / 1000, 3),
        "by_minute": recent + [0] * (_MINUTES_SHOWN - len(recent)),
        "minute_ts": int(now) // 60 * 60,
    }


def _mains_v(status: JSONObject) -> float:
    shown = status.get("voltage") or 230.0
    return 230.0 if shown > 170 else 120.0 if shown > _DIRECT_BELOW_V else float(shown)
