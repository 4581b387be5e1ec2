"""Accepted websockets: how a session reads and writes, and who notices that a peer is gone.

Frames are written straight to the transport, many at a time; reading, closing and control frames stay with aiohttp.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

from aiohttp import WSCloseCode, WSMsgType, web

logger = logging.getLogger(__name__)

CLOSE_TIMEOUT_S = 2.0
MISSED_PINGS = 2
_PING = b"\x89\x00"
_ENDED = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED})


class AcceptedSocket:
    """One websocket of a device or a client.

    Args:
        ws: Prepared with ``autoping=False`` and without compression.
        tally: Counts frames that end a connection.
    """

    __slots__ = ("_missed", "_seen", "_tally", "_transport", "_ws")

    def __init__(self, request: web.Request, ws: web.WebSocketResponse, tally: Counter[str]) -> None:
        self._ws = ws
        self._transport = request.transport
        self._tally = tally
        self._seen = True
        self._missed = 0

    async def receive(self) -> str | bytes | None:
        """The next text, or None when the connection is over. Binary frames count as text that is no JSON."""
        while True:
            message = await self._ws.receive()
            self._seen = True
            kind = message.type
            if kind is WSMsgType.TEXT:
                text: str = message.data
                return text
            if kind is WSMsgType.BINARY:
                self._tally["binary_frames"] += 1
                return b""
            if kind is WSMsgType.PING:
                await self._ws.pong(message.data)
            elif kind in _ENDED:
                return None
            elif kind is WSMsgType.ERROR:
                # Too large, not UTF-8, a broken frame: aiohttp has sent the fitting close code already.
                self._tally["broken_frames"] += 1
                return None

    def write(self, frame: bytes) -> None:
        """Hand finished frames to the transport; dropped when it is closing."""
        transport = self._transport
        if transport is not None and not transport.is_closing():
            transport.write(frame)

    def buffered(self) -> int:
        """Bytes the transport has not sent yet."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return 0
        return transport.get_write_buffer_size()

    async def close(self, code: int, reason: str) -> None:
        """Close; a peer that does not answer in time is cut off."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._ws.close(code=code, message=_close_message(reason))
        except TimeoutError:
            self.abort()

    def abort(self) -> None:
        """Cut the connection; its reader notices."""
        if self._transport is not None:
            self._transport.abort()

    def ping(self) -> bool:
        """Send a ping; returns False, and cuts off, when the peer answered none of the last ones."""
        self._missed = 0 if self._seen else self._missed + 1
        if self._missed > MISSED_PINGS:
            self.abort()
            return False
        self._seen = False
        self.write(_PING)
        return True


def _close_message(reason: str) -> bytes:
    """As much of a reason as a close frame holds, without half a character at its end (RFC 6455 section 5.5.1)."""
    return reason.encode()[:120].decode(errors="ignore").encode()


def forget_cause(ws: web.WebSocketResponse) -> None:
    """Drop how a finished connection ended.

    aiohttp keeps the exception, whose traceback holds everything of the connection in a cycle: thousands of devices
    that vanish together would leave the garbage collector half a second of work.
    """
    error = ws.exception()
    if error is not None:
        error.__traceback__ = error.__context__ = None


class Pinger:
    """Pings all sockets, each once per interval, spread over it."""

    def __init__(self, interval_s: float, tally: Counter[str]) -> None:
        self._interval_s = interval_s
        self._tally = tally
        self._slots: list[set[AcceptedSocket]] = [set() for _ in range(30)]
        self._next = 0
        self._empty = asyncio.Event()

    def add(self, socket: AcceptedSocket) -> None:
        """Ping a socket from now on; it joins the emptiest slot."""
        min(self._slots, key=len).add(socket)

    def remove(self, socket: AcceptedSocket) -> None:
        """Ping it no more."""
        for slot in self._slots:
            slot.discard(socket)
        if not any(self._slots):
            self._empty.set()

    @property
    def sockets(self) -> list[AcceptedSocket]:
        """All sockets."""
        return [socket for slot in self._slots for socket in slot]

    async def run(self) -> None:
        """Ping, for ever."""
        while True:
            await asyncio.sleep(self._interval_s / len(self._slots))
            self._next = (self._next + 1) % len(self._slots)
            for socket in list(self._slots[self._next]):
                if not socket.ping():
                    self._tally["pings_missed"] += 1

    async def close_all(self, timeout_s: float) -> None:
        """Close all sockets with "going away", and cut those off whose sessions have not ended in time."""
        self._empty.clear()
        closing = [socket.close(WSCloseCode.GOING_AWAY, "the platform stops") for socket in self.sockets]
        await asyncio.gather(*closing, return_exceptions=True)
        try:
            async with asyncio.timeout(timeout_s):
                if self.sockets:
                    await self._empty.wait()
        except TimeoutError:
            for socket in self.sockets:
                socket.abort()
