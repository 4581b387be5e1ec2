from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from fleet_platform.client import Client, Event, NotSignedIn, Resync, RpcError, Subscription, Token

if TYPE_CHECKING:
    from tests.client.conftest import Peer


@pytest.fixture
async def client(peer: Peer) -> AsyncIterator[Client]:
    async with Client(peer.url, Token(access="good")) as client:
        yield client


async def take(events: Subscription, count: int) -> list[Event | Resync]:
    async with asyncio.timeout(10):
        return [await anext(events) for _ in range(count)]


async def test_events_arrive_in_order_with_their_number(peer: Peer, client: Client) -> None:
    async with client.subscribe(["Shelly.*"], status="changed") as events:
        await peer.publish("Shelly.Status", n=1)
        await peer.publish("Shelly.Info", n=2)
        assert await take(events, 2) == [
            Event(method="Shelly.Status", params={"n": 1}, seq=1),
            Event(method="Shelly.Info", params={"n": 2}, seq=2),
        ]
    assert peer.subscribed == [{"events": ["Shelly.*"], "options": {"status": "changed"}}]


async def test_a_lost_stream_resumes_after_the_last_event_that_was_read(peer: Peer, client: Client) -> None:
    async with client.subscribe(["*"]) as events:
        await peer.publish("Shelly.Status", n=1)
        await take(events, 1)
        await peer.drop()
        await peer.publish("Shelly.Status", n=2)
        (event,) = await take(events, 1)
    assert event == Event(method="Shelly.Status", params={"n": 2}, seq=2)
    assert peer.subscribed[1]["since"] == {"epoch": "first", "seq": 1}


async def test_a_loss_is_counted_and_shows_until_it_is_over(peer: Peer, client: Client) -> None:
    async with client.subscribe(["Shelly.*"]) as events:
        assert (events.connected, events.losses) == (True, 0)
        peer.refuses = True
        await peer.drop()
        waiting = asyncio.create_task(anext(events))
        while events.connected:
            await asyncio.sleep(0)
        assert events.losses == 1
        peer.refuses = False
        await peer.publish("Shelly.Status", n=1)
        assert isinstance(await waiting, Event)
        assert (events.connected, events.losses) == (True, 1)


async def test_no_event_is_lost_or_doubled_over_many_losses(peer: Peer, client: Client) -> None:
    received = []
    async with client.subscribe(["*"]) as events:
        for n in range(5):
            await peer.publish("Shelly.Status", n=n)
            await peer.drop()
            received += await take(events, 1)
    assert [event.params["n"] for event in received if isinstance(event, Event)] == list(range(5))


async def test_what_cannot_be_resumed_is_announced_in_its_place(peer: Peer, client: Client) -> None:
    async with client.subscribe(["*"], snapshot=True) as events:
        assert events.snapshot == {"devices": []}
        peer.epoch = "second"
        await peer.drop()
        reading = asyncio.ensure_future(take(events, 2))
        await peer.until_subscribed(2)
        await peer.publish("Shelly.Status", n=2)
        resync, event = await reading
        assert resync == Resync(snapshot={"devices": []})
        assert isinstance(event, Event)
        await peer.drop()
        reading = asyncio.ensure_future(take(events, 1))
        await peer.until_subscribed(3)
        await peer.publish("Shelly.Status", n=3)
        await reading
    assert peer.subscribed[2]["since"] == {"epoch": "second", "seq": 1}


async def test_events_that_overtake_the_reply_are_kept(peer: Peer, client: Client) -> None:
    peer.early = [{"method": "Shelly.Status", "params": {"n": 1}, "seq": 1}]
    async with client.subscribe(["*"]) as events:
        assert await take(events, 1) == [Event(method="Shelly.Status", params={"n": 1}, seq=1)]


async def test_a_refused_subscription_raises_the_error(client: Client) -> None:
    with pytest.raises(RpcError):
        async with client.subscribe(["Nothing.At.All"]):
            pass


async def test_a_stream_whose_token_has_ended_raises(peer: Peer, client: Client) -> None:
    async with client.subscribe(["*"]) as events:
        peer.tokens.clear()
        await peer.drop()
        with pytest.raises(NotSignedIn):
            await take(events, 1)


async def test_it_goes_on_trying_while_the_platform_is_away(peer: Peer, client: Client) -> None:
    async with client.subscribe(["*"]) as events:
        peer.refuses = True
        await peer.drop()
        reading = asyncio.ensure_future(take(events, 1))
        await asyncio.sleep(1)
        peer.refuses = False
        await peer.publish("Shelly.Status", n=1)
        assert await reading == [Event(method="Shelly.Status", params={"n": 1}, seq=1)]
