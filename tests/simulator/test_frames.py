"""Laws of the websocket codec."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.simulator.outbound.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    MAX_MESSAGE,
    PING,
    TEXT,
    FrameError,
    FrameReader,
    decode_close,
    encode_close,
    encode_frame,
)


def server_frame(opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    """A frame as a server sends it: not masked."""
    head = bytes([(0x80 if final else 0) | opcode])
    size = len(payload)
    if size < 126:
        return head + bytes([size]) + payload
    if size < 65536:
        return head + b"\x7e" + size.to_bytes(2, "big") + payload
    return head + b"\x7f" + size.to_bytes(8, "big") + payload


def unmask(frame: bytes) -> tuple[int, bool, bytes]:
    """What a server makes of a client frame, bit by bit as in RFC 6455 5.2."""
    size, at = frame[1] & 0x7F, 2
    assert frame[1] & 0x80, "a client must mask"
    if size == 126:
        size, at = int.from_bytes(frame[2:4], "big"), 4
    elif size == 127:
        size, at = int.from_bytes(frame[2:10], "big"), 10
    mask, body = frame[at : at + 4], frame[at + 4 :]
    assert len(body) == size
    return frame[0] & 0x0F, bool(frame[0] & 0x80), bytes(byte ^ mask[n % 4] for n, byte in enumerate(body))


@given(payload=st.binary(max_size=300), mask=st.integers(0, 255), final=st.booleans())
def test_a_server_reads_what_was_encoded(payload: bytes, mask: int, final: bool) -> None:
    assert unmask(encode_frame(TEXT, payload, mask=mask, final=final)) == (TEXT, final, payload)


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536, 200_000])
def test_each_length_form_is_read_back(size: int) -> None:
    payload = bytes(size)
    assert unmask(encode_frame(BINARY, payload, mask=7)) == (BINARY, True, payload)
    assert FrameReader().feed(server_frame(BINARY, payload)) == [(BINARY, payload)]


@given(
    messages=st.lists(st.tuples(st.sampled_from([TEXT, BINARY, PING]), st.binary(max_size=125)), max_size=8),
    cuts=st.lists(st.integers(0, 600), max_size=12),
)
def test_messages_are_the_same_however_bytes_are_cut(messages: list[tuple[int, bytes]], cuts: list[int]) -> None:
    stream = b"".join(server_frame(opcode, payload) for opcode, payload in messages)
    reader, at = FrameReader(), 0
    read: list[tuple[int, bytes]] = []
    for cut in [*sorted(min(cut, len(stream)) for cut in cuts), len(stream)]:
        read += reader.feed(stream[at:cut])
        at = cut
    assert read == messages


def test_fragments_become_one_message_and_control_frames_pass_between() -> None:
    reader = FrameReader()
    assert reader.feed(server_frame(TEXT, b"one ", final=False)) == []
    assert reader.feed(server_frame(PING, b"!")) == [(PING, b"!")]
    assert reader.feed(server_frame(CONTINUATION, b"two ", final=False)) == []
    assert reader.feed(server_frame(CONTINUATION, b"three")) == [(TEXT, b"one two three")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x81\x80\x00\x00\x00\x00", 1002),  # masked by a server
        (b"\xc1\x00", 1002),  # a reserved bit
        (server_frame(CONTINUATION, b"of nothing"), 1002),
        (server_frame(TEXT, b"a", final=False) + server_frame(TEXT, b"b"), 1002),
        (server_frame(PING, b"", final=False), 1002),
        (b"\x82\x7f" + (MAX_MESSAGE + 1).to_bytes(8, "big"), 1009),
    ],
)
def test_a_server_that_breaks_the_protocol_is_named_with_a_close_code(data: bytes, code: int) -> None:
    with pytest.raises(FrameError) as caught:
        FrameReader().feed(data)
    assert caught.value.code == code


def test_fragments_that_grow_too_big_are_refused() -> None:
    reader, piece = FrameReader(), bytes(MAX_MESSAGE // 2)
    reader.feed(server_frame(BINARY, piece, final=False))
    with pytest.raises(FrameError) as caught:
        reader.feed(server_frame(CONTINUATION, piece, final=False) + server_frame(CONTINUATION, b"x"))
    assert caught.value.code == 1009


@given(code=st.integers(1000, 4999), reason=st.text(max_size=30))
def test_close_codes_and_reasons_are_read_back(code: int, reason: str) -> None:
    assert decode_close(encode_close(code, reason)) == (code, reason)


def test_a_long_reason_is_cut_to_what_a_control_frame_holds() -> None:
    assert len(encode_close(1000, "x" * 500)) == 125
    assert decode_close(b"") == (1005, "")
    assert unmask(encode_frame(CLOSE, encode_close(1000, "Bye"), mask=1))[2] == b"\x03\xe8Bye"
