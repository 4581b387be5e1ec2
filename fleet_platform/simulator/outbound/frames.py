"""Websocket frames as a client speaks them: masked out, plain in. Pure: no socket, no clock.

Lean on purpose. Thousands of devices share one process, so a reader holds no buffer between whole frames, and a
frame is masked in one step. No extensions: devices negotiate none.

Source: RFC 6455 sections 5 and 7.
"""

from __future__ import annotations

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

MAX_MESSAGE = 4 * 1024 * 1024
"""Bytes of one incoming message; beyond it the connection is closed with 1009."""


class FrameError(Exception):
    """The peer broke the protocol.

    Attributes:
        code: Close code to answer with.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


_TABLES = tuple(bytes(byte ^ mask for byte in range(256)) for mask in range(256))
_MASKS = tuple(bytes((mask,)) * 4 for mask in range(256))
_TEXT_16 = bytes((0x80 | TEXT, 0xFE))
"""How most of what a device says begins: a whole text message with a length of two bytes."""


def encode_frame(opcode: int, payload: bytes, *, mask: int, final: bool = True) -> bytes:
    """One client frame.

    Args:
        opcode: One of this module's constants.
        payload: May be empty.
        mask: A byte; the mask is four times this one. Such masks are as legal as any, and masking with one is a single
            table look-up instead of the dearest step of sending.
        final: False if a continuation follows.
    """
    size = len(payload)
    masked = _MASKS[mask] + payload.translate(_TABLES[mask])
    if opcode == TEXT and final and 126 <= size < 65536:
        return _TEXT_16 + size.to_bytes(2, "big") + masked
    head = (0x80 if final else 0) | opcode
    if size < 126:
        return bytes((head, 0x80 | size)) + masked
    if size < 65536:
        return bytes((head, 0xFE)) + size.to_bytes(2, "big") + masked
    return bytes((head, 0xFF)) + size.to_bytes(8, "big") + masked


class FrameReader:
    """Turns bytes from the server into messages; keeps what is incomplete until more comes."""

    __slots__ = ("_message", "_opcode", "_rest")

    def __init__(self) -> None:
        self._rest = b""
        self._message: bytearray | None = None
        self._opcode = 0

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Take received bytes and return what they complete: ``(opcode, payload)`` in order of arrival.

        A fragmented message comes out whole, under the opcode of its first frame.

        Raises:
            FrameError: Masked or oversized frame, reserved bits, or fragments out of order.
        """
        if self._rest:
            data = self._rest + data
            self._rest = b""
        messages: list[tuple[int, bytes]] = []
        at, end = 0, len(data)
        while end - at >= 2:
            start, size = _header(data, at, end)
            if start + size > end:
                break
            self._take(data[at], data[start : start + size], messages)
            at = start + size
        if at < end:
            self._rest = data[at:]
        return messages

    def _take(self, head: int, payload: bytes, messages: list[tuple[int, bytes]]) -> None:
        opcode, final = head & 0x0F, head & 0x80
        if opcode >= CLOSE:
            if not final or len(payload) > 125:
                raise FrameError(1002, "fragmented or long control frame")
            messages.append((opcode, payload))
        elif opcode == CONTINUATION:
            self._continue(payload, bool(final), messages)
        elif self._message is not None:
            raise FrameError(1002, "a new message inside a fragmented one")
        elif final:
            messages.append((opcode, payload))
        else:
            self._opcode, self._message = opcode, bytearray(payload)

    def _continue(self, payload: bytes, final: bool, messages: list[tuple[int, bytes]]) -> None:
        if self._message is None:
            raise FrameError(1002, "a continuation of nothing")
        self._message += payload
        if len(self._message) > MAX_MESSAGE:
            raise FrameError(1009, "message too big")
        if final:
            messages.append((self._opcode, bytes(self._message)))
            self._message = None


def _header(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Where the payload of the frame at ``at`` starts, and its size; beyond ``end`` if the header is incomplete."""
    if data[at] & 0x70:
        raise FrameError(1002, "reserved bits set")
    size = data[at + 1]
    if size & 0x80:
        raise FrameError(1002, "a server must not mask")
    start = at + 2
    if size == 126:
        start += 2
        size = int.from_bytes(data[at + 2 : start], "big") if start <= end else 0
    elif size == 127:
        start += 8
        size = int.from_bytes(data[at + 2 : start], "big") if start <= end else 0
    if size > MAX_MESSAGE:
        raise FrameError(1009, "frame too big")
    return start, size


def encode_close(code: int, reason: str) -> bytes:
    """Payload of a close frame; the reason is cut to the 123 bytes that fit."""
    return code.to_bytes(2, "big") + reason.encode()[:123]


def decode_close(payload: bytes) -> tuple[int, str]:
    """Code and reason in a close frame; 1005 where it has none."""
    if len(payload) < 2:
        return 1005, ""
    return int.from_bytes(payload[:2], "big"), payload[2:].decode("utf-8", "replace")
