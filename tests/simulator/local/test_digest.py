"""Credentials and nonces, without a device."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.simulator.local.digest import is_ha1, read_auth, read_header
from fleet_platform.simulator.local.nonces import LIFE_S, MOST_REQUESTS, SLOTS, THROTTLE_S, Nonces
from tests.simulator.local.conftest import sha256

HA1 = sha256("admin:shelly-x:secret")


def header(**changed: str) -> str:
    ha2 = sha256("GET:/rpc/Switch.Set?id=0")
    parts = {
        "username": '"admin"',
        "realm": '"shelly-x"',
        "nonce": '"a,b=="',
        "uri": '"/rpc/Switch.Set?id=0"',
        "cnonce": '"c"',
        "nc": "00000001",
        "qop": "auth",
        "response": f'"{sha256(f"{HA1}:a,b==:00000001:c:auth:{ha2}")}"',
        "algorithm": "SHA-256",
    }
    return "Digest " + ", ".join(f"{name}={value}" for name, value in (parts | changed).items() if value)


def test_a_header_proves_the_password_for_one_request() -> None:
    found = read_header(header(), "GET", "/rpc/Switch.Set?id=0")
    assert found is not None
    assert (found.username, found.realm, found.nonce, found.count) == ("admin", "shelly-x", "a,b==", 1)
    assert found.prove(HA1)
    assert not found.prove(sha256("admin:shelly-x:wrong"))
    other = read_header(header(), "GET", "/rpc/Switch.Set?id=1")
    assert other is not None
    assert not other.prove(HA1)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "Basic YTpi",
        "Digest",
        "Digest x",
        header(nonce=""),
        header(qop=""),
        header(nc=""),
        header(qop="auth-int"),
        "Digest username=",
        "Digest =",
    ],
)
def test_a_header_that_lacks_something_counts_as_none(value: str | None) -> None:
    assert read_header(value, "GET", "/rpc/Switch.Set?id=0") is None


def test_a_count_that_is_no_number_counts_nothing() -> None:
    found = read_header(header(nc="x"), "GET", "/rpc/Switch.Set?id=0")
    assert found is not None
    assert found.count == 0


_SENT = st.one_of(
    st.binary(),
    st.lists(st.sampled_from([*header().removeprefix("Digest ").split(", "), *'="\\, \t\xff', "username", "nc"])).map(
        lambda parts: ",".join(parts).encode()
    ),
)


@given(st.sampled_from(["Digest ", "digest\t", ""]), _SENT)
def test_whatever_stands_in_a_header_is_credentials_or_none(scheme: str, sent: bytes) -> None:
    found = read_header(scheme + sent.decode("utf-8", "surrogateescape"), "GET", "/rpc/Switch.Set?id=0")
    assert found is None or found.prove(HA1) in (True, False)


_JSON = st.recursive(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()), st.lists, max_leaves=3)
_PARTS = ("username", "realm", "nonce", "nc", "cnonce", "response")


@given(st.one_of(_JSON, st.fixed_dictionaries({}, optional=dict.fromkeys(_PARTS, _JSON))))
def test_whatever_stands_in_a_frame_is_credentials_or_none(auth: Any) -> None:
    found = read_auth(auth)
    assert found is None or found.prove(HA1) in (True, False)


def test_a_frame_may_leave_the_count_out_and_send_numbers() -> None:
    auth = {"realm": "shelly-x", "username": "admin", "nonce": 17, "cnonce": 3}
    ha2 = sha256("dummy_method:dummy_uri")
    found = read_auth({**auth, "response": sha256(f"{HA1}:17:1:3:auth:{ha2}")})
    assert found is not None
    assert found.count == 1
    assert found.prove(HA1)
    assert read_auth(auth) is None
    assert read_auth("x") is None
    assert read_auth({**auth, "response": orjson.loads("[" * 1_000 + "]" * 1_000)}) is None


def test_a_hash_is_64_hexadecimal_digits() -> None:
    assert is_ha1(HA1)
    assert not any(is_ha1(wrong) for wrong in (HA1[1:], f"{HA1[1:]}g", 1, None, ""))


def test_a_nonce_counts_up_from_one_for_an_hour() -> None:
    nonces = Nonces()
    nonce = nonces.issue(0.0)
    assert nonce is not None
    assert not nonces.use(nonce, 2, 1.0), "the first count is 1"
    assert not nonces.use(nonce, 0, 1.0)
    assert nonces.use(nonce, 1, 1.0)
    assert not nonces.use(nonce, 1, 1.0), "no count is good twice"
    assert nonces.use(nonce, 2, 1.0)
    assert nonces.use(nonce, MOST_REQUESTS, LIFE_S - 0.1)
    assert not nonces.use(nonce, MOST_REQUESTS + 1, LIFE_S - 0.1)
    assert not nonces.use("another", 1, 1.0)
    late = nonces.issue(1.0)
    assert late is not None
    assert not nonces.use(late, 1, 1.0 + LIFE_S)


def test_a_full_table_turns_away_for_two_seconds_and_then_gives_up_the_least_used() -> None:
    nonces = Nonces()
    issued = [nonces.issue(0.0) for _ in range(SLOTS)]
    assert len(set(issued)) == SLOTS
    for nonce in issued[1:]:
        assert nonce is not None
        assert nonces.use(nonce, 1, 0.0)
    assert nonces.issue(10.0) is None
    assert nonces.issue(10.0 + THROTTLE_S - 0.1) is None
    assert nonces.issue(10.0 + THROTTLE_S) is not None
    assert issued[0] is not None
    assert not nonces.use(issued[0], 1, 12.0), "it was the least used"
    assert nonces.issue(12.0) is None, "each further one waits again"


def test_places_are_free_again_when_nonces_end() -> None:
    nonces = Nonces()
    for _ in range(SLOTS):
        nonces.issue(0.0)
    assert nonces.issue(LIFE_S) is not None
