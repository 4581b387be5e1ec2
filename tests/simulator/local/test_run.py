"""``simulate --local``."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping

import aiohttp
import pytest

from fleet_platform.simulator import Progress, SimulateOptions, simulate
from fleet_platform.simulator.local.options import LocalOptions
from plugin_sdk import ComponentType
from tests.simulator.conftest import QUICK, Eventually, Home


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_run_says_where_its_devices_are(
    home: Home, types: Mapping[str, ComponentType], eventually: Eventually
) -> None:
    told: list[Progress] = []
    port = free_port()
    options = SimulateOptions(
        url=home.url, count=3, types=types, timing=QUICK, local=LocalOptions(port=port, announce=False)
    )
    run = asyncio.create_task(simulate(options, on_progress=told.append))
    await eventually(lambda: any(progress.stats.connected == 3 for progress in told))
    remarks = [remark for progress in told for remark in progress.remarks]
    first, last = remarks[0].removeprefix("the devices serve ").split(" to ")
    assert first.endswith(f":{port}")
    async with aiohttp.ClientSession() as session:
        for url in (first, last):
            async with session.get(f"{url}/shelly") as response:
                assert (await response.json())["id"] in {
                    frame["src"] for visit in home.visits for frame in visit.frames
                }
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
