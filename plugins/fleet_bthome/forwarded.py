"""Advertisements in the events of scripts that forward what a gateway hears: what such an event may look like.

Read tolerantly, because everybody has a script of one's own; README.md lists the forms. Pure.

Source: the scripts of aioshelly (``ble.scan_result``), of Shelly's examples (``shelly-blu``) and of openHAB
(``oh-blu.data``, see the captured notifications).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from fleet_bthome.addresses import address_of, name_of
from plugin_sdk import JSON

MAX_PACKETS = 64
"""How many an event may carry; further ones are garbage."""
MAX_BYTES = 1_000
"""An extended advertisement has 254 bytes at most, and a scan response comes on top."""

_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")
_BTHOME = ("fcd2", "181c", "181e")

_ADDRESS = ("addr", "address", "mac")
_ADVERTISEMENT = ("adv_data", "advData", "advertisement", "adv", "raw")
_RESPONSE = ("scan_rsp", "scanRsp")
_SERVICE = ("service_data", "serviceData", "svc_data")
_NAME = ("local_name", "localName", "name")


class Packet(NamedTuple):
    """One advertisement that one gateway heard.

    Attributes:
        address: Of the sender: ``aa:bb:cc:dd:ee:ff``.
        rssi: Strength in dBm, or None.
        raw: The advertisement and the scan response as they were on the air; may be empty.
        service_data: BTHome service data by 16-bit UUID (``fcd2``), where the script took it out.
        name: What the sender calls itself, where the script took it out.
        said: What the script itself decoded, by its names; None if it decoded nothing.
    """

    address: str
    rssi: int | None = None
    raw: bytes = b""
    service_data: tuple[str, bytes] | None = None
    name: str | None = None
    said: Mapping[str, JSON] | None = None


class Advert(NamedTuple):
    """The BTHome part of a packet.

    Attributes:
        service: ``fcd2``, or ``181c`` and ``181e`` of the first version; ``script`` for what a script decoded.
        data: Its service data, or whatever tells one packet from the next.
        name: What the sender calls itself, or None.
    """

    service: str
    data: bytes
    name: str | None


def read(data: JSON) -> tuple[list[Packet], int]:
    """The advertisements in the ``data`` of an event, and how many of its parts were none."""
    parts = list(_parts(data))
    packets = [packet for part in parts[:MAX_PACKETS] if (packet := _packet(part)) is not None]
    return packets, len(parts) - len(packets)


def _parts(data: JSON) -> Iterator[JSON]:
    if not isinstance(data, list):
        yield data
    elif len(data) == 2 and data[0] == 2 and isinstance(data[1], list):
        yield from data[1]
    elif len(data) == 5 and data[0] == 1 and isinstance(data[1], str):
        yield data[1:]
    else:
        yield from data


def _packet(part: JSON) -> Packet | None:
    if isinstance(part, list):
        return _listed(part)
    return _named(part) if isinstance(part, dict) else None


def _listed(part: list[Any]) -> Packet | None:
    """``[address, rssi, advertisement, scan response]``, the last two in Base64."""
    if not 3 <= len(part) <= 4:
        return None
    address, raw = address_of(part[0]), b""
    for text in part[2:]:
        piece = _from_base64(text)
        if piece is None:
            return None
        raw += piece
    if address is None or not raw or len(raw) > MAX_BYTES:
        return None
    return Packet(address, rssi_of(part[1]), raw)


def _named(part: Mapping[str, JSON]) -> Packet | None:
    address = address_of(_first(part, _ADDRESS))
    if address is None:
        return None
    rssi, name = rssi_of(part.get("rssi")), name_of(_first(part, _NAME))
    if "BTHome_version" in part or "bthome_version" in part:
        return None if part.get("encryption") is True else Packet(address, rssi, name=name, said=part)
    raw = b"".join(_bytes(_first(part, names)) or b"" for names in (_ADVERTISEMENT, _RESPONSE))
    service_data = _service_data(_first(part, _SERVICE))
    if len(raw) > MAX_BYTES or not (raw or service_data):
        return None
    return Packet(address, rssi, raw, service_data, name)


def _service_data(value: JSON) -> tuple[str, bytes] | None:
    """BTHome's part: a text by itself is taken for ``fcd2``, an object is by UUID in any form."""
    found = {"fcd2": value} if isinstance(value, str) else value
    for uuid, text in found.items() if isinstance(found, dict) else ():
        short = str(uuid).lower().removeprefix("0x")
        short = short[4:8] if len(short) == 36 and short.startswith("0000") else short
        data = _bytes(text)
        if short in _BTHOME and data and len(data) <= MAX_BYTES:
            return short, data
    return None


def _bytes(text: JSON) -> bytes | None:
    """Bytes written in hexadecimal digits, else in Base64."""
    if not isinstance(text, str) or len(text) > 2 * MAX_BYTES:
        return None
    return bytes.fromhex(text) if _HEX.fullmatch(text) else _from_base64(text)


def _from_base64(text: JSON) -> bytes | None:
    if not isinstance(text, str) or len(text) > 2 * MAX_BYTES:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def rssi_of(value: JSON) -> int | None:
    """Between -127 and 20 dBm, as the standard has it; 127 stands for unknown."""
    return int(value) if type(value) in (int, float) and -127 <= value <= 20 else None


def _first(part: Mapping[str, JSON], names: tuple[str, ...]) -> JSON:
    return next((part[name] for name in names if part.get(name) is not None), None)
