"""Multicast DNS messages as they are carried on. Pure.

A question may ask for an answer to its sender alone; in another network the sender is the repeater, which no answer is
for. So each question is carried on as one to be answered to everybody, and without the number that an answer to its
sender would have.

Source: RFC 1035 section 4.1, RFC 6762 sections 5.4, 6.7 and 18.1.
"""

from __future__ import annotations

import struct

MAX_BYTES = 9_000
"""The largest message there is (RFC 6762 section 17)."""

_HEADER = struct.Struct(">HHHHHH")
_POINTER = 0xC0
_MOST_QUESTIONS = 512
_UNICAST = 0x80
_ANSWER = 0x80


def carried(packet: bytes) -> bytes | None:
    """The message as it is sent on; None for what is no message of DNS and therefore not carried."""
    if not _HEADER.size < len(packet) <= MAX_BYTES:
        return None
    _, flags, questions, *others = _HEADER.unpack_from(packet)
    if questions > _MOST_QUESTIONS or questions + sum(others) == 0 or flags & 0x7800:
        return None
    copy, at = bytearray(packet), _HEADER.size
    copy[:2] = b"\0\0"
    for _ in range(questions):
        end = _after_name(packet, at)
        if end is None or end + 4 > len(packet):
            return None
        copy[end + 2] &= ~_UNICAST & 0xFF
        at = end + 4
    return bytes(copy)


def is_answer(packet: bytes) -> bool:
    """Whether a message is no question."""
    return bool(packet[2] & _ANSWER)


def _after_name(packet: bytes, at: int) -> int | None:
    """Where a name ends; None if it does not."""
    while at < len(packet):
        length = packet[at]
        if length == 0:
            return at + 1
        if length & _POINTER == _POINTER:
            return at + 2
        if length & _POINTER:
            return None
        at += 1 + length
    return None
