"""One device's websocket to the server: an asyncio protocol, without a task of its own.

After a failure or a close the channel is dead; the device makes another. While the server does not read,
``writable`` is false, the device keeps its news to itself, and no request is read either: what a server asks without
reading the answers is held up where it is.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable, Sequence
from random import Random
from typing import Protocol, cast

from fleet_platform.simulator.outbound.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    FrameError,
    FrameReader,
    decode_close,
    encode_close,
    encode_frame,
)

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_MAX_HEAD = 16_384
_WRITE_BUFFER = 65_536
_CLOSE_WAIT_S = 2.0

_bits = Random().getrandbits  # noqa: S311 - masks and keys of a handshake are no secrets
"""Of its own, so that a fleet in the background draws nothing from a generator that somebody seeded."""


class Peer(Protocol):
    """Who owns a channel. Called on the event loop."""

    def opened(self, channel: Channel) -> None:
        """The handshake is done."""

    def received(self, text: bytes) -> None:
        """A text or binary message came in."""

    def lost(self, channel: Channel, code: int, reason: str) -> None:
        """The channel is dead: a websocket close code, 1006 without one, or the HTTP status that refused it."""

    def writable_again(self) -> None:
        """The server reads again."""


class Channel(asyncio.Protocol):
    """A websocket client connection, from the TCP connection on.

    ``settled`` is called once, when the handshake is over one way or the other.

    Attributes:
        open: Whether messages can be sent.
        writable: Whether the server keeps up reading.
    """

    __slots__ = (
        "_close",
        "_head",
        "_peer",
        "_reader",
        "_request",
        "_settled",
        "_stops",
        "_transport",
        "_unread",
        "open",
        "writable",
    )

    def __init__(self, peer: Peer, request: bytes, settled: Callable[[], None]) -> None:
        self._peer = peer
        self._request = request
        self._settled: Callable[[], None] | None = settled
        self._reader = FrameReader()
        self._head: bytes | None = b""
        self._transport: asyncio.Transport | None = None
        self._close: tuple[int, str] | None = None
        self._stops = 0
        self._unread: tuple[tuple[int, bytes], ...] = ()
        self.open = False
        self.writable = True

    # ---- asyncio.Protocol -------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_WRITE_BUFFER)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Take the server's reply to the handshake, then frames."""
        if self._head is not None:
            rest = self._take_head(self._head + data)
            if not rest:
                return
            data = rest
        try:
            messages = self._reader.feed(data)
        except FrameError as err:
            self.close(err.code, str(err))
            return
        self._take_all(messages)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Tell the device once."""
        self.open = False
        self._transport = None
        self._unread = ()
        self._settle()
        self._peer.lost(self, *(self._close or (1006, "")))

    def pause_writing(self) -> None:
        """The server does not read: read nothing from it either. The connection and a wrapper say so each by itself."""
        self._stops += 1
        self.writable = False
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The server reads again."""
        self._stops -= 1
        if self._stops:
            return
        self.writable = True
        if self._transport is not None:
            self._transport.resume_reading()
        unread, self._unread = self._unread, ()
        self._take_all(unread)
        if self.writable:
            self._peer.writable_again()

    # ---- for the device ---------------------------------------------------------------------------------

    def send(self, text: bytes) -> None:
        """Send a text message; like all that is sent, it silently goes nowhere unless the channel is open."""
        self._send(text_frame(text))

    def send_binary(self, data: bytes) -> None:
        """Send a binary message."""
        self._send(encode_frame(BINARY, data, mask=_bits(8)))

    def send_fragments(self, parts: list[bytes]) -> None:
        """Send one text message in several frames."""
        for number, part in enumerate(parts):
            opcode = TEXT if number == 0 else CONTINUATION
            self._send(encode_frame(opcode, part, mask=_bits(8), final=number == len(parts) - 1))

    def send_raw(self, data: bytes) -> None:
        """Put bytes on the connection as they are, frame or not."""
        self._send(data)

    def close(self, code: int, reason: str) -> None:
        """Send a close frame; the connection ends when the server answers it, at the latest after two seconds."""
        if not self.open:
            self._end(code, reason)
            return
        self._send(encode_frame(CLOSE, encode_close(code, reason), mask=_bits(8)))
        self.open = False
        self._close = (code, reason)
        asyncio.get_running_loop().call_later(_CLOSE_WAIT_S, self.abort)

    def hang_up(self) -> None:
        """End the connection behind what was written, without a close frame."""
        self._end(1006, "")

    def wrap(self, wrapper: Callable[[asyncio.Transport], asyncio.Transport]) -> None:
        """Put something between this channel and its connection that spoils what passes; nothing once it is dead."""
        if self._transport is not None:
            self._transport = wrapper(self._transport)
            if self._stops:
                self._transport.pause_reading()

    def belong_to(self, peer: Peer) -> None:
        """Tell another peer from now on."""
        self._peer = peer

    def abort(self) -> None:
        """End the connection at once, as a power cut does; no close frame."""
        self.open = False
        if self._transport is not None:
            self._transport.abort()

    # ---- inside -----------------------------------------------------------------------------------------

    def _send(self, data: bytes) -> None:
        # The close frame is the last word: what a server reads behind it is a breach of the protocol.
        if self.open and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _settle(self) -> None:
        if self._settled is not None:
            self._settled()
            self._settled = None

    def _end(self, code: int, reason: str) -> None:
        self.open = False
        if self._close is None:
            self._close = (code, reason)
        if self._transport is not None:
            self._transport.close()

    def _take_head(self, head: bytes) -> bytes:
        """Collect the reply's head; returns what follows it."""
        end = head.find(b"\r\n\r\n")
        if end < 0:
            self._head = head
            if len(head) > _MAX_HEAD:
                self._end(1002, "endless reply")
            return b""
        self._head = None
        status, accepted = _read_head(head[:end], self._request)
        if status != 101 or not accepted:
            self._end(status if status != 101 else 1002, "upgrade refused")
            return b""
        self._request = b""
        self.open = True
        self._settle()
        self._peer.opened(self)
        return head[end + 4 :]

    def _take_all(self, messages: Sequence[tuple[int, bytes]]) -> None:
        """Take messages until the answers to them pile up; the rest waits."""
        for number, (opcode, payload) in enumerate(messages):
            if self._stops:
                self._unread += tuple(messages[number:])
                return
            self._take(opcode, payload)

    def _take(self, opcode: int, payload: bytes) -> None:
        if not self.open:
            if opcode == CLOSE:
                self._end(1000, "")
        elif opcode in (TEXT, BINARY):
            self._peer.received(payload)
        elif opcode == PING:
            self._send(encode_frame(PONG, payload, mask=_bits(8)))
        elif opcode == CLOSE:
            code, reason = decode_close(payload)
            self._send(encode_frame(CLOSE, payload[:2], mask=_bits(8)))
            self._end(code, reason)


def text_frame(text: bytes) -> bytes:
    """The frame of a text message."""
    return encode_frame(TEXT, text, mask=_bits(8))


def upgrade_request(host: str, path: str) -> bytes:
    """The HTTP request that opens a device's websocket, with a fresh key.

    The headers of real hardware are not known; ``json-rpc`` is what servers for Shelly devices offer.
    """
    key = base64.b64encode(_bits(128).to_bytes(16, "big")).decode()
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: json-rpc\r\n\r\n"
    ).encode()


def _read_head(head: bytes, request: bytes) -> tuple[int, bool]:
    """HTTP status of a reply, and whether it proves that the server read our key."""
    lines = head.split(b"\r\n")
    words = lines[0].split()
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 1002
    key = request.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
    proof = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
    accepted = any(
        name.strip().lower() == b"sec-websocket-accept" and value.strip() == proof
        for name, _, value in (line.partition(b":") for line in lines[1:])
    )
    return status, accepted
