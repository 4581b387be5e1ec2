"""Devices on real websockets: the handshake, close codes, tokens, and dead peers."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from aiohttp import WSMsgType
from yarl import URL

from plugin_sdk import Verdict

if TYPE_CHECKING:
    from tests.web.conftest import Browser, Rim, Until

RUN_TOKEN = "run-token-of-this-start"


async def test_a_device_connects_is_introduced_reports_and_leaves(browser: Browser, rim: Rim, until: Until) -> None:
    events: list[str] = []
    rim.bus.tap(("Shelly.*",), lambda event: events.append(event.method))
    async with browser.shelly() as shelly:
        assert shelly.ws.protocol == "json-rpc"
        await shelly.hello()
        await until(lambda: rim.tally["connects"] == 1)
        await shelly.notify("NotifyStatus", {"ts": 1, "switch:0": {"output": True}})
        twin = rim.fleet.find(shelly.id)
        await until(lambda: twin.status["switch:0"] == {"output": True})
    await until(lambda: twin.presence == "offline")
    assert events == [
        "Shelly.Connect",
        "Shelly.Presence",
        "Shelly.Status",
        "Shelly.Status",
        "Shelly.Message",
        "Shelly.Presence",
        "Shelly.Disconnect",
    ]
    assert not rim.device_pinger.sockets


async def test_a_device_without_a_protocol_is_welcome(browser: Browser) -> None:
    async with browser.session.ws_connect("/shelly") as ws:
        assert ws.protocol is None


async def test_what_is_no_websocket_is_told_so(browser: Browser) -> None:
    async with browser.session.get("/shelly") as response:
        assert response.status == 426


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("no json", 4001),
        (b'{"method":"NotifyFullStatus","src":"shellyx-aa","params":{}}', 4001),
        ("[]", 4002),
        ('{"method":"NotifyFullStatus","src":"","params":{}}', 4003),
        ('"' + "x" * 200_000 + '"', 1009),
    ],
)
async def test_a_bad_first_frame_closes_with_its_code(browser: Browser, frame: str | bytes, code: int) -> None:
    async with browser.session.ws_connect("/shelly") as ws:
        await (ws.send_bytes(frame) if isinstance(frame, bytes) else ws.send_str(frame))
        message = await ws.receive()
        assert (message.type, message.data) == (WSMsgType.CLOSE, code)


@pytest.mark.parametrize(
    ("path", "token", "is_run_token"),
    [
        ("/shelly", None, False),
        ("/shelly/abc", "abc", False),
        ("/shelly?token=abc", "abc", False),
        (f"/shelly/{RUN_TOKEN}", RUN_TOKEN, True),
        (f"/shelly?token={RUN_TOKEN}", RUN_TOKEN, True),
        (f"/shelly/{quote('grün ☃')}", "grün ☃", False),
        (f"/shelly?token={quote('grün')}", "grün", False),
        (f"/shelly/{quote('100%41')}", "100%41", False),
        ("/shelly/%ff", "%ff", False),
    ],
)
async def test_an_enrolment_token_comes_in_the_address(
    browser: Browser, rim: Rim, until: Until, path: str, token: str | None, is_run_token: bool
) -> None:
    rim.verdict = Verdict(action="refuse", reason="not today")
    async with browser.session.ws_connect(URL(rim.url + path, encoded=True)) as ws:
        await ws.send_str(json.dumps({"src": "shellyx-aa", "method": "NotifyFullStatus", "params": {"sys": {}}}))
        message = await ws.receive()
        assert (message.type, message.data, message.extra) == (WSMsgType.CLOSE, 1008, "not today")
    (candidate,) = rim.candidates
    assert (candidate.token, candidate.run_token) == (token, is_run_token)
    assert candidate.remote == "127.0.0.1"


async def test_a_long_reason_in_any_language_closes_as_it_should(browser: Browser, rim: Rim) -> None:
    rim.verdict = Verdict(action="refuse", reason="x" + "ж" * 200)
    async with browser.shelly() as shelly:
        await shelly.hello()
        await shelly.closed.wait()
        assert shelly.ws.close_code == 1008
        assert rim.tally["refused"] == 1


async def test_a_newer_connection_closes_the_older_one_4009(browser: Browser, rim: Rim, until: Until) -> None:
    async with browser.shelly() as older, browser.shelly() as newer:
        await older.hello()
        await until(lambda: rim.tally["connects"] == 1)
        await newer.hello()
        await older.closed.wait()
        assert older.ws.close_code == 4009
        assert rim.fleet.find(newer.id).presence == "online"


async def test_a_device_that_is_cut_off_in_mid_frame_is_gone_and_nobody_else(
    browser: Browser, rim: Rim, until: Until
) -> None:
    async with browser.shelly("shellyx-000000000001") as other, browser.shelly() as shelly:
        for device in (shelly, other):
            await device.hello()
        await until(lambda: rim.tally["connects"] == 2)
        transport: Any = shelly.ws._response.connection.transport  # type: ignore[union-attr]
        transport.write(b"\x81\xfe\x10\x00abcd{")
        await asyncio.sleep(0.01)
        transport.abort()
        await until(lambda: rim.fleet.find(shelly.id).presence == "offline")
        assert rim.fleet.find(other.id).presence == "online"


async def test_bytes_that_are_no_frames_end_the_connection(browser: Browser, rim: Rim, until: Until) -> None:
    async with browser.shelly() as shelly:
        await shelly.hello()
        await until(lambda: rim.tally["connects"] == 1)
        transport: Any = shelly.ws._response.connection.transport  # type: ignore[union-attr]
        transport.write(b"\xff" * 64)
        await until(lambda: rim.fleet.find(shelly.id).presence == "offline")
    assert rim.tally["broken_frames"] == 1
    assert rim.tally["device_sessions_failed"] == 0
