"""Websocket client on a raw transport, lean enough to hold thousands of connections beside the server it measures.

It knows what the servers here send: unfragmented frames, no extensions. Frames of a client must be masked; the mask
is zero, which is legal and lets them be built once and sent many times.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass
from typing import cast

HANDSHAKE_TIMEOUT_S = 30.0
MASKED = 0x80
ZERO_MASK = b"\0\0\0\0"
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA


def encode_frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """One complete client frame (RFC 6455, section 5.2)."""
    length = len(payload)
    if length < 126:
        head = bytes((0x80 | opcode, MASKED | length))
    elif length < 65_536:
        head = bytes((0x80 | opcode, MASKED | 126)) + length.to_bytes(2)
    else:
        head = bytes((0x80 | opcode, MASKED | 127)) + length.to_bytes(8)
    return head + ZERO_MASK + payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the server under measurement listens."""

    port: int
    host: str = "127.0.0.1"


def handshake(address: Address, path: str, subprotocol: str) -> bytes:
    """The request that opens a websocket."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {address.host}:{address.port}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Protocol: {subprotocol}\r\n\r\n"
    ).encode()


class Connection(asyncio.Protocol):
    """A websocket to the server; subclasses say what to do with each text."""

    __slots__ = ("_missing", "_rest", "close_code", "opened", "transport")

    def __init__(self) -> None:
        self.opened = asyncio.get_running_loop().create_future()
        self.close_code: int | None = None
        self._rest = bytearray()
        self._missing = 0

    async def open(
        self, address: Address, path: str, *, subprotocol: str = "json-rpc", receive_buffer: int | None = None
    ) -> None:
        """Connect and shake hands.

        Args:
            receive_buffer: Bytes the kernel may hold for a reader that does not read; None leaves it to the kernel.

        Raises:
            ConnectionError: The server refused or closed.
            TimeoutError: It did not answer.
        """
        loop = asyncio.get_running_loop()
        sock = socket.socket()
        sock.setblocking(False)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
            try:
                await loop.sock_connect(sock, (address.host, address.port))
                await loop.create_connection(lambda: self, sock=sock)
            except BaseException:
                sock.close()
                raise
            self.transport.write(handshake(address, path, subprotocol))
            await self.opened

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(f"closed during the handshake: {exc}"))

    def data_received(self, data: bytes) -> None:
        if self._rest:
            self._rest += data
            if len(self._rest) < self._missing:
                return
            data = bytes(self._rest)
            self._rest.clear()
        if not self.opened.done():
            head, end, body = data.partition(b"\r\n\r\n")
            if not end:
                self._keep(data, 0)
                return
            self._finish_handshake(head)
            data = body
        self._read_frames(data)

    def _finish_handshake(self, head: bytes) -> None:
        if b" 101 " in head[:16]:
            self.opened.set_result(None)
        else:
            self.opened.set_exception(ConnectionError(head.split(b"\r\n")[0].decode(errors="replace")))
            self.transport.abort()

    def _read_frames(self, data: bytes) -> None:
        start, end = 0, len(data)
        while end - start >= 2:
            length, body = data[start + 1], start + 2
            if length == 126:
                body += 2
                length = int.from_bytes(data[start + 2 : body]) if body <= end else end
            elif length == 127:
                body += 8
                length = int.from_bytes(data[start + 2 : body]) if body <= end else end
            stop = body + length
            if stop > end:
                self._keep(data[start:], stop - start if body <= end else 0)
                return
            opcode = data[start] & 0x0F
            if opcode == TEXT:
                self.on_text(data[body:stop])
            else:
                self._on_control(opcode, data[body:stop])
            start = stop
        if start < end:
            self._keep(data[start:], 0)

    def _keep(self, rest: bytes, missing: int) -> None:
        """Hold an incomplete frame until it is whole; ``missing`` is its length where that is known."""
        self._rest += rest
        self._missing = missing

    def _on_control(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self.transport.write(encode_frame(payload, PONG))
        elif opcode == CLOSE:
            self.close_code = int.from_bytes(payload[:2]) if len(payload) >= 2 else 1005
            self.transport.close()

    def on_text(self, payload: bytes) -> None:
        """A text arrived."""

    def send(self, payload: bytes) -> None:
        """Send a text; never waits."""
        self.transport.write(encode_frame(payload))

    def drop(self) -> None:
        """Vanish without a goodbye, as a device does at a power cut."""
        with contextlib.suppress(AttributeError):
            self.transport.abort()
