"""Services of a whole device: what they keep, count and refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import Device, Simulator

if TYPE_CHECKING:
    from tests.simulator.conftest import Home


@pytest.fixture
async def device(sim: Simulator) -> Device:
    return await sim.add("S1PMG3")


async def error(home: Home, device: Device, method: str, **params: Any) -> int:
    """The error code a call answers."""
    code: int = (await home.ask(device.id, method, **params))["error"]["code"]
    return code


# ---- key-value store ------------------------------------------------------------------------------------


async def test_a_value_is_kept_with_its_etag_and_counted(home: Home, device: Device) -> None:
    stored = await home.call(device.id, "KVS.Set", key="a", value={"x": 1})
    assert stored["rev"] == 1
    assert await home.call(device.id, "KVS.Get", key="a") == {"etag": stored["etag"], "value": {"x": 1}}
    assert await home.call(device.id, "KVS.List") == {"keys": {"a": {"etag": stored["etag"]}}, "rev": 1}
    again = await home.call(device.id, "KVS.Set", key="a", value=2)
    assert (again["rev"], again["etag"] != stored["etag"]) == (2, True)
    assert await error(home, device, "KVS.Set", key="a", value=3, etag=stored["etag"]) == -109
    assert await home.call(device.id, "KVS.Delete", key="a") == {"rev": 3}
    assert await error(home, device, "KVS.Get", key="a") == -105
    await home.until(lambda: home.status(device.id, "sys")[-1] == {"kvs_rev": 3})


async def test_many_values_come_in_pages_and_a_full_store_refuses_more(home: Home, device: Device) -> None:
    for number in range(50):
        await home.call(device.id, "KVS.Set", key=f"k{number:02}", value=number)
    assert await error(home, device, "KVS.Set", key="one more", value=1) == -108
    items: list[dict[str, Any]] = []
    while len(items) < 50:
        page = await home.call(device.id, "KVS.GetMany", offset=len(items))
        assert page["total"] == 50
        items += page["items"]
    assert [item["value"] for item in items] == list(range(50))
    assert (await home.call(device.id, "KVS.GetMany", match="k0*"))["total"] == 10


async def test_values_survive_a_restart(home: Home, sim: Simulator, device: Device) -> None:
    await home.call(device.id, "KVS.Set", key="a", value=1)
    await home.call(device.id, "Shelly.Reboot", delay_ms=500)
    sim.advance(1)
    await device.disconnected()
    await device.connected()
    assert (await home.call(device.id, "KVS.Get", key="a"))["value"] == 1


# ---- schedules and webhooks -----------------------------------------------------------------------------


async def test_jobs_are_numbered_changed_and_counted(home: Home, device: Device) -> None:
    job = {"timespec": "0 0 8 * * *", "calls": [{"method": "Switch.Set", "params": {"id": 0, "on": True}}]}
    assert await home.call(device.id, "Schedule.Create", enable=True, **job) == {"id": 1, "rev": 1}
    assert await home.call(device.id, "Schedule.Create", enable=True, **job) == {"id": 2, "rev": 2}
    assert await home.call(device.id, "Schedule.Update", id=2, enable=False) == {"rev": 3}
    listed = await home.call(device.id, "Schedule.List")
    assert [(each["id"], each["enable"]) for each in listed["jobs"]] == [(1, True), (2, False)]
    assert listed["rev"] == 3
    assert await home.call(device.id, "Schedule.Delete", id=1) == {"rev": 4}
    assert (await home.call(device.id, "Schedule.Create", **job))["id"] == 1
    assert await home.call(device.id, "Schedule.DeleteAll") == {"rev": 6}
    assert await error(home, device, "Schedule.Delete", id=1) == -105
    assert await error(home, device, "Schedule.Create") == -103


async def test_the_twenty_first_job_is_refused(home: Home, device: Device) -> None:
    for _ in range(20):
        await home.call(device.id, "Schedule.Create", timespec="@sunrise", calls=[])
    assert await error(home, device, "Schedule.Create", timespec="@sunrise", calls=[]) == -108


async def test_hooks_are_kept_and_their_events_listed(home: Home, sim: Simulator, device: Device) -> None:
    hook = {"cid": 0, "enable": True, "event": "switch.on", "urls": ["http://x/"]}
    assert await home.call(device.id, "Webhook.Create", **hook) == {"id": 1, "rev": 1}
    (kept,) = (await home.call(device.id, "Webhook.List"))["hooks"]
    assert hook.items() <= kept.items()
    supported = await home.call(device.id, "Webhook.ListAllSupported")
    assert {"switch.on": {"attrs": []}} in supported["types"]
    sleeper = await sim.add("PlusHT")
    for _ in range(10):
        await home.call(sleeper.id, "Webhook.Create", cid=0, event="temperature.change", urls=[])
    assert await error(home, sleeper, "Webhook.Create", cid=0, event="temperature.change", urls=[]) == -108
    assert await error(home, sleeper, "Schedule.List") == 404


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
    assert await error(home, device, "Virtual.Add", type="boolean") == -108
    assert await error(home, device, "Virtual.Delete", key="switch:0") == -105
    assert await error(home, device, "Virtual.Add", type="switch") == -103


async def test_a_plus_device_knows_no_virtual_components(home: Home, sim: Simulator) -> None:
    plus = await sim.add("Plus1PM")
    assert await error(home, plus, "Virtual.Add", type="boolean") == 404


async def test_components_can_be_asked_for_by_key_and_without_content(home: Home, device: Device) -> None:
    every = await home.call(device.id, "Shelly.GetComponents")
    assert {"key": "switch:0"} in every["components"]
    page = await home.call(
        device.id, "Shelly.GetComponents", keys=["switch:0", "input:9"], include=["status", "config"]
    )
    assert [item["key"] for item in page["components"]] == ["switch:0"]
    assert page["components"][0]["status"] == device.status("switch:0")
    assert await error(home, device, "Shelly.GetComponents", offset=-1) == -103


async def test_a_gateways_components_come_in_more_than_one_page(home: Home, sim: Simulator) -> None:
    gateway = await sim.add("BluGwG3")
    page = await home.call(gateway.id, "Shelly.GetComponents", dynamic_only=True)
    assert 0 < len(page["components"]) < page["total"] == 19
    last = await home.call(gateway.id, "Shelly.GetComponents", dynamic_only=True, offset=page["total"])
    assert last["components"] == []


# ---- scripts --------------------------------------------------------------------------------------------


async def test_a_script_is_written_in_pieces_run_and_deleted(home: Home, sim: Simulator, device: Device) -> None:
    assert await home.call(device.id, "Script.Create", name="blink") == {"id": 1}
    assert await home.call(device.id, "Script.PutCode", id=1, code="let a") == {"len": 5}
    assert await home.call(device.id, "Script.PutCode", id=1, code=" = 1;", append=True) == {"len": 10}
    assert await home.call(device.id, "Script.GetCode", id=1, len=4) == {"data": "let ", "left": 6}
    assert await error(home, device, "Script.Eval", id=1, code="a") == -109
    await home.call(device.id, "Script.SetConfig", id=1, config={"enable": True})
    await home.call(device.id, "Shelly.Reboot", delay_ms=500)
    sim.advance(1)
    await device.disconnected()
    await device.connected()
    (listed,) = (await home.call(device.id, "Script.List"))["scripts"]
    assert listed == {"id": 1, "name": "blink", "enable": True, "running": True}
    assert await error(home, device, "Script.PutCode", id=1, code="x") == -109
    assert await home.call(device.id, "Script.Stop", id=1) == {"was_running": True}
    assert (await home.call(device.id, "Script.GetCode", id=1))["data"] == "let a = 1;"
    assert await home.call(device.id, "Script.Delete", id=1) is None
    assert await home.call(device.id, "Script.List") == {"scripts": []}


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
    assert await error(home, device, "Shelly.SetAuth", user="root", realm=device.id, ha1=None) == -103


async def test_a_certificate_is_taken(home: Home, device: Device) -> None:
    assert await home.call(device.id, "Shelly.PutUserCA", data="pem") == {"len": 3}
