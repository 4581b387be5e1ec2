"""What happens in the demo hotel on one day, drawn from its routines. Pure: a seed and a day give one plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from fleet_platform.simulator.demo.acts import Act, within
from fleet_platform.simulator.demo.day import GUEST, HOUSE, HOUSEKEEPING, SUITE_GUEST, Step
from fleet_platform.simulator.demo.hotel import EMPTY_ROOM, ROOMS, SUITE

_TAKEN = 0.8
"""How many of the rooms are taken on a night."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One act of a day.

    Attributes:
        hour: When, in hours since its midnight; a late one may be over 24.
        act: What.
    """

    hour: float
    act: Act


def taken_rooms(day: date, seed: int) -> tuple[str, ...]:
    """The rooms where somebody stays, but the suite, which is always taken; never :data:`EMPTY_ROOM`."""
    rooms = (room for room in ROOMS if room != EMPTY_ROOM)
    return tuple(room for room in rooms if _random(seed, day, room).random() < _TAKEN)


def plan(day: date, seed: int) -> list[Entry]:
    """All that has a time on a day, in order."""
    entries = [*_drawn(HOUSE, "", _random(seed, day, "house"))]
    entries += _drawn(SUITE_GUEST, SUITE, _random(seed, day, SUITE))
    taken = taken_rooms(day, seed)
    for room in ROOMS:
        if room != EMPTY_ROOM:
            random = _random(seed, day, f"{room} steps")
            entries += _drawn((*HOUSEKEEPING, *(GUEST if room in taken else ())), room, random)
    return sorted(entries, key=lambda entry: entry.hour)


def _drawn(steps: Sequence[Step], place: str, random: Random) -> Iterator[Entry]:
    for step in steps:
        hour = step.hour + random.uniform(-step.spread, step.spread)
        for act in step.acts:
            yield Entry(hour + act.after_s / 3600, within(place, act) if place else act)


def _random(seed: int, day: date, what: str) -> Random:
    return Random(f"{seed}/{day.isoformat()}/{what}")  # noqa: S311 - a show, no secrets
