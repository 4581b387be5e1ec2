"""A device that announced itself, read from records that anybody may send. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from fleet_discovery.addresses import is_name
from fleet_discovery.local_device import is_device_id, is_generation
from plugin_sdk import JSONObject

SERVICES = ("_shelly._tcp.local.", "_http._tcp.local.")
_TEXT = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a device says of itself by multicast DNS.

    Attributes:
        id: Its id, as it spells it.
        host: Its name in the local network.
        address: An address of it where it may be called.
        app: What its firmware is for (``Plus1PM``), if it says so.
        ver: Its firmware, if it says so.
    """

    id: str
    host: str
    address: str
    port: int
    gen: int
    app: str | None
    ver: str | None

    def to_json(self) -> JSONObject:
        """``{id, host, address, port, gen, app, ver}``."""
        return {
            "id": self.id,
            "host": self.host,
            "address": self.address,
            "port": self.port,
            "gen": self.gen,
            "app": self.app,
            "ver": self.ver,
        }


def device_of(name: str) -> str | None:
    """The id in the name of a service or host, as it is spelt there; None if that is no device's."""
    instance = name.partition(".")[0]
    return instance if is_device_id(instance) else None


def read_found(
    name: str,
    *,
    addresses: Iterable[str],
    port: int | None,
    host: str | None,
    text: Mapping[bytes, bytes | None],
    allowed: Callable[[str], bool],
) -> Found | None:
    """A device from its records; None if it is none of generation 2 or later, or nowhere where it may be called."""
    device = device_of(name)
    gen = _number(_text(text, b"gen"))
    address = next((each for each in addresses if allowed(each)), None)
    if device is None or not is_generation(gen):
        return None
    if address is None or not port or not 0 < port < 65_536:
        return None
    spelt = _text(text, b"id")
    told = (host or "").rstrip(".").lower()
    return Found(
        id=spelt if spelt is not None and spelt.lower() == device.lower() else device,
        host=told if is_name(told) else f"{device}.local".lower(),
        address=address,
        port=port,
        gen=gen,
        app=_text(text, b"app"),
        ver=_text(text, b"ver"),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"\d{1,3}", text) else None


def _text(text: Mapping[bytes, bytes | None], key: bytes) -> str | None:
    value = text.get(key)
    if not value or len(value) > _TEXT:
        return None
    try:
        decoded = value.decode("ascii")
    except UnicodeDecodeError:
        return None
    return decoded if decoded.isprintable() else None
