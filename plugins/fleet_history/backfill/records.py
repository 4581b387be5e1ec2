"""What a meter recorded, and the readings of its counters that follow from it. Pure.

A record tells how much energy a time took; the history keeps readings of counters. So the readings between two known
ones are worked out from the records, never above the latter: what is not recorded comes with it. Totals are right
whatever is missing, and what is worked out twice is the same.

Source: Shelly Gen2+ API, "EMData", "EM1Data": ``GetData``.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final

PHASES: Final = ("a", "b", "c")
PERIODS_S: Final = (1, 86_400)
"""How long a record may be; firmware says 60."""

LARGEST_WH: Final = 10_000_000.0
"""What a record may hold at most; more is taken for garbage."""


ROUNDING_WH: Final = 0.01
"""How far the sum of records may be from a counter, which shows hundredths."""


class BadRecordsError(Exception):
    """An answer of ``GetData`` that cannot be read."""


@dataclass(slots=True)
class Records:
    """Records in order of time.

    Attributes:
        ends: When each ends, UTC epoch seconds; ``begins`` when it begins.
        energy: Field of the status to the energy of each record, in watt-hours.
    """

    ends: array[int] = field(default_factory=lambda: array("q"))
    begins: array[int] = field(default_factory=lambda: array("q"))
    energy: dict[str, array[float]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ends)

    def add(self, begin: int, end: int, values: Mapping[str, float]) -> None:
        """Take a record; one that does not follow the last is passed over."""
        if self.ends and begin < self.ends[-1]:
            return
        self.begins.append(begin)
        self.ends.append(end)
        for name, value in values.items():
            self.energy.setdefault(name, array("d", [0.0] * (len(self.ends) - 1))).append(value)
        for column in self.energy.values():
            if len(column) < len(self.ends):
                column.append(0.0)

    def within(self, since: float, till: float) -> Records:
        """Those that end after one time and not after another."""
        found = Records()
        for at, end in enumerate(self.ends):
            if since < end <= till:
                found.add(self.begins[at], end, {name: column[at] for name, column in self.energy.items()})
        return found


@dataclass(frozen=True, slots=True)
class Page:
    """One answer.

    Attributes:
        next_ts: Where the next page begins; None on the last.
    """

    keys: Sequence[str]
    blocks: Sequence[tuple[int, int, Sequence[Sequence[Any]]]]
    next_ts: int | None


def read_page(answer: Any, asked_ts: int) -> Page:
    """An answer of ``GetData {id, ts}``.

    Raises:
        BadRecordsError: It has another form, or goes back in time.
    """
    if not isinstance(answer, dict):
        raise BadRecordsError("it is no object")
    keys, data, next_ts = answer.get("keys"), answer.get("data"), answer.get("next_record_ts")
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys) or not isinstance(data, list):
        raise BadRecordsError("it has no keys, or no data")
    if next_ts is not None and (isinstance(next_ts, bool) or not isinstance(next_ts, int)):
        raise BadRecordsError("next_record_ts is no number")
    if next_ts is not None and next_ts <= asked_ts:
        raise BadRecordsError("next_record_ts does not go on")
    blocks: list[tuple[int, int, Sequence[Sequence[Any]]]] = []
    for block in data:
        if not isinstance(block, dict):
            raise BadRecordsError("a block is no object")
        ts, period, values = block.get("ts", 0), block.get("period", 0), block.get("values")
        if not _is_whole(ts) or not _is_whole(period) or not isinstance(values, list):
            raise BadRecordsError("a block has no ts, period or values")
        if not PERIODS_S[0] <= period <= PERIODS_S[1]:
            raise BadRecordsError(f"a period of {period} s")
        blocks.append((ts, period, values))
    return Page(keys=keys, blocks=blocks, next_ts=next_ts)


def gather(records: Records, page: Page) -> None:
    """Take the records of a page, each at its own time.

    Raises:
        BadRecordsError: A value is no energy.
    """
    columns = _columns(page.keys)
    for ts, period, values in page.blocks:
        for number, row in enumerate(values):
            if not isinstance(row, list) or len(row) != len(page.keys):
                raise BadRecordsError("a record has another number of values than there are keys")
            energy: dict[str, float] = {}
            for name, places in columns.items():
                energy[name] = sum(_energy(row[place]) for place in places)
            records.add(ts + number * period, ts + (number + 1) * period, energy)


def between(energies: Sequence[float], before: float, after: float) -> list[float]:
    """Readings at the ends of records between a reading before them and one after them."""
    if after >= before:
        return [min(before + total, after) for total in accumulate(energies)]
    if after >= before / 2:
        # It went back to what it had last stored before it lost power: what was recorded counts, up to what would make
        # the step back look like a reset.
        return [min(before + total, 2 * after) for total in accumulate(energies)]
    # It was reset on the way: as late as possible, but so that all that was counted since then is in the reading after.
    left, place = after, len(energies)
    while place > 0 and energies[place - 1] <= left + ROUNDING_WH:
        place -= 1
        left -= energies[place]
    return [before + total for total in accumulate(energies[:place])] + list(accumulate(energies[place:]))


def back_from(energies: Sequence[float], after: float) -> tuple[int, list[float]]:
    """Readings before the first one that is known.

    Returns:
        From which record on there are readings (a counter shows no less than nothing), and the readings: at the begin
        of that record, and at the end of it and of all that follow.
    """
    left, place = after, len(energies)
    while place > 0 and energies[place - 1] <= left + ROUNDING_WH:
        place -= 1
        left = max(0.0, left - energies[place])
    return place, [min(left + total, after) for total in (0.0, *accumulate(energies[place:]))]


def _columns(keys: Sequence[str]) -> dict[str, list[int]]:
    """Field of the status to the places of the values it is the sum of."""
    places = {key: number for number, key in enumerate(keys)}
    found: dict[str, list[int]] = {}
    for name, total in (("total_act_energy", "total_act"), ("total_act_ret_energy", "total_act_ret")):
        if name in places:
            found[name] = [places[name]]
        phases = [places[f"{phase}_{name}"] for phase in PHASES if f"{phase}_{name}" in places]
        if phases:
            found[total] = phases
            own = [f"{phase}_{name}" for phase in PHASES]
            found.update({key: [places[key]] for key in own if key in places})
    if not found:
        raise BadRecordsError("no key tells of energy")
    return found


def _energy(value: Any) -> float:
    if value is None:
        return 0.0  # the meter was not measuring
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadRecordsError("a value is no number")
    if not -1e-6 <= value <= LARGEST_WH:
        raise BadRecordsError(f"a record of {value:g} Wh")
    return max(0.0, float(value))


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**40
