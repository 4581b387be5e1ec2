"""Clients on real websockets: the upgrade, the conversation, and how each kind of trouble ends."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError

from fleet_platform.web import sockets
from plugin_sdk import DeviceId

if TYPE_CHECKING:
    from tests.web.conftest import Browser, Rim, Until

Cookie = Callable[[str], dict[str, str]]


@pytest.fixture(autouse=True)
async def echo(rim: Rim) -> None:
    async def handler(value: Any = None) -> Any:
        return value

    rim.handle("Test.Echo", handler)


async def close_code(ws: Any) -> int:
    """The code the platform closes with, whatever it says before."""
    async for _ in ws:
        pass
    assert ws.close_code is not None
    return int(ws.close_code)


# ---- the upgrade --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/rpc"])
async def test_bearer_basic_and_protocol_are_good_at_both_addresses(browser: Browser, path: str) -> None:
    token = browser.rim.token
    for options in ({"headers": browser.bearer}, {"headers": browser.basic}, {"headers": {}, "protocols": (token,)}):
        async with browser.client(path, **options) as ws:
            assert ws.protocol == (token if "protocols" in options else None), "an offered token is echoed"
            await ws.send_json({"id": 1, "method": "Test.Echo", "params": {"value": 5}})
            assert (await ws.receive_json())["result"] == 5


@pytest.mark.parametrize(
    "options",
    [
        {"headers": {}},
        {"headers": {"Authorization": "Bearer nonsense"}},
        {"headers": {"Authorization": "Basic bm9ib2R5Om5vdGhpbmc="}},
        {"headers": {}, "protocols": ("nonsense",)},
    ],
)
@pytest.mark.parametrize("path", ["/", "/rpc"])
async def test_without_a_good_token_the_upgrade_is_refused(browser: Browser, path: str, options: Any) -> None:
    with pytest.raises(WSServerHandshakeError) as caught:
        async with browser.client(path, **options):
            pass
    assert caught.value.status == 401


async def test_the_cookie_is_good_for_our_own_pages_alone(browser: Browser, rim: Rim, cookie: Cookie) -> None:
    async with browser.client(headers={**cookie(rim.token), "Origin": rim.url}) as ws:
        await ws.send_json({"id": 1, "method": "Test.Echo"})
        assert (await ws.receive_json())["id"] == 1
    with pytest.raises(WSServerHandshakeError):
        async with browser.client(headers={**cookie(rim.token), "Origin": "https://evil.example"}):
            pass


@pytest.mark.parametrize(("provider", "status"), [("is away", 503), ("is limited", 429)])
async def test_who_cannot_be_known_for_now_is_told_to_come_again(
    browser: Browser, rim: Rim, provider: str, status: int
) -> None:
    rim.provider = provider
    with pytest.raises(WSServerHandshakeError) as caught:
        async with browser.client(headers=browser.basic):
            pass
    assert caught.value.status == status


async def test_what_is_no_websocket_is_told_so(browser: Browser) -> None:
    assert (await browser.get("/rpc"))[0] == 400
    assert (await browser.get("/rpc", headers={}))[0] == 401


# ---- the conversation ---------------------------------------------------------------------------------------


async def test_replies_and_events_share_one_connection(browser: Browser, rim: Rim) -> None:
    async with browser.client() as ws:
        await ws.send_json({"id": 1, "method": "FleetManager.Subscribe", "params": {"events": ["a"]}})
        assert (await ws.receive_json())["result"]["seq"] == 0
        rim.bus.publish("a", {"n": 1})
        assert await ws.receive_json() == {"method": "a", "params": {"n": 1}, "seq": 1}
    while rim.bus.clients:
        await asyncio.sleep(0.001)


@pytest.mark.parametrize("size", [0, 100, 126, 70_000])
async def test_frames_of_every_size_come_through_whole(browser: Browser, size: int) -> None:
    async with browser.client() as ws:
        for number in range(20):
            await ws.send_json({"id": number, "method": "Test.Echo", "params": {"value": "x" * size}})
        for _ in range(20):
            assert len((await ws.receive_json())["result"]) == size


async def test_binary_frames_are_no_json(browser: Browser, rim: Rim) -> None:
    async with browser.client() as ws:
        await ws.send_bytes(b'{"id": 1, "method": "Test.Echo"}')
        assert (await ws.receive_json())["error"]["code"] == -32700
    assert rim.tally["binary_frames"] == 1


async def test_a_clients_ping_is_answered(browser: Browser) -> None:
    async with browser.client(autoping=False) as ws:
        await ws.ping(b"hello")
        message = await ws.receive()
        assert (message.type, message.data) == (WSMsgType.PONG, b"hello")


# ---- trouble ------------------------------------------------------------------------------------------------


async def test_a_frame_that_is_too_large_closes_1009(browser: Browser, rim: Rim, until: Until) -> None:
    async with browser.client() as ws:
        await ws.send_str('"' + "x" * 200_000 + '"')
        assert await close_code(ws) == 1009
    await until(lambda: rim.tally["broken_frames"] == 1)


async def test_a_client_that_goes_without_a_word_is_forgotten(browser: Browser, rim: Rim, until: Until) -> None:
    async with browser.client() as ws:
        await ws.send_json({"id": 1, "method": "FleetManager.Subscribe", "params": {"events": ["a"]}})
        await ws.receive_json()
        transport = ws.get_extra_info("socket")
        assert transport is not None
        ws._response.connection.transport.abort()  # type: ignore[union-attr]
        await until(lambda: rim.bus.clients == 0)
    assert not rim.client_pinger.sockets
    rim.bus.publish("a", {})


class Deaf:
    """A client that subscribes by hand and never reads a byte after that."""

    def __init__(self, rim: Rim) -> None:
        host, port = rim.url.removeprefix("http://").split(":")
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self._socket.connect((host, int(port)))
        key = base64.b64encode(os.urandom(16)).decode()
        request = (
            f"GET /rpc HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {rim.token}\r\n\r\n"
        )
        self._socket.sendall(request.encode())

    def say(self, frame: Any) -> None:
        text = json.dumps(frame).encode()
        assert len(text) < 126
        self._socket.sendall(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def deaf(rim: Rim) -> Any:
    client = Deaf(rim)
    yield client
    client.close()


async def test_a_client_that_never_reads_is_cut_off_and_costs_the_others_nothing(
    browser: Browser, rim: Rim, until: Until, deaf: Deaf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "CLOSE_TIMEOUT_S", 0.1)
    deaf.say({"id": 1, "method": "FleetManager.Subscribe", "params": {"events": ["Entity.Event"]}})
    await until(lambda: rim.bus.clients == 1)
    async with browser.client() as ws:
        await ws.send_json({"id": 1, "method": "FleetManager.Subscribe", "params": {"events": ["Entity.Event"]}})
        await ws.receive_json()
        sent = 0
        while rim.tally["clients_cut_off"] == 0:
            for _ in range(100):
                rim.bus.publish("Entity.Event", {"text": "x" * 10_000}, device=DeviceId("a"))
            sent += 100
            for number in range(sent - 100, sent):
                assert (await ws.receive_json())["seq"] == number + 1
            await asyncio.sleep(0)
        await until(lambda: rim.bus.clients == 1)
        rim.bus.publish("Entity.Event", {}, device=DeviceId("a"))
        assert (await ws.receive_json())["seq"] == sent + 1
    assert rim.tally["clients_cut_off"] == 1


async def test_who_changed_is_parted_with_after_its_replies_and_nobody_else(browser: Browser, rim: Rim) -> None:
    async def change() -> str:
        clients.part_with("anna", "others")
        clients.part_with("anna", "users")
        return "done"

    clients = rim.clients
    rim.handle("Test.Change", change)
    async with browser.client() as first, browser.client() as second:
        await second.send_json({"id": 1, "method": "Test.Nothing"})
        assert (await second.receive_json())["error"]["code"] == -32601  # served, so that it is known
        await first.send_json({"id": 2, "method": "Test.Change"})
        assert (await first.receive_json())["result"] == "done"
        for client in (first, second):
            assert (await client.receive()).data == 1013


async def test_all_clients_are_told_when_the_platform_stops(browser: Browser, rim: Rim) -> None:
    async with browser.client() as one, browser.client() as other:
        stopping = asyncio.ensure_future(rim.client_pinger.close_all(2))
        assert [await close_code(one), await close_code(other)] == [1001, 1001]
        await stopping
    assert not rim.client_pinger.sockets


async def test_who_changes_while_it_is_let_in_has_to_come_again(
    browser: Browser, rim: Rim, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = rim.identity.of

    async def of(request: Any) -> Any:
        principal = await known(request)
        rim.clients.part_with("anna", "users")
        return principal

    monkeypatch.setattr(rim.identity, "of", of)
    async with browser.client() as ws:
        assert await close_code(ws) == 1013
    monkeypatch.undo()
    async with browser.client() as ws:
        await ws.send_json({"id": 1, "method": "Test.Echo"})
        assert (await ws.receive_json())["id"] == 1
