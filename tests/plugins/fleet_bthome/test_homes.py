"""A beacon is where it is heard best, and does not wander."""

from __future__ import annotations

from fleet_bthome.homes import DEAF_S, MAX_EARS, SETTLE_S, Home


def hear(home: Home, at: float, **gateways: int) -> None:
    for gateway, rssi in gateways.items():
        home.hears(gateway, rssi, at)
        there = home.better(at)
        if there is not None:
            home.move(there, at)


def test_it_moves_to_whom_hears_it_clearly_better_and_stays_there() -> None:
    home = Home("a", 0.0)
    for at in range(0, 600, 10):
        hear(home, at, a=-80, b=-60)
        assert (home.gateway == "b") == (at > SETTLE_S)
    for at in range(600, 1_200, 10):
        hear(home, at, a=-62, b=-60)
    assert home.gateway == "b"


def test_two_that_hear_it_alike_do_not_pass_it_to_and_fro() -> None:
    home, moves = Home("a", 0.0), 0
    for at in range(3_000):
        before = home.gateway
        hear(home, at, a=-70 + (at % 7) - 3, b=-70 - (at % 5) + 2)
        moves += home.gateway != before
    assert moves == 0


def test_one_lucky_packet_counts_for_nothing() -> None:
    home = Home("a", 0.0)
    hear(home, 100, a=-85)
    hear(home, 101, b=-40)
    assert home.gateway == "a"


def test_it_leaves_a_gateway_that_has_gone_deaf() -> None:
    home = Home("a", 0.0)
    hear(home, 0, a=-50, b=-90)
    for at in range(10, int(DEAF_S) + 1, 10):
        hear(home, at, b=-90)
        assert home.gateway == "a"
    hear(home, DEAF_S + 10, b=-90)
    assert home.gateway == "b"


def test_after_a_restart_its_gateway_has_time_to_come_back() -> None:
    """Nobody has been heard yet, and another gateway is there first."""
    home = Home("a", 0.0)
    for at in range(0, int(DEAF_S), 10):
        hear(home, at, b=-40)
        assert home.gateway == "a"
    hear(home, DEAF_S + 1, b=-40)
    assert home.gateway == "b"


def test_a_beacon_that_everybody_hears_seldom_stays() -> None:
    home = Home("a", 0.0)
    for at in range(0, 36_000, 1_800):
        hear(home, at, a=-60)
        hear(home, at + 1, b=-65)
    assert home.gateway == "a"


def test_only_so_many_gateways_are_remembered_and_the_own_one_always() -> None:
    home = Home("a", 0.0)
    hear(home, 0, a=-90)
    for number in range(50):
        hear(home, 1 + number / 100, **{f"g{number}": -95})
    assert len(home.ears) == MAX_EARS
    assert "a" in home.ears
    home.hears("g49", None, 2.0)
    assert home.ears["g49"].rssi < -95
