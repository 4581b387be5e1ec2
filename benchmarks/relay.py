"""Relay: calls of clients to devices and back, two hops each way."""

from __future__ import annotations

import asyncio
import time
from array import array
from dataclasses import dataclass
from functools import partial
from itertools import cycle

from benchmarks.load import Client, Devices, percentile
from benchmarks.scale import Scale
from benchmarks.server import Server, Start, Usage, least_disturbed
from benchmarks.table import Row, Target

CALLERS = 8
CALL = b'{"jsonrpc":"2.0","id":%d,"src":"benchmark","dst":"%b","method":"Switch.Set","params":{"id":0,"on":true}}'
RESULT = b'"was_on"'
COST = Target(of="ratio", relation="≤", limit=2.5)
RATE = Target(of="platform", relation="≥", limit=7_000)
AGE = Target(of="platform", relation="≤", limit=5)
WARM_UP_S = 0.5


class Caller(Client):
    """A client with one call under way at any time, to one device after the other."""

    __slots__ = ("_begun", "_devices", "ages_s", "wrong")

    def __init__(self, devices: list[str]) -> None:
        super().__init__()
        self._devices = cycle(devices)
        self._begun = 0.0
        self.ages_s = array("d")
        self.wrong = 0

    def begin(self) -> None:
        """Call the next device, and the next as soon as it answered, for ever."""
        self._call_next()

    def on_text(self, payload: bytes) -> None:
        self.ages_s.append(time.perf_counter() - self._begun)
        self.wrong += RESULT not in payload
        self._call_next()

    def _call_next(self) -> None:
        self._begun = time.perf_counter()
        self.send(CALL % (next(self._ids), next(self._devices).encode()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """Some seconds of calls, each as soon as the one before was answered."""

    usage: Usage
    ages_s: array[float]
    wrong: int

    def rows(self) -> list[Row]:
        """Cost, rate and age."""
        calls = len(self.ages_s)
        return [
            Row(
                figure="relay: CPU per call",
                unit="µs",
                value=self.usage.server_s / max(calls, 1) * 1e6,
                target=COST,
                note=f"{self.usage}; {self.wrong} wrong answers",
            ),
            Row(figure="relay: calls with 8 callers", unit="/s", value=calls / self.usage.wall_s, target=RATE),
            Row(figure="relay: p99 of a call", unit="ms", value=percentile(self.ages_s, 0.99) * 1e3, target=AGE),
        ]


async def measure(start: Start, scale: Scale) -> list[Row]:
    """Eight callers, each waiting for its answer before it asks again."""
    async with start() as server:
        devices = Devices(server.address, 10 * CALLERS)
        await devices.connect(at_once=50)
        await devices.settle(scale.quiet_s)
        names = [device.id for device in devices.all]
        callers = [Caller(names[number::CALLERS]) for number in range(CALLERS)]
        for caller in callers:
            await caller.open(server.address, "/", subprotocol=server.token)
            caller.begin()
        await asyncio.sleep(WARM_UP_S)
        race = await least_disturbed(scale.attempts, partial(_race, server, callers, scale.seconds))
        for caller in callers:
            caller.drop()
        devices.drop()
    return race.rows()


async def _race(server: Server, callers: list[Caller], seconds: float) -> Race:
    for caller in callers:
        caller.ages_s, caller.wrong = array("d"), 0
    with server.metered() as usage:
        await asyncio.sleep(seconds)
    ages_s = array("d")
    for caller in callers:
        ages_s.extend(caller.ages_s)
    return Race(usage=usage, ages_s=ages_s, wrong=sum(caller.wrong for caller in callers))
