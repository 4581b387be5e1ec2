"""Tokens that are ours, in force and of the right kind; nothing else opens."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from fleet_platform.auth.tokens import LEEWAY_S, LIFETIME_S, TokenKind, Tokens
from plugin_sdk import Principal

KEY = bytes(range(32))
NOW = 1_800_000_000.0
ANN = Principal(name="ann", provider="local_users")
KINDS: tuple[TokenKind, ...] = ("access_token", "refresh_token")


def tokens_at(now: float, key: bytes = KEY) -> Tokens:
    return Tokens(key, now=lambda: now)


def signed(claims: dict[str, Any], *, alg: str = "HS256", key: bytes = KEY) -> str:
    return jwt.encode({"alg": alg}, claims, OctKey.import_key(key), algorithms=[alg])


def claims_of(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, OctKey.import_key(KEY), algorithms=["HS256"]).claims)


@pytest.mark.parametrize("kind", KINDS)
def test_an_issued_token_says_who_it_is_for(kind: TokenKind) -> None:
    claims = tokens_at(NOW).verify(tokens_at(NOW).issue(ANN)[kind], kind)
    assert claims is not None
    assert (claims.username, claims.provider) == ("ann", "local_users")
    assert claims.expires_ts == NOW + LIFETIME_S[kind]


def test_the_claims_are_those_that_clients_know() -> None:
    claims = claims_of(tokens_at(NOW).issue(ANN)["access_token"])
    assert claims.pop("jti")
    assert claims == {
        "iss": "fleet-management",
        "sub": "access_token",
        "username": "ann",
        "provider": "local_users",
        "iat": NOW,
        "exp": NOW + 86_400,
    }


def test_no_two_tokens_are_the_same() -> None:
    tokens = tokens_at(NOW)
    assert len({token for _ in range(10) for token in tokens.issue(ANN).values()}) == 20


def test_a_renewal_is_an_access_token_alone() -> None:
    renewed = tokens_at(NOW).renew(ANN)
    assert list(renewed) == ["access_token"]
    assert tokens_at(NOW).verify(renewed["access_token"], "access_token")


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_ends_with_its_lifetime(kind: TokenKind) -> None:
    token = tokens_at(NOW).issue(ANN)[kind]
    end = NOW + LIFETIME_S[kind] + LEEWAY_S
    assert tokens_at(end - 1).verify(token, kind)
    assert tokens_at(end).verify(token, kind) is None


def test_a_token_of_the_other_kind_is_refused() -> None:
    tokens = tokens_at(NOW)
    pair = tokens.issue(ANN)
    assert tokens.verify(pair["refresh_token"], "access_token") is None
    assert tokens.verify(pair["access_token"], "refresh_token") is None


def test_a_token_of_another_installation_is_refused() -> None:
    token = tokens_at(NOW, key=bytes(32)).issue(ANN)["access_token"]
    assert tokens_at(NOW).verify(token, "access_token") is None
    assert not tokens_at(NOW).is_ours(token)


def test_an_unsigned_token_is_refused() -> None:
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    _, payload, signature = tokens_at(NOW).issue(ANN)["access_token"].split(".")
    for forged in (f"{header}.{payload}.", f"{header}.{payload}.{signature}"):
        assert tokens_at(NOW).verify(forged, "access_token") is None


@pytest.mark.parametrize("alg", ["HS384", "HS512"])
def test_another_algorithm_is_refused_even_with_the_right_key(alg: str) -> None:
    token = signed(claims_of(tokens_at(NOW).issue(ANN)["access_token"]), alg=alg)
    assert tokens_at(NOW).verify(token, "access_token") is None


@given(st.data())
def test_a_token_with_any_character_changed_is_refused(data: st.DataObject) -> None:
    token = tokens_at(NOW).issue(ANN)["access_token"]
    # The last character of a base64 text has bits that mean nothing.
    place = data.draw(st.integers(0, len(token) - 2))
    other = data.draw(st.sampled_from("ABCXYZabcxyz0189-_.").filter(lambda letter: letter != token[place]))
    assert tokens_at(NOW).verify(token[:place] + other + token[place + 1 :], "access_token") is None


@given(st.one_of(st.text(), st.text(alphabet="ey.AB{}=", max_size=60), st.from_regex(r"\A[\w-]+\.[\w-]+\.[\w-]*\Z")))
def test_any_text_at_all_gets_an_answer(text: str) -> None:
    assert tokens_at(NOW).verify(text, "access_token") is None


@pytest.mark.parametrize("missing", ["iss", "sub", "exp", "iat", "jti", "username", "provider"])
def test_each_claim_is_needed(missing: str) -> None:
    claims = claims_of(tokens_at(NOW).issue(ANN)["access_token"])
    assert tokens_at(NOW).verify(signed(claims), "access_token")
    del claims[missing]
    assert tokens_at(NOW).verify(signed(claims), "access_token") is None


def test_the_predecessors_subject_is_refused() -> None:
    claims = claims_of(tokens_at(NOW).issue(ANN)["access_token"]) | {"sub": "general-login"}
    assert tokens_at(NOW).verify(signed(claims), "access_token") is None


def test_an_expired_token_and_one_of_any_kind_are_ours() -> None:
    pair = tokens_at(NOW).issue(ANN)
    later = tokens_at(NOW + 10 * LIFETIME_S["refresh_token"])
    assert all(later.is_ours(token) for token in pair.values())


def test_the_clock_is_asked_each_time() -> None:
    time = SimpleNamespace(now=NOW)
    tokens = Tokens(KEY, now=lambda: time.now)
    token = tokens.issue(ANN)["access_token"]
    time.now += 2 * 86_400
    assert tokens.verify(token, "access_token") is None
    assert tokens.verify(tokens.issue(ANN)["access_token"], "access_token")
