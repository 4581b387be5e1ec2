"""A web server that simulated devices call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web


class Receiver:
    """Keeps what it is asked for, and answers as its paths say."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.under_way = 0
        self.most_at_once = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self._called = asyncio.Condition()

    @property
    def paths(self) -> list[str]:
        """Paths with their queries, in the order of the calls."""
        return [path for _, path in self.calls]

    async def until(self, holds: Callable[[], Any]) -> None:
        """Wait until something holds; checked at every call."""
        async with asyncio.timeout(10), self._called:
            await self._called.wait_for(holds)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer any request."""
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        self.calls.append((request.method, request.raw_path))
        self.headers.append(dict(request.headers))
        self.bodies.append(await request.read())
        async with self._called:
            self._called.notify_all()
        try:
            await self.gate.wait()
            return self._answer(request)
        finally:
            self.under_way -= 1

    def _answer(self, request: web.Request) -> web.StreamResponse:
        match request.path:
            case "/away":
                raise web.HTTPFound("http://192.0.2.1/")
            case "/away-by-name":
                raise web.HTTPFound("http://example.org/")
            case "/missing":
                return web.Response(status=404, reason="Not Found", text="no")
            case "/binary":
                return web.Response(body=b"\xff\x00\x01", content_type="application/octet-stream")
            case "/large":
                return web.Response(body=b"x" * 16_385)
            case _:
                return web.Response(text="thanks", headers={"X-Answer": "yes"})


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver that runs."""
    found = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", found.serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    found.gate.set()
    await runner.cleanup()
