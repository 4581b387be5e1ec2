"""Reference server: the least work that aiohttp, uvloop and orjson allow for each figure, and nothing else.

No permissions, events, storage, bounds or error handling: ``python -m benchmarks.bare PORT``. A device's message is
decoded and merged; its bytes are forwarded as they are to every subscriber, frames collected for 5 ms and written with
one call per client; a relayed call is renumbered on its way out and back.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import count
from typing import Any, cast

import orjson
import uvloop
from aiohttp import WSMsgType, web

COLLECT_S = 0.005


def merge(into: dict[str, Any], patch: dict[str, Any]) -> None:
    """Overlay a status patch: objects merge, all else replaces."""
    for key, value in patch.items():
        old = into.get(key)
        if type(value) is dict and type(old) is dict:
            merge(old, value)
        else:
            into[key] = value


def frame(payload: bytes) -> bytes:
    """An unmasked text frame."""
    length = len(payload)
    if length < 126:
        return bytes((0x81, length)) + payload
    if length < 65_536:
        return b"\x81\x7e" + length.to_bytes(2) + payload
    return b"\x81\x7f" + length.to_bytes(8) + payload


class Bare:
    """Everything the reference server knows."""

    def __init__(self) -> None:
        self.status: dict[str, dict[str, Any]] = {}
        self.devices: dict[str, web.WebSocketResponse] = {}
        self.calls: dict[int, Callable[[Any], Awaitable[None]]] = {}
        self.ids = count(1)
        self.subscribers: set[asyncio.Transport] = set()
        self.collected: list[bytes] = []
        self.messages = 0
        self.lists = {"Device.List": self.page, "Entity.List": self.entities}

    async def device(self, request: web.Request) -> web.WebSocketResponse:
        """``/shelly``."""
        socket = web.WebSocketResponse(protocols=("json-rpc",), compress=False, decode_text=False)
        await socket.prepare(request)
        async for text in socket:
            if text.type is not WSMsgType.TEXT:
                continue
            message = orjson.loads(text.data)
            method = message.get("method")
            if method is None:
                await self.calls.pop(message["id"])(message["result"])
                continue
            self.messages += 1
            params = message["params"]
            params.pop("ts")
            src = message["src"]
            if method == "NotifyFullStatus":
                self.status[src] = params
                self.devices[src] = socket
                if self.subscribers:
                    self.forward(b'{"method":"Shelly.Connect","params":{"shellyID":"%b"}}' % src.encode())
                continue
            merge(self.status[src], params)
            if self.subscribers:
                self.forward(text.data)
        return socket

    def forward(self, payload: bytes) -> None:
        """Send to every subscriber, within 5 ms."""
        if not self.collected:
            asyncio.get_running_loop().call_later(COLLECT_S, self.flush)
        self.collected.append(frame(payload))

    def flush(self) -> None:
        """Write what was collected, once per subscriber."""
        joined = b"".join(self.collected)
        self.collected.clear()
        for transport in self.subscribers:
            transport.write(joined)

    async def client(self, request: web.Request) -> web.WebSocketResponse:
        """``/``: a list is answered, any other call without ``dst`` subscribes, the rest is relayed."""
        protocol = request.headers.get("Sec-WebSocket-Protocol", "")
        socket = web.WebSocketResponse(protocols=(protocol,), compress=False, decode_text=False)
        await socket.prepare(request)
        transport = cast(asyncio.Transport, request.transport)
        async for text in socket:
            if text.type is not WSMsgType.TEXT:
                continue
            message = orjson.loads(text.data)
            dst = message.get("dst")
            if message["method"] in self.lists:
                await self.answer(socket, message["id"], self.lists[message["method"]](message["params"].get("limit")))
                continue
            if message["method"] == "FleetManager.Unsubscribe":
                await self.answer(socket, message["id"], None)
                continue
            if dst is None:
                self.subscribers.add(transport)
                await self.answer(socket, message["id"], {"ids": [1]})
                continue
            number = next(self.ids)
            self.calls[number] = partial(self.answer, socket, message["id"])
            call = {"id": number, "src": "BARE", "method": message["method"], "params": message.get("params")}
            await self.devices[dst].send_frame(orjson.dumps(call), WSMsgType.TEXT)
        self.subscribers.discard(transport)
        return socket

    async def answer(self, socket: web.WebSocketResponse, number: int, result: Any) -> None:
        """Hand a result to the client that asked."""
        await socket.send_frame(orjson.dumps({"id": number, "src": "BARE", "result": result}), WSMsgType.TEXT)

    async def list(self, _: web.Request) -> web.Response:
        """``Device.List``."""
        devices = [{"shellyID": src, "status": status} for src, status in self.status.items()]
        return web.Response(body=orjson.dumps(devices))

    def page(self, limit: int | None) -> Sequence[Any]:
        """All devices, or the first some of them."""
        names = sorted(self.status)[:limit] if limit else self.status
        return [{"shellyID": src, "status": self.status[src]} for src in names]

    def entities(self, _: int | None) -> dict[str, Any]:
        """An entity for each input and switch."""
        return {
            f"{src}_{key}": {"id": f"{src}_{key}", "name": src, "type": key, "source": src, "properties": {}}
            for src, status in self.status.items()
            for key in status
            if key.startswith(("input:", "switch:"))
        }


async def serve(port: int) -> None:
    """Serve until cancelled."""
    state = Bare()
    app = web.Application()
    app.router.add_get("/shelly", state.device)
    app.router.add_get("/", state.client)
    app.router.add_post("/rpc/User.Authenticate", authenticate)
    app.router.add_post("/rpc/Device.List", state.list)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=4096).start()
    await asyncio.Event().wait()


async def authenticate(_: web.Request) -> web.Response:
    """``User.Authenticate``: everybody is welcome."""
    return web.Response(body=orjson.dumps({"access_token": "bare"}))


if __name__ == "__main__":
    gc.disable()  # nothing here makes cycles that a run of seconds would miss
    uvloop.run(serve(int(sys.argv[1])))
