"""Samples as bytes: what the spool keeps comes back as it was, and damage is noticed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_platform.history.batch import BadRecordError, from_record, to_record
from fleet_platform.history.sampler import Sample
from fleet_platform.history.series import Series
from plugin_sdk import DeviceId

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SERIES = st.builds(Series, NAMES.map(DeviceId), NAMES, NAMES, st.sampled_from(["gauge", "counter", "state"]), NAMES)
NUMBERED = st.integers(1, 2**31 - 1).map(Series.numbered)
VALUES = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53) | NAMES
SAMPLES = st.lists(st.tuples(SERIES | NUMBERED, st.integers(-(2**40), 2**45), VALUES), max_size=20)
ENTRIES = st.lists(st.tuples(st.integers(0, 2**45), st.none() | NAMES, NAMES, NAMES), max_size=5)


def named(sample: Sample) -> tuple[object, ...]:
    series, ts_ms, value = sample
    if series.id is not None:
        return series.id, ts_ms, value
    return series.device, series.component, series.path, series.kind, series.unit, ts_ms, value


@settings(deadline=None)
@given(seq=st.integers(0, 2**63), samples=SAMPLES, entries=ENTRIES)
def test_a_record_says_what_went_in(
    seq: int, samples: list[Sample], entries: list[tuple[int, str | None, str, str]]
) -> None:
    again, found, told = from_record(to_record(seq, samples, entries), {})
    assert again == seq
    by_name = {(s.device, s.component, s.path): s for s, _, _ in reversed(samples) if s.id is None}
    first = [(by_name[s.device, s.component, s.path] if s.id is None else s, ts, value) for s, ts, value in samples]
    assert [named(sample) for sample in found] == [named(sample) for sample in first]
    assert [tuple(entry) for entry in told] == entries


def test_a_series_is_the_same_in_all_records() -> None:
    series = Series(DeviceId("a"), "switch:0", "apower", "gauge", "W")
    known: dict[int | tuple[str, str, str], Series] = {}
    records = [to_record(number, [(series, 1, 2.0), (Series.numbered(7), 1, 2.0)]) for number in (1, 2)]
    (one, bare), (other, again) = ([sample[0] for sample in from_record(record, known)[1]] for record in records)
    assert one is other
    assert bare is again


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_anything_else_is_refused_in_plain_words(data: bytes) -> None:
    with pytest.raises(BadRecordError):
        from_record(data, {})


@settings(deadline=None)
@given(cut=st.integers(0, 200), more=st.binary(min_size=1, max_size=3))
def test_a_record_of_another_length_is_refused(cut: int, more: bytes) -> None:
    record = to_record(3, [(Series(DeviceId("a"), "b", "c", "gauge", "W"), 1, 2.0)] * 5)
    for wrong in (record[: min(cut, len(record) - 1)], record + more):
        with pytest.raises(BadRecordError):
            from_record(wrong, {})
