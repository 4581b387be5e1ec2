"""Listing: all devices, a page of them, all entities; and what a small call of somebody else waits meanwhile."""

from __future__ import annotations

import asyncio
import socket
import time
from array import array

import orjson

from benchmarks.load import CALL_TIMEOUT_S, Client, Devices, percentile
from benchmarks.scale import Scale
from benchmarks.server import Server, Start
from benchmarks.table import Row, Target
from benchmarks.wire import TEXT, encode_frame, handshake

AT_ONCE = 64
ROUNDS = 7
PAGE = 100
PAGE_AGE = Target(of="platform", relation="≤", limit=20)
LIST_AGE = Target(of="platform", relation="≤", limit=600)
STALL = Target(of="platform", relation="≤", limit=20)
ENTITIES_AGE = Target(of="platform", relation="≤", limit=300)
SMALL = b'{"jsonrpc":"2.0","id":%d,"src":"benchmark","method":"FleetManager.Unsubscribe","params":{"ids":[]}}'


class Lister:
    """A client in a thread of its own, so that what it reads keeps the bystander's loop waiting as little as may be."""

    def __init__(self, server: Server) -> None:
        address = server.address
        self._socket = socket.create_connection((address.host, address.port), timeout=CALL_TIMEOUT_S)
        self._socket.sendall(handshake(address, "/", server.token))
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self._socket.recv(1)

    async def list(self, method: str, **params: object) -> tuple[float, int]:
        """Call a method; returns how long its answer took, whole, in seconds, and its size."""
        return await asyncio.to_thread(
            self._list, orjson.dumps({"id": 1, "src": "x", "method": method, "params": params})
        )

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def _list(self, request: bytes) -> tuple[float, int]:
        begun = time.perf_counter()
        self._socket.sendall(encode_frame(request))
        while True:
            opcode, size = self._head()
            self._read(size)
            if opcode == TEXT:
                return time.perf_counter() - begun, size

    def _head(self) -> tuple[int, int]:
        first, length = self._read(2)
        if length > 125:
            length = int.from_bytes(self._read(2 if length == 126 else 8))
        return first & 0x0F, length

    def _read(self, size: int) -> memoryview:
        view = memoryview(bytearray(size))
        got = 0
        while got < size:
            got += self._socket.recv_into(view[got:])
        return view


class Bystander(Client):
    """A client that makes one small call after the other and notes how long each took."""

    __slots__ = ("_begun", "ages_s")

    def begin(self) -> None:
        """Call, and again as soon as it is answered, for ever."""
        self.ages_s = array("d")
        self._call()

    def on_text(self, _payload: bytes) -> None:
        self.ages_s.append(time.perf_counter() - self._begun)
        asyncio.get_running_loop().call_later(0.001, self._call)

    def _call(self) -> None:
        if self.transport.is_closing():
            return
        self._begun = time.perf_counter()
        self.send(SMALL % next(self._ids))


async def measure(start: Start, scale: Scale) -> list[Row]:
    """The median of some rounds of each; twice as many devices for the entities, which are two each."""
    async with start() as server:
        devices = Devices(server.address, scale.crowd)
        await devices.connect(at_once=AT_ONCE)
        await devices.settle(scale.quiet_s)
        lister = Lister(server)
        page_s, size, _ = await _rounds(server, lister, "Device.List", limit=PAGE)
        rows = [
            _row("a page of 100 devices", page_s, PAGE_AGE, f"of {scale.crowd:,}; {size / 1024:,.0f} KiB"),
        ]
        list_s, size, waits_s = await _rounds(server, lister, "Device.List")
        rows.append(_row("all devices", list_s, LIST_AGE, f"{scale.crowd:,}; {size / 2**20:.1f} MiB"))
        longest = percentile(waits_s, 0.99)
        note = f"{len(waits_s)} calls, the slowest {max(waits_s) * 1e3:.0f} ms"
        rows.append(_row("p99 of a small call meanwhile", longest, STALL, note))
        more = Devices(server.address, scale.crowd, first=scale.crowd)
        await more.connect(at_once=AT_ONCE)
        await more.settle(scale.quiet_s)
        first_s, _ = await lister.list("Entity.List")
        entities_s, size, waits_s = await _rounds(server, lister, "Entity.List")
        note = f"{4 * scale.crowd:,}; {size / 2**20:.1f} MiB; the first time {first_s * 1e3:.0f} ms"
        rows.append(_row("all entities", entities_s, ENTITIES_AGE, note))
        lister.close()
        devices.drop()
        more.drop()
    return rows


async def _rounds(server: Server, lister: Lister, method: str, **params: object) -> tuple[float, int, array[float]]:
    """Median time of a list, its size, and how long a bystander's calls took meanwhile."""
    bystander = Bystander()
    await bystander.open(server.address, "/", subprotocol=server.token)
    await lister.list(method, **params)
    bystander.begin()
    ages_s, size = [], 0
    for _ in range(ROUNDS):
        age_s, size = await lister.list(method, **params)
        ages_s.append(age_s)
    bystander.drop()
    return percentile(ages_s, 0.5), size, bystander.ages_s


def _row(what: str, seconds: float, target: Target, note: str) -> Row:
    return Row(figure=f"listing: {what}", unit="ms", value=seconds * 1e3, target=target, note=note)
