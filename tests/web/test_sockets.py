"""Pings find dead peers; stopping leaves no connection behind."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web

from fleet_platform.web.server import listening
from fleet_platform.web.sockets import MISSED_PINGS, AcceptedSocket, Pinger

if TYPE_CHECKING:
    from tests.web.conftest import Until


class Scene:
    """A server that accepts websockets, hands them to a pinger, and reads them until they end."""

    def __init__(self) -> None:
        self.tally: Counter[str] = Counter()
        self.pinger = Pinger(0.1, self.tally)
        self.received: list[str | bytes] = []
        self.sockets: list[AcceptedSocket] = []

    async def accept(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(autoping=False, compress=False, timeout=0.3)
        await ws.prepare(request)
        socket = AcceptedSocket(request, ws, self.tally)
        self.sockets.append(socket)
        self.pinger.add(socket)
        while (text := await socket.receive()) is not None:
            self.received.append(text)
        self.pinger.remove(socket)
        return ws


@pytest.fixture
async def scene() -> Scene:
    return Scene()


@pytest.fixture
async def ws(scene: Scene, until: Until) -> AsyncIterator[ClientWebSocketResponse]:
    """A peer that answers no ping by itself."""
    application = web.Application()
    application.add_routes([web.get("/", scene.accept)])
    async with listening(application, "127.0.0.1", 0) as port, ClientSession() as session:
        async with session.ws_connect(f"http://127.0.0.1:{port}/", autoping=False) as ws:
            await until(lambda: bool(scene.sockets))
            yield ws
            for socket in scene.sockets:
                socket.abort()
        await until(lambda: not scene.pinger.sockets)


async def test_a_peer_that_answers_pings_stays(scene: Scene, ws: ClientWebSocketResponse, until: Until) -> None:
    (socket,) = scene.sockets
    for _ in range(5):
        assert socket.ping()
        message = await ws.receive()
        assert message.type is WSMsgType.PING
        await ws.pong(message.data)
        await until(lambda: socket._seen)


async def test_whatever_a_peer_says_shows_that_it_lives(
    scene: Scene, ws: ClientWebSocketResponse, until: Until
) -> None:
    (socket,) = scene.sockets
    for number in range(5):
        assert socket.ping()
        await ws.send_str("x")
        await until(lambda number=number: len(scene.received) == number + 1)  # type: ignore[misc]


async def test_a_peer_that_misses_its_pings_is_cut_off(scene: Scene, ws: ClientWebSocketResponse, until: Until) -> None:
    (socket,) = scene.sockets
    assert [socket.ping() for _ in range(MISSED_PINGS + 2)] == [True] * (MISSED_PINGS + 1) + [False]
    await until(lambda: not scene.pinger.sockets)


async def test_the_pinger_pings_everybody_once_per_interval_and_counts_the_dead(
    scene: Scene, ws: ClientWebSocketResponse, until: Until
) -> None:
    running = asyncio.create_task(scene.pinger.run())
    await until(lambda: scene.tally["pings_missed"] == 1)
    await until(lambda: not scene.pinger.sockets)
    running.cancel()
    await asyncio.wait([running])
    pings = 0
    while (await ws.receive()).type is WSMsgType.PING:
        pings += 1
    assert pings == MISSED_PINGS + 1


async def test_writing_to_a_peer_that_is_gone_is_nothing(
    scene: Scene, ws: ClientWebSocketResponse, until: Until
) -> None:
    (socket,) = scene.sockets
    transport: Any = ws._response.connection.transport  # type: ignore[union-attr]
    transport.abort()
    await until(lambda: not scene.pinger.sockets)
    socket.write(b"\x81\x01x")
    assert socket.buffered() == 0
    await socket.close(1001, "gone")
    socket.abort()


async def test_closing_tells_the_code_and_does_not_wait_for_a_deaf_peer(
    scene: Scene, ws: ClientWebSocketResponse
) -> None:
    stopping = asyncio.create_task(scene.pinger.close_all(1))
    await asyncio.wait([stopping], timeout=10)
    assert stopping.done(), "the peer has not read a byte"
    assert scene.pinger.sockets == []
    message = await ws.receive()
    assert (message.type, message.data, message.extra) == (WSMsgType.CLOSE, 1001, "the platform stops")


async def test_without_connections_there_is_nothing_to_close(scene: Scene) -> None:
    await scene.pinger.close_all(1)
