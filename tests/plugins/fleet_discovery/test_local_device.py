"""What answers where a device should be: devices, other machines, and who only plays a device."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from fleet_discovery.addresses import Place
from fleet_discovery.local_device import local_device
from fleet_discovery.report import sentence
from plugin_sdk.errors import Conflict, FleetError, InvalidParams, Unavailable
from tests.plugins.fleet_discovery.conftest import PASSWORD

INFO = {"id": "shellyplus1pm-0123456789ab", "mac": "0123456789AB", "gen": 2, "app": "Plus1PM", "ver": "1.4.4"}

Answer = Callable[[web.BaseRequest], web.StreamResponse]
Serve = Callable[[Answer], AbstractAsyncContextManager[Place]]


@pytest.fixture
def asked() -> list[web.BaseRequest]:
    """All requests that came."""
    return []


@pytest.fixture
def serve(asked: list[web.BaseRequest]) -> Serve:
    """Serves something on loopback."""

    @asynccontextmanager
    async def serving(answer: Answer) -> AsyncIterator[Place]:
        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            asked.append(request)
            await request.read()
            return answer(request)

        runner = web.ServerRunner(web.Server(handle))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield Place("127.0.0.1", runner.addresses[0][1])
        await runner.cleanup()

    return serving


def device(answer: Answer) -> Answer:
    """A device that says who it is, and answers calls in some way."""
    return lambda request: web.json_response(INFO) if request.path == "/shelly" else answer(request)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"type": "SHSW-25", "mac": "A4CF12F45678", "auth": False, "fw": "20230913-112234/v1.14.0"}, "generation 1"),
        ({"id": "lamp", "gen": 2}, "not a Shelly"),
        ({"id": INFO["id"], "gen": "2"}, "not a Shelly"),
        ({"id": INFO["id"], "gen": 10**60}, "not a Shelly"),
        ([], "not a Shelly"),
        (web.Response(text="<h1>Router</h1>", content_type="text/html"), "not a Shelly"),
        (web.Response(status=404), "not a Shelly"),
        (web.Response(status=302, headers={"Location": "/elsewhere"}), "not a Shelly"),
        (web.Response(text="[" * 60_000), "not a Shelly"),
        (web.Response(text=" " * 70_000), "too long"),
    ],
    ids=lambda answer: str(answer)[:40],
)
async def test_what_is_no_device_is_asked_one_harmless_question(
    serve: Serve, asked: list[web.BaseRequest], answer: Any, said: str
) -> None:
    def respond(_request: web.BaseRequest) -> web.StreamResponse:
        return answer if isinstance(answer, web.Response) else web.json_response(answer)

    async with serve(respond) as place, local_device(place, None) as found:
        with pytest.raises((InvalidParams, Unavailable)) as caught:
            await found.identify()
    assert said in sentence(caught.value)
    assert [(request.method, request.path) for request in asked] == [("GET", "/shelly")]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (f'Digest qop="auth", realm="{INFO["id"]}", nonce="y", algorithm=MD5', "in a way that devices do not"),
        (f'Digest qop="auth", realm="{INFO["id"]}", nonce="y"', "in a way that devices do not"),
        ('Basic realm="x"', "in a way that devices do not"),
        ('Digest qop="auth", realm="shellyplus1pm-another00000", nonce="y", algorithm=SHA-256', "in a way that"),
        (f'Digest qop="auth", realm="{INFO["id"]}", nonce="y", algorithm=SHA-256', "does not accept"),
        (f'Digest qop="auth", realm="{INFO["id"]}", nonce="y", algorithm=SHA-256, stale=true', "does not accept"),
    ],
)
async def test_who_only_plays_a_device_learns_little(
    serve: Serve, asked: list[web.BaseRequest], header: str, said: str
) -> None:
    answer = device(lambda _request: web.Response(status=401, headers={"WWW-Authenticate": header}))
    async with serve(answer) as place, local_device(place, SecretStr(PASSWORD)) as found:
        await found.identify()
        with pytest.raises(FleetError) as caught:
            await found.call("Ws.GetConfig")
    assert said in sentence(caught.value)
    assert len(asked) <= 4
    sent = [request.headers.get("Authorization", "") for request in asked]
    assert PASSWORD not in str(sent)
    assert any(sent) is ("does not accept" in said)


async def test_a_devices_own_refusal_is_told_as_one_line(serve: Serve) -> None:
    answer = device(lambda _request: web.json_response({"id": 1, "error": {"code": -114, "message": "No\nway"}}))
    async with serve(answer) as place, local_device(place, None) as found:
        with pytest.raises(Conflict) as caught:
            await found.call("Ws.GetConfig")
    assert sentence(caught.value) == "the device refuses Ws.GetConfig: Noway"


async def test_a_device_that_takes_no_calls_any_more_says_what_helps(serve: Serve) -> None:
    answer = device(lambda _request: web.json_response({"code": 403, "message": "unauthorized"}, status=403))
    async with serve(answer) as place, local_device(place, None) as found:
        with pytest.raises(Conflict) as caught:
            await found.call("Ws.GetConfig")
    assert "restart it" in sentence(caught.value)


async def test_a_used_up_nonce_is_not_taken_for_a_wrong_password(serve: Serve, asked: list[web.BaseRequest]) -> None:
    """The third request meets a device that has restarted, and forgotten its nonces."""
    nonces = iter(["first", "second"])

    def respond(request: web.BaseRequest) -> web.StreamResponse:
        given = request.headers.get("Authorization", "")
        if ('nonce="first"' in given and "nc=00000001" in given) or 'nonce="second"' in given:
            return web.json_response({"id": 1, "result": {"count": len(asked)}})
        header = f'Digest qop="auth", realm="{INFO["id"]}", nonce="{next(nonces)}", algorithm=SHA-256'
        return web.Response(status=401, headers={"WWW-Authenticate": header})

    async with serve(device(respond)) as place, local_device(place, SecretStr(PASSWORD)) as found:
        await found.identify()
        assert await found.call("Ws.GetConfig") == {"count": 3}
        assert await found.call("Ws.GetConfig") == {"count": 5}


@pytest.mark.parametrize("times", [1, 9])
async def test_a_device_that_turns_callers_away_is_asked_once_more(
    serve: Serve, asked: list[web.BaseRequest], monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """As firmware 2.0 does while all its nonces are taken."""
    monkeypatch.setattr("fleet_discovery.local_device._THROTTLE_S", 0.0)

    def respond(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=429) if len(asked) <= 1 + times else web.json_response({"id": 1, "result": 5})

    async with serve(device(respond)) as place, local_device(place, None) as found:
        await found.identify()
        if times == 1:
            assert await found.call("Ws.GetConfig") == 5
            return
        with pytest.raises(Unavailable) as caught:
            await found.call("Ws.GetConfig")
    assert "takes no more sign-ins for now" in sentence(caught.value)
    assert len(asked) == 3


async def test_one_that_answers_drop_by_drop_is_left_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a single request may take."""
    monkeypatch.setattr("fleet_discovery.local_device.VISIT_S", 0.2)
    monkeypatch.setattr("fleet_discovery.local_device.REQUEST_S", 600.0)

    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n ")
        try:
            with suppress(ConnectionError):
                await reader.read()  # until the other side goes
        finally:
            writer.close()

    async with await asyncio.start_server(begin, "127.0.0.1", 0) as server:
        place = Place("127.0.0.1", server.sockets[0].getsockname()[1])
        async with local_device(place, None) as found:
            for _ in range(2):
                with pytest.raises(Unavailable) as caught:
                    await found.identify()
    assert "does not answer in time" in sentence(caught.value)


async def test_where_nobody_is_the_systems_word_is_told() -> None:
    async with local_device(Place("127.0.0.1", 9), None) as found:
        with pytest.raises(Unavailable) as caught:
            await found.identify()
    assert sentence(caught.value) == "127.0.0.1:9 cannot be reached: connection refused"
