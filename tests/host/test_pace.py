"""How often something may begin."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from plugin_sdk import Pace


@given(st.floats(0.1, 100), st.lists(st.floats(0, 5), min_size=1, max_size=30))
def test_a_pace_is_never_exceeded(rate: float, pauses: list[float]) -> None:
    now = 0.0
    pace = Pace(rate, lambda: now)
    begins = []
    for pause in pauses:
        now += pause
        begins.append(now + pace.reserve())
    for earlier, later in pairwise(begins):
        assert later - earlier >= 1 / rate - 1e-9


def test_without_a_rate_nothing_waits() -> None:
    assert {Pace(None, lambda: 7.0).reserve() for _ in range(3)} == {0.0}
