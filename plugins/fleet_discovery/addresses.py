"""Where devices may be called: in private networks, and nowhere else unless a setting says so.

Whoever may adopt devices must not be able to have the platform call any machine in the world, and a name is looked up
once: what was checked is what is called.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from plugin_sdk.errors import InvalidParams, Unavailable

RESOLVE_S = 5.0
PORT = 80

_PRIVATE = tuple(
    ip_network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "127.0.0.0/8",
        "fc00::/7",
        "::1/128",
    )
)
"""Not ``fe80::/10``: such an address means nothing without the name of an interface, which no device tells."""

_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}))*\.?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a device is: an address, never a name."""

    address: str
    port: int = PORT

    @property
    def url(self) -> str:
        """``http://192.168.1.5``, without a path."""
        return f"http://{self}"

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return host if self.port == PORT else f"{host}:{self.port}"


def split_host(host: str) -> tuple[str, int]:
    """Name or address, and port: ``192.168.1.5``, ``plug.lan:8080``, ``[fd00::5]:80``.

    Raises:
        InvalidParams: It is neither.
    """
    text, port = host.strip(), PORT
    if text.startswith("["):
        text, closed, tail = text[1:].partition("]")
        if not closed:
            raise InvalidParams.at("host", "a bracket is not closed")
    elif text.count(":") == 1:
        text, _, number = text.partition(":")
        tail = f":{number}"
    else:
        tail = ""
    if tail:
        if not re.fullmatch(r":\d{1,5}", tail) or not 0 < int(tail[1:]) < 65_536:
            raise InvalidParams.at("host", "the port is a number up to 65535")
        port = int(tail[1:])
    if _address(text) is None and (not is_name(text) or re.fullmatch(r"[\d.]+", text)):
        raise InvalidParams.at("host", "should be an address such as 192.168.1.5, or a name")
    return text, port


def is_name(text: str) -> bool:
    """Whether it is spelt like the name of a host."""
    return len(text) <= 253 and _NAME.fullmatch(text) is not None


def is_allowed(address: str, networks: Iterable[IPv4Network | IPv6Network] = ()) -> bool:
    """Whether an address may be called.

    Args:
        networks: Those allowed beside the private ones.
    """
    parsed = _address(address)
    if parsed is None or parsed.is_multicast or parsed.is_unspecified:
        return False
    return any(parsed in network for network in (*_PRIVATE, *networks))


async def resolve(host: str, networks: Iterable[IPv4Network | IPv6Network] = ()) -> Place:
    """Where a host is, by name or address; IPv4 is preferred.

    Raises:
        InvalidParams: It is no host, or in a network where devices may not be called.
        Unavailable: The name is not known, or whoever knows does not answer.
    """
    name, port = split_host(host)
    found = [name] if _address(name) is not None else await _look_up(name)
    allowed = [address for address in found if is_allowed(address, networks)]
    if not allowed:
        raise InvalidParams.at(
            "host", f"{found[0]} is not in a private network; the plugin's setting networks allows further ones"
        )
    return Place(str(_address(min(allowed, key=lambda address: ":" in address))), port)


def local_address(place: Place) -> str:
    """The address of this machine towards a device; nothing is sent to find out.

    Raises:
        Unavailable: There is no way there.
    """
    family = socket.AF_INET6 if ":" in place.address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((place.address, place.port))
            return str(probe.getsockname()[0])
    except OSError as error:
        raise Unavailable(f"there is no way to {place.address}", part="network") from error


def is_loopback(address: str) -> bool:
    """Whether only this machine has it."""
    parsed = _address(address)
    return parsed is not None and parsed.is_loopback


def is_any(host: str) -> bool:
    """Whether it stands for all addresses of a machine."""
    parsed = _address(host)
    return not host or (parsed is not None and parsed.is_unspecified)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address):
        if parsed.scope_id is not None:
            return None  # means something on this machine alone, and no device hands it out
        return parsed.ipv4_mapped or parsed
    return parsed


async def _look_up(name: str) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_S):
            found = await loop.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except TimeoutError:
        raise Unavailable(f"nobody says within {RESOLVE_S:g} s where {name} is", part="name service") from None
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"the name {name} is not known", part="name service") from error
    return [str(address[0]) for *_, address in found]
