"""Who makes a request: what is presented, in which order, and whose pages may use the cookie."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from aiohttp.test_utils import make_mocked_request

if TYPE_CHECKING:
    from tests.web.conftest import Rim

Cookie = Callable[[str], dict[str, str]]


def token_of(rim: Rim, headers: dict[str, str]) -> str | None:
    return rim.identity.token_of(make_mocked_request("GET", "/rpc", headers={"Host": "fleet.example:7011", **headers}))


@pytest.mark.parametrize(
    ("header", "token"),
    [("Bearer t", "t"), ("bearer  t", "t"), ("Basic dDp0", "dDp0"), ("t", "t"), ("", None), ("Bearer", "Bearer")],
)
async def test_the_last_word_of_the_header_is_the_token(rim: Rim, header: str, token: str | None) -> None:
    assert token_of(rim, {"Authorization": header}) == token


@pytest.mark.parametrize("header", ["\xa0", " \xa0 ", "\u2003"])
async def test_a_header_of_nothing_but_space_presents_nothing(rim: Rim, header: str) -> None:
    assert token_of(rim, {"Authorization": header}) is None


async def test_a_websocket_may_offer_the_token_as_its_protocol(rim: Rim) -> None:
    assert token_of(rim, {"Sec-WebSocket-Protocol": "t"}) == "t"
    assert token_of(rim, {"Sec-WebSocket-Protocol": "fleet, t"}) == "t"
    assert token_of(rim, {"Sec-WebSocket-Protocol": " , "}) is None


async def test_header_comes_before_protocol_before_cookie(rim: Rim, cookie: Cookie) -> None:
    every = {"Authorization": "Bearer a", "Sec-WebSocket-Protocol": "b", **cookie("c")}
    assert token_of(rim, every) == "a"
    del every["Authorization"]
    assert token_of(rim, every) == "b"
    del every["Sec-WebSocket-Protocol"]
    assert token_of(rim, every) == "c"


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({}, True),
        ({"Origin": "http://fleet.example:7011"}, True),
        ({"Origin": "https://fleet.example:7011"}, True),
        ({"Origin": "https://friend.example"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "http://fleet.example"}, False),
        ({"Origin": "https://friend.example.evil"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": "http://[broken"}, False),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
    ],
)
async def test_the_cookie_counts_only_from_pages_of_ours(
    rim: Rim, cookie: Cookie, headers: dict[str, str], ours: bool
) -> None:
    assert token_of(rim, {**cookie("c"), **headers}) == ("c" if ours else None)
