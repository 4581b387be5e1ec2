"""Bluetooth: what a gateway hears, takes in and controls, and valves that it calls over the air."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import Device, Simulator
from tests.simulator.asking import begin, error_code, late

if TYPE_CHECKING:
    from tests.simulator.conftest import Home


@pytest.fixture
async def device(sim: Simulator) -> Device:
    """A device with its radio on."""
    device = await sim.add("S1G3")
    device.set_config("ble", {"enable": True})
    device.call("Shelly.Reboot", {"delay_ms": 500})
    sim.advance(1)
    await device.disconnected()
    return await device.connected()


async def discovered(home: Home, sim: Simulator, device: Device) -> list[dict[str, Any]]:
    """What is around a device."""
    await home.call(device.id, "BTHome.StartDeviceDiscovery", duration=30)
    assert device.status("bthome")["discovery"]["duration"] == 30
    sim.advance(31)
    await home.until(lambda: any(event["event"] == "discovery_done" for event in home.events(device.id)))
    assert "discovery" not in device.status("bthome")
    events = home.events(device.id)
    found = [event["device"] for event in events if event["event"] == "device_discovered"]
    assert events[-1]["device_count"] == len(found)
    return found


# ---- the radio ------------------------------------------------------------------------------------------


async def test_the_radio_is_on_from_the_next_start(home: Home, sim: Simulator, device: Device) -> None:
    assert "errors" not in device.status("bthome")
    result = await home.call(device.id, "BLE.SetConfig", config={"enable": False})
    assert result == {"restart_required": True}
    assert "errors" not in device.status("bthome")
    device.call("Shelly.Reboot", {"delay_ms": 500})
    sim.advance(1)
    assert device.status("bthome")["errors"] == ["bluetooth_disabled"]


async def test_pairing_is_allowed_for_a_while(home: Home, sim: Simulator, device: Device) -> None:
    with pytest.raises(ValueError, match="cannot be pressed"):
        device.press("ble", "pair aa:bb:cc:dd:ee:ff")
    assert await home.call(device.id, "BLE.StartPairing", timeout=60) == {"timeout": 60}
    device.press("ble", "pair aa:bb:cc:dd:ee:ff")
    paired = await home.call(device.id, "BLE.ListPairedDevices")
    assert [each["addr"] for each in paired] == ["aa:bb:cc:dd:ee:ff"]
    sim.advance(61)
    assert "pairing" not in device.status("ble")
    await home.call(device.id, "BLE.DeletePairedDevice", addr="aa:bb:cc:dd:ee:ff")
    assert await home.call(device.id, "BLE.ListPairedDevices") == []
    assert await error_code(home, device, "BLE.DeletePairedDevice", addr="aa:bb:cc:dd:ee:ff") == -105


async def test_what_nobody_took_in_is_passed_on_to_the_cloud(home: Home, sim: Simulator, device: Device) -> None:
    assert await home.call(device.id, "BLE.CloudRelay.List") == {"rev": 0, "addrs": []}
    device.report("cloud", {"connected": True})
    relayed = (await home.call(device.id, "BLE.CloudRelay.List"))["addrs"]
    infos = await home.call(device.id, "BLE.CloudRelay.ListInfos", offset=0)
    assert (infos["count"], infos["total"], len(infos["devices"])) == (4, 4, len(relayed))
    device.call("BTHome.AddDevice", {"config": {"addr": relayed[0]}})
    assert (await home.call(device.id, "BLE.CloudRelay.List"))["addrs"] == relayed[1:]


# ---- devices and sensors --------------------------------------------------------------------------------


async def test_a_device_is_found_taken_in_heard_and_let_go(home: Home, sim: Simulator, device: Device) -> None:
    found = await discovered(home, sim, device)
    climate = next(each for each in found if each["local_name"] == "SBHT-003C")
    addr = climate["addr"]
    assert await home.call(device.id, "BTHome.AddDevice", config={"addr": addr}) == {"key": "bthomedevice:200"}
    assert await home.call(device.id, "BTHomeDevice.GetKnownObjects", id=200) == {"id": 200, "objects": []}
    assert device.status("bthomedevice:200")["rssi"] is None
    sim.advance(7)
    known = await home.call(device.id, "BTHomeDevice.GetKnownObjects", id=200)
    assert known["objects"] == [{"obj_id": obj_id, "idx": 0, "component": None} for obj_id in (1, 46, 58, 69)]
    status = device.status("bthomedevice:200")
    assert (status["battery"], status["fw_ver"], status["paired"]) == (100, "v1.0.22", True)
    sensor = {"addr": addr, "obj_id": 69, "idx": 0}
    assert await home.call(device.id, "BTHome.AddSensor", config=sensor) == {"key": "bthomesensor:200"}
    known = await home.call(device.id, "BTHomeDevice.GetKnownObjects", id=200)
    assert {"obj_id": 69, "idx": 0, "component": "bthomesensor:200"} in known["objects"]
    assert len(known["objects"]) == 4
    await home.call(device.id, "BTHome.DeleteDevice", id=200)
    assert (device.keys("bthomedevice"), device.keys("bthomesensor")) == ([], [])
    assert await error_code(home, device, "BTHome.DeleteDevice", id=200) == -105


async def test_nobody_is_heard_while_the_radio_is_off(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    assert device.status("bthome")["errors"] == ["bluetooth_disabled"]
    assert await discovered(home, sim, device) == []


async def test_a_device_that_encrypts_needs_its_key(home: Home, sim: Simulator, device: Device) -> None:
    found = await discovered(home, sim, device)
    secret = next(each["addr"] for each in found if each["encryption"])
    await home.call(device.id, "BTHome.AddDevice", config={"addr": secret})
    sim.advance(7)
    assert device.status("bthomedevice:200")["errors"] == ["key_missing_or_bad"]
    await home.call(device.id, "BTHomeDevice.SetConfig", id=200, config={"key": "ab" * 16})
    assert "errors" not in device.status("bthomedevice:200")
    plain = next(each["addr"] for each in found if not each["encryption"])
    await home.call(device.id, "BTHome.AddDevice", config={"addr": plain, "key": "ab" * 16})
    sim.advance(7)
    assert device.status("bthomedevice:201")["errors"] == ["unencrypted_data"]


@pytest.mark.parametrize("addr", ["", "aa:bb", "aa:bb:cc:dd:ee:gg", 5])
async def test_an_address_must_be_one(addr: Any, home: Home, device: Device) -> None:
    assert await error_code(home, device, "BTHome.AddDevice", config={"addr": addr}) == -103


async def test_a_device_is_taken_in_once_and_a_sensor_needs_its_device(home: Home, device: Device) -> None:
    addr = "aa:bb:cc:dd:ee:ff"
    assert await error_code(home, device, "BTHome.AddSensor", config={"addr": addr, "obj_id": 1}) == -103
    await home.call(device.id, "BTHome.AddDevice", config={"addr": addr}, id=210)
    assert await error_code(home, device, "BTHome.AddDevice", config={"addr": addr.upper()}) == -103
    assert await home.call(device.id, "BTHome.AddSensor", config={"addr": addr.upper(), "obj_id": 1}) == {
        "key": "bthomesensor:200"
    }


async def test_nothing_is_heard_from_an_address_that_nobody_has(home: Home, sim: Simulator, device: Device) -> None:
    await home.call(device.id, "BTHome.AddDevice", config={"addr": "aa:bb:cc:dd:ee:ff"})
    sim.advance(300)
    assert device.status("bthomedevice:200")["packet_id"] is None
    assert await home.call(device.id, "BTHomeDevice.GetKnownObjects", id=200) == {"id": 200, "objects": []}


async def test_measurements_have_names_types_and_units(home: Home, device: Device) -> None:
    infos = await home.call(device.id, "BTHome.GetObjectInfos", obj_ids=[69, 45, 58, 9_999])
    assert infos == {
        "objects": [
            {"obj_id": 69, "obj_name": "temperature", "type": "sensor", "unit": "°C"},
            {"obj_id": 45, "obj_name": "window", "type": "binary_sensor", "unit": ""},
            {"obj_id": 58, "obj_name": "button", "type": "button", "unit": ""},
        ],
        "offset": 0,
        "count": 3,
        "total": 3,
    }


async def test_devices_within_reach_are_heard_about_once_a_minute(home: Home, sim: Simulator) -> None:
    device = await sim.add("BluGwG3")
    device.press("bthomedevice:203", "away")
    silent = device.status("bthomedevice:203")["packet_id"]
    first = device.status("bthomedevice:200")["packet_id"]
    for _ in range(10):
        sim.advance(60)
    assert device.status("bthomedevice:200")["packet_id"] == (first + 10) % 256
    assert device.status("bthomedevice:203")["packet_id"] == silent
    device.press("bthomedevice:203", "back")
    sim.advance(60)
    assert device.status("bthomedevice:203")["packet_id"] == (silent + 1) % 256


async def test_buttons_tell_which_was_pressed(home: Home, sim: Simulator) -> None:
    device = await sim.add("BluGwG3")
    device.press("bthomedevice:203", "single_push 1")
    await home.until(lambda: home.events(device.id))
    event = home.events(device.id)[0]
    named = {name: event[name] for name in ("component", "id", "event", "idx")}
    assert named == {"component": "bthomedevice:203", "id": 203, "event": "single_push", "idx": 1}


async def test_a_door_is_opened_and_closed(sim: Simulator) -> None:
    device = await sim.add("BluGwG3")
    for gesture, is_open in (("on", True), ("off", False)):
        device.press("bthomesensor:210", gesture)
        assert device.status("bthomesensor:210")["value"] is is_open
    with pytest.raises(ValueError, match="cannot be pressed so"):
        device.press("bthomesensor:205", "on")


async def test_a_packet_may_be_spoilt(sim: Simulator) -> None:
    device = await sim.add("BluGwG3")
    device.press("bthomedevice:201", "decrypt_failed")
    assert device.status("bthomedevice:201")["errors"] == ["decrypt_failed"]
    device.press("bthomedevice:201", "clear")
    assert "errors" not in device.status("bthomedevice:201")


# ---- buttons that control outputs -----------------------------------------------------------------------


async def test_a_button_controls_an_output_as_it_is_mapped(home: Home, sim: Simulator, device: Device) -> None:
    device.call("BTHome.AddDevice", {"config": {"addr": "aa:bb:cc:dd:ee:ff"}})
    events = {"single_push": {"action": "on"}, "double_push": {"action": "off"}}
    inputs = [{"bthomedevice:200": {"58:0": events}}]
    before = device.state.sys["bthc_rev"]
    assert await home.call(device.id, "BTHomeControl.Create", output="switch:0", inputs=inputs) == {"id": 0}
    assert device.state.sys["bthc_rev"] == before + 1
    assert await home.call(device.id, "BTHomeControl.Enumerate") == {"switch:0": 0}
    listed = await home.call(device.id, "BTHomeControl.List", id=0)
    assert listed == {"id": 0, "offset": 0, "total": 1, "output": "switch:0", "inputs": inputs}
    device.press("bthomedevice:200", "single_push")
    assert device.status("switch:0")["output"] is True
    device.press("bthomedevice:200", "triple_push")
    assert device.status("switch:0")["output"] is True
    device.press("bthomedevice:200", "double_push")
    assert device.status("switch:0")["output"] is False
    await home.call(device.id, "BTHomeControl.DeleteAll")
    device.press("bthomedevice:200", "single_push")
    assert device.status("switch:0")["output"] is False
    assert await home.call(device.id, "BTHomeControl.Enumerate") is None


async def test_a_button_is_learnt_by_pressing_it_in_time(home: Home, sim: Simulator, device: Device) -> None:
    device.call("BTHome.AddDevice", {"config": {"addr": "aa:bb:cc:dd:ee:ff"}})
    await home.call(device.id, "BTHomeControl.StartLearning", input_id=0)
    assert (await home.call(device.id, "BTHomeControl.GetStatus"))["learning"]["stage"] == "press"
    device.press("bthomedevice:200", "long_push")
    assert (await home.call(device.id, "BTHomeControl.GetStatus"))["learning"]["stage"] == "done"
    await home.call(device.id, "BTHomeControl.StopLearning")
    device.press("bthomedevice:200", "long_push")
    assert device.status("switch:0")["output"] is True
    await home.call(device.id, "BTHomeControl.StartLearning", component_key="switch:0")
    sim.advance(61)
    learning = (await home.call(device.id, "BTHomeControl.GetStatus"))["learning"]
    assert (learning["stage"], learning["err"]["code"]) == ("error", -104)


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"output": "switch:7", "inputs": []}, -105),
        ({"output": "sys", "inputs": []}, -105),
        ({"output": "switch:0"}, -103),
        ({"output": "switch:0", "inputs": {}}, -103),
        ({"output": "switch:0", "inputs": [{"bthomedevice:200": {"58:0": {"x": {"action": "open"}}}}]}, -103),
        ({"output": "switch:0", "inputs": [{"input:0": {}}]}, -103),
    ],
)
async def test_a_control_must_fit_its_output(params: dict[str, Any], error: int, home: Home, device: Device) -> None:
    assert await error_code(home, device, "BTHomeControl.Create", **params) == error
    assert await home.call(device.id, "BTHomeControl.Enumerate") is None


# ---- valves ---------------------------------------------------------------------------------------------


async def test_a_valve_is_called_through_its_gateway_and_takes_its_time(home: Home, sim: Simulator) -> None:
    device = await sim.add("BluGwG3")
    device.report("blutrv:200", {"rssi": -50})
    call = {"id": 200, "method": "TRV.SetTarget", "params": {"id": 0, "target_C": 24.5}}
    asked = await begin(home, device, "BluTRV.Call", **call)
    assert await home.call(device.id, "Shelly.GetDeviceInfo")  # the device lives on meanwhile
    assert device.status("blutrv:200")["target_C"] != 24.5
    sim.advance(2)
    assert (await asked)["result"] is None
    assert device.status("blutrv:200")["target_C"] == 24.5
    remote = await late(home, sim, device, "BluTrv.GetRemoteStatus", id=200)
    assert remote["result"]["status"]["trv:0"]["target_C"] == 24.5
    assert (await late(home, sim, device, "BluTrv.Call", id=200, method="Trv.Explode"))["error"]["code"] == 404


async def test_a_valve_out_of_reach_is_given_up_after_twenty_seconds(home: Home, sim: Simulator) -> None:
    device = await sim.add("BluGwG3")
    device.press("blutrv:200", "away")
    assert device.status("blutrv:200")["connected"] is False
    asked = await begin(home, device, "BluTrv.Call", id=200, method="Trv.Calibrate")
    sim.advance(19)
    assert await home.call(device.id, "Shelly.GetDeviceInfo")
    assert not asked.done()
    sim.advance(2)
    assert (await asked)["error"] == {"code": -114, "message": "Device is not reachable"}


async def test_calls_of_one_valve_wait_for_each_other(home: Home, sim: Simulator) -> None:
    device = await sim.add("BluGwG3")
    device.report("blutrv:200", {"rssi": -88})
    answers: list[float] = []
    began = device.now()
    for target in (20, 21, 22):
        deferred = device.call("BluTrv.Call", {"id": 200, "method": "Trv.SetTarget", "params": {"target_C": target}})
        deferred.then(lambda _result, _fault: answers.append(device.now() - began))
    for _ in range(400):
        sim.advance(0.1)
    first, second, third = answers
    assert 3 <= first <= 12.2
    assert first + 3 <= second <= first + 12.2
    assert second + 3 <= third <= second + 12.2
    assert device.status("blutrv:200")["target_C"] == 22


async def test_a_boost_opens_the_valve_and_ends(home: Home, sim: Simulator) -> None:
    device = await sim.add("BluGwG3")
    call = {"id": 200, "method": "Trv.SetBoost", "params": {"id": 0, "duration": 90}}
    await late(home, sim, device, "BluTrv.Call", **call)
    assert device.status("blutrv:200")["boost"]["duration"] == 90
    assert device.status("blutrv:200")["pos"] == 100
    sim.advance(91)
    assert "boost" not in device.status("blutrv:200")


async def test_a_valves_settings_and_rules_are_kept(home: Home, sim: Simulator) -> None:
    device = await sim.add("BluGwG3")

    async def call(method: str, **params: Any) -> Any:
        return (await late(home, sim, device, "BluTrv.Call", id=200, method=method, params=params))["result"]

    assert await call("Trv.SetConfig", config={"default_boost_duration": 600}) == {"restart_required": False}
    await call("Trv.SetFlag", flag="floor_heating")
    config = (await late(home, sim, device, "BluTrv.GetRemoteConfig", id=200))["result"]["config"]["trv:0"]
    assert config["default_boost_duration"] == 600
    assert config["flags"] == ["auto_calibrate", "anticlog", "floor_heating"]
    assert await call("Trv.AddScheduleRule", timespec="0 0 6 * * MON-FRI", target_C=22) == {"rule_id": 0}
    await call("Trv.UpdateScheduleRule", rule_id=0, enable=False)
    listed = await call("Trv.ListScheduleRules")
    assert listed == {"rules": [{"rule_id": 0, "enable": False, "timespec": "0 0 6 * * MON-FRI", "target_C": 22}]}
    await call("Trv.RemoveScheduleRule", rule_id=0)
    assert await call("Trv.ListScheduleRules") == {"rules": []}


@pytest.mark.parametrize("reachable", [True, False])
async def test_new_firmware_for_a_valve_is_told_by_its_bluetooth_device(
    reachable: bool, home: Home, sim: Simulator
) -> None:
    device = await sim.add("BluGwG3")
    if not reachable:
        device.press("blutrv:200", "away")
    await home.call(device.id, "BluTrv.UpdateFirmware", id=200)
    sim.advance(9)
    last = "ota_success" if reachable else "ota_error"
    await home.until(lambda: any(event["event"] == last for event in home.events(device.id)))
    told = [event["event"] for event in home.events(device.id) if event["component"] == "bthomedevice:200"]
    assert told == (
        ["ota_begin", "ota_progress", "ota_progress", "ota_progress", last] if reachable else ["ota_begin", last]
    )
