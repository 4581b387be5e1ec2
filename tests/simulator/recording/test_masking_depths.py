"""Whose a value is depends on where it stands: nothing of the owner's is kept for a name of the protocol's."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_platform.simulator.recording import Mask
from fleet_platform.simulator.recording.masking.rules import ENVELOPE, FIXED
from tests.simulator.recording.test_masking import colons, hosts, ip4s, ip6s, is_in, macs, mails, shape

KEY = b"a key for tests"
PATIENCE_S = 50

PROTOCOLS = sorted(ENVELOPE | {"etag", "items", "keys", "key", "value", "method", "params", "result", "error"})
names = st.sampled_from([*PROTOCOLS, "headers", "body", "data", "password", "name", "switch:0", "src", "lat", "x"])


@pytest.fixture
def mask() -> Mask:
    return Mask(KEY)


def spelled(secret: str) -> st.SearchStrategy[str]:
    """A MAC in any spelling; anything else as it is."""
    if len(secret) != 12 or not secret.isalnum():
        return st.just(secret)
    pairs = colons(secret)
    others = [pairs.replace(":", mark) for mark in (":", "-", "_", ".", " ", "%3A", "%2D", "%253a", "")]
    thirds = [mark.join((secret[:4], secret[4:8], secret[8:])) for mark in ":.-_"]
    return st.sampled_from([*others, *thirds, *(f"{secret[:6]}{mark}{secret[6:]}" for mark in ":-._")])


@st.composite
def nested(draw: st.DrawFn, leaf: Any) -> Any:
    """A value somewhere inside: as a member, in an array, in JSON in a text, or beside other words."""
    grown = leaf
    for _ in range(draw(st.integers(0, 12))):
        match draw(st.sampled_from(["member", "member", "array", "text", "words"])):
            case "member":
                # Four numbers in a version are no address.
                fitting = names if isinstance(grown, dict) else names.filter(lambda name: name not in FIXED)
                grown = {draw(fitting): grown, "id": 1}
            case "array":
                grown = [7, grown]
            case "text" if not isinstance(grown, str):
                grown = json.dumps(grown)
            case _ if isinstance(grown, str) and not grown.startswith(("{", "[")):
                grown = f"known as {grown}, it seems"
    return grown


@st.composite
def planted(draw: st.DrawFn) -> tuple[str, Any]:
    """An address of any kind, and a value that has it somewhere."""
    secret = draw(st.one_of(macs, ip4s, ip6s, mails))
    return secret, draw(nested(draw(spelled(secret))))


@settings(max_examples=400, deadline=None)
@given(planted())
def test_no_address_survives_at_any_depth(made: tuple[str, Any]) -> None:
    secret, grown = made
    mask = Mask(KEY)
    masked = mask.value(grown)
    assert not is_in(secret, json.dumps(masked, ensure_ascii=False)), (grown, masked)
    assert shape(masked) == shape(grown)
    orjson.dumps(masked)


words = st.from_regex(r"Zq[a-z]{8,12}", fullmatch=True)
numbers = st.integers(10**7, 2**64 - 1)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["KVS.Set", "kvs.set", "HTTP.POST", "Script.Eval"]),
    st.sampled_from(["value", "headers", "body", "data", "code", "id", "etag", "items"]),
    st.data(),
)
def test_nothing_survives_in_what_is_the_owners_altogether(method: str, member: str, data: st.DataObject) -> None:
    secret = data.draw(st.one_of(words, numbers))
    grown = data.draw(nested({data.draw(names): secret}))
    if member in ("items", "etag"):  # an etag is a text, and in the entries there are members of the protocol's
        grown = {"value": {"value": grown}}
    frame = {"id": 7, "method": method, "params": {member: grown}}
    masked = Mask(KEY).frame(frame)
    assert str(secret) not in json.dumps(masked), masked
    assert masked["id"] == 7
    orjson.dumps(masked)


@pytest.mark.parametrize("name", ["id", "rev", "etag", "total", "ts", "offset", "len", "left", "code"])
def test_a_name_of_the_protocols_hides_nothing_in_the_owners_content(mask: Mask, name: str) -> None:
    for inside in ({"password": "hunter2"}, ["hunter2"], "hunter2", 4711, {"deep": {name: "hunter2"}}):
        for frame in (
            {"method": "KVS.Set", "params": {"key": "x", "value": {name: inside}}},
            {"method": "HTTP.POST", "params": {"headers": {name: inside}, "body": {name: inside}}},
            {"method": "KVS.Set", "params": {"key": "x", "value": {"method": "KVS.Set", "params": {name: inside}}}},
        ):
            text = json.dumps(mask.frame(frame))
            assert "hunter2" not in text
            assert "4711" not in text
    if name != "etag":
        assert "hunter2" not in json.dumps(mask.frame({"method": "KVS.Set", "params": {name: "hunter2"}}))
    assert "hunter2" not in json.dumps(mask.frame({"method": "KVS.Set", "params": {name: {"password": "hunter2"}}}))


def test_what_is_the_protocols_stays_around_the_owners_content(mask: Mask) -> None:
    listed = mask.frame({"id": 1, "result": {"keys": {"alarm": {"etag": "0DW"}}, "rev": 12}}, "KVS.List")["result"]
    assert (listed["rev"], list(listed["keys"].values())) == (12, [{"etag": "0DW"}])
    assert "alarm" not in listed["keys"]
    items = [{"key": "alarm", "etag": "0DW", "value": 4711}]
    many = mask.frame({"id": 1, "result": {"items": items, "offset": 0, "total": 1}}, "KVS.GetMany")["result"]
    assert (many["offset"], many["total"], many["items"][0]["etag"]) == (0, 1, "0DW")
    assert many["items"][0].keys() == {"key", "etag", "value"}
    named = {"alarm": {"etag": "0DW", "value": 4711}, "id": {"etag": "1DW", "value": 4711}}
    older = mask.frame({"id": 1, "result": {"items": named}}, "KVS.GetMany")["result"]["items"]
    assert not older.keys() & named.keys()
    assert [entry["etag"] for entry in older.values()] == ["0DW", "1DW"]
    answer = {"code": 200, "message": "OK", "headers": {"Server": "Mine"}, "body": "x"}
    assert mask.frame({"id": 1, "result": answer}, "HTTP.GET")["result"]["code"] == 200
    assert mask.frame({"method": "Script.GetCode", "params": {"id": 3, "offset": 20, "len": 7}})["params"] == {
        "id": 3,
        "offset": 20,
        "len": 7,
    }


def test_errors_that_quote_the_owner_do_not(mask: Mask) -> None:
    told = "Argument 'key', value 'alarm code' not found!"
    masked = mask.frame({"id": 1, "error": {"code": -105, "message": told}}, "KVS.Get")["error"]
    assert masked["code"] == -105
    assert masked.keys() == {"code", "message"}
    assert "alarm" not in masked["message"]
    assert len(masked["message"]) == len(told)
    status = {"script:1": {"error_msg": "Uncaught Error: x\n at let pin = door\n", "errors": ["type_error"]}}
    said = mask.frame({"method": "NotifyStatus", "params": status})["params"]["script:1"]
    assert "door" not in said["error_msg"]
    assert said["errors"] == ["type_error"]
    other = {"code": 404, "message": "No handler for Foo.Bar"}
    assert mask.frame({"id": 1, "error": other}, "Foo.Bar")["error"] == other


def test_what_looks_like_a_components_key_is_hidden_in_the_owners_content(mask: Mask) -> None:
    assert "1234" not in json.dumps(mask.frame({"method": "KVS.Set", "params": {"key": "a", "value": "alarm:1234"}}))
    assert mask.value({"group:200": {"value": ["number:200"]}}) == {"group:200": {"value": ["number:200"]}}


def test_secrets_that_are_no_texts_are_hidden(mask: Mask) -> None:
    masked = json.dumps(mask.value({"password": 471147, "token": {"old": "hunter2"}, "x": {"pin": [{"a": 471147}]}}))
    assert "471147" not in masked
    assert "hunter2" not in masked


@given(st.integers(-(2**63), 2**64 - 1))
def test_any_number_of_the_owners_becomes_another_that_can_be_written(number: int) -> None:
    masked = Mask(KEY).frame({"method": "KVS.Set", "params": {"value": number}})["params"]["value"]
    assert isinstance(masked, int)
    assert masked != number
    orjson.dumps(masked)


@pytest.mark.parametrize("depth", [60, 65, 254, 300, 1000, 5000])
@pytest.mark.parametrize("field", ["msg", "name", "value", "id", "password"])
def test_a_json_text_of_any_depth_is_masked(mask: Mask, field: str, depth: int) -> None:
    secret = '{"password": "hunter2", "x": "' + colons("A8032AB12345") + '"}'
    text = '{"a":' * depth + secret + "}" * depth
    masked = mask.value({field: [text, {field: text}]})
    assert "hunter2" not in orjson.dumps(masked).decode()
    assert "B1:23:45" not in orjson.dumps(masked).decode()


def test_texts_in_texts_are_followed(mask: Mask) -> None:
    text: Any = {"lat": 52.5, "name": "Bob's room"}
    for _ in range(8):
        text = json.dumps([text])
    masked = json.dumps(mask.value({"msg": text}))
    assert "52.5" not in masked
    assert "Bob" not in masked
    assert "hunter2" not in json.dumps(mask.value({"msg": json.dumps(json.dumps({"password": "hunter2"}))}))


def test_a_frame_of_any_depth_can_be_written_and_learned(mask: Mask) -> None:
    frame: Any = {"name": "Bob's room"}
    for _ in range(900):
        frame = {"a": frame}
    mask.learn("shellyplus1-a8032ab12345", frame)
    assert b"Bob" not in orjson.dumps(mask.frame(frame))


RUNS = ["a", "aa:", "eyJ-", "10.", "::", "a@", "lat 1,", "%25"]
"""Of what a text is made that keeps a careless pattern busy for minutes."""


@pytest.mark.parametrize("part", RUNS)
def test_no_text_makes_it_hang(part: str) -> None:
    made = f"text = {part!r} * (120_000 // {len(part)})"
    fields = "{'msg': text, 'name': 'x@' + text, 'server': text, 'lat': text, 'src': text + '@'}"
    program = f"from fleet_platform.simulator.recording import Mask; {made}; Mask().value({fields})"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=PATIENCE_S)


# ---- every spelling ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("::ffff:192.168.33.5", "33.5"),
        ("lease ::FFFF:192.168.33.5.", "33.5"),
        ("::ffff:c0a8:2105", "c0a8:2105"),
        ("host.192.168.33.5", "33.5"),
        ("pi2024.192.168.33.5", "33.5"),
        ("192.168.33.5.8080: flags", "33.5"),
        ("12:04:31:192.168.33.5", "33.5"),
        ("host1.208.67.222.220", "222.220"),
        ("AABBCC-DDEEFF", "DDEEFF"),
        ("shellyplus1-AABBCC-DDEEFF", "DDEEFF"),
        ("topicAABBCC:DDEEFF", "DDEEFF"),
        ("AABB-CCDD-EEFF", "DD-EEFF"),
        ("AABB:CCDD:EEFF", "DD:EEFF"),
        ("AA%2DBB%2DCC%2DDD%2DEE%2DFF", "DD%2DEE%2DFF"),
        ("AA%3abb%3Acc%3add%3aee%3Aff", "%3Aff"),
        ("AA%253ABB%253ACC%253ADD%253AEE%253AFF", "DD%253AEE%253AFF"),
        ("mac:AA:BB:CC:DD:EE:FF", "DD:EE:FF"),
        ("12:AA:BB:CC:DD:EE:FF", "EE:FF"),
        ("topicAA:BB:CC:DD:EE:FF", "DD:EE:FF"),
        ("addr:2a00:1450:4001:801:0:0:0:2004", "2004"),
        ("source:2a00:1450:4001::8", "2a00:1450"),
        ("e:2a00:1450:4001:801:0:0:0:2004", "2004"),
        ("lat 52.1234, lon 13.4050", "52.1234"),
        ("lat 52.1234, lon 13.4050", "13.4050"),
        ("Latitude: 52,1234; Longitude: 13,4050", "13,4050"),
        ("lat/lon = 52.1234 13.4050", "13.4050"),
        ("at geo:52.1234,13.4050", "13.4050"),
        ("lat 52.1234 long 13.4050", "13.4050"),
        ("a@b.cc%20dora@e.ff", "dora"),
        ("x" * 100 + "@bob.example", "bob"),
        ("1://bob.example/door", "door"),
    ],
)
def test_addresses_are_found_in_any_spelling(mask: Mask, text: str, left: str) -> None:
    for field in ("msg", "name") if " " in text else ("msg", "name", "src"):
        assert left not in mask.value({field: text})[field]


def test_equal_addresses_stay_equal_in_other_spellings(mask: Mask) -> None:
    def masked(text: str) -> str:
        return str(mask.value({"msg": text})["msg"])

    assert masked("::ffff:192.168.33.5") == f"::ffff:{masked('192.168.33.5')}"
    assert masked("host.192.168.33.5") == f"host.{masked('192.168.33.5')}"
    pairs = masked("AA:BB:CC:DD:EE:FF")
    assert masked("mac:AA:BB:CC:DD:EE:FF") == f"mac:{pairs}"
    assert masked("AA%2DBB%2DCC%2DDD%2DEE%2DFF") == pairs.replace(":", "%2D")
    assert masked("AABBCC-DDEEFF").replace("-", "") == pairs.replace(":", "")
    assert masked("addr:fe80::1") == f"addr:{masked('fe80::1')}"


def test_what_only_looks_like_an_address_stays(mask: Mask) -> None:
    for text in ("12:04:31", "20250221-135106", "flat 5, latency 12", "as long 5 s", "1.2.3", "std::string"):
        assert mask.value({"msg": text}) == {"msg": text}
    uuid = "550e8400-e29b-41d4-a716-"
    assert mask.value({"msg": f"{uuid}446655440000"})["msg"].startswith(uuid)


def test_a_place_that_is_a_text_is_moved_too(mask: Mask) -> None:
    masked = mask.value({"lat": "52.12", "longitude": "13.40 E", "latitude": ["52.12"], "x": {"lng": 13.4}})
    assert "52.12" not in json.dumps(masked)
    assert "13.4" not in json.dumps(masked)
    assert len(masked["lat"].partition(".")[2]) == 2
    assert mask.value({"lat": 52.12})["lat"] == float(masked["lat"])


@given(hosts)
def test_links_are_found_in_the_vendors_words_too(host: str) -> None:
    masked = Mask(KEY).value({"event": f"http://{host}/x", "id": f"bob@{host}", f"wss://{host}": 1})
    assert host not in json.dumps(masked)


def test_a_known_servers_name_loses_the_mac_in_it(mask: Mask) -> None:
    masked = mask.value({"server": "a8032ab12345.shelly.cloud:6022"})["server"]
    assert masked.endswith(".shelly.cloud:6022")
    assert "b12345" not in masked
