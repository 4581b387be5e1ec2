"""What hangs on one measured phase: now, and in any minute of the past.

Nothing is stored but changes of the load, so a meter can tell of two months without keeping them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from fleet_shelly.simulation.daytime import local_hour_at
from fleet_shelly.simulation.loads import LOADS, mean_watts, read_load
from fleet_shelly.simulation.traits import between, mix, seed_of, trait
from plugin_sdk import JSON
from plugin_sdk.simulation import SimulatedDevice

MINUTE_S = 60
_SOLAR_SHARE = 0.25
"""So many of the meters' last channels have solar panels behind them."""

_CHANGES_KEPT = 16
_MAINS_V = 230.0
_SPREAD = 0.08
_FUNDAMENTAL = 0.994
"""The share of the mains frequency itself in an energy; the rest is harmonics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """One minute of one phase. Energies in Wh and varh, powers in W and VA; a negative power feeds back."""

    watts: float
    factor: float
    volts: float
    spread: float

    @property
    def apparent(self) -> float:
        """Apparent power, VA."""
        return abs(self.watts) / self.factor

    @property
    def amps(self) -> float:
        """Current, A."""
        return self.apparent / self.volts


class Supply:
    """One phase of a meter.

    It reads the changes of its load from the meter's storage, where :meth:`connect` puts them; the meter and whoever
    records its energy see the same ones.
    """

    __slots__ = ("_device", "_key", "_kind", "_most_w", "_phase", "seed")

    def __init__(self, device: SimulatedDevice, key: str, phase: str, *, may_be_solar: bool = False) -> None:
        self._device = device
        self._key = key
        self._phase = phase
        self.seed = seed_of(device.id, key, phase)
        solar = may_be_solar and trait(device.id, key, phase, "solar") < _SOLAR_SHARE
        self._kind = "solar" if solar else "home"
        self._most_w = between(*LOADS[self._kind].watts, device.id, key, phase)

    def connect(self, words: str) -> bool:
        """Another load from now on, in words as of :func:`~fleet_shelly.simulation.loads.read_load`.

        Returns:
            Whether it is one.
        """
        read = read_load(words.split(" "))
        if read is None:
            return False
        kind = read[0] or "lamp"
        watts = between(*LOADS[kind].watts, self._device.id, self._key, self._phase) if read[1] is None else read[1]
        changes = self._device.storage(self._key).setdefault("loads", [])
        changes.append([self._device.now(), self._phase, kind, watts])
        del changes[:-_CHANGES_KEPT]
        return True

    def minute(self, epoch_s: float) -> Minute:
        """How it was, on average, in the minute of a moment."""
        kind, most_w = self._load_at(epoch_s)
        load = LOADS[kind]
        hour = local_hour_at(self._device, epoch_s)
        number = int(epoch_s) // MINUTE_S
        watts = mean_watts(load, most_w, self.seed, epoch_s, hour)
        return Minute(
            watts=-watts if self._is_reversed() else watts,
            factor=min(1.0, load.factor + 0.04 * (mix(self.seed, number) - 0.5)),
            volts=_MAINS_V + 3 * math.sin(number / 95) + 2 * (mix(self.seed ^ 1, number) - 0.5),
            spread=_SPREAD * (0.25 + mix(self.seed ^ 2, number)),
        )

    def _is_reversed(self) -> bool:
        reverse = self._device.config(self._key).get("reverse")
        return reverse is True or (isinstance(reverse, dict) and reverse.get(self._phase[:1]) is True)

    def _load_at(self, epoch_s: float) -> tuple[str, float]:
        found = self._kind, self._most_w
        changes: JSON = self._device.storage(self._key).get("loads", ())
        for since, phase, kind, watts in changes:
            if phase == self._phase and since <= epoch_s:
                found = kind, watts
        return found


def energies(minute: Minute) -> list[float]:
    """What flowed in a minute: used, returned, lagging and leading reactive; Wh and varh."""
    wh = minute.watts / 60
    reactive = math.sqrt(max(0.0, minute.apparent**2 - minute.watts**2)) / 60
    return [max(0.0, wh), max(0.0, -wh), reactive, 0.0]


def fundamental(energy: float) -> float:
    """The share of the mains frequency in an energy."""
    return energy * _FUNDAMENTAL


def extremes(minute: Minute) -> list[float]:
    """Most and least of a minute: active and apparent power; then most, least and mean voltage and current."""
    more, less = 1 + minute.spread, 1 - minute.spread
    high, low = sorted((minute.watts * more, minute.watts * less), reverse=True)
    volts, amps = minute.volts, minute.amps
    return [
        *(high, low, minute.apparent * more, minute.apparent * less),
        *(volts + 0.6, volts - 0.7, volts),
        *(amps * more, amps * less, amps),
    ]


def neutral_amps(a: float, b: float, c: float) -> float:
    """The current in the neutral wire: the sum of three that are a third of a turn apart."""
    return math.sqrt(max(0.0, a * a + b * b + c * c - a * b - b * c - c * a))
