"""What a mask hides and what it leaves."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_platform.simulator.recording import Mask
from fleet_platform.simulator.recording.masking.rules import ZONE_CHOICES
from tests.simulator.recording.tape import PLUG

Plant: TypeAlias = Callable[[str], Any]

KEY = b"a key for tests"
DUMPS = Path(__file__).parents[4] / "shared" / "devices"
MAC = "A8032AB12345"


@pytest.fixture
def mask() -> Mask:
    return Mask(KEY)


# ---- nothing that was planted survives ------------------------------------------------------------------------

macs = st.integers(0, 2**48 - 1).map(lambda number: f"{number:012X}")
words = st.text(
    st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZäöüß 0123456789-"), min_size=7, max_size=24
)
names = words.map(lambda text: f"K{text.strip()}y Zx")
hosts = st.from_regex(r"[a-z]{6,10}\.[a-z]{6,10}\.(com|de|io)", fullmatch=True)
mails = st.from_regex(r"[a-z]{6,10}\.[a-z]{3,8}@[a-z]{6,10}\.(com|de)", fullmatch=True)
tokens = st.from_regex(r"[A-Za-z0-9]{16,32}", fullmatch=True)
numbers = st.integers(10**7, 10**12).map(str)
ip4s = st.ip_addresses(v=4).map(str).filter(lambda text: not IPv4Address(text).is_multicast and _means_a_host(text))
ip6s = st.ip_addresses(v=6, network="2a00::/8").map(str)


def _means_a_host(text: str) -> bool:
    return not any(IPv4Address(text) in IPv4Network(net) for net in ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3"))


def colons(mac: str) -> str:
    return ":".join(mac[at : at + 2] for at in range(0, 12, 2))


MAC_PLANTS: list[Plant] = [
    lambda mac: {"id": f"shellyplus1-{mac.lower()}", "mac": mac},
    lambda mac: {"src": f"shellypro4pm-{mac.lower()}", "method": "NotifyStatus", "params": {"ts": 1.5}},
    lambda mac: {"mqtt": {"client_id": f"shellyplus1-{mac.lower()}", "topic_prefix": f"home/{mac}/x"}},
    lambda mac: {"ap": {"ssid": f"ShellyPlus1-{mac}"}, "bssid": colons(mac)},
    lambda mac: {"bthomedevice:200": {"addr": colons(mac).lower()}},
    lambda mac: {"results": {colons(mac): {"rssi": -70}, mac.lower(): {}}},
    lambda mac: {
        "msg": f"seen {colons(mac)} and {colons(mac).replace(':', '-')}, then {colons(mac).replace(':', '%3A')}"
    },
    lambda mac: {"msg": f"topic{mac}"},
    lambda mac: {"actuator": f"shelly://shellywalldisplay-{mac.lower()}/c/switch:0"},
    lambda mac: {"url": f"http://192.168.1.2/{mac}?from={colons(mac)}"},
    lambda mac: {"type": mac, "target": colons(mac), "event": f"found_{mac}"},
    lambda mac: {"message": json.dumps({"auth_type": "digest", "realm": f"shellyplus1-{mac.lower()}"})},
    lambda mac: {"dotted": f"{mac[:4]}.{mac[4:8]}.{mac[8:]}".lower()},
]
NAME_PLANTS: list[Plant] = [
    lambda name: {"name": name},
    lambda name: {"sys": {"device": {"name": name}}},
    lambda name: {"wifi": {"sta": {"ssid": name}, "status": "got ip"}},
    lambda name: {"text:200": {"value": name}},
    lambda name: {"enum:200": {"options": [name], "value": name, "meta": {"ui": {"titles": {name: name}}}}},
    lambda name: {"events": [{"component": "script:1", "event": "said", "data": {"where": [name], name: 1}}]},
    lambda name: {"events": [{"component": "script:1", "event": "said", "data": json.dumps({"where": name})}]},
    lambda name: {"source": name},
    lambda name: {"method": "Script.PutCode", "params": {"id": 1, "code": f"let room = '{name}';"}},
    lambda name: {"method": "KVS.Set", "params": {"key": name, "value": {"deep": [name]}}},
    lambda name: {"calls": [{"method": "kvs.set", "params": {"key": "x", "value": name}}]},
    lambda name: {
        "method": "HTTP.POST",
        "params": {"url": "http://x.example/", "body": name, "headers": {"X-Y": name}},
    },
    lambda name: {"mqtt": {"user": name, "client_id": name}},
    lambda name: {"jti": name, "serial": name, "jwt": name, "batch": name},
    lambda name: {"hooks": [{"name": name, "urls": [f"http://192.168.1.2/{name}?q={name}"]}]},
]
LEARNED_PLANTS: list[Plant] = [
    lambda name: {"msg": f"known by {name}, as learned", "other": [f"«{name}»", name]},
    lambda name: {"error": {"code": -103, "message": f"{name} is not there"}},
]
HOST_PLANTS: list[Plant] = [
    lambda host: {"mqtt": {"server": f"{host}:1883"}},
    lambda host: {"ws": {"server": f"wss://me:secret@{host}/shelly/token"}},
    lambda host: {"sntp": {"server": host}},
    lambda host: {"hooks": [{"urls": [f"https://{host}/a?b=c"]}]},
    lambda host: {"msg": f"cannot reach http://{host}:80/x, sorry"},
]
IP4_PLANTS: list[Plant] = [
    lambda ip: {"wifi": {"sta_ip": ip, "gw": ip, "nameserver": ip}},
    lambda ip: {"rpc_udp": {"dst_addr": f"{ip}:8585"}},
    lambda ip: {"ws": {"server": f"ws://{ip}:8123/api/shelly/ws"}},
    lambda ip: {"msg": f"lease {ip} is over."},
    lambda ip: {ip: {"ok": True}},
]
IP6_PLANTS: list[Plant] = [
    lambda ip: {"wifi": {"sta_ip6": [ip]}},
    lambda ip: {"ws": {"server": f"ws://[{ip}]:80/x"}},
    lambda ip: {"msg": f"lease {ip} is over"},
]
MAIL_PLANTS: list[Plant] = [
    lambda mail: {"user": mail},
    lambda mail: {"msg": f"tell {mail}!"},
    lambda mail: {"unheard_of": [mail]},
]
TOKEN_PLANTS: list[Plant] = [
    lambda token: {"pass": token, "access_token": token, "ha1": token, "nonce": token, "psk": token},
    lambda token: {"msg": f"Authorization: Bearer {token}"},
    lambda token: {"msg": f"token={token}&x=1"},
    lambda token: {"bthomedevice:200": {"key": token}},
    lambda token: {"ws": {"server": f"ws://fleet.example:7011/shelly/{token}"}},
    lambda token: {"auth": {"username": "admin", "response": token, "cnonce": token}},
]
NUMBER_PLANTS: list[Plant] = [
    lambda number: {"method": "KVS.Set", "params": {"key": "code", "value": int(number)}},
    lambda number: {"auth": {"nonce": int(number)}},
]

PLANTS = st.one_of(
    *(
        st.tuples(secrets, st.sampled_from(plants))
        for secrets, plants in (
            (macs, MAC_PLANTS),
            (names, NAME_PLANTS),
            (names, LEARNED_PLANTS),
            (hosts, HOST_PLANTS),
            (ip4s, IP4_PLANTS),
            (ip6s, IP6_PLANTS),
            (mails, MAIL_PLANTS),
            (tokens, TOKEN_PLANTS),
            (numbers, NUMBER_PLANTS),
        )
    )
)

soil = st.sampled_from(["params", "result", "switch:0", "sys", "config", "components", "meta", "status"])


@st.composite
def frames(draw: st.DrawFn) -> tuple[dict[str, Any], list[str], list[str]]:
    """A frame with secrets in it, the secrets, and those that are to be learned as names before."""
    planted = draw(st.lists(PLANTS, min_size=1, max_size=5))
    frame: dict[str, Any] = {"id": 1, "ok": True, "nothing": None, "apower": 12.5}
    for number, (secret, plant) in enumerate(planted):
        grown = plant(secret)
        for depth in range(draw(st.integers(0, 3))):
            grown = [grown, depth] if draw(st.booleans()) else {draw(soil): grown, "on": False}
        frame[f"part{number}"] = grown
    learned = [secret for secret, plant in planted if plant in LEARNED_PLANTS]
    return frame, [secret for secret, _ in planted], learned


@settings(max_examples=300, deadline=None)
@given(frames())
def test_nothing_that_was_planted_survives(made: tuple[dict[str, Any], list[str], list[str]]) -> None:
    frame, planted, learned = made
    mask = Mask(KEY)
    for secret in learned:
        mask.learn(PLUG, {"info": {"name": secret}})
    for secret in planted:
        if re.fullmatch(r"[0-9A-F]{12}", secret):
            mask.id(f"shellyplus1-{secret.lower()}")
    masked = mask.frame(frame)
    text = json.dumps(masked, ensure_ascii=False)
    for secret in planted:
        assert not is_in(secret, text), masked
    assert shape(masked) == shape(frame)
    assert mask.frame(frame) == masked
    assert shape(mask.frame(masked)) == shape(masked)


def is_in(secret: str, text: str) -> bool:
    """Whether a secret is in a text in any of its spellings."""
    if re.fullmatch(r"[0-9A-F]{12}", secret):
        return secret in re.sub(r"%3A|[^0-9A-Z]", "", text.upper())
    if re.fullmatch(r"[0-9.]+", secret):
        return re.search(rf"(?<![\d.]){re.escape(secret)}(?![\d.])", text) is not None
    return secret.lower() in text.lower()


def shape(value: Any) -> Any:
    """A value without what it says: members are counted, lengths of arrays and kinds stay."""
    if isinstance(value, dict):
        return [shape(inner) for inner in value.values()]
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return value if value is None or isinstance(value, bool) else type(value)


@pytest.mark.skipif(not DUMPS.is_dir(), reason="dumps of real devices are not beside this checkout")
@pytest.mark.parametrize("path", sorted(DUMPS.glob("*.json")), ids=lambda path: path.stem)
def test_a_real_device_keeps_its_shape_and_loses_its_identity(path: Path) -> None:
    content = json.loads(path.read_text())
    parts = {part: content[part] for part in ("info", "config", "status", "components") if part in content}
    mask = Mask(KEY)
    mask.learn(str((parts.get("info") or {}).get("id", "")), parts)
    masked = mask.value(parts)
    assert shape(masked) == shape(parts)
    said = set(texts_of(masked))
    told = {text.upper() for text in texts_of(parts)}
    bare = re.compile(r"[0-9A-F]{2}([:-]?[0-9A-F]{2}){5}")
    for text in told:
        if bare.fullmatch(text) and text != "FF:FF:FF:FF:FF:FF":
            assert text not in {one.upper() for one in said}
    for name in named(parts):
        assert name not in said


def texts_of(value: Any) -> Iterator[str]:
    """All texts in a value, names of members left out."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts_of(inner)
    elif isinstance(value, str):
        yield value


def named(value: Any) -> Iterator[str]:
    """All that somebody gave a name."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("name", "ssid") and isinstance(inner, str) and not re.fullmatch(_OTHERS_WORD, inner):
                yield inner
            yield from named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from named(inner)


_OTHERS_WORD = r"[a-z0-9_:.]*|\w+-[0-9A-Fa-f]{12}"
"""A name that may stand elsewhere as a word of the protocol, or is made from the MAC, and another is made of it."""


# ---- and what stays ------------------------------------------------------------------------------------------


@given(st.sets(macs, max_size=20), st.binary(max_size=64))
def test_different_macs_stay_different_and_none_stays_itself(found: set[str], key: bytes) -> None:
    mask = Mask(key)
    masked = {mac: mask.id(mac) for mac in found}
    assert len(set(masked.values())) == len(found)
    assert all(mac.lower() != other.lower() and mac[:6].lower() == other[:6].lower() for mac, other in masked.items())


def test_every_spelling_of_a_mac_becomes_the_same_mac(mask: Mask) -> None:
    masked = mask.id(f"shellyplus1-{MAC.lower()}").rpartition("-")[2]
    assert masked.startswith("a8032a")
    spellings = {
        MAC: masked.upper(),
        colons(MAC): colons(masked.upper()),
        colons(MAC).lower(): colons(masked),
        colons(MAC).replace(":", "-"): colons(masked.upper()).replace(":", "-"),
        f"ShellyPlus1-{MAC}": f"ShellyPlus1-{masked.upper()}",
        f"shellyplus1-{MAC.lower()}/events/rpc": f"shellyplus1-{masked}/events/rpc",
        f"topic{MAC}": f"topic{masked.upper()}",
        "a8:03:2a:ff:fe:b1:23:45": f"a8:03:2a:ff:fe:{':'.join((masked[6:8], masked[8:10], masked[10:]))}",
        "a8032afffeb12345": f"a8032afffe{masked[6:]}",
    }
    for spelled, expected in spellings.items():
        assert mask.value({"msg": spelled}) == {"msg": expected}
    assert mask.value({"mac": "123456789012"})["mac"] == mask.id("123456789012").upper()


def test_what_the_vendor_says_is_left_alone(mask: Mask) -> None:
    said = {
        "src": "shellyplus1",
        "dst": "ws",
        "method": "NotifyStatus",
        "params": {
            "ts": 1705084173.38,
            "switch:0": {"source": "WS_in", "output": True, "apower": 12.5, "errors": ["overpower"]},
            "sys": {"time": "12:04:31", "unixtime": 1705084173, "wakeup_reason": {"boot": "poweron"}, "uptime": 7},
            "info": {"ver": "1.4.2.1", "fw_id": "20250221-135106/1.5.0-g43215ed", "app": "Plus1PM", "model": "SNSW-X"},
            "wifi": {"status": "got ip", "netmask": "255.255.255.0", "rssi": -60},
            "cloud": {"server": "shelly-23-eu.shelly.cloud:6022/jrpc"},
            "sntp": {"server": "time.google.com"},
            "knx": {"ia": "15.15.255", "routing": {"addr": "224.0.23.12:3671"}},
            "components": [{"key": "switch:0"}, {"key": "wifi"}, {"key": "bthomedevice:200"}],
            "group:200": {"value": ["number:200", "enum:201"]},
            "schedule": {"timespec": "0 0 7 * * MON-FRI"},
            "ws": {"ssl_ca": "ca.pem", "server": None},
            "empty": "",
        },
    }
    assert mask.frame(said) == said


def test_the_look_of_a_text_stays(mask: Mask) -> None:
    masked = mask.value({"name": "Boiler-room 2, Köln 🔥"})["name"]
    assert re.fullmatch(r"[A-Z][a-z]{5}-[a-z]{4} \d, [A-Z]\w[a-z]{2} 🔥", masked)
    assert len(masked.encode()) == len("Boiler-room 2, Köln 🔥".encode())


def test_equal_texts_stay_equal_wherever_they_are(mask: Mask) -> None:
    masked = mask.value({"name": "Hall", "x": {"ssid": "Hall"}, "method": "a", "y": [{"title": "Hall"}]})
    assert masked["name"] == masked["x"]["ssid"] == masked["y"][0]["title"] != "Hall"
    assert Mask().value({"name": "A long name"}) != Mask().value({"name": "A long name"})


def test_a_mask_without_a_key_has_one_of_its_own() -> None:
    first, second = Mask(), Mask()
    ids = [f"shellyplus1-a8032ab{number:05x}" for number in range(20)]
    assert [first.id(device) for device in ids] != [second.id(device) for device in ids]


@given(st.ip_addresses(v=4, network="192.168.0.0/16"), st.ip_addresses(v=4, network="192.168.0.0/16"))
def test_hosts_of_one_network_stay_in_one_network(one: IPv4Address, other: IPv4Address) -> None:
    mask = Mask(KEY)
    masked = [IPv4Address(mask.value(str(ip))) for ip in (one, other)]
    assert all(ip in IPv4Network("192.168.0.0/16") for ip in masked)
    assert (one == other) == (masked[0] == masked[1])
    assert (one.packed[:3] == other.packed[:3]) == (masked[0].packed[:3] == masked[1].packed[:3])


def test_public_addresses_become_such_as_belong_to_nobody(mask: Mask) -> None:
    assert IPv4Address(mask.value("208.67.222.222")) in IPv4Network("100.64.0.0/10")
    assert IPv6Address(mask.value("2a00:1450:4001::8")).exploded.startswith("2001:0db8:")
    assert IPv6Address(mask.value("fe80::aa03:2aff:feb1:2345")).exploded.startswith("fe80:0000:0000:0000:")
    assert [mask.value(ip) for ip in ("0.0.0.0", "127.0.0.1", "::1", "255.255.255.0")] == [
        "0.0.0.0",
        "127.0.0.1",
        "::1",
        "255.255.255.0",
    ]


def test_a_place_is_moved_and_keeps_its_precision(mask: Mask) -> None:
    masked = mask.value({"location": {"tz": "Europe/Vienna", "lat": 48.2083, "lon": 16.3731}})["location"]
    assert masked["tz"] in ZONE_CHOICES
    assert -66 <= masked["lat"] <= 66
    assert -180 <= masked["lon"] <= 180
    assert masked["lat"] != 48.2083
    assert masked["lon"] != 16.3731
    assert all(len(repr(masked[name]).partition(".")[2]) <= 4 for name in ("lat", "lon"))
    assert mask.value({"lat": None, "tz": None}) == {"lat": None, "tz": None}


def test_answers_to_methods_of_the_owners_are_the_owners(mask: Mask) -> None:
    result = {"etag": "0DWty8HwCB", "value": 4711}
    masked = mask.frame({"id": 3, "src": "shellyplus1", "result": result}, "KVS.Get")
    assert (masked["id"], masked["src"], masked["result"]["etag"]) == (3, "shellyplus1", "0DWty8HwCB")
    assert re.fullmatch(r"[1-9]\d{3}", str(masked["result"]["value"]))
    assert masked["result"]["value"] != 4711
    assert mask.frame({"id": 3, "result": result}, "EMData.GetData") == {"id": 3, "result": result}


def test_a_name_that_may_be_a_word_of_the_protocol_is_hidden_where_it_is_a_name_only(mask: Mask) -> None:
    mask.learn(PLUG, {"config": {"switch:0": {"name": "switch"}}})
    masked = mask.value({"name": "switch", "component": "switch:0", "reason": "a switch, it seems"})
    assert masked["name"] != "switch"
    assert (masked["component"], masked["reason"]) == ("switch:0", "a switch, it seems")
