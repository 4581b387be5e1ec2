"""A real platform keeps what a simulated device measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.platform.conftest import *  # noqa: F403  # real platforms, simulated devices and clients
from tests.platform.conftest import eventually, simulated

if TYPE_CHECKING:
    from fleet_platform.app import Platform
    from fleet_platform.client import Client
    from fleet_platform.simulator import Simulator
    from tests.platform.conftest import StartPlatform


async def kept(platform: Platform) -> dict[str, list[float]]:
    """Component and field to the numbers that are kept."""
    rows = await platform.database.fetch(
        "SELECT s.component || '.' || s.field AS name, array_agg(r.value ORDER BY r.ts) AS numbers"
        " FROM history.series s CROSS JOIN LATERAL history.raw(ARRAY[s.id], '-infinity', 'infinity') AS r GROUP BY 1"
    )
    return {row["name"]: row["numbers"] for row in rows}


async def test_what_a_device_measures_is_kept(platform: Platform, simulator: Simulator, client: Client) -> None:
    device = await simulator.add("Plus1PM")
    await eventually(lambda: platform.fleet.get(device.id))
    await client.call("Switch.Set", {"id": 0, "on": True}, dst=device.id)

    async def told() -> bool:
        return 1.0 in (await kept(platform)).get("switch:0.output", [])

    await eventually(told)
    found = await kept(platform)
    assert {"switch:0.apower", "switch:0.aenergy.total", "switch:0.temperature.tC", "wifi.rssi", "sys.uptime"} <= set(
        found
    )


async def test_a_platform_that_stops_writes_what_came_last(start: StartPlatform) -> None:
    async with start() as platform, simulated(platform) as simulator:
        device = await simulator.add("Plus1PM")
        await eventually(lambda: platform.fleet.get(device.id))
        taken = platform.history.stats.taken
        assert taken > 0
    async with start() as platform:
        assert not platform.history.stats.is_spooling
        assert sum(map(len, (await kept(platform)).values())) >= taken
