"""A plain aiohttp server that devices call home to, and a simulator in front of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from aiohttp import WSCloseCode, WSMsgType, web

from fleet_platform.simulator import Backoff, Simulator, Timing
from fleet_platform.simulator.component_types import load_component_types
from plugin_sdk import ComponentType
from tests.simulator.receiver import Receiver, receiver

DUMPS = Path(__file__).parents[3] / "shared" / "devices"
"""Real dumps, beside the project where they are at hand."""

NOTIFICATIONS = Path(__file__).parents[3] / "shared" / "reference" / "notifications.jsonl"

QUICK = Timing(backoff=Backoff(first_s=0.05, longest_s=0.2), boot_s=0.05, clockless_s=0.0, awake_s=0.5, minutes=True)


class Visit:
    """One connection of one device."""

    def __init__(self, request: web.Request, ws: web.WebSocketResponse) -> None:
        self.path = request.path_qs
        self.headers = request.headers
        self.ws = ws
        self.frames: list[dict[str, Any]] = []
        self.texts: list[Any] = []
        self.closed: tuple[int | None, str | None] | None = None
        self.on_text: Callable[[str], Awaitable[None]] | None = None


class Home:
    """What devices connect to: keeps all they say, and calls them."""

    def __init__(self) -> None:
        self.visits: list[Visit] = []
        self.url = ""
        self.refuse_with: int | None = None
        self._arrived = asyncio.Condition()
        self._ids = count(1)
        self._replies: dict[int, asyncio.Future[Any]] = {}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if self.refuse_with is not None:
            return web.Response(status=self.refuse_with)
        ws = web.WebSocketResponse(protocols=["json-rpc"], compress=False)
        await ws.prepare(request)
        visit = Visit(request, ws)
        self.visits.append(visit)
        async for message in ws:
            if message.type is WSMsgType.ERROR:
                break  # what came was no frame; the server has closed it
            visit.texts.append(message.data)
            self._take(visit, message.data)
            if visit.on_text is not None:
                await visit.on_text(message.data)
            async with self._arrived:
                self._arrived.notify_all()
        visit.closed = (ws.close_code, getattr(ws, "_close_reason", None))
        async with self._arrived:
            self._arrived.notify_all()
        return ws

    def _take(self, visit: Visit, data: str | bytes) -> None:
        try:
            frame = json.loads(data)
        except ValueError:
            return
        if "method" in frame:
            visit.frames.append(frame)
        elif frame.get("id") in self._replies:
            self._replies.pop(frame["id"]).set_result(frame)

    def visit(self, device: str) -> Visit:
        """The latest visit of a device."""
        return next(v for v in reversed(self.visits) if any(frame["src"] == device for frame in v.frames))

    def frames(self, device: str, method: str | None = None) -> list[dict[str, Any]]:
        """All a device said, over all its visits."""
        said = [frame for visit in self.visits for frame in visit.frames if frame["src"] == device]
        return [frame for frame in said if method in (None, frame["method"])]

    def status(self, device: str, key: str) -> list[dict[str, Any]]:
        """All changes of a component's status that a device told."""
        told = (frame["params"].get(key) for frame in self.frames(device, "NotifyStatus"))
        return [patch for patch in told if patch is not None]

    def events(self, device: str) -> list[dict[str, Any]]:
        """All events that a device sent."""
        return [event for frame in self.frames(device, "NotifyEvent") for event in frame["params"]["events"]]

    async def until(self, holds: Callable[[], Any], *, timeout_s: float = 10.0) -> Any:
        """Wait until something holds; checked whenever a device says something."""
        async with asyncio.timeout(timeout_s), self._arrived:
            await self._arrived.wait_for(holds)
        return holds()

    async def ask(self, device: str, method: str, /, **params: Any) -> Any:
        """Call a device; returns the whole reply."""
        visit = await self.until(lambda: self._present(device))
        number = next(self._ids)
        reply = self._replies[number] = asyncio.get_running_loop().create_future()
        request = {"id": number, "src": "home", "method": method, **({"params": params} if params else {})}
        await visit.ws.send_json(request)
        async with asyncio.timeout(10):
            return await reply

    def _present(self, device: str) -> Visit | None:
        """The open visit of a device."""
        open_visits = (v for v in reversed(self.visits) if v.closed is None and not v.ws.closed)
        return next((v for v in open_visits if any(frame["src"] == device for frame in v.frames)), None)

    async def call(self, device: str, method: str, /, **params: Any) -> Any:
        """Call a device; returns the result."""
        reply = await self.ask(device, method, **params)
        assert "error" not in reply, reply
        return reply["result"]


Eventually: TypeAlias = Callable[[Callable[[], Any]], Awaitable[None]]


@pytest.fixture
def eventually() -> Eventually:
    """Wait until something in the simulator holds; for what no frame announces."""

    async def wait(holds: Callable[[], Any]) -> None:
        async with asyncio.timeout(10):
            while not holds():  # the simulator announces its counters to nobody
                await asyncio.sleep(0.01)

    return wait


@pytest.fixture
async def home() -> AsyncIterator[Home]:
    """A running server."""
    home = Home()
    app = web.Application()
    app.router.add_get("/shelly", home.serve)
    app.router.add_get("/shelly/{token}", home.serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    port = runner.addresses[0][1]
    home.url = f"ws://127.0.0.1:{port}/shelly"
    yield home
    for visit in home.visits:
        await visit.ws.close(code=WSCloseCode.GOING_AWAY)
    await runner.cleanup()


@pytest.fixture(scope="session")
def types() -> Mapping[str, ComponentType]:
    """The component types of the installed plugins."""
    found = load_component_types()
    assert "switch" in found
    return found


@pytest.fixture
async def sim(home: Home, types: Mapping[str, ComponentType]) -> AsyncIterator[Simulator]:
    """A simulator of quick devices that call home."""
    async with Simulator(home.url, types=types, timing=QUICK, seed=1) as sim:
        yield sim


@pytest.fixture(name="web")
async def web_fixture() -> AsyncIterator[Receiver]:
    """What devices send web requests to."""
    async with receiver() as found:
        yield found
