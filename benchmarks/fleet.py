"""``python -m benchmarks.fleet KIND PORT``: a fleet under measurement, in a process of its own.

``simulated`` is the platform's simulator; ``bare`` writes prepared frames, the least that a fleet can do. It takes
orders from its standard input, one JSON array a line, and answers each with one line: ``["add", COUNT]`` with the
resident memory afterwards in KiB, ``["report", RATE, SECONDS]`` with ``[notifications, processor time in seconds]``.
It ends when its input does.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count, cycle
from typing import Any, Protocol

import orjson
import uvloop

from benchmarks import plus1pm
from benchmarks.load import Devices
from benchmarks.server import rss_kib
from benchmarks.wire import Address
from fleet_platform.simulator import Simulator

TICK_S = 0.02
"""As in the simulator's own ``--rate``."""

AT_ONCE = 64
SETTLE_S = 0.5


class Fleet(Protocol):
    """What both kinds can do."""

    async def add(self, size: int) -> None:
        """Connect so many more devices."""

    def sender(self) -> Callable[[], bool]:
        """A function that has the next device report; it tells whether one did."""


class Bare:
    """Devices that write prepared frames."""

    def __init__(self, port: int) -> None:
        self._address = Address(port=port)
        self._all: list[Devices] = []

    async def add(self, size: int) -> None:
        """Connect so many more devices."""
        devices = Devices(self._address, size, first=sum(each.size for each in self._all))
        await devices.connect(at_once=AT_ONCE)
        self._all.append(devices)

    def sender(self) -> Callable[[], bool]:
        """A function that has the next device report."""
        turn = cycle([device for devices in self._all for device in devices.all])
        marks = count(plus1pm.FIRST_MARK)

        def send() -> bool:
            next(turn).notify(next(marks))
            return True

        return send


class Simulated:
    """Devices of the simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def add(self, size: int) -> None:
        """Connect so many more devices."""
        await self._simulator.add_many(size)

    def sender(self) -> Callable[[], bool]:
        """A function that has the next device report."""
        turn = cycle(list(self._simulator))
        return lambda: next(turn).vary()


@asynccontextmanager
async def fleet(kind: str, port: int) -> AsyncIterator[Fleet]:
    """A fleet of a kind, without devices yet."""
    if kind == "bare":
        yield Bare(port)
    else:
        async with Simulator(f"ws://127.0.0.1:{port}/shelly") as simulator:
            yield Simulated(simulator)


async def report(send: Callable[[], bool], rate: float, seconds: float) -> tuple[int, float]:
    """Send evenly for a while; how many, and the processor time it took."""
    start, used, sent = time.perf_counter(), time.process_time(), 0
    while (passed := time.perf_counter() - start) < seconds:
        due = int(passed * rate)
        while sent < due:
            sent += send()
        await asyncio.sleep(TICK_S)
    return sent, time.process_time() - used


async def serve(kind: str, port: int) -> None:
    """Do what is asked for, line by line."""
    loop = asyncio.get_running_loop()
    async with fleet(kind, port) as devices:
        while line := await loop.run_in_executor(None, sys.stdin.buffer.readline):
            order, *arguments = orjson.loads(line)
            answer: Any
            if order == "add":
                await devices.add(*arguments)
                await asyncio.sleep(SETTLE_S)
                gc.collect()
                answer = rss_kib(os.getpid())
            else:
                answer = await report(devices.sender(), *arguments)
            sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], int(sys.argv[2])))
