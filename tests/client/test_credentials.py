from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_platform.client import Client, NotSignedIn, Password, Token, Unreachable, sign_in

if TYPE_CHECKING:
    from tests.client.conftest import Peer

PASSWORD = "canary-5a1f"


async def test_signing_in_gives_a_token_that_is_accepted(peer: Peer) -> None:
    token = await sign_in(peer.url, "admin", PASSWORD)
    assert token == Token(access="good", refresh="again")
    async with Client(peer.url, token) as client:
        assert await client.call("Echo", {"n": 1}) == {"n": 1}


async def test_a_wrong_password_is_not_signed_in(peer: Peer) -> None:
    with pytest.raises(NotSignedIn):
        await sign_in(peer.url, "admin", "wrong")
    with pytest.raises(NotSignedIn):
        async with Client(peer.url, Password(name="admin", password="wrong")):
            pass


async def test_no_platform_is_unreachable_for_signing_in() -> None:
    with pytest.raises(Unreachable):
        await sign_in("http://127.0.0.1:1", "admin", PASSWORD)


async def test_a_token_travels_as_sub_protocol_and_a_password_as_header(peer: Peer) -> None:
    async with Client(peer.url, Token(access="good")):
        pass
    async with Client(peer.url, Password(name="admin", password=PASSWORD)):
        pass
    assert peer.protocols == ["good", None]


async def test_a_token_that_is_no_sub_protocol_travels_as_header(peer: Peer) -> None:
    peer.tokens.add("odd,token=")
    async with Client(peer.url, Token(access="odd,token=")):
        pass
    assert peer.protocols == [None]


async def test_an_expired_token_is_renewed_and_handed_on(peer: Peer) -> None:
    renewed: list[Token] = []
    async with Client(peer.url, Token(access="expired", refresh="again"), renewed=renewed.append) as client:
        assert await client.call("Echo", {"n": 1}) == {"n": 1}
        assert [reply.result for reply in await client.call_each("Echo", None, ["a"])] == [None]
    assert renewed == [Token(access="good", refresh="again")]


@pytest.mark.parametrize("refresh", [None, "unknown"])
async def test_a_token_that_cannot_be_renewed_is_not_signed_in(peer: Peer, refresh: str | None) -> None:
    with pytest.raises(NotSignedIn):
        async with Client(peer.url, Token(access="expired", refresh=refresh)):
            pass


def test_credentials_never_show_themselves() -> None:
    shown = repr([Token(access=PASSWORD, refresh=PASSWORD), Password(name="admin", password=PASSWORD)])
    assert PASSWORD not in shown
