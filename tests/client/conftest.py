"""A peer that speaks the platform's wire and does what a test needs: drop connections, stay silent, forget tokens."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

PASSWORD = "canary-5a1f"


class Peer:
    """One server on a free port.

    Attributes:
        tokens: Access tokens that are accepted.
        protocols: What each websocket offered as sub-protocol.
        subscribed: Parameters of each ``FleetManager.Subscribe``.
        notified: Methods of requests that wanted no reply.
        early: Events sent before the reply to the next ``Subscribe``.
    """

    def __init__(self) -> None:
        self.url = ""
        self.tokens = {"good"}
        self.refreshable = True
        self.refuses = False
        self.protocols: list[str | None] = []
        self.subscribed: list[dict[str, Any]] = []
        self.notified: list[str] = []
        self.epoch = "first"
        self.ring: list[dict[str, Any]] = []
        self.early: list[dict[str, Any]] = []
        self.seq = 0
        self._sockets: set[web.WebSocketResponse] = set()
        self._subscribers: set[web.WebSocketResponse] = set()
        self._changed = asyncio.Event()

    async def start(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/rpc", self._websocket)
        app.router.add_post("/rpc", self._http)
        app.router.add_post("/rpc/User.Authenticate", self._authenticate)
        app.router.add_post("/rpc/User.Refresh", self._refresh)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    async def drop(self) -> None:
        """Cut all connections off."""
        for socket in list(self._sockets):
            await socket.close(code=1013)

    async def publish(self, method: str, **params: Any) -> None:
        self.seq += 1
        event = {"method": method, "params": params, "seq": self.seq}
        self.ring.append(event)
        for socket in list(self._subscribers):
            await socket.send_json(event)

    async def until_subscribed(self, times: int) -> None:
        async with asyncio.timeout(10):
            while len(self.subscribed) < times:
                self._changed.clear()
                await self._changed.wait()

    def _allows(self, request: web.Request) -> bool:
        protocol = request.headers.get("Sec-WebSocket-Protocol")
        self.protocols.append(protocol)
        authorization = request.headers.get("Authorization", "")
        if authorization.startswith("Basic "):
            return b64decode(authorization.removeprefix("Basic ")).decode() == f"admin:{PASSWORD}"
        return (protocol or authorization.removeprefix("Bearer ")) in self.tokens

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        if self.refuses:
            return web.Response(status=503)
        if not self._allows(request):
            return web.Response(status=401)
        protocol = request.headers.get("Sec-WebSocket-Protocol")
        socket = web.WebSocketResponse(protocols=[protocol] if protocol else [])
        await socket.prepare(request)
        self._sockets.add(socket)
        async for message in socket:
            frame = json.loads(message.data)
            for member in frame if isinstance(frame, list) else [frame]:
                await self._answer(socket, member)
        self._sockets.discard(socket)
        self._subscribers.discard(socket)
        return socket

    async def _answer(self, socket: web.WebSocketResponse, request: dict[str, Any]) -> None:
        method = request["method"]
        if "id" not in request:
            self.notified.append(method)
        elif method == "Drop":
            await socket.close()
        elif method == "Garbage":
            await socket.send_str("{")
        elif method == "FleetManager.Subscribe":
            await self._subscribe(socket, request)
        elif method != "Silent":
            await socket.send_json(self._reply(request))

    def _reply(self, request: dict[str, Any]) -> dict[str, Any]:
        envelope = {"jsonrpc": "2.0", "id": request["id"], "src": request.get("dst") or "FLEET_MANAGER"}
        if request["method"] == "Fail":
            return envelope | {"error": {"code": -32602, "message": "Invalid params", "data": {"errors": []}}}
        return envelope | {"result": request.get("params")}

    async def _subscribe(self, socket: web.WebSocketResponse, request: dict[str, Any]) -> None:
        params = request["params"]
        if "Nothing.At.All" in params["events"]:
            await socket.send_json(self._reply(request | {"method": "Fail"}))
            return
        since = params.get("since")
        resumes = since is not None and since["epoch"] == self.epoch
        result: dict[str, Any] = {"ids": [1], "epoch": self.epoch, "seq": self.seq}
        if since is not None and not resumes:
            result["resync"] = True
        if params["options"].get("snapshot") and not resumes:
            result["snapshot"] = {"devices": []}
        for event in self.early:
            await socket.send_json(event)
        await socket.send_json({"id": request["id"], "src": "FLEET_MANAGER", "result": result})
        for event in self.ring:
            if resumes and event["seq"] > since["seq"]:
                await socket.send_json(event)
        self._subscribers.add(socket)
        self.subscribed.append(params)
        self._changed.set()

    async def _http(self, request: web.Request) -> web.Response:
        if not self._allows(request):
            return web.Response(status=401)
        body = await request.json()
        members = body.pop("dst")
        return web.json_response([self._reply(body | {"dst": member}) for member in members])

    async def _authenticate(self, request: web.Request) -> web.Response:
        if await request.json() == {"username": "admin", "password": PASSWORD}:
            return web.json_response({"access_token": "good", "refresh_token": "again"})
        return web.json_response({"error": {"code": -32003, "message": "Permission denied"}}, status=401)

    async def _refresh(self, request: web.Request) -> web.Response:
        if self.refreshable and await request.json() == {"refresh_token": "again"}:
            return web.json_response({"access_token": "good"})
        return web.json_response({"error": {"code": -32003, "message": "Permission denied"}}, status=403)


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer()
    runner = await peer.start()
    yield peer
    await peer.drop()
    await runner.cleanup()
