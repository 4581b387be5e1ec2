"""Storm: thousands of devices drop and return together, unchanged, while others go on working."""

from __future__ import annotations

import asyncio
import time
from array import array
from itertools import count

from benchmarks.load import Client, Devices, percentile
from benchmarks.scale import Scale
from benchmarks.server import Server, Start
from benchmarks.table import Row, Target

STEADY = 20
CALLS_PER_S = 200
RETURN_TIMEOUT_S = 60.0
RETURN = Target(of="platform", relation="≤", limit=5)
REQUESTS = Target(of="platform", relation="≤", limit=0)
AGE = Target(of="platform", relation="≤", limit=50)


class Watcher(Client):
    """Counts the devices that came online."""

    __slots__ = ("arrived", "expected", "full")

    def __init__(self, expected: int) -> None:
        super().__init__()
        self.arrived = 0
        self.expected = expected
        self.full = asyncio.Event()

    def on_event(self, method: str) -> None:
        self.arrived += method == "Shelly.Connect"
        if self.arrived >= self.expected:
            self.full.set()


async def measure(start: Start, scale: Scale) -> list[Row]:
    """Time until all are back, requests to each, and what the steady ones notice."""
    async with start() as server:
        steady = Devices(server.address, STEADY)
        await steady.connect()
        crowd = Devices(server.address, scale.crowd, first=STEADY)
        await crowd.connect(at_once=64)
        await crowd.settle(scale.quiet_s)
        crowd.drop()
        await asyncio.sleep(scale.seconds / 2)
        rows = await _storm(server, steady, crowd, aftermath_s=scale.seconds / 4)
        crowd.drop()
        steady.drop()
    return rows


async def _storm(server: Server, steady: Devices, crowd: Devices, *, aftermath_s: float) -> list[Row]:
    watcher = Watcher(crowd.size)
    await watcher.open(server.address, "/", subprotocol=server.token)
    await watcher.subscribe("Shelly.Connect", {})
    caller = Client()
    await caller.open(server.address, "/", subprotocol=server.token)
    async with asyncio.TaskGroup() as group, asyncio.timeout(RETURN_TIMEOUT_S):
        ages_s = array("d")
        calls = group.create_task(_call_steadily(caller, steady, ages_s))
        with server.metered() as usage:
            begun = time.perf_counter()
            await crowd.connect()
            handshakes_s = time.perf_counter() - begun
            await watcher.full.wait()
            took_s = time.perf_counter() - begun
        calls.cancel()
    await asyncio.sleep(aftermath_s)
    watcher.drop()
    caller.drop()
    note = f"{usage}; handshakes {handshakes_s:.1f} s"
    age_ms, worst_ms = percentile(ages_s, 0.99) * 1e3, max(ages_s) * 1e3
    return [
        Row(figure=f"storm: {crowd.size:,} devices are back", unit="s", value=took_s, target=RETURN, note=note),
        Row(figure="storm: requests to a returned device", unit="", value=crowd.asked / crowd.size, target=REQUESTS),
        Row(
            figure="storm: p99 of a call to a steady device",
            unit="ms",
            value=age_ms,
            target=AGE,
            note=f"{len(ages_s):,} calls, the slowest {worst_ms:.0f} ms",
        ),
    ]


async def _call_steadily(caller: Client, steady: Devices, ages_s: array[float]) -> None:
    """Call one device after the other, whatever the answers do; ages count from when a call was due."""
    turn = steady.in_turn()
    start = time.perf_counter()

    async def call(due: float) -> None:
        await caller.call("Switch.Set", {"id": 0, "on": True}, dst=next(turn).id)
        ages_s.append(time.perf_counter() - due)

    async with asyncio.TaskGroup() as group:
        for number in count():
            due = start + number / CALLS_PER_S
            await asyncio.sleep(due - time.perf_counter())
            group.create_task(call(due))
