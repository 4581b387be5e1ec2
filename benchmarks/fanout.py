"""Fan-out: every notification to all subscribed clients; how old it is on arrival, and what it costs."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks import plus1pm
from benchmarks.load import Client, Devices, Subscriber, paced, percentile
from benchmarks.scale import Scale
from benchmarks.server import Server, Start, Usage, least_disturbed
from benchmarks.table import Row, Target

AGE = Target(of="platform", relation="≤", limit=50)
CHANGED_COST = Target(of="ratio", relation="≤", limit=2)
FULL_COST = Target(of="ratio", relation="≤", limit=4)
GROWTH = Target(of="platform", relation="≤", limit=4)
GRACE_S = 0.3
SMALL_BUFFER = 65_536
"""Receive buffer in bytes of a client that never reads: its share is to wait in the server, not in the kernel."""


async def measure(start: Start, scale: Scale) -> list[Row]:
    """Age and cost with changed and with full status, and with a client that never reads beside the others."""
    async with start() as server:
        show = Show(server, scale)
        await show.open()
        # First of all, while the events kept for clients that resume take more memory evenly, second by second.
        beside_deaf = await _play_beside_deaf_client(show, scale)
        rows = await _play(show, scale, "fan-out, changed status", {"status": "changed"}, CHANGED_COST)
        rows += await _play(show, scale, "fan-out, full status", {}, FULL_COST)
        show.close()
    return rows + beside_deaf


async def _play(show: Show, scale: Scale, figure: str, options: Mapping[str, Any], cost: Target) -> list[Row]:
    await show.seat_clients(options)
    await show.play(scale.seconds / 4)
    heard = await least_disturbed(scale.attempts, partial(show.play, scale.seconds))
    return heard.rows(figure, cost)


async def _play_beside_deaf_client(show: Show, scale: Scale) -> list[Row]:
    """The same clients, without and then with one that never reads."""
    await show.seat_clients({})
    await show.play(scale.seconds / 4)
    alone = await show.play(scale.seconds)
    beside = await least_disturbed(scale.attempts, partial(show.play_beside_deaf_client, scale.seconds))
    rows = beside.rows("fan-out beside a deaf client", None)
    added_mib = (beside.growth_kib - alone.growth_kib) / 1024
    note = f"{alone.growth_kib / 1024:.1f} MiB without it, {beside.growth_kib / 1024:.1f} with it"
    figure = "fan-out beside a deaf client: memory it takes"
    rows.append(Row(figure=figure, unit="MiB", value=added_mib, target=GROWTH, note=note))
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one stretch of fan-out gave: ages of events on arrival, in seconds, and what it took."""

    messages: int
    expected: int
    ages_s: array[float]
    usage: Usage
    growth_kib: float

    def rows(self, figure: str, cost: Target | None) -> list[Row]:
        """Age and cost."""
        note = f"{self.usage}; {len(self.ages_s):,} of {self.expected:,} events"
        age_ms = percentile(self.ages_s, 0.99) * 1e3
        cost_us = self.usage.server_s / self.messages * 1e6
        return [
            Row(figure=f"{figure}: p99 device to client", unit="ms", value=age_ms, target=AGE, note=note),
            Row(figure=f"{figure}: CPU per message", unit="µs", value=cost_us, target=cost),
        ]


class Show:
    """Devices that report and clients that listen."""

    def __init__(self, server: Server, scale: Scale) -> None:
        self._server = server
        self._scale = scale
        self._devices = Devices(server.address, scale.devices)
        self._turn = self._devices.in_turn()
        self._sent = array("d")
        self._clients: list[Subscriber] = []

    async def open(self) -> None:
        """Bring the devices."""
        await self._devices.connect(at_once=50)
        await self._devices.settle(self._scale.quiet_s)

    async def seat_clients(self, options: Mapping[str, Any]) -> None:
        """Subscribe new clients to ``Shelly.Status``, in place of those there were."""
        for client in self._clients:
            client.drop()
        self._clients = [Subscriber(self._sent) for _ in range(self._scale.clients)]
        for client in self._clients:
            await client.open(self._server.address, "/", subprotocol=self._server.token)
            await client.subscribe("Shelly.Status", options)

    async def play(self, seconds: float) -> Heard:
        """Send for a while and hear what arrives."""
        before = len(self._sent)
        for client in self._clients:
            client.ages_s = array("d")
        memory_kib = self._server.rss_kib()
        with self._server.metered() as usage:
            await paced(self._scale.fanout_rate, seconds, self._send)
            await asyncio.sleep(GRACE_S)
        messages = len(self._sent) - before
        ages_s = array("d")
        for client in self._clients:
            ages_s.extend(client.ages_s)
        return Heard(
            messages=messages,
            expected=messages * len(self._clients),
            ages_s=ages_s,
            usage=usage,
            growth_kib=self._server.rss_kib() - memory_kib,
        )

    async def play_beside_deaf_client(self, seconds: float) -> Heard:
        """The same while one more client subscribes to full status and never reads again."""
        client = Client()
        await client.open(self._server.address, "/", subprotocol=self._server.token, receive_buffer=SMALL_BUFFER)
        await client.subscribe("Shelly.Status", {})
        client.transport.pause_reading()
        heard = await self.play(seconds)
        client.drop()
        return heard

    def close(self) -> None:
        """Leave."""
        for client in self._clients:
            client.drop()
        self._devices.drop()

    def _send(self) -> None:
        self._sent.append(time.perf_counter())
        next(self._turn).notify(plus1pm.FIRST_MARK + len(self._sent))
