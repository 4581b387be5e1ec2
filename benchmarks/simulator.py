"""Simulator: what a notification costs the fleet that sends it, and what a simulated device takes.

Here the fleet is measured and the server beside it is the bare one. The reference is a fleet that only writes prepared
frames: what is left then is the kernel's work and the event loop's.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import orjson

from benchmarks.scale import Scale
from benchmarks.server import ROOT, RUN_AND_DIE_WITH_ME, bare
from benchmarks.table import Row, Target, beside

COST = Target(of="platform", relation="≤", limit=15)
SIZE = Target(of="platform", relation="≤", limit=40)
ANSWER_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True)
class Child:
    """A fleet in a process of its own."""

    process: asyncio.subprocess.Process

    async def ask(self, *order: Any) -> Any:
        """Give an order and wait until it is done.

        Raises:
            TimeoutError: It is not.
            RuntimeError: The fleet has ended.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(orjson.dumps(order) + b"\n")
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            line = await self.process.stdout.readline()
        if not line:
            raise RuntimeError("the fleet has ended")
        return orjson.loads(line)


@contextlib.asynccontextmanager
async def fleet(kind: str, port: int) -> AsyncIterator[Child]:
    """Start a fleet on this process's core, and stop it."""
    process = await asyncio.create_subprocess_exec(
        *RUN_AND_DIE_WITH_ME,
        *(sys.executable, "-m", "benchmarks.fleet", kind, str(port)),
        cwd=ROOT,
        env=dict(os.environ),
        stdin=PIPE,
        stdout=PIPE,
    )
    try:
        yield Child(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def compare(scale: Scale) -> list[Row]:
    """Measure the bare fleet, then the simulated one."""
    reference = await measure("bare", scale)
    return beside(await measure("simulated", scale), reference)


async def measure(kind: str, scale: Scale) -> list[Row]:
    """Cost of a notification at each rate, then the memory of a large fleet's devices."""
    async with bare() as server, fleet(kind, server.address.port) as devices:
        await devices.ask("add", scale.devices)
        await devices.ask("report", scale.ingest_rates[0], scale.seconds)
        rows = [await _cost(devices, rate, scale) for rate in scale.ingest_rates]
    async with bare() as server, fleet(kind, server.address.port) as devices:
        before_kib = await devices.ask("add", scale.simulated // 50)
        added = scale.simulated - scale.simulated // 50
        after_kib = await devices.ask("add", added)
    note = f"{scale.simulated:,} devices in one process, {before_kib / 1024:.0f} MiB before"
    size_kib = (after_kib - before_kib) / added
    return [*rows, Row(figure="simulator: memory of a device", unit="KiB", value=size_kib, target=SIZE, note=note)]


async def _cost(devices: Child, rate: int, scale: Scale) -> Row:
    sent, used_s = await devices.ask("report", rate, scale.seconds)
    return Row(
        figure=f"simulator at {rate:,}/s: CPU per notification sent",
        unit="µs",
        value=used_s / sent * 1e6,
        target=COST,
        note=f"{sent:,} of {rate * scale.seconds:,.0f} sent",
    )
