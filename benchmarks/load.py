"""Load: simulated devices, clients, and the clock that paces them."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

import orjson

from benchmarks import plus1pm
from benchmarks.wire import Address, Connection, encode_frame

CALL_TIMEOUT_S = 20.0
TICK_S = 0.001


class Device(Connection):
    """A Plus 1PM that answers its server's requests truthfully and never forgets an id."""

    __slots__ = ("_after", "_before", "asked", "id", "index")

    def __init__(self, index: int) -> None:
        super().__init__()
        self.index = index
        self.id = plus1pm.device_id(index)
        self.asked = 0
        before, self._after = plus1pm.notification(index)
        length = len(before) + plus1pm.MARK_DIGITS + len(self._after)
        self._before = encode_frame(bytes(length))[:-length] + before

    async def connect(self, address: Address, uptime_s: int) -> None:
        """Shake hands and send the first full status."""
        await self.open(address, "/shelly")
        self.send(plus1pm.full_status(self.index, uptime_s))

    def notify(self, mark: int) -> None:
        """Send a 300-byte ``NotifyStatus`` whose power is the mark."""
        self.transport.write(b"%b%d%b" % (self._before, mark, self._after))

    def on_text(self, payload: bytes) -> None:
        request = orjson.loads(payload)
        if "id" not in request:
            return
        self.asked += 1
        src = self.id.encode()
        dst = orjson.dumps(request.get("src"))
        outcome = self._outcome(request["method"].lower())
        self.send(b'{"id":%b,"src":"%b","dst":%b,%b}' % (orjson.dumps(request["id"]), src, dst, outcome))

    def _outcome(self, method: str) -> bytes:
        match method:
            case "switch.set":
                return b'"result":{"was_on":false}'
            case "shelly.getdeviceinfo":
                return b'"result":' + plus1pm.info(self.index)
            case "shelly.getconfig":
                return b'"result":' + plus1pm.settings(self.index)
            case "shelly.getstatus":
                return b'"result":' + plus1pm.status(self.index, 0)
            case "shelly.getcomponents":
                return b'"result":{"components":[],"cfg_rev":27,"offset":0,"total":0}'
            case _:
                return b'"error":{"code":404,"message":"No handler for %b"}' % method.encode()


class Devices:
    """Devices ``first … first + size``, sending in turn."""

    def __init__(self, address: Address, size: int, *, first: int = 0) -> None:
        self.size = size
        self._address = address
        self._indices = range(first, first + size)
        self._born = time.monotonic()
        self.all: list[Device] = []

    async def connect(self, *, at_once: int | None = None) -> None:
        """Bring every device to the server; ``at_once`` limits the handshakes under way, None does not."""
        self.all = [Device(index) for index in self._indices]
        uptime_s = 86_400 + int(time.monotonic() - self._born)
        gate = asyncio.Semaphore(at_once or self.size)

        async def bring(device: Device) -> None:
            try:
                await device.connect(self._address, uptime_s)
            finally:
                gate.release()

        async with asyncio.TaskGroup() as group:
            for device in self.all:
                await gate.acquire()
                group.create_task(bring(device))
                await asyncio.sleep(0)  # others of this process get their turn between any two handshakes

    async def settle(self, quiet_s: float, *, timeout_s: float = 60.0) -> None:
        """Wait until the server has asked nothing for a while: it knows all it wants to know.

        Raises:
            TimeoutError: It went on asking.
        """
        async with asyncio.timeout(timeout_s):
            while not await self._is_quiet_for(quiet_s):
                pass

    async def _is_quiet_for(self, seconds: float) -> bool:
        before = self.asked
        await asyncio.sleep(seconds)
        return self.asked == before

    @property
    def asked(self) -> int:
        """Requests of the server to all the devices since they connected."""
        return sum(device.asked for device in self.all)

    def in_turn(self) -> Iterator[Device]:
        """The devices, round and round."""
        while True:
            yield from self.all

    def drop(self) -> None:
        """Cut every connection without a goodbye."""
        for device in self.all:
            device.drop()


class Client(Connection):
    """A signed-in JSON-RPC client."""

    __slots__ = ("_calls", "_ids")

    def __init__(self) -> None:
        super().__init__()
        self._ids = count(1)
        self._calls: dict[int, asyncio.Future[Any]] = {}

    async def call(self, method: str, params: Mapping[str, Any] | None = None, *, dst: str | None = None) -> Any:
        """Call a method of the platform, or of the device ``dst``; returns its result.

        Raises:
            RuntimeError: The answer is an error.
            TimeoutError: No answer came.
        """
        number = next(self._ids)
        request: dict[str, Any] = {"jsonrpc": "2.0", "id": number, "src": "benchmark", "method": method}
        if params is not None:
            request["params"] = params
        if dst is not None:
            request["dst"] = dst
        answer = self._calls[number] = asyncio.get_running_loop().create_future()
        self.send(orjson.dumps(request))
        async with asyncio.timeout(CALL_TIMEOUT_S):
            reply = await answer
        if "error" in reply:
            raise RuntimeError(f"{method}: {reply['error']}")
        return reply.get("result")

    async def subscribe(self, event: str, options: Mapping[str, Any]) -> None:
        """Ask for an event from now on."""
        await self.call("FleetManager.Subscribe", {"events": [event], "options": options})

    def on_text(self, payload: bytes) -> None:
        frame = orjson.loads(payload)
        call = self._calls.pop(frame.get("id"), None)
        if call is None:
            self.on_event(frame["method"])
        elif not call.done():
            call.set_result(frame)

    def on_event(self, method: str) -> None:
        """An event arrived."""


class Subscriber(Client):
    """A client that notes how old each status event is when it arrives."""

    __slots__ = ("_sent", "ages_s")

    def __init__(self, sent: array[float]) -> None:
        super().__init__()
        self._sent = sent
        self.ages_s = array("d")

    def on_text(self, payload: bytes) -> None:
        at = payload.find(plus1pm.MARK_KEY)
        if at < 0:
            super().on_text(payload)
            return
        at += len(plus1pm.MARK_KEY)
        number = int(payload[at : at + plus1pm.MARK_DIGITS]) - plus1pm.FIRST_MARK - 1
        if number >= 0:
            self.ages_s.append(time.perf_counter() - self._sent[number])


async def paced(rate: float, seconds: float, send: Callable[[], None]) -> float:
    """Call ``send`` evenly, ``rate`` times a second; returns by how many seconds the end came late.

    It steps by the millisecond. A step that comes late sends all that is due, so that the rate holds.
    """
    total = round(rate * seconds)
    start = time.perf_counter()
    done = 0
    while done < total:
        due = min(total, int((time.perf_counter() - start) * rate))
        for _ in range(due - done):
            send()
        done = due
        await asyncio.sleep(TICK_S)
    return time.perf_counter() - start - seconds


def percentile(values: array[float] | list[float], share: float) -> float:
    """The value below which ``share`` of the values lie; not a number of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")
