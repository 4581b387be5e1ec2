"""Bluetooth devices found, taken in and let go through simulated gateways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from fleet_bthome import gateways
from fleet_bthome.gateways import MAX_OBJECTS, Gateways, _shown
from fleet_platform.client import Event
from fleet_platform.testing.client import open_client
from fleet_shelly.simulation.ble import nearby

if TYPE_CHECKING:
    from fleet_platform.simulator import Device
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet

UNKNOWN = "00:11:22:33:44:55"


@pytest.fixture
async def gateway(fleet: TestedFleet) -> Device:
    return await fleet.add_device("BluGwG3")


def around(gateway: Device, model: int) -> str:
    return next(addr for addr, (number, _) in nearby(gateway).items() if number == model)


async def refused(rpc: Rpc, method: str, params: dict[str, Any]) -> Any:
    with pytest.raises(rpc.Error) as error:
        await rpc(method, params)
    return error.value


async def discover(rpc: Rpc, gateway: Device) -> list[dict[str, Any]]:
    """Let it look around; what was told of each device that it found."""
    found: list[dict[str, Any]] = []
    async with rpc.events("BTHome.*") as events:
        answer = await rpc("Device.StartDeviceDiscovery", {"shellyIds": [gateway.id.upper()], "duration": 1})
        assert answer == {gateway.id: {"result": None}}
        async for event in events:
            assert isinstance(event, Event)
            assert event.params["shellyID"] == gateway.id
            if event.method == "BTHome.DiscoveryDone":
                assert event.params["discoveredDevicesCount"] == len(found)
                return found
            found.append(event.params)
    return found


async def test_what_a_gateway_finds_is_told_and_remembered(rpc: Rpc, gateway: Device) -> None:
    found = await discover(rpc, gateway)
    assert {each["mac"]: each["type"] for each in found} == {
        around(gateway, 1): "SBBT-002C",
        around(gateway, 3): "SBHT-003C",
        around(gateway, 2): "SBDW-002C",
        around(gateway, 5): "SBMO-003Z",
    }
    listed = await rpc("BTHome.ListDiscovered", {"shellyID": gateway.id})
    assert [(each["mac"], each["component"]) for each in listed] == [(each["mac"], None) for each in found]
    assert {each["model"] for each in listed} == {"BLU Button1", "BLU H&T", "BLU Door/Window", "BLU Motion"}


async def test_devices_are_taken_in_with_what_they_measure(fleet: TestedFleet, rpc: Rpc, gateway: Device) -> None:
    climate, contact = around(gateway, 3), around(gateway, 2)
    wanted = [
        {"mac": climate.upper(), "shellyID": gateway.id, "type": "SBHT-003C"},
        {"mac": contact, "shellyID": gateway.id, "type": "SBDW-002C", "name": "Back door", "key": "ab" * 16},
        {"mac": climate, "shellyID": gateway.id, "type": "SBHT-003C"},
    ]
    first, second, again = await rpc("Device.AddBTHomeDevices", {"devices": wanted})
    end = climate.replace(":", "")[-6:].upper()
    assert first["name"] == f"BLU H&T [{end}]"
    assert len(first["sensors"]) == 3  # battery, humidity, temperature; the button has nothing to show
    assert second["name"] == "Back door"
    assert len(second["sensors"]) == 4
    assert again["error"]["code"] == -103  # it is there already
    assert gateway.config(second["component"])["key"] == "ab" * 16
    names = {gateway.config(key)["name"] for key in first["sensors"]}
    assert names == {f"{what} BLU H&T [{end}]" for what in ("Battery", "Humidity", "Temperature")}

    async def entities() -> Any:
        every = await rpc("Entity.List")
        named = {each["name"]: each["properties"] for each in every.values()}
        return named if "Back door" in named and names <= named.keys() else None

    named = await fleet.until(entities)
    temperature = named[f"Temperature BLU H&T [{end}]"]
    assert (temperature["unit"], temperature["sensorType"]) == ("°C", "sensor")
    assert (named["Back door"]["model"], named["Back door"]["addr"]) == ("SBDW-002C", contact)

    listed = await rpc("Device.GetBTHomeDeviceKnownObjects", {"shellyID": gateway.id, "mac": climate})
    assert {each["component"] for each in listed} == {*first["sensors"], None}
    assert await rpc("BTHome.ListDiscovered", {"shellyID": gateway.id}) == []

    number = int(first["component"].partition(":")[2])
    removed = await rpc("Device.RemoveBTHomeDevice", {"shellyID": gateway.id, "id": number})
    assert removed == {"removed": first["component"]}
    assert first["component"] not in gateway.keys("bthomedevice")
    assert not {*first["sensors"]} & {*gateway.keys("bthomesensor")}


async def test_the_model_is_known_from_what_was_found(rpc: Rpc, gateway: Device) -> None:
    await discover(rpc, gateway)
    added = await rpc("Device.AddBTHomeDeviceManual", {"shellyID": gateway.id, "mac": around(gateway, 5)})
    assert added["name"].startswith("BLU Motion [")
    assert len(added["sensors"]) == 3


async def test_a_sensor_is_added_as_it_was_offered(rpc: Rpc, gateway: Device) -> None:
    mac = around(gateway, 1)
    added = await rpc(
        "Device.AddBTHomeDevices", {"devices": [{"mac": mac, "shellyID": gateway.id, "type": "SBBT-002C"}]}
    )
    assert len(added[0]["sensors"]) == 1
    offered = await rpc("Device.GetBTHomeDeviceKnownObjects", {"shellyID": gateway.id, "mac": mac})
    [button] = [each for each in offered if each["component"] is None]
    assert (button["obj_id"], button["type"]) == (58, "button")
    chosen = {name: button[name] for name in ("id", "addr", "obj_id", "idx", "name", "meta")}
    assert await rpc("Device.AddBTHomeSensor", {"shellyID": gateway.id, **chosen}) == {
        "key": f"bthomesensor:{button['id']}"
    }
    assert gateway.config(f"bthomesensor:{button['id']}")["name"] == button["name"]


async def test_bad_wishes_are_refused_by_name(rpc: Rpc, gateway: Device) -> None:
    shelly = {"shellyID": gateway.id}
    assert (await refused(rpc, "Device.StartDeviceDiscovery", {})).code == -32602
    assert (await refused(rpc, "Device.AddBTHomeDeviceManual", {**shelly, "mac": "kitchen"})).code == -32602
    unknown = await refused(
        rpc, "Device.AddBTHomeDeviceManual", {"shellyID": "shellyplus1-000000000000", "mac": UNKNOWN}
    )
    assert unknown.data["reason"] == "unknown_device"
    assert (await refused(rpc, "Device.GetBTHomeDeviceKnownObjects", {**shelly, "mac": UNKNOWN})).code == -32004
    assert (await refused(rpc, "Device.RemoveBTHomeDevice", {**shelly, "id": 299})).code == -105
    bad_key = {**shelly, "mac": UNKNOWN, "key": "secret-but-wrong"}
    error = await refused(rpc, "Device.AddBTHomeDeviceManual", bad_key)
    assert "secret-but-wrong" not in str(error.data)


async def test_a_gateway_that_is_away_is_told_beside_the_others(fleet: TestedFleet, rpc: Rpc, gateway: Device) -> None:
    away = await fleet.add_device("BluGwG3", seed=1)
    await away.drop()
    answer: dict[str, Any] = {}

    async def is_away() -> bool:
        nonlocal answer
        ids = [gateway.id, away.id]
        answer = await rpc("Device.StartDeviceDiscovery", {"shellyIDs": ids, "duration": 1})
        return "error" in answer[away.id]

    await fleet.until(is_away)
    assert answer[away.id]["error"]["code"] == -32900
    assert answer[gateway.id] == {"result": None}


async def test_whoever_may_not_call_the_gateway_cannot_do_it_through_the_platform(
    fleet: TestedFleet, rpc: Rpc, gateway: Device
) -> None:
    may = ["device.startdevicediscovery", "device.addbthomedevicemanual", "bthome.listdiscovered"]
    may.append(f"device.get.{gateway.id}")
    user = {"username": "ann", "password": "correct horse", "group": "staff", "permissions": may}
    await rpc("User.Create", user)
    other = await fleet.add_device("BluGwG3", seed=1)
    async with aiohttp.ClientSession(fleet.url) as http:
        credentials = {"username": "ann", "password": "correct horse"}
        async with http.post("/rpc/User.Authenticate", json=credentials) as response:
            token = (await response.json())["access_token"]
    async with open_client(fleet.url, token) as ann:
        answer = await ann("Device.StartDeviceDiscovery", {"shellyIDs": [gateway.id], "duration": 1})
        assert answer[gateway.id]["error"]["code"] == -32003
        error = await refused(ann, "Device.AddBTHomeDeviceManual", {"shellyID": gateway.id, "mac": UNKNOWN})
        assert (error.code, error.data["permission"]) == (-32003, "bthome.adddevice")
        assert await ann("BTHome.ListDiscovered", {"shellyID": gateway.id}) == []
        for shelly in (other.id, "nobody"):
            error = await refused(ann, "BTHome.ListDiscovered", {"shellyID": shelly})
            assert error.data["reason"] == "unknown_device"
    assert gateway.status("bthome").get("discovery") is None


async def test_a_device_that_was_taken_in_is_told_even_if_its_sensors_were_not(
    fleet: TestedFleet, rpc: Rpc, gateway: Device
) -> None:
    """Whoever may add a device need not be allowed to ask what it measures, or to add sensors."""
    asked = ["bthome.adddevice", f"device.get.{gateway.id}"]
    allowed = {"bob": asked, "eve": [*asked, "bthomedevice.getknownobjects", "bthome.getobjectinfos"]}
    for (name, may), number in zip(allowed.items(), (3, 2), strict=True):
        user = {"username": name, "password": "correct horse", "group": "staff"}
        await rpc("User.Create", {**user, "permissions": ["device.addbthomedevices", *may]})
        async with (
            aiohttp.ClientSession(fleet.url) as http,
            http.post("/rpc/User.Authenticate", json={"username": name, "password": "correct horse"}) as response,
        ):
            token = (await response.json())["access_token"]
        async with open_client(fleet.url, token) as client:
            wish = {"mac": around(gateway, number), "shellyID": gateway.id}
            [added] = await client("Device.AddBTHomeDevices", {"devices": [wish]})
        assert added["component"] in gateway.keys("bthomedevice")
        assert added["sensors"] == []
        missing = {each["error"]["data"]["permission"] for each in added["failed"]}
        assert missing == {"bthomedevice.getknownobjects" if name == "bob" else "bthome.addsensor"}


async def test_whoever_comes_too_late_is_told_so_beside_the_others(
    rpc: Rpc, gateway: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateways, "ADDING_S", 0.0)
    monkeypatch.setattr(gateways, "STARTING_S", 0.0)
    [late] = await rpc("Device.AddBTHomeDevices", {"devices": [{"mac": UNKNOWN, "shellyID": gateway.id}]})
    assert (late["mac"], late["error"]["code"]) == (UNKNOWN, -32800)
    answer = await rpc("Device.StartDeviceDiscovery", {"shellyIDs": [gateway.id]})
    assert answer[gateway.id]["error"]["code"] == -32800
    assert gateway.status("bthome").get("discovery") is None


async def test_no_key_is_told_though_its_gateway_tells_it(fleet: TestedFleet, rpc: Rpc, gateway: Device) -> None:
    key = "ab" * 16
    wish = {"mac": around(gateway, 2), "shellyID": gateway.id, "type": "SBDW-002C", "name": "Gate", "key": key}
    async with rpc.events("*") as events:
        added = await rpc("Device.AddBTHomeDeviceManual", {name: wish[name] for name in wish if name != "type"})
        assert gateway.config(added["component"])["key"] == key

        async def known() -> Any:
            settings = (await rpc("Device.Get", {"shellyID": gateway.id}))["settings"]
            return settings.get(added["component"])

        assert (await fleet.until(known))["key"] is None
        await rpc("Device.RemoveBTHomeDevice", {"shellyID": gateway.id, "id": int(added["component"][-3:])})
        async for event in events:
            assert isinstance(event, Event)
            assert key not in str(event.params)
            if event.method == "Entity.Removed":
                break
    for method in ("Device.List", "Entity.List", "BTHome.GetStatus"):
        assert key not in str(await rpc(method))


def test_what_a_gateway_says_of_a_device_is_taken_as_far_as_it_can_be_meant() -> None:
    """And not more than a device can have: each of them is looked at."""
    odd: list[Any] = [
        5,
        {},
        {"obj_id": [1]},
        {"obj_id": True},
        {"obj_id": 1, "idx": {"x": 1}},
        {"obj_id": 2, "component": ["x"]},
    ]
    odd.append({"obj_id": 3, "idx": 1, "component": "bthomesensor:x"})
    odd.append({"obj_id": 69, "component": "bthomesensor:200"})
    assert _shown({"objects": odd}) == {(2, 0): None, (3, 1): None, (69, 0): "bthomesensor:200"}
    nothing: list[Any] = [None, [], {}, {"objects": None}, {"objects": {"obj_id": 1}}]
    assert not any(_shown(each) for each in nothing)
    assert len(_shown({"objects": [{"obj_id": number} for number in range(50_000)]})) == MAX_OBJECTS


async def test_a_gateway_that_keeps_answering_is_not_asked_for_ever(
    fleet: TestedFleet, rpc: Rpc, gateway: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page holds one object that nobody asked for, and more are said to come."""
    mac = around(gateway, 3)
    await rpc("Device.AddBTHomeDeviceManual", {"shellyID": gateway.id, "mac": mac})
    asked = []

    async def call(_gateways: Gateways, _gateway: str, method: str, _params: Any) -> Any:
        asked.append(method)
        if method == "BTHome.GetObjectInfos":
            return {"objects": [{"obj_id": [5]}], "total": "many"}
        return {"objects": [{"obj_id": 1}, {"obj_id": 69}]}

    monkeypatch.setattr(Gateways, "_call", call)
    await fleet.until(lambda: _taken_in(rpc, gateway, mac))
    asked.clear()
    objects = await rpc("Device.GetBTHomeDeviceKnownObjects", {"shellyID": gateway.id, "mac": mac})
    assert {each["obj_id"] for each in objects} >= {1, 69}
    assert 1 < len(asked) < 10


async def _taken_in(rpc: Rpc, gateway: Device, mac: str) -> bool:
    try:
        await rpc("Device.GetBTHomeDeviceKnownObjects", {"shellyID": gateway.id, "mac": mac})
    except rpc.Error:
        return False
    return True
