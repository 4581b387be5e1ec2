"""Ingest: what one notification costs, and how many a second one core takes without losing any."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from benchmarks import plus1pm
from benchmarks.load import Devices, paced
from benchmarks.scale import Scale
from benchmarks.server import Server, Start, Usage, least_disturbed
from benchmarks.table import Row, Target

GRACE_S = 0.25
LATE_S = 0.1
COST = Target(of="ratio", relation="≤", limit=2.5)
RATE = Target(of="platform", relation="≥", limit=15_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Some seconds of reports at one rate.

    Attributes:
        late_s: How much later than planned the load was done with sending.
        missing: Of how many devices the server did not know the last value, a moment after it was sent.
    """

    rate: int
    usage: Usage
    late_s: float
    missing: int

    @property
    def cost_us(self) -> float:
        """Processor time of the server per message."""
        return self.usage.server_s / self.rate / (self.usage.wall_s - self.late_s) * 1e6


class Reports:
    """Devices that report in turn, and what each of them said last."""

    def __init__(self, server: Server, devices: Devices, seconds: float) -> None:
        self._server = server
        self._seconds = seconds
        self._turn = devices.in_turn()
        self._mark = plus1pm.FIRST_MARK
        self._last: dict[str, int] = {}

    async def stretch(self, rate: int) -> Stretch:
        """Report for a while at one rate."""
        with self._server.metered() as usage:
            late_s = await paced(rate, self._seconds, self._send)
        await asyncio.sleep(GRACE_S)
        return Stretch(rate=rate, usage=usage, late_s=late_s, missing=await self._missing())

    def _send(self) -> None:
        self._mark += 1
        device = next(self._turn)
        self._last[device.id] = self._mark
        device.notify(self._mark)

    async def _missing(self) -> int:
        devices = await self._server.call("Device.List")
        known = {device["shellyID"]: device["status"]["switch:0"]["apower"] for device in devices}
        return sum(known.get(device) != mark for device, mark in self._last.items())


async def measure(start: Start, scale: Scale) -> list[Row]:
    """Cost at each rate, then the highest rate."""
    async with start() as server:
        devices = Devices(server.address, scale.devices)
        await devices.connect(at_once=50)
        await devices.settle(scale.quiet_s)
        reports = Reports(server, devices, scale.seconds)
        await reports.stretch(scale.ingest_rates[0])
        rows = [
            _cost(await least_disturbed(scale.attempts, partial(reports.stretch, rate))) for rate in scale.ingest_rates
        ]
        rows.append(await _climb(reports, scale.ladder))
        devices.drop()
    return rows


def _cost(stretch: Stretch) -> Row:
    return Row(
        figure=f"ingest at {stretch.rate:,}/s: CPU per message",
        unit="µs",
        value=stretch.cost_us,
        target=COST,
        note=f"{stretch.usage}; {stretch.missing} last values missing",
    )


async def _climb(reports: Reports, ladder: Iterable[int]) -> Row:
    """The highest rate of the ladder at which every last value is there as soon as the sending ends."""
    reached, note = 0, ""
    for rate in ladder:
        stretch = await reports.stretch(rate)
        if stretch.missing or stretch.late_s > LATE_S:  # once more: another process may have taken the core
            stretch = await reports.stretch(rate)
        if stretch.missing:
            note += f"; at {rate:,}/s {stretch.missing} last values missing"
            break
        if stretch.late_s > LATE_S:
            note += f"; the load cannot send {rate:,}/s"
            break
        reached, note = rate, str(stretch.usage)
    return Row(figure="ingest: highest rate without loss", unit="/s", value=reached, target=RATE, note=note)
