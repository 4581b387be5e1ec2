"""Multicast DNS for simulated devices: who is there, and what it serves. On the loopback interface only.

Each device answers for itself with a packet for each service, all records among the answers, as firmware does; a
library's responder would gather all devices into one packet, which some clients do not read. ``zeroconf`` packs and
unpacks the messages.

Source: RFC 6762 and 6763; Shelly Gen2+ API, "mDNS" (both services, ``gen`` in their TXT); Mongoose OS ``dns-sd`` (all
records are answers; ``id``, ``fw_id`` and ``arch`` in the TXT of a build that does not hide them); a captured packet of
a Gen1 device (home-assistant/core issue 67759) for the lives of records. That Gen2+ firmware says ``app`` and ``ver``
is what clients read; ``id`` and ``arch`` are not confirmed for it.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import NamedTuple, TypeAlias

from zeroconf import (  # type: ignore[attr-defined]  # its ``__all__`` leaves them out
    DNSAddress,
    DNSIncoming,
    DNSOutgoing,
    DNSPointer,
    DNSQuestion,
    DNSRecord,
    DNSService,
    DNSText,
)

from fleet_platform.simulator.local.host import Host

_log = logging.getLogger(__name__)

SERVICES = ("_shelly._tcp.local.", "_http._tcp.local.")
GROUP, PORT = "224.0.0.251", 5353

_ALL_SERVICES = "_services._dns-sd._udp.local."
_LOOPBACK = "127.0.0.1"
_MULTICAST_ALL = 49
"""``IP_MULTICAST_ALL`` of Linux, which Python does not name: hear the groups that this socket joined, and no other."""

_A, _PTR, _TXT, _SRV, _ANY = 1, 12, 16, 33, 255
_IN, _FLUSH = 1, 0x8000
_ANSWER = 0x8400
_LONG_S, _SHORT_S, _LEGACY_S = 4_500, 120, 10
_AGAIN_S = 1.0
_TICK_S, _A_TICK = 0.01, 20
"""A receiver's buffer holds a hundred packets or so: answers of many devices are spread."""
_WAITING = 8_192
_QUESTIONS = 128
"""Questions of one message that are answered: about as many different ones as a packet of usual size holds."""

_Destination: TypeAlias = tuple[str, int]
_Packet: TypeAlias = tuple[bytes, _Destination]


class _Answer(NamedTuple):
    """A packet that is to be sent; what is in it is found out only then.

    Attributes:
        host: Whose service; None for the list of services.
        service: Which.
        destination: To the group, or to an old-style client.
        number: Of an old-style client's message.
        asked: Name and type of its question.
    """

    host: Host | None
    service: str
    destination: _Destination = (GROUP, PORT)
    number: int = 0
    asked: tuple[str, int] | None = None


class Announcer(asyncio.DatagramProtocol):
    """Answers for all devices that are up.

    What waits to be sent is bounded; beyond that answers are dropped, and whoever asked asks again. Nothing is said of
    a device that is withdrawn while it waits.
    """

    def __init__(self) -> None:
        self._hosts: dict[str, Host] = {}
        self._waiting: dict[_Answer, DNSQuestion | None] = {}
        self._sending: asyncio.TimerHandle | None = None
        self._again: list[Host] = []
        self._repeating: asyncio.TimerHandle | None = None
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self) -> None:
        """Join the group on the loopback interface; a system without multicast is told of once in the log."""
        loop = asyncio.get_running_loop()
        try:
            listener = _join()
        except OSError as err:
            _log.warning("simulated devices are not announced: %s", err)
            return
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=listener)

    def announce(self, host: Host) -> None:
        """A device is up: say so twice, a second apart."""
        self._hosts[_instance(host).lower()] = host
        self._say(host)
        self._again.append(host)
        if self._repeating is None:
            self._repeating = asyncio.get_running_loop().call_later(_AGAIN_S, self._repeat)

    def withdraw(self, host: Host, *, orderly: bool = True) -> None:
        """A device is gone; one without power cannot say so."""
        if self._hosts.pop(_instance(host).lower(), None) is not None and orderly:
            self._send(_goodbye([host]))

    async def close(self) -> None:
        """Withdraw all devices."""
        for timer in (self._sending, self._repeating):
            if timer is not None:
                timer.cancel()
        self._send(_goodbye(self._hosts.values()))
        self._hosts.clear()
        if self._transport is not None:
            self._transport.close()
            await asyncio.sleep(0)

    # ---- asyncio.DatagramProtocol -----------------------------------------------------------------------

    def datagram_received(self, data: bytes, addr: _Destination) -> None:
        """Answer a query: to the group, or to an old-style client that asks from a port of its own."""
        message = DNSIncoming(data)
        if not message.valid or not message.is_query():
            return
        asked = {(question.name.lower(), question.type): question for question in message.questions}
        for question in islice(asked.values(), _QUESTIONS):
            self._answer(question, message.id, addr)

    # ---- inside -----------------------------------------------------------------------------------------

    def _answer(self, question: DNSQuestion, number: int, asker: _Destination) -> None:
        name = question.name.lower()
        if name == _ALL_SERVICES and self._hosts:
            self._queue(_Answer(None, name))
        for host, service in self._asked(question):
            if asker[1] == PORT:
                taken = self._queue(_Answer(host, service))
            else:
                taken = self._queue(_Answer(host, service, asker, number, (name, question.type)), question)
            if not taken:
                return

    def _asked(self, question: DNSQuestion) -> Iterator[tuple[Host, str]]:
        """Devices and services that a question is about."""
        name = question.name.lower()
        if name in SERVICES:
            yield from ((host, name) for host in self._hosts.values() if question.type in (_PTR, _ANY))
            return
        instance, _, service = name.partition(".")
        host = self._hosts.get(instance)
        if host is not None and (service == "local." or service in SERVICES):
            yield host, service if service in SERVICES else SERVICES[0]

    def _say(self, host: Host) -> None:
        for service in SERVICES:
            self._queue(_Answer(host, service))

    def _repeat(self) -> None:
        self._repeating = None
        again, self._again = self._again, []
        for host in again:
            if host.up:
                self._say(host)

    def _queue(self, answer: _Answer, question: DNSQuestion | None = None) -> bool:
        """Have it sent; returns whether there was room for it."""
        if len(self._waiting) >= _WAITING or self._transport is None:
            return False
        self._waiting[answer] = question
        if self._sending is None:
            self._sending = asyncio.get_running_loop().call_later(_TICK_S, self._tick)
        return True

    def _tick(self) -> None:
        self._sending = None
        try:
            for answer in list(islice(self._waiting, _A_TICK)):
                question = self._waiting.pop(answer)
                if answer.host is None or self._hosts.get(_instance(answer.host).lower()) is answer.host:
                    self._send([(_build(answer, question), answer.destination)])
        finally:  # a device that cannot be described costs the others nothing
            if self._waiting:
                self._sending = asyncio.get_running_loop().call_later(_TICK_S, self._tick)

    def _send(self, packets: Iterable[_Packet]) -> None:
        for packet, destination in packets:
            if self._transport is not None and not self._transport.is_closing():
                self._transport.sendto(packet, destination)


def _join() -> socket.socket:
    """A socket that hears the group on the loopback interface, and nothing else."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        with suppress(OSError):
            listener.setsockopt(socket.IPPROTO_IP, _MULTICAST_ALL, 0)
        listener.bind((GROUP, PORT))
        interface = socket.inet_aton(_LOOPBACK)
        listener.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface)
        listener.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        listener.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + interface)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _instance(host: Host) -> str:
    return host.device.id


def _records(host: Host, service: str, *, life_s: int | None = None) -> list[DNSRecord]:
    """All that is to know of a device's service."""
    name, target = f"{_instance(host)}.{service}", f"{_instance(host)}.local."
    short_s, long_s = life_s or _SHORT_S, life_s or _LONG_S
    ip, port = host.address
    return [
        DNSPointer(service, _PTR, _IN, long_s, name),
        DNSService(name, _SRV, _IN | _FLUSH, short_s, 0, 0, port, target),
        DNSText(name, _TXT, _IN | _FLUSH, short_s, _text(host)),
        DNSAddress(target, _A, _IN | _FLUSH, short_s, socket.inet_aton(ip)),
    ]


def _text(host: Host) -> bytes:
    info = host.device.state.info
    told = {"gen": info.get("gen"), "app": info.get("app"), "ver": info.get("ver"), "id": host.device.id}
    if info.get("gen") == 2 and "slot" in info:
        told["arch"] = "esp32"  # later generations' word is not known, and a Wall Display is another computer
    pairs = [f"{name}={value}".encode() for name, value in told.items()]
    return b"".join(struct.pack("B", len(pair)) + pair for pair in pairs)


def _enumeration() -> list[DNSRecord]:
    return [DNSPointer(_ALL_SERVICES, _PTR, _IN, _LONG_S, service) for service in SERVICES]


def _goodbye(hosts: Iterable[Host]) -> list[_Packet]:
    """Packets that end the life of what was said of devices."""
    message = DNSOutgoing(_ANSWER)
    for host in hosts:
        for service in SERVICES:
            message.add_answer_at_time(DNSPointer(service, _PTR, _IN, 0, f"{_instance(host)}.{service}"), 0)
    return [(packet, (GROUP, PORT)) for packet in message.packets()] if message.answers else []


def _build(answer: _Answer, question: DNSQuestion | None) -> bytes:
    if answer.host is None:
        return _packet(_enumeration())
    records = _records(answer.host, answer.service, life_s=None if question is None else _LEGACY_S)
    return _packet(records, answer.number, question)


def _packet(records: Iterable[DNSRecord], number: int = 0, question: DNSQuestion | None = None) -> bytes:
    """A message with these answers; an old-style client wants its number and its question back."""
    message = DNSOutgoing(_ANSWER, question is None, number)
    if question is not None:
        message.add_question(question)
    for record in records:
        message.add_answer_at_time(record, 0)
    return message.packets()[0]
