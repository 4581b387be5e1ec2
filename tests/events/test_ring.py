"""The ring gives exactly what came after a number, or says that it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.events import ring as module
from fleet_platform.events.record import Record
from fleet_platform.events.ring import Ring

if TYPE_CHECKING:
    from tests.events.conftest import Clock

ROOMY = 10**9


def record(seq: int, size: int = 10, method: str = "a") -> Record:
    return Record(seq, method, None, 0, b"x" * size)


def seqs(found: list[Record] | None) -> list[int] | None:
    return None if found is None else [one.seq for one in found]


@hypothesis.settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 2_000), max_size=30),
    gaps=st.lists(st.integers(1, 3), min_size=30, max_size=30),
    bound=st.integers(0, 20_000),
    asked=st.integers(0, 100),
)
def test_since_is_exactly_what_came_after_or_none(sizes: list[int], gaps: list[int], bound: int, asked: int) -> None:
    ring = Ring(max_bytes=bound, max_age_s=1, clock=lambda: 0.0)
    ring.watch("a", 0)
    seq, sent = 0, []
    for size, gap in zip(sizes, gaps, strict=False):
        seq += gap
        sent.append(seq)
        ring.append(record(seq, size))
    found = seqs(ring.since(asked, {"a"}))
    wanted = [number for number in sent if number > asked]
    assert found == wanted or (found is None and len(ring) < len(wanted))
    assert ring.bytes <= bound


@hypothesis.settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 3), st.integers(0, 3_000)), max_size=40))
def test_bytes_are_counted_right_and_both_bounds_hold(steps: list[tuple[float, int]]) -> None:
    now = 0.0
    ring = Ring(max_bytes=10_000, max_age_s=5, clock=lambda: now)
    kept: list[tuple[float, int]] = []
    for seq, (pause, size) in enumerate(steps, start=1):
        now += pause
        one = record(seq, size)
        ring.append(one)
        kept.append((now, one.size))
        while kept and (sum(size for _, size in kept) > 10_000 or kept[0][0] < now - 5):
            kept.pop(0)
        assert (len(ring), ring.bytes) == (len(kept), sum(size for _, size in kept))


def test_records_age(clock: Clock) -> None:
    ring = Ring(max_bytes=ROOMY, max_age_s=300, clock=clock)
    ring.watch("a", 0)
    ring.append(record(1))
    clock.now += 200
    ring.append(record(2))
    assert seqs(ring.since(0, {"a"})) == [1, 2]
    clock.now += 101
    assert ring.since(0, {"a"}) is None
    assert seqs(ring.since(1, {"a"})) == [2]


def test_a_name_that_was_not_recorded_all_the_while_cannot_be_resumed(clock: Clock) -> None:
    ring = Ring(max_bytes=ROOMY, max_age_s=300, clock=clock)
    ring.watch("a", 5)
    assert ring.since(4, {"a"}) is None
    assert ring.since(5, {"a"}) == []
    assert ring.since(5, {"a", "b"}) is None


def test_a_name_is_recorded_while_somebody_wants_it_and_for_the_rings_age_after(clock: Clock) -> None:
    ring = Ring(max_bytes=ROOMY, max_age_s=300, clock=clock)
    ring.watch("Shelly.*", 0)
    ring.watch("Shelly.*", 7)
    ring.unwatch("Shelly.*")
    clock.now += 1_000
    assert not ring.forget_idle()
    ring.unwatch("Shelly.*")
    clock.now += 299
    assert not ring.forget_idle()
    assert ring.records("Shelly.Status")
    assert not ring.records("Entity.Event")
    clock.now += 2
    assert ring.forget_idle()
    assert not ring.records("Shelly.Status")


def test_a_client_that_comes_back_in_time_finds_its_name_recorded_without_a_gap(clock: Clock) -> None:
    ring = Ring(max_bytes=ROOMY, max_age_s=300, clock=clock)
    ring.watch("a", 3)
    ring.unwatch("a")
    clock.now += 299
    ring.watch("a", 9)
    clock.now += 1_000
    assert not ring.forget_idle()
    assert ring.since(3, {"a"}) == []


def test_unwatching_what_nobody_watched_is_nothing(clock: Clock) -> None:
    ring = Ring(max_bytes=ROOMY, max_age_s=300, clock=clock)
    ring.unwatch("a")
    assert not ring.records("a")


def test_a_long_replay_is_refused(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_REPLAY", 10)
    ring = Ring(max_bytes=ROOMY, max_age_s=300, clock=clock)
    ring.watch("a", 0)
    for seq in range(1, 12):
        ring.append(record(seq))
    assert ring.since(0, {"a"}) is None
    assert seqs(ring.since(1, {"a"})) == list(range(2, 12))
