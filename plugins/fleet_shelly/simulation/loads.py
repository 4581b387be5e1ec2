"""Electrical loads: how much each kind draws over the day. Constant data and pure functions.

Curves are made up to look like those of a house, an office and a boiler room; nothing measured is behind them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fleet_shelly.simulation.daytime import daylight
from fleet_shelly.simulation.traits import mix

_CLOUD_S = 1200
_ALWAYS = (1.0,) * 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A kind of load.

    Attributes:
        watts: What one of them draws at most, from and to.
        hours: How busy it is in each hour of the day, from 0 to 1.
        factor: Its power factor.
        cycle_s: It switches itself on and off within so many seconds, as a thermostat does; 0 for steady ones.
        idle: What it draws when it has switched itself off, as a share of the most.
        unrest: How much it changes from minute to minute, as a share.
        returns: Whether it feeds energy back: solar panels.
    """

    watts: tuple[float, float]
    hours: Sequence[float] = _ALWAYS
    factor: float = 0.96
    cycle_s: int = 0
    idle: float = 0.0
    unrest: float = 0.0
    returns: bool = False


LOADS: Mapping[str, Load] = {
    "lamp": Load(watts=(6, 120)),
    "motor": Load(watts=(90, 180), factor=0.92),
    "standby": Load(watts=(3, 12), factor=0.62, unrest=0.05),
    "fridge": Load(watts=(70, 130), hours=(0.35,) * 24, factor=0.78, cycle_s=2700, idle=0.03),
    "boiler": Load(
        watts=(900, 1900),
        hours=(*(0.1,) * 5, 0.5, 0.8, 0.8, 0.4, *(0.15,) * 8, 0.4, 0.6, 0.7, 0.6, 0.4, 0.2, 0.1),
        factor=0.99,
        cycle_s=1800,
        idle=0.004,
    ),
    "heat pump": Load(
        watts=(700, 1800),
        hours=(*(0.75,) * 5, 0.9, 1.0, 0.95, 0.8, 0.65, *(0.5,) * 6, 0.6, 0.7, *(0.8,) * 4, 0.75, 0.7),
        factor=0.9,
        unrest=0.08,
    ),
    "office": Load(
        watts=(60, 450),
        hours=(*(0.06,) * 7, 0.3, 0.8, 1.0, 1.0, 0.95, 0.7, *(1.0,) * 3, 0.9, 0.6, 0.2, *(0.06,) * 5),
        factor=0.88,
        unrest=0.06,
    ),
    "home": Load(
        watts=(600, 2200),
        hours=(*(0.12,) * 5, 0.2, 0.45, 0.5, 0.35, *(0.3,) * 3, 0.5, *(0.3,) * 4, 0.55, 0.9, 1.0, 0.85, 0.6, 0.35, 0.2),
        factor=0.86,
        unrest=0.25,
    ),
    "solar": Load(watts=(800, 4500), factor=0.99, returns=True),
}
"""Kinds by name."""


def mean_watts(load: Load, most_w: float, seed: int, epoch_s: float, hour: float) -> float:
    """What a load draws on average in the minute of a moment; negative if it feeds back.

    Args:
        load: Its kind.
        most_w: What it draws at most.
        seed: Tells one load of a kind from another; see :func:`~fleet_shelly.simulation.traits.seed_of`.
        epoch_s: UTC epoch seconds, or seconds since boot.
        hour: Hour of the day, 0 to 24.
    """
    if load.returns:
        clear = 0.35 + 0.65 * mix(seed, int(epoch_s) // _CLOUD_S)
        return -most_w * daylight(hour) * clear
    busy = _busy(load, hour)
    if load.cycle_s:
        into = (int(epoch_s) + seed) % load.cycle_s
        busy = 1.0 if into < busy * load.cycle_s else load.idle
    if load.unrest:
        busy *= 1 + load.unrest * (2 * mix(seed, int(epoch_s) // 60) - 1)
    return most_w * busy


def _busy(load: Load, hour: float) -> float:
    """How busy it is, between the values of this hour and the next."""
    at = int(hour) % 24
    here, there = load.hours[at], load.hours[(at + 1) % 24]
    return here if load.cycle_s else here + (there - here) * (hour % 1)


def read_load(words: Sequence[str]) -> tuple[str | None, float | None] | None:
    """A load in words: ``3000``, ``fridge``, ``heat pump 1200``; None if that is none.

    Returns:
        Its kind, None if it is not named, and what it draws at most in W, None for what such a load draws.
    """
    *names, last = words or ("",)
    try:
        watts: float | None = float(last)
    except ValueError:
        watts, names = None, list(words)
    kind = " ".join(names)
    if (kind and kind not in LOADS) or (not kind and watts is None) or (watts is not None and not 0 <= watts < 1e6):
        return None
    return kind or None, watts
