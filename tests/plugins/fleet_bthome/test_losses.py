"""What is not read is counted for each gateway and script, and told once."""

from __future__ import annotations

import pytest

from fleet_bthome.losses import MAX_GATEWAYS, MAX_SOURCES, OTHERS, Losses


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def losses(told: list[str]) -> Losses:
    return Losses(lambda gateway, what: told.append(f"{gateway} {what}"))


def test_each_kind_of_a_gateway_is_told_once(losses: Losses, told: list[str]) -> None:
    for source in ("script:1", "script:2"):
        for why in ("too_many", "garbage", "too_many", "refused"):
            losses.count("a", source, why)
    losses.count("b", "script:1", "too_many", 5)
    assert dict(losses) == {
        "a": {source: {"too_many": 2, "garbage": 1, "refused": 1} for source in ("script:1", "script:2")},
        "b": {"script:1": {"too_many": 5}},
    }
    assert [line.split()[0] for line in told] == ["a", "a", "b"]
    losses.forget("b")
    losses.count("b", "script:1", "too_many")
    assert len(told) == 4


def test_no_more_is_remembered_than_there_can_be(losses: Losses) -> None:
    for number in range(MAX_SOURCES + 5):
        losses.count("a", f"script:{number}", "garbage")
    for number in range(MAX_GATEWAYS + 5):
        losses.count(f"g{number}", "script:1", "garbage")
    counted = dict(losses)
    assert len(counted) == MAX_GATEWAYS
    assert counted["a"][OTHERS] == {"garbage": 5}
    assert len(counted["a"]) == MAX_SOURCES + 1
