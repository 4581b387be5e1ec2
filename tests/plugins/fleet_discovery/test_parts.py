"""The parts that do without a network."""

from __future__ import annotations

from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fleet_discovery.addresses import Place, is_allowed, split_host
from fleet_discovery.book import Asked, Book
from fleet_discovery.digest import prove, read_challenge
from fleet_discovery.found import Found, read_found
from fleet_discovery.news import A_TICK, News
from fleet_discovery.plugin import Discovery
from fleet_discovery.server_url import is_same, read_server_url, shown
from fleet_discovery.settings import DiscoverySettings
from fleet_platform.simulator.local.digest import read_header
from plugin_sdk import Fleet, JSONObject
from plugin_sdk.errors import InvalidParams

ID = "shellyplus1pm-0123456789ab"
SHELLY, HTTP = "_shelly._tcp.local.", "_http._tcp.local."


def found(number: int = 1, **more: Any) -> Found:
    values = {"host": "h.local", "address": "10.0.0.1", "port": 80, "gen": 2, "app": "Plus1PM", "ver": "1.4.4"}
    return Found(**{"id": f"shellyplus1pm-{number:012x}", **values, **more})


# ---- addresses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("192.168.1.5", True),
        ("10.1.2.3", True),
        ("172.16.0.1", True),
        ("172.32.0.1", False),
        ("169.254.3.4", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("fd00::5", True),
        ("::ffff:192.168.1.5", True),
        ("::ffff:8.8.8.8", False),
        ("fe80::1", False),
        ("8.8.8.8", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("::", False),
        ("224.0.0.251", False),
        ("255.255.255.255", False),
        ("nonsense", False),
    ],
)
def test_devices_are_called_in_private_networks_alone(address: str, allowed: bool) -> None:
    assert is_allowed(address) is allowed


def test_further_networks_are_a_matter_of_settings() -> None:
    assert is_allowed("100.64.0.1", [ip_network("100.64.0.0/10")])
    assert not is_allowed("0.0.0.0", [ip_network("0.0.0.0/0")])
    assert DiscoverySettings(networks=["100.64.0.1/10"]).networks == ["100.64.0.0/10"]
    for wrong in ({"networks": ["lan"]}, {"interfaces": ["eth0"]}, {"public_url": "http://x"}, {"arrive_s": 0}):
        with pytest.raises(ValidationError):
            DiscoverySettings.model_validate(wrong)


@pytest.mark.parametrize(
    ("host", "split"),
    [
        ("192.168.1.5", ("192.168.1.5", 80)),
        (" 192.168.1.5:8080 ", ("192.168.1.5", 8080)),
        ("plug.lan", ("plug.lan", 80)),
        ("[fd00::5]:81", ("fd00::5", 81)),
        ("fd00::5", ("fd00::5", 80)),
    ],
)
def test_a_host_may_have_a_port(host: str, split: tuple[str, int]) -> None:
    assert split_host(host) == split


@pytest.mark.parametrize(
    "host",
    [
        "",
        "http://plug.lan",
        "plug.lan/rpc",
        "a b",
        "1.2.3",
        "1.2.3.4:0",
        "1.2.3.4:70000",
        "x@y",
        "[fd00::5",
        "fe80::1%eth0",
        "ä.lan",
    ],
)
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(InvalidParams):
        split_host(host)


def test_a_place_is_told_without_what_goes_without_saying() -> None:
    assert (str(Place("10.0.0.1")), str(Place("fd00::5", 81))) == ("10.0.0.1", "[fd00::5]:81")


# ---- where devices connect to --------------------------------------------------------------------------------


def test_an_address_for_devices_gets_a_path() -> None:
    assert read_server_url("wss://fleet.example") == "wss://fleet.example/shelly"
    assert read_server_url("ws://10.0.0.1:7011/shelly/token?a=1") == "ws://10.0.0.1:7011/shelly/token?a=1"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "fleet.example",
        "http://x/shelly",
        "ws://",
        "ws://x:99999/",
        "ws://a:b@x/",
        "ws://x/#y",
        "ws://x/ y",
        "ws://x/" + "y" * 300,
        'ws://x/"y',
    ],
)
def test_what_is_no_address_for_devices_is_refused(url: str) -> None:
    with pytest.raises(InvalidParams):
        read_server_url(url)


def test_a_token_is_never_shown() -> None:
    assert shown("wss://fleet.example/shelly/s3cret?token=s3cret") == "wss://fleet.example/shelly/***?***"
    assert shown("ws://10.0.0.1:8123/api/shelly/ws") == "ws://10.0.0.1:8123/api/shelly/ws"
    assert shown("ws://user:s3cret@10.0.0.1/") == "ws://10.0.0.1"
    assert shown("ws://10.0.0.1/s3cret") == shown("ws://10.0.0.1/socket/s3cret/") == "ws://10.0.0.1/***"
    assert shown("what else") == shown(f"ws://{'a' * 60_000}/") == "an address that cannot be read"


def test_two_spellings_of_one_address_are_the_same() -> None:
    assert is_same("ws://Fleet.example:80/shelly/", "ws://fleet.example/shelly")
    assert not is_same("ws://fleet.example/shelly/a", "ws://fleet.example/shelly/b")
    assert not is_same("wss://fleet.example/shelly", "ws://fleet.example/shelly")


# ---- proofs --------------------------------------------------------------------------------------------------


@given(password=st.text(max_size=40), count=st.integers(1, 30_000))
def test_a_proof_is_what_a_device_expects(password: str, count: int) -> None:
    header = f'Digest qop="auth", realm="{ID}", nonce="bm9uY2U=", algorithm=SHA-256, stale=true'
    challenge = read_challenge(header)
    assert challenge is not None
    assert challenge.stale
    proof = prove(challenge, password, method="POST", target="/rpc", count=count, cnonce="abc")
    read = read_header(proof, "POST", "/rpc")
    assert read is not None
    assert (read.realm, read.nonce, read.count, read.username) == (ID, "bm9uY2U=", count, "admin")
    import hashlib

    assert read.prove(hashlib.sha256(f"admin:{ID}:{password}".encode()).hexdigest())
    assert not read.prove(hashlib.sha256(f"admin:{ID}:{password}!".encode()).hexdigest())


@given(st.text(max_size=200))
def test_any_challenge_is_read_or_passed_over(text: str) -> None:
    read_challenge(text)
    challenge = read_challenge(f"Digest {text}")
    assert challenge is None or '"' not in challenge.realm + challenge.nonce


# ---- announcements -------------------------------------------------------------------------------------------


def announced(name: str = f"{ID}.{SHELLY}", **more: Any) -> Found | None:
    values: dict[str, Any] = {
        "addresses": ["8.8.8.8", "10.0.0.1"],
        "port": 80,
        "host": f"{ID}.local.",
        "text": {b"gen": b"2", b"app": b"Plus1PM", b"ver": b"1.4.4", b"id": b"ShellyPlus1PM-0123456789AB"},
        "allowed": is_allowed,
    }
    return read_found(name, **{**values, **more})


def test_not_every_device_is_called_shelly() -> None:
    read = announced(f"irrigation-aabbccddeeff.{SHELLY}", host=None)
    assert read is not None
    assert (read.id, read.host) == ("irrigation-aabbccddeeff", "irrigation-aabbccddeeff.local")


def test_an_announcement_is_read() -> None:
    assert announced() == Found(
        id="ShellyPlus1PM-0123456789AB",
        host=f"{ID}.local",
        address="10.0.0.1",
        port=80,
        gen=2,
        app="Plus1PM",
        ver="1.4.4",
    )


@pytest.mark.parametrize(
    "more",
    [
        {"name": f"printer.{HTTP}"},
        {"name": f"{ID} (2).{SHELLY}"},
        {"name": f"shelly1-0123AB.{HTTP}"},
        {"addresses": ["8.8.8.8"]},
        {"addresses": []},
        {"port": None},
        {"port": 0},
        {"text": {}},
        {"text": {b"gen": None}},
        {"text": {b"gen": b"1"}},
        {"text": {b"gen": b"\xff"}},
        {"text": {b"gen": "²".encode()}},
        {"text": {b"gen": b"100"}},
        {"text": {b"gen": b"02" + b"0" * 60}},
    ],
    ids=str,
)
def test_what_is_no_device_that_can_be_adopted_is_passed_over(more: dict[str, Any]) -> None:
    assert announced(**more) is None


@given(
    st.dictionaries(st.sampled_from([b"gen", b"app", b"ver", b"id"]), st.none() | st.binary(max_size=100)),
    st.text(max_size=300),
)
def test_whatever_is_announced_is_read_or_passed_over(text: dict[bytes, bytes | None], host: str) -> None:
    read = announced(text={b"gen": b"3", **text}, host=host)
    if read is not None:
        assert all(each is None or (each.isprintable() and len(each) <= 64) for each in (read.app, read.ver))
        assert read.id.lower() == ID
        assert read.host.isprintable()
        assert read.gen < 100


# ---- the book and its news -----------------------------------------------------------------------------------


def book(most: int = 10) -> tuple[Book, list[str]]:
    changed: list[str] = []
    return Book(clock_ms=iter(range(1_000)).__next__, changed=changed.append, most=most), changed


def test_a_device_stays_until_its_last_service_is_gone() -> None:
    kept, changed = book()
    one = found()
    kept.put(one, SHELLY)
    kept.put(one, HTTP)
    kept.remove(f"{one.id}.{HTTP}", HTTP)
    assert kept.get(one.id.upper()) is not None
    kept.remove(f"{one.id}.{SHELLY}", SHELLY)
    assert kept.get(one.id) is None
    assert changed == [one.id, one.id]
    kept.remove(f"{one.id}.{SHELLY}", SHELLY)
    kept.remove("nonsense", SHELLY)


def test_the_book_is_bounded_and_counts_who_found_no_place() -> None:
    kept, _ = book(most=3)
    for number in range(10):
        kept.put(found(number), SHELLY)
    kept.put(found(0, ver="1.5.0"), SHELLY)
    assert (len(kept), kept.refused) == (3, 7)
    kept.clear()
    assert (len(kept), kept.refused) == (0, 0)


def test_what_a_visit_brought_is_kept_for_the_device_that_was_visited_alone() -> None:
    kept, _ = book()
    asked = Asked(name="Lamp", model="M", server=None, known=True, here=False)
    kept.put(found(), SHELLY)
    kept.note(found().id, "10.0.0.9", asked)
    kept.note("shellyplus1pm-ffffffffffff", "10.0.0.1", asked)
    assert [entry.asked for entry in kept.entries()] == [None]
    kept.note(found().id, "10.0.0.1", asked)
    kept.put(found(ver="1.5.0"), SHELLY)
    assert [entry.asked for entry in kept.entries()] == [asked]
    kept.put(found(address="10.0.0.2"), SHELLY)
    assert [entry.asked for entry in kept.entries()] == [None]


def test_who_is_heard_of_is_seen() -> None:
    kept, _ = book()
    kept.put(found(), SHELLY)
    before = kept.entries()[0].seen_ms
    kept.heard(f"{found().id.upper()}.local.")
    kept.heard("somebody.local.")
    assert kept.entries()[0].seen_ms > before


def test_events_are_for_those_who_may_ask_for_the_same() -> None:
    permissions = {event.name: event.permission for event in Discovery().fleet_register_events()}
    assert permissions == {
        "Discovery.Found": "discovery.list",
        "Discovery.Lost": "discovery.list",
        "Discovery.Adopting": "discovery.adopt",
    }


class Press:
    """A platform that is told events."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []
        self.devices: list[str | None] = []
        self.fleet = cast(Fleet, SimpleNamespace(publish=self._publish, devices={found(0).id: found(0)}))

    def _publish(self, name: str, params: JSONObject, device: str | None) -> None:
        self.events.append((name, params["id"]))
        self.devices.append(device)


def test_news_are_told_once_a_few_at_a_time_and_what_flickers_not_at_all() -> None:
    news, press = News(), Press()
    kept = Book(clock_ms=lambda: 0, changed=news.changed)
    for number in range(A_TICK + 5):
        kept.put(found(number), SHELLY)
        kept.put(found(number), HTTP)
    kept.put(found(999), SHELLY)
    kept.remove(f"{found(999).id}.{SHELLY}", SHELLY)
    news.tell(press.fleet, kept)
    assert len(press.events) == A_TICK
    news.tell(press.fleet, kept)
    news.tell(press.fleet, kept)
    assert press.events == [("Discovery.Found", found(number).id) for number in range(A_TICK + 5)]
    assert press.devices == [found(0).id] + [None] * (A_TICK + 4)
    kept.clear()
    kept.put(found(0), SHELLY)
    press.events.clear()
    news.tell(press.fleet, kept)
    news.tell(press.fleet, kept)
    assert press.events == [("Discovery.Lost", found(number).id) for number in range(1, A_TICK + 5)]
