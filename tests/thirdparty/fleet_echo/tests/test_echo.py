"""Tests of a plugin as its author writes them: nothing of the platform is imported."""

# mypy: allow-untyped-defs
from __future__ import annotations

import pytest


@pytest.fixture
def fleet_settings():
    return {"plugins": {"echo": {"times": 2}}}


async def test_method_answers_and_tells_everybody(rpc):
    async with rpc.events("Echo.*") as events:
        assert await rpc("Echo.Say", {"text": "hello"}) == "hello hello"
        event = await anext(events)
    assert (event.method, event.params) == ("Echo.Said", {"text": "hello hello"})


async def test_sink_hears_what_is_said_and_who_connects(fleet, device, rpc):
    await rpc("Echo.Say", {"text": "hello"})
    await fleet.until(lambda: fleet.plugin("echo").sinks["ears"]["written"] == 2)
    assert await rpc("Echo.ListHeard") == ["Shelly.Connect", "Echo.Said"]
    assert fleet.plugin("echo").counters["calls"] == 2


async def test_device_is_a_real_one_to_the_platform(device, rpc):
    devices = await rpc("Device.List")
    assert [each["shellyID"] for each in devices] == [device.id]
    before = await rpc("Switch.GetStatus", {"id": 0}, dst=device.id)
    await rpc("Switch.Toggle", {"id": 0}, dst=device.id)
    after = await rpc("Switch.GetStatus", {"id": 0}, dst=device.id)
    assert after["output"] is not before["output"]


async def test_wrong_parameters_are_refused_with_their_path(rpc):
    with pytest.raises(rpc.Error) as error:
        await rpc("Echo.Say", {"text": 7})
    assert error.value.code == -32602
    assert error.value.data["errors"][0]["path"] == "text"


async def test_settings_can_be_changed_while_it_runs(rpc):
    await rpc("plugin:echo.SetConfig", {"config": {"times": 3}})
    assert await rpc("Echo.Say", {"text": "ho"}) == "ho ho ho"
    assert await rpc("plugin:echo.GetConfig") == {"enable": True, "times": 3}


async def test_plugin_runs(fleet):
    echo = fleet.plugin("echo")
    assert (echo.state, echo.reason) == ("running", None)
