"""Answers that are good for a while."""

from __future__ import annotations

from types import SimpleNamespace

from fleet_platform.auth.recent import Recent


def test_an_answer_is_given_while_it_is_young_enough() -> None:
    time = SimpleNamespace(now=0.0)
    recent: Recent[str, int] = Recent(clock=lambda: time.now)
    assert recent.get("a", max_age_s=1) is None
    recent.put("a", 1)
    time.now = 1.0
    assert recent.get("a", max_age_s=1) == 1
    time.now = 1.5
    assert recent.get("a", max_age_s=1) is None
    assert recent.get("a", max_age_s=2) == 1


def test_none_takes_an_answer_back() -> None:
    recent: Recent[str, int] = Recent()
    recent.put("a", 1)
    recent.put("a", None)
    assert recent.get("a", max_age_s=1) is None


def test_the_oldest_answer_goes_when_there_are_too_many() -> None:
    recent: Recent[str, int] = Recent(limit=2)
    for number, key in enumerate(["a", "b", "a", "c"]):
        recent.put(key, number)
    assert [recent.get(key, max_age_s=1) for key in "abc"] == [2, None, 3]
