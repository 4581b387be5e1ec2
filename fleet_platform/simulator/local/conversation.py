"""One client's websocket to a device: requests and replies, and news once the client has said its name.

The client is told of changes after its first request with a ``src``, which becomes the destination of all it is told.
Where the device has a password that request must have proved it; whether real firmware asks for that is not
documented. A client that does not read delays its own news, which merge meanwhile; one that goes on asking without
reading is cut off.

Source: Shelly Gen2+ API, "RPC channels" and "Notifications"; protocol reference A2 and A3.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson
from aiohttp import ClientConnectionResetError, WSMsgType, web

from fleet_platform.simulator.device import rpc
from fleet_platform.simulator.local.digest import Credentials, read_auth
from fleet_platform.simulator.local.gate import is_free
from fleet_platform.simulator.outbound.dialect import WALL_DISPLAY, Dialect
from fleet_platform.simulator.outbound.outbox import Outbox
from plugin_sdk import JSON

if TYPE_CHECKING:
    from fleet_platform.simulator.local.host import Host

_UNREAD = 256
_LARGEST_MESSAGE = 65_536
"""Bytes. What firmware takes is not documented; clients send less than 2 kB at a time."""

_CLOSE_S = 2.0
_ABORT_AFTER_S = 3.0


class Conversation:
    """A client on a websocket.

    Attributes:
        dst: The client's name for itself; None until it has said it.
        transport: Its connection.
    """

    __slots__ = ("_abort", "_closing", "_host", "_out", "_outbox", "_wake", "_ws", "dst", "transport")

    def __init__(self, host: Host) -> None:
        self._host = host
        self._ws = web.WebSocketResponse(
            protocols=("json-rpc",), compress=False, max_msg_size=_LARGEST_MESSAGE, timeout=_CLOSE_S
        )
        self._out: deque[bytes] = deque()
        self._outbox = Outbox()
        self._wake = asyncio.Event()
        self._closing: tuple[int, str] | None = None
        self._abort: asyncio.TimerHandle | None = None
        self.transport: asyncio.Transport | None = None
        self.dst: str | None = None

    async def hold(self, request: web.BaseRequest) -> web.StreamResponse:
        """Talk until one of the two ends it."""
        self.transport = request.transport
        await self._ws.prepare(request)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write())
                async for message in self._ws:
                    if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                        self._take(message.data if isinstance(message.data, bytes) else message.data.encode())
                self.close(1000, "")
        finally:
            if self._abort is not None:
                self._abort.cancel()
        return self._ws

    # ---- called by the host -----------------------------------------------------------------------------

    @property
    def listening(self) -> bool:
        """Whether the client is to be told of changes."""
        return self.dst is not None and self._closing is None

    def tell_status(self, key: str, patch: Mapping[str, JSON]) -> None:
        """A component's status changed."""
        self._outbox.add_status(key, patch)

    def tell_event(self, key: str, event: str, data: Mapping[str, JSON]) -> None:
        """A component emitted an event."""
        self._outbox.add_event(key, event, data)

    def flush(self) -> None:
        """Let the news go, unless the client is behind with reading."""
        if len(self._out) < _UNREAD and self._outbox:
            device = self._host.device
            self._out.extend(self._outbox.take(device.session.src, self._dialect(), int(device.now() * 100) / 100))
            self._wake.set()

    def close(self, code: int, reason: str) -> None:
        """End it in order, once all that was said is on its way."""
        if self._closing is None:
            self.flush()
            self._closing = (code, reason)
            self._wake.set()
            self._abort = asyncio.get_running_loop().call_later(_ABORT_AFTER_S, self.abort)

    def abort(self) -> None:
        """End it without a word."""
        self._closing = self._closing or (1006, "")
        self._wake.set()
        if self.transport is not None:
            self.transport.abort()

    # ---- inside -----------------------------------------------------------------------------------------

    def _dialect(self) -> Dialect:
        dialect = self._host.device.session.dialect
        return dialect if dialect is WALL_DISPLAY else replace(dialect, dst=self.dst or "")

    def _take(self, text: bytes) -> None:
        host, request = self._host, rpc.read_request(text)
        if request is None:
            host.device.world.stats.unreadable += 1
            return
        credentials = self._credentials(text)
        refusal = host.admit(request.method, credentials)
        if refusal is not None:
            self._say(rpc_error(host.device.session.src, request, refusal.error))
            return
        if self.dst is None and request.src is not None and self._may_listen(request.method, credentials):
            self.dst = str(request.src)
        host.serve(request, self._say, host.device.session.dialect.rpc_source)
        self.flush()

    def _credentials(self, text: bytes) -> Credentials | None:
        return read_auth(orjson.loads(text).get("auth")) if self._host.gate.closed else None

    def _may_listen(self, method: str, credentials: Credentials | None) -> bool:
        """Whether whoever has called a method may be told of changes: served alone is no proof where anybody is."""
        gate = self._host.gate
        return not gate.closed or not is_free(method) or gate.knows(credentials)

    def _say(self, text: bytes) -> None:
        if len(self._out) >= _UNREAD:
            self.abort()
            return
        self._out.append(text)
        self._wake.set()

    async def _write(self) -> None:
        try:
            while True:
                while self._out:
                    await self._ws.send_frame(self._out.popleft(), WSMsgType.TEXT)
                    self.flush()
                if self._closing is not None:
                    code, reason = self._closing
                    await self._ws.close(code=code, message=reason.encode())
                    return
                await self._wake.wait()
                self._wake.clear()
        except ClientConnectionResetError:
            self._closing = self._closing or (1006, "")


def rpc_error(device: str, request: rpc.Request, error: Mapping[str, JSON]) -> bytes:
    """The frame that refuses a request."""
    frame = {"id": request.id, "src": device, **({} if request.src is None else {"dst": request.src}), "error": error}
    return orjson.dumps(frame)
