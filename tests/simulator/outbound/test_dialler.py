"""What keeps a device from its connection, and must keep no other."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from fleet_platform.simulator import Simulator
from fleet_platform.simulator.outbound.dialler import read_url
from plugin_sdk import ComponentType

if TYPE_CHECKING:
    from tests.simulator.conftest import Eventually, Home


@pytest.mark.parametrize("url", ["ws://a..b/shelly", f"ws://{'x' * 64}/shelly", "wss://.a/shelly"])
async def test_what_is_no_name_cannot_be_reached_and_costs_the_others_nothing(
    url: str, home: Home, sim: Simulator, eventually: Eventually, caplog: pytest.LogCaptureFixture
) -> None:
    lost = [await sim.add("Plus1PM", seed=seed) for seed in range(3)]
    for device in lost:
        device.session.link.address = read_url(url)
    await home.until(lambda: len(home.visits) == 3)
    for visit in home.visits:
        await visit.ws.close()
    await eventually(lambda: sim.stats.failures >= 6)
    assert all((device.closed or ())[:1] == (0,) for device in lost)
    assert "no usable address" in (lost[0].closed or (0, ""))[1]
    other = await sim.add("Plus1PM", seed=9)
    assert await home.call(other.id, "Shelly.GetDeviceInfo")
    assert caplog.text.count("simulated devices cannot connect to") == 1


async def test_handshakes_that_are_under_way_end_with_the_simulator(types: Mapping[str, ComponentType]) -> None:
    asked, left = asyncio.Event(), asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        with suppress(ConnectionResetError):
            await reader.read()
        left.set()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/shelly"
    async with server, asyncio.timeout(10):
        async with Simulator(url, types=types) as sim:
            await sim.add("Plus1PM", wait=False)
            await asked.wait()
        await left.wait()
