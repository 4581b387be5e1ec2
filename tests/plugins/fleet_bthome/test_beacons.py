"""The registry: one component for each beacon, wherever it is heard; bounded, and quick to forget."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("bthome_ble", reason="needs the extra bthome")

from fleet_bthome.allowance import Allowance
from fleet_bthome.beacons import SAME_PACKET_S, TELL_HEARD_S, Beacons
from fleet_bthome.decoder import Library
from fleet_bthome.forwarded import Packet
from fleet_bthome.homes import SETTLE_S

from .packets import KEY, THERMOMETER, button, climate, encrypted, on_air

T0 = 1_800_000_000.0
OTHER = "60:ef:ab:42:ed:25"


@pytest.fixture
def beacons() -> Beacons:
    return Beacons(Library(), per_gateway=3, in_all=5)


def packet(data: bytes, rssi: int = -60, address: str = THERMOMETER, name: str = "SBHT-003C") -> Packet:
    return Packet(address, rssi, on_air(data, name))


def news(beacons: Beacons) -> Any:
    return beacons.take()[0]


def test_a_beacon_becomes_a_component_and_later_tells_what_changed(beacons: Beacons) -> None:
    beacons.hear("a", packet(climate(1, 21.5)), T0)
    assert news(beacons) == {
        "a": {
            "bluadv:200": {
                "id": 200,
                "addr": THERMOMETER,
                "name": "SBHT-003C",
                "model": "BLU H&T",
                "battery": 100,
                "humidity": 48,
                "temperature": 21.5,
                "encrypted": False,
                "packet_id": 1,
                "rssi": -60,
                "last_updated_ts": int(T0),
            }
        }
    }
    beacons.hear("a", packet(climate(2, 21.7)), T0 + 10)
    assert news(beacons) == {
        "a": {"bluadv:200": {"temperature": 21.7, "packet_id": 2, "rssi": -60, "last_updated_ts": int(T0) + 10}}
    }


def test_what_says_nothing_new_is_told_once_a_minute(beacons: Beacons) -> None:
    told = 0
    for second in range(0, 300, 5):
        beacons.hear("a", packet(climate(second // 5)), T0 + second)
        told += bool(news(beacons))
    assert told == 300 // TELL_HEARD_S


def test_a_push_is_told_once_however_many_gateways_hear_it(beacons: Beacons) -> None:
    for repeat in range(5):
        for gateway in ("a", "b", "c"):
            beacons.hear(gateway, packet(button(8, 1)), T0 + repeat * 0.1)
    _, happenings = beacons.take()
    assert [(beacon.home.gateway, what.event, what.idx) for beacon, what in happenings] == [("a", "single_push", 0)]
    beacons.hear("b", packet(button(9, 1)), T0 + 1)
    assert len(beacons.take()[1]) == 1
    assert beacons.tally["repeated"] == 14


def test_the_same_bytes_later_are_a_new_packet(beacons: Beacons) -> None:
    beacons.hear("a", packet(bytes.fromhex("400164")), T0)
    beacons.hear("a", packet(bytes.fromhex("400164")), T0 + SAME_PACKET_S + 1)
    assert beacons.tally["read"] == 2


def test_a_beacon_moves_with_all_it_knows(beacons: Beacons) -> None:
    for second in range(0, int(SETTLE_S) + 30, 10):
        beacons.hear("a", packet(climate(second), -85), T0 + second)
        beacons.hear("b", packet(climate(second), -50), T0 + second)
    told = news(beacons)
    assert told["a"] == {"bluadv:200": None}
    assert told["b"]["bluadv:200"]["temperature"] == 21.5
    assert told["b"]["bluadv:200"]["rssi"] == -50
    beacon = beacons.get(THERMOMETER)
    assert beacon is not None
    assert beacon.home.gateway == "b"
    assert beacons.tally["moved"] == 1


def test_a_number_is_given_again_only_after_it_was_told_to_be_free(beacons: Beacons) -> None:
    beacons.hear("a", packet(climate(1)), T0)
    beacons.forget(THERMOMETER)
    beacons.hear("a", packet(climate(2), address=OTHER), T0 + 1)
    assert {key: status and status["addr"] for key, status in news(beacons)["a"].items()} == {
        "bluadv:200": None,
        "bluadv:201": OTHER,
    }


def test_there_are_only_so_many_and_others_are_counted(beacons: Beacons) -> None:
    for number in range(10):
        beacons.hear("a" if number < 5 else "b", packet(climate(1), address=f"00:00:00:00:00:{number:02x}"), T0)
    assert len(beacons) == 5
    assert {gateway: len(found) for gateway, found in news(beacons).items()} == {"a": 3, "b": 2}
    assert beacons.tally["refused"] == 5
    assert beacons.forget_older(T0 + 1) == 5
    assert len(beacons) == 0


def test_noise_makes_no_beacon(beacons: Beacons) -> None:
    for noise in (b"\x00", b"\x44", b"\x41\x01", b"\x40\x99\x01", b"\xff" * 20):
        beacons.hear("a", packet(noise), T0)
    beacons.hear("a", Packet(OTHER, -60, bytes.fromhex("0201061aff4c000215") + bytes(21)), T0)
    beacons.hear("a", Packet(OTHER, -60, b"\x05\x16"), T0)
    assert len(beacons) == 0
    assert beacons.take() == ({}, [])
    assert (beacons.tally["garbage"], beacons.tally["not_bthome"]) == (5, 2)


def test_a_key_opens_what_was_closed(beacons: Beacons) -> None:
    beacons.hear("a", packet(encrypted(climate(1), 5)), T0)
    [status] = news(beacons)["a"].values()
    assert (status["encrypted"], status["errors"]) == (True, ["key_missing_or_bad"])
    beacons.set_key(THERMOMETER, KEY)
    beacons.hear("a", packet(encrypted(climate(1), 5)), T0 + 1)
    [status] = news(beacons)["a"].values()
    assert status["errors"] is None
    assert status["temperature"] == 21.5
    beacons.hear("a", packet(climate(2, 99.0)), T0 + 10)
    [status] = news(beacons)["a"].values()
    assert status["errors"] == ["unencrypted_data"]
    assert "temperature" not in status
    beacons.set_key(THERMOMETER, None)
    beacons.hear("a", packet(climate(3, 20.0)), T0 + 20)
    [status] = news(beacons)["a"].values()
    assert (status["errors"], status["temperature"]) == (None, 20.0)


def test_what_scripts_decode_needs_no_library() -> None:
    beacons = Beacons(None, per_gateway=3, in_all=5)
    said = {"BTHome_version": 2, "pid": 3, "temperature": 20.5, "button": 1, "addr": THERMOMETER, "rssi": -60}
    beacons.hear("a", Packet(THERMOMETER, -60, said=said), T0)
    beacons.hear("b", Packet(THERMOMETER, -50, said={**said, "rssi": -50}), T0 + 0.1)
    told, happenings = beacons.take()
    status = told["a"]["bluadv:200"]
    assert status is not None
    assert status["temperature"] == 20.5
    assert len(happenings) == 1
    beacons.hear("a", packet(climate(1)), T0)
    assert beacons.tally["undecoded"] == 1


def test_a_restart_finds_them_where_they_were(beacons: Beacons) -> None:
    old: dict[str, Any] = {"id": 203, "addr": THERMOMETER, "temperature": 18.0, "last_updated_ts": T0 - 100}
    assert beacons.restore("a", 203, dict(old), T0)
    assert not beacons.restore("b", 200, {**old, "last_updated_ts": T0 - 200}, T0)
    assert beacons.restore("c", 201, {**old, "last_updated_ts": T0 - 50}, T0)
    assert not beacons.restore("c", 202, {}, T0)
    assert news(beacons) == {"b": {"bluadv:200": None}, "a": {"bluadv:203": None}, "c": {"bluadv:202": None}}
    beacons.hear("c", packet(climate(1, 18.0)), T0)
    assert news(beacons)["c"]["bluadv:201"]["humidity"] == 48
    assert len(beacons) == 1


def test_beacons_of_a_deleted_gateway_go_to_the_next_that_hears_them(beacons: Beacons) -> None:
    beacons.hear("a", packet(climate(1)), T0)
    beacons.take()
    beacons.gateway_is_gone("a")
    assert (len(beacons), beacons.take()) == (0, ({}, []))
    beacons.hear("b", packet(climate(2)), T0 + 10)
    assert "bluadv:200" in news(beacons)["b"]


@pytest.mark.parametrize(
    "shown", [None, "beacon", [], {"addr": 5}, {"addr": "no address"}, {"addr": [THERMOMETER], "last_updated_ts": 1}]
)
def test_what_no_beacon_can_have_shown_is_cleared_away(beacons: Beacons, shown: Any) -> None:
    """A device may claim such a component."""
    assert not beacons.restore("a", 200, shown, T0)
    assert news(beacons) == {"a": {"bluadv:200": None}}


def test_what_a_device_claims_of_a_beacon_does_no_harm(beacons: Beacons) -> None:
    claim = {"addr": THERMOMETER, "last_updated_ts": "soon", "rssi": "loud"}
    assert beacons.restore("a", 200, dict(claim), T0)
    beacons.hear("a", packet(climate(1)), T0)
    assert news(beacons)["a"]["bluadv:200"]["rssi"] == -60
    beacons.restore("b", 200, {**claim, "addr": OTHER, "last_updated_ts": T0 * 2}, T0)
    beacon = beacons.get(OTHER)
    assert beacon is not None
    assert beacon.heard == T0


def test_a_clock_that_is_set_makes_nothing_old_and_nothing_new(beacons: Beacons) -> None:
    told = 0
    for second in range(0, 300, 5):
        at = T0 + second
        if second >= 100:
            at -= 100_000.0
        if second == 100:
            beacons.shift(-100_000.0)
        beacons.hear("a", packet(climate(7)), at)
        told += bool(news(beacons))
    assert told == 300 // TELL_HEARD_S
    assert beacons.forget_older(T0 - 100_000.0) == 0
    assert beacons.forget_older(T0) == 1


def test_a_gateway_that_sends_too_much_is_read_in_part_and_others_in_full() -> None:
    now = [0.0]
    beacons = Beacons(Library(), per_gateway=9, in_all=9, allowance=Allowance(10, 20, lambda: now[0]))
    for number in range(50):
        beacons.hear("a", packet(b"\x44" + bytes([0xFF, number])), T0)
        beacons.hear("a", Packet(OTHER, -60, bytes.fromhex("0201061aff4c000215") + bytes(21)), T0)
    beacons.hear("b", packet(climate(1), address=OTHER), T0)
    assert (beacons.tally["garbage"], beacons.tally["too_many"], beacons.tally["read"]) == (20, 30, 1)
    for _ in range(50):
        beacons.hear("b", packet(climate(1), address=OTHER), T0)
    assert beacons.tally["repeated"] == 50
    now[0] = 1.0
    for number in range(50):
        beacons.hear("a", packet(b"\x44" + bytes([0xFF, number])), T0)
    assert beacons.tally["garbage"] == 30


def test_no_more_is_kept_of_what_a_script_says_than_is_shown(beacons: Beacons) -> None:
    beacons.hear("a", Packet(THERMOMETER, -60, said={"temperature": 1, "more": "x" * 100_000}), T0)
    beacon = beacons.get(THERMOMETER)
    assert beacon is not None
    assert len(beacon.bytes) < 100


def by_script(**said: Any) -> Packet:
    return Packet(THERMOMETER, -60, said={"BTHome_version": 2, **said})


def test_a_push_that_scripts_decoded_is_told_once_too(beacons: Beacons) -> None:
    """Each script adds what it likes, and one gateway may be slower than the other."""
    beacons.hear("a", by_script(pid=7, button=1, tx_power=3), T0)
    beacons.hear("b", by_script(pid=7, button=1, heard_by="b"), T0 + 0.1)
    beacons.hear("a", by_script(pid=8, button=0, battery=90), T0 + 0.2)
    beacons.hear("b", by_script(pid=7, button=1), T0 + 0.3)
    beacons.hear("c", packet(button(8, 0)), T0 + 0.4)
    beacons.hear("c", packet(button(9, 0, 2)), T0 + 0.5)
    beacons.hear("a", by_script(pid=9, button=[0, 2]), T0 + 0.6)
    _, happenings = beacons.take()
    assert [(what.event, what.idx) for _, what in happenings] == [("single_push", 0), ("double_push", 1)]
    assert (beacons.tally["read"], beacons.tally["repeated"]) == (3, 4)
    beacons.hear("a", by_script(pid=7, button=1), T0 + 0.6 + SAME_PACKET_S)
    assert len(beacons.take()[1]) == 1


def test_pushes_that_nobody_takes_are_counted(beacons: Beacons) -> None:
    for number in range(100):
        beacons.hear("a", by_script(pid=number, button=[1] * 16), T0)
    assert (len(beacons.take()[1]), beacons.tally["untold"]) == (1_000, 600)


def test_what_was_taken_up_again_has_as_long_as_if_heard_then(beacons: Beacons) -> None:
    """Nobody was heard while the platform was away for a week, or its clock was wrong when it started."""
    beacons.restore("a", 205, {"addr": THERMOMETER, "last_updated_ts": T0 - 7 * 86_400}, T0)
    beacons.restore("a", 206, {"addr": OTHER, "last_updated_ts": T0 - 5}, T0)
    assert beacons.forget_older(T0 - 86_400) == 0
    beacons.hear("a", packet(climate(1)), T0 + 10)
    assert list(news(beacons)["a"]) == ["bluadv:205"]
    assert beacons.forget_older(T0 + 5) == 1


def test_a_number_is_not_given_to_another_beacon_while_there_are_others(beacons: Beacons) -> None:
    """History goes by the number."""
    beacons.hear("a", packet(climate(1)), T0)
    beacons.take()
    beacons.forget(THERMOMETER)
    beacons.take()
    beacons.hear("a", packet(climate(1), address=OTHER), T0 + 1)
    beacons.hear("a", packet(climate(2)), T0 + 2)
    shown = {key: status and status["addr"] for key, status in news(beacons)["a"].items()}
    assert shown == {"bluadv:201": OTHER, "bluadv:200": THERMOMETER}
