"""One network of a repeater: a socket that hears the group there and nowhere else, and speaks to it.

Source: RFC 6762 section 11; ip(7) and ipv6(7) of Linux.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address

GROUP_4, GROUP_6, PORT = "224.0.0.251", "ff02::fb", 5353

_MULTICAST_ALL_4, _MULTICAST_ALL_6 = 49, 29
"""``IP_MULTICAST_ALL`` and ``IPV6_MULTICAST_ALL`` of Linux, which Python does not name: hear the groups that this
socket joined on its own interface, and no other."""


class BadInterfaceError(ValueError):
    """There is no such interface or address; the text says which."""


@dataclass(frozen=True, slots=True)
class Interface:
    """A network as it was named.

    Attributes:
        text: As it was typed.
        address: Its address, if it was named by one.
        index: Its number, if it was named by name.
    """

    text: str
    address: IPv4Address | None = None
    index: int = 0


def find_interface(text: str) -> Interface:
    """An interface by its name, or by an IPv4 address of it.

    Raises:
        BadInterfaceError: There is none.
    """
    try:
        address = ip_address(text)
    except ValueError:
        try:
            return Interface(text, index=socket.if_nametoindex(text))
        except (OSError, ValueError):
            raise BadInterfaceError(f"there is no interface {text!r}") from None
    if not isinstance(address, IPv4Address):
        raise BadInterfaceError(f"{text}: name the interface instead; it is used with both IPv4 and IPv6")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((text, 0))
        except OSError:
            raise BadInterfaceError(f"{text} is no address of this machine") from None
    return Interface(text, address=address)


@dataclass(slots=True, eq=False)
class Link(asyncio.DatagramProtocol):
    """One family of one network.

    Attributes:
        name: For people: ``eth0 (IPv4)``.
        family: Messages go to links of the same one.
        received: Called with each message, and whether it came from the port of multicast DNS.
        targets: Where they are carried to.
    """

    name: str
    family: socket.AddressFamily
    destination: tuple[str, int] | tuple[str, int, int, int]
    received: Callable[[Link, bytes, bool], None]
    targets: list[Link] = field(default_factory=list)
    transport: asyncio.DatagramTransport | None = None
    _full: bool = False

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        """A message came."""
        self.received(self, data, addr[1] == self.destination[1])

    def error_received(self, exc: Exception) -> None:
        """The network is away for now, or full: what was sent is lost, as on any network."""

    def pause_writing(self) -> None:
        """Too much waits to be sent."""
        self._full = True

    def resume_writing(self) -> None:
        """It has left."""
        self._full = False

    def send(self, packet: bytes) -> None:
        """Say it there; what does not fit into the small buffer of a socket is dropped."""
        if self.transport is not None and not self._full:
            self.transport.sendto(packet, self.destination)


async def open_links(
    interface: Interface, received: Callable[[Link, bytes, bool], None], *, port: int = PORT
) -> Iterable[Link]:
    """The links of a network: IPv4, and IPv6 where it is named by its name and has it.

    Raises:
        OSError: It cannot be used.
    """
    ipv4 = Link(f"{interface.text} (IPv4)", socket.AF_INET, (GROUP_4, port), received)
    await _open(ipv4, _join_4(interface, port))
    if not interface.index:
        return [ipv4]
    ipv6 = Link(f"{interface.text} (IPv6)", socket.AF_INET6, (GROUP_6, port, 0, interface.index), received)
    with suppress(OSError):
        await _open(ipv6, _join_6(interface.index, port))
        return [ipv4, ipv6]
    return [ipv4]


async def _open(link: Link, sock: socket.socket) -> None:
    link.transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: link, sock=sock)


def _join_4(interface: Interface, port: int) -> socket.socket:
    address = socket.inet_aton(str(interface.address or "0.0.0.0"))  # noqa: S104  # any: the number decides
    where = struct.pack("=4si", address, interface.index)
    sock = _socket(socket.AF_INET)
    try:
        with suppress(OSError):
            sock.setsockopt(socket.IPPROTO_IP, _MULTICAST_ALL_4, 0)
        sock.bind((GROUP_4, port))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP_4) + where)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, b"\0\0\0\0" + where)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)  # who is on this machine hears it too
    except OSError:
        sock.close()
        raise
    return sock


def _join_6(index: int, port: int) -> socket.socket:
    sock = _socket(socket.AF_INET6)
    try:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        with suppress(OSError):
            sock.setsockopt(socket.IPPROTO_IPV6, _MULTICAST_ALL_6, 0)
        sock.bind((GROUP_6, port, 0, index))
        group = socket.inet_pton(socket.AF_INET6, GROUP_6)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + struct.pack("=i", index))
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 1)
    except OSError:
        sock.close()
        raise
    return sock


def _socket(family: socket.AddressFamily) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_DGRAM)
    # Not SO_REUSEPORT: with it Linux (seen with 6.18) gives some messages to the socket of another network.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setblocking(False)
    return sock
