"""Memory: what a connected device takes that says nothing."""

from __future__ import annotations

import asyncio

from benchmarks.load import Devices
from benchmarks.scale import Scale
from benchmarks.server import Start
from benchmarks.table import Row, Target

SIZE = Target(of="platform", relation="≤", limit=36)
AT_ONCE = 64


async def measure(start: Start, scale: Scale) -> list[Row]:
    """Resident memory that the crowd adds, after a warm-up of some devices that stay."""
    warm_up = scale.crowd // 50
    async with start() as server:
        first = Devices(server.address, warm_up)
        await first.connect(at_once=AT_ONCE)
        await first.settle(scale.quiet_s)
        await asyncio.sleep(scale.seconds / 2)
        before_kib = server.rss_kib()
        crowd = Devices(server.address, scale.crowd - warm_up, first=warm_up)
        with server.metered() as usage:
            await crowd.connect(at_once=AT_ONCE)
            await crowd.settle(scale.quiet_s)
        await asyncio.sleep(scale.seconds)
        size_kib = (server.rss_kib() - before_kib) / len(crowd.all)
        lost = sum(device.transport.is_closing() for device in (*first.all, *crowd.all))
        note = f"{scale.crowd:,} devices, {before_kib / 1024:.0f} MiB before, {lost} lost; {usage}"
        first.drop()
        crowd.drop()
    return [Row(figure="memory of a connected idle device", unit="KiB", value=size_kib, target=SIZE, note=note)]
