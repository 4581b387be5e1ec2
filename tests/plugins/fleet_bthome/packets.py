"""Advertisements as they are on the air, made for tests."""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESCCM

SHARED = Path(__file__).parents[4] / "shared"
FLAGS = bytes.fromhex("020106")
THERMOMETER = "54:48:e6:8f:80:a5"
KEY = bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")


def climate(packet_id: int, celsius: float = 21.5, humidity: int = 48, battery: int = 100) -> bytes:
    """BTHome service data of a BLU H&T."""
    return struct.pack("<BBBBBBBBh", 0x44, 0, packet_id, 1, battery, 0x2E, humidity, 0x45, round(celsius * 10))


def button(packet_id: int, *pushes: int) -> bytes:
    """BTHome service data of a device with buttons; 0 for one that is not pushed."""
    return bytes([0x44, 0, packet_id, 1, 90]) + b"".join(bytes([0x3A, push]) for push in pushes)


def contact(packet_id: int, *, opened: bool) -> bytes:
    """BTHome service data of a BLU Door/Window."""
    return bytes([0x44, 0, packet_id, 1, 100, 0x05, 0x10, 0x27, 0, 0x2D, int(opened), 0x3F, 0x64, 0])


def encrypted(plain: bytes, counter: int, key: bytes = KEY, address: str = THERMOMETER) -> bytes:
    """The same, encrypted as BTHome version 2 does it."""
    head = bytes([plain[0] | 1])
    count = counter.to_bytes(4, "little")
    nonce = bytes.fromhex(address.replace(":", "")) + b"\xd2\xfc" + head + count
    sealed = AESCCM(key, tag_length=4).encrypt(nonce, plain[1:], None)
    return head + sealed[:-4] + count + sealed[-4:]


def on_air(service_data: bytes, name: str = "") -> bytes:
    """A whole advertisement."""
    body = b"\x16\xd2\xfc" + service_data
    told = b"\x09" + name.encode()
    return FLAGS + bytes([len(body)]) + body + (bytes([len(told)]) + told if name else b"")


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def captured(event: str) -> list[object]:
    """``data`` of the captured events of a name; empty without the captures."""
    path = SHARED / "reference" / "notifications.jsonl"
    lines = path.read_text().splitlines() if path.is_file() else []
    params = [json.loads(line)["frame"].get("params") or {} for line in lines if line.strip()]
    events = [each for one in params for each in one.get("events") or ()]
    return [each["data"] for each in events if each.get("event") == event]
