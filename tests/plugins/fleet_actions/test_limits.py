"""What actions may grow to, and what becomes of runs when the plugin stops."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fleet_platform.testing.client import Rpc

from .test_actions import failing

if TYPE_CHECKING:
    from fleet_platform.testing.platform import TestedFleet

STATUS = {"method": "Sys.GetStatus", "on_error": "continue"}


async def test_variables_do_not_multiply_what_was_given(rpc: Rpc) -> None:
    step = {"method": "Sys.SetConfig", "params": {"text": "${a}" * 10_000}, "dst": ["x"]}
    error = await failing(rpc, "Action.Preview", {"steps": [step], "variables": {"a": "b" * 60_000}})
    assert "steps.0.params" in str(error.data)


async def test_a_plan_for_too_many_devices_ends_where_there_are_too_many(rpc: Rpc) -> None:
    names = {"all": [f"x{number}" for number in range(5_000)]}
    error = await failing(rpc, "Action.Preview", {"steps": [{**STATUS, "dst": ["${all}"]}] * 100, "variables": names})
    assert "start a job" in str(error.data)


async def test_no_event_of_a_long_run_is_lost(fleet: TestedFleet, rpc: Rpc) -> None:
    """Devices that are offline answer at once."""
    devices = [await fleet.add_device("Plus1PM", seed=seed) for seed in range(1, 71)]
    for device in devices:
        await device.drop()
    params: dict[str, Any] = {"steps": [STATUS] * 100, "targets": [device.id for device in devices]}
    await rpc("Action.Run", params)
    assert fleet.plugin("actions").counters["events_dropped"] == 0


async def test_a_run_is_answered_when_the_plugin_stops(fleet: TestedFleet, rpc: Rpc) -> None:
    device = await fleet.add_device("Plus1PM", seed=1)
    step = {**STATUS, "wait_s": 200}
    waiting = asyncio.create_task(failing(rpc, "Action.Run", {"steps": [step], "targets": [device.id]}))
    await fleet.until(lambda: fleet.plugin("actions").counters["events_published"])
    await rpc("plugin:actions.SetConfig", {"config": {"enable": False}})
    error = await asyncio.wait_for(waiting, 20)
    assert error.code == -32050
