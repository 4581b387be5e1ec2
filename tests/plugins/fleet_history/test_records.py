"""Readings worked out from a meter's records: totals are right whatever happened meanwhile."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fleet_history.backfill.records import BadRecordsError, Records, back_from, between, gather, read_page
from fleet_platform.history.series import increase

ENERGIES = st.lists(st.floats(0, 100), max_size=50)


def total(readings: list[float]) -> float:
    return sum(increase(before, now) for before, now in pairwise(readings))


@given(ENERGIES, st.floats(0, 1e6), st.floats(0, 10_000))
def test_between_two_readings_there_is_what_they_differ_by(energies: list[float], before: float, grown: float) -> None:
    after = before + grown
    readings = [before, *between(energies, before, after), after]
    assert readings == sorted(readings)
    assert total(readings) == pytest.approx(grown, abs=1e-6)


@given(ENERGIES, st.floats(1_000, 1e6), st.data())
def test_a_counter_that_was_reset_loses_nothing(energies: list[float], before: float, data: st.DataObject) -> None:
    reset = data.draw(st.integers(0, len(energies)))
    after = sum(energies[reset:])
    assume(after < before / 2)
    readings = [before, *between(energies, before, after), after]
    # That it was reset can be told from a reading that fell by half.
    assume(all(energy < 500 for energy in energies))
    assert total(readings) == pytest.approx(sum(energies), abs=0.03)


@given(ENERGIES, st.floats(100_000, 1e6), st.floats(1, 50))
def test_a_counter_that_lost_power_goes_on_from_what_it_had_stored(
    energies: list[float], before: float, lost: float
) -> None:
    after = before - lost
    assert total([before, *between(energies, before, after), after]) == pytest.approx(sum(energies), abs=1e-6)


@given(ENERGIES, st.floats(0, 10_000))
def test_before_the_first_reading_no_reading_is_below_nothing(energies: list[float], after: float) -> None:
    place, readings = back_from(energies, after)
    assert len(readings) == len(energies) - place + 1
    assert readings == sorted(readings)
    assert readings[0] >= 0
    assert readings[-1] == pytest.approx(after)
    assert total(readings) == pytest.approx(sum(energies[place:]), abs=0.02)
    assert place == 0 or sum(energies[place - 1 :]) > after


def page(**changes: Any) -> dict[str, Any]:
    return {
        "keys": ["total_act_energy", "total_act_ret_energy", "max_voltage"],
        "data": [{"ts": 1_790_000_040, "period": 60, "values": [[1.5, 0, 230.1], [2.5, 0.25, 231]]}],
        **changes,
    }


def test_each_record_has_its_own_time() -> None:
    records = Records()
    gather(records, read_page(page(), 0))
    gather(records, read_page(page(), 0))  # once more is no more
    assert list(records.begins) == [1_790_000_040, 1_790_000_100]
    assert list(records.ends) == [1_790_000_100, 1_790_000_160]
    assert {name: list(values) for name, values in records.energy.items()} == {
        "total_act_energy": [1.5, 2.5],
        "total_act_ret_energy": [0, 0.25],
    }


def test_a_total_of_three_phases_is_their_sum() -> None:
    keys = [f"{phase}_total_act_energy" for phase in "abc"]
    records = Records()
    gather(records, read_page(page(keys=keys, data=[{"ts": 60, "period": 300, "values": [[1, 2, None]]}]), 0))
    assert list(records.ends) == [360]
    assert {name: list(values) for name, values in records.energy.items()} == {
        "total_act": [3],
        **dict(zip(keys, ([1], [2], [0]), strict=True)),
    }


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        page(keys=None),
        page(data={}),
        page(data=[None]),
        page(data=[{"ts": 60, "period": 0, "values": []}]),
        page(data=[{"ts": True, "period": 60, "values": []}]),
        page(data=[{"ts": 60, "period": 60, "values": [[1]]}]),
        page(data=[{"ts": 60, "period": 60, "values": [["1", 0, 0]]}]),
        page(data=[{"ts": 60, "period": 60, "values": [[-5, 0, 0]]}]),
        page(data=[{"ts": 60, "period": 60, "values": [[1e12, 0, 0]]}]),
        page(keys=["a", "b", "c"]),
        page(next_record_ts="soon"),
        page(next_record_ts=100),
    ],
)
def test_what_is_no_answer_of_a_meter_is_refused(answer: Any) -> None:
    with pytest.raises(BadRecordsError):
        gather(Records(), read_page(answer, 100))
