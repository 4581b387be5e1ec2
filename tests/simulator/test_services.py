"""Services of a whole device: what they keep, count and refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_platform.simulator import Device, Simulator
from tests.simulator.asking import error_code

if TYPE_CHECKING:
    from tests.simulator.conftest import Home


@pytest.fixture
async def device(sim: Simulator) -> Device:
    return await sim.add("S1PMG3")


# ---- dynamic components ---------------------------------------------------------------------------------


async def test_a_virtual_component_comes_and_goes_with_events(home: Home, device: Device) -> None:
    before = device.state.sys["cfg_rev"]
    config = {"name": "Level", "min": 0, "max": 10}
    assert await home.call(device.id, "Virtual.Add", type="number", config=config) == {"id": 200}
    assert await home.call(device.id, "Number.Set", id=200, value=7) is None
    page = await home.call(device.id, "Shelly.GetComponents", dynamic_only=True)
    assert page["total"] == 1
    assert page["cfg_rev"] == before + 1
    (item,) = page["components"]
    assert item["key"] == "number:200"
    assert item["status"]["value"] == 7
    assert item["config"]["name"] == "Level"
    assert "number:200" not in await home.call(device.id, "Shelly.GetStatus")
    assert await home.call(device.id, "Virtual.Delete", key="number:200") is None
    assert (await home.call(device.id, "Shelly.GetComponents", dynamic_only=True))["components"] == []
    await home.until(lambda: len(home.events(device.id)) == 4)
    told = [(event["event"], event.get("target")) for event in home.events(device.id)]
    assert told == [
        ("component_added", "number:200"),
        ("config_changed", None),
        ("component_removed", "number:200"),
        ("config_changed", None),
    ]


async def test_virtual_components_are_limited(home: Home, device: Device) -> None:
    for _ in range(10):
        await home.call(device.id, "Virtual.Add", type="boolean")
    assert await error_code(home, device, "Virtual.Add", type="boolean") == -108
    assert await error_code(home, device, "Virtual.Delete", key="switch:0") == -105
    assert await error_code(home, device, "Virtual.Add", type="switch") == -103


async def test_a_plus_device_knows_no_virtual_components(home: Home, sim: Simulator) -> None:
    plus = await sim.add("Plus1PM")
    assert await error_code(home, plus, "Virtual.Add", type="boolean") == 404


async def test_components_can_be_asked_for_by_key_and_without_content(home: Home, device: Device) -> None:
    every = await home.call(device.id, "Shelly.GetComponents")
    assert {"key": "switch:0"} in every["components"]
    page = await home.call(
        device.id, "Shelly.GetComponents", keys=["switch:0", "input:9"], include=["status", "config"]
    )
    assert [item["key"] for item in page["components"]] == ["switch:0"]
    assert page["components"][0]["status"] == device.status("switch:0")
    assert await error_code(home, device, "Shelly.GetComponents", offset=-1) == -103


async def test_a_gateways_components_come_in_more_than_one_page(home: Home, sim: Simulator) -> None:
    gateway = await sim.add("BluGwG3")
    page = await home.call(gateway.id, "Shelly.GetComponents", dynamic_only=True)
    assert 0 < len(page["components"]) < page["total"] == 19
    last = await home.call(gateway.id, "Shelly.GetComponents", dynamic_only=True, offset=page["total"])
    assert last["components"] == []


# ---- the device as a whole ------------------------------------------------------------------------------


async def test_a_factory_reset_forgets_all_that_was_set_up(home: Home, sim: Simulator, device: Device) -> None:
    await home.call(device.id, "KVS.Set", key="a", value=1)
    await home.call(device.id, "Switch.SetConfig", id=0, config={"name": "Boiler"})
    assert await home.call(device.id, "Shelly.FactoryReset") is None
    sim.advance(2)
    await device.disconnected()
    await device.connected()
    assert await home.call(device.id, "KVS.List") == {"keys": {}, "rev": 0}
    assert (await home.call(device.id, "Switch.GetConfig", id=0))["name"] is None


async def test_a_password_shows_in_the_identity_and_is_not_asked_for_here(home: Home, device: Device) -> None:
    await home.call(device.id, "Shelly.SetAuth", user="admin", realm=device.id, ha1="00" * 32)
    info = await home.call(device.id, "Shelly.GetDeviceInfo")
    assert (info["auth_en"], info["auth_domain"]) == (True, device.id)
    await home.call(device.id, "Shelly.SetAuth", user="admin", realm=device.id, ha1=None)
    assert (await home.call(device.id, "Shelly.GetDeviceInfo"))["auth_en"] is False
    assert await error_code(home, device, "Shelly.SetAuth", user="root", realm=device.id, ha1=None) == -103


async def test_a_certificate_is_taken(home: Home, device: Device) -> None:
    assert await home.call(device.id, "Shelly.PutUserCA", data="pem") == {"len": 3}
