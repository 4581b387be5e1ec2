from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from fleet_platform.client import (
    Client,
    ConnectionLost,
    NotSignedIn,
    Reply,
    Request,
    RpcError,
    Token,
    Unreachable,
)

if TYPE_CHECKING:
    from tests.client.conftest import Peer

GOOD = Token(access="good")


async def test_a_call_returns_the_result_or_raises_the_error(peer: Peer) -> None:
    async with Client(peer.url, GOOD) as client:
        assert await client.call("Echo", {"id": 0}) == {"id": 0}
        assert await client.call("Echo") is None
        with pytest.raises(RpcError) as caught:
            await client.call("Fail")
        assert (caught.value.code, caught.value.data) == (-32602, {"errors": []})


async def test_calls_at_the_same_time_get_their_own_answers(peer: Peer) -> None:
    async with Client(peer.url, GOOD) as client:
        answers = await asyncio.gather(*(client.call("Echo", {"n": n}) for n in range(100)))
        assert [answer["n"] for answer in answers] == list(range(100))


async def test_a_batch_answers_in_order_and_keeps_errors_in_their_place(peer: Peer) -> None:
    async with Client(peer.url, GOOD) as client:
        first, second, third = await client.batch(
            [Request(method="Echo", params={"n": 1}), Request(method="Fail"), Request(method="Echo", params={"n": 3})]
        )
        assert (first, third) == ({"n": 1}, {"n": 3})
        assert isinstance(second, RpcError)
        assert await client.batch([]) == []


async def test_several_devices_answer_one_by_one(peer: Peer) -> None:
    async with Client(peer.url, GOOD) as client:
        replies = await client.call_each("Echo", {"id": 1}, ["shelly-a", "shelly-b"])
        assert replies == [Reply(src="shelly-a", result={"id": 1}), Reply(src="shelly-b", result={"id": 1})]


async def test_a_notification_wants_no_answer(peer: Peer) -> None:
    async with Client(peer.url, GOOD) as client:
        await client.notify("Ping")
        await client.call("Echo")
        assert peer.notified == ["Ping"]


async def test_a_lost_connection_fails_the_call_at_once_and_the_next_call_reconnects(peer: Peer) -> None:
    async with Client(peer.url, GOOD) as client:
        for method in ("Drop", "Garbage"):
            with pytest.raises(ConnectionLost):
                await client.call(method)
            assert await client.call("Echo", {"n": 1}) == {"n": 1}


async def test_no_answer_in_time_is_a_time_out(peer: Peer) -> None:
    async with Client(peer.url, GOOD) as client:
        with pytest.raises(TimeoutError):
            await client.batch([Request(method="Silent")], wait_s=0.05)
        assert await client.call("Echo", {"n": 1}) == {"n": 1}


async def test_leaving_fails_the_calls_that_still_wait(peer: Peer) -> None:
    async with Client(peer.url, GOOD) as client:
        waiting = asyncio.ensure_future(client.call("Silent"))
        await client.call("Echo")
    with pytest.raises(ConnectionLost):
        await waiting


async def test_an_address_without_a_platform_is_unreachable() -> None:
    with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:1 cannot be reached: connection refused"):
        async with Client("http://127.0.0.1:1", GOOD):
            pass


async def test_a_server_that_opens_no_websocket_is_unreachable(peer: Peer) -> None:
    peer.refuses = True
    with pytest.raises(Unreachable, match="answered 503"):
        async with Client(peer.url, GOOD):
            pass


async def test_a_token_that_ends_while_away_fails_the_next_call(peer: Peer) -> None:
    async with Client(peer.url, GOOD) as client:
        peer.tokens.clear()
        with pytest.raises(ConnectionLost):
            await client.call("Drop")
        with pytest.raises(NotSignedIn):
            await client.call("Echo")
