"""What components of simulated devices do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import Simulator
from fleet_platform.simulator.models import MODELS

if TYPE_CHECKING:
    from tests.simulator.conftest import Home


async def code(home: Home, device: str, method: str, /, **params: Any) -> int:
    """The error code a call answers."""
    answered: int = (await home.ask(device, method, **params))["error"]["code"]
    return answered


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.app)
async def test_every_component_lives_an_hour_and_stays_json_of_the_same_shape(model: Any, sim: Simulator) -> None:
    device = await sim.add(model.code)
    before = {key: set(status) for key, status in device.state.status.items()}
    for _ in range(60):
        sim.advance(60)
        device.vary()
    for key, names in before.items():
        added = set(device.state.status[key]) - names - {"timer_started_at", "timer_duration"}
        assert not added, (key, added)


# ---- outputs --------------------------------------------------------------------------------------------


async def test_power_is_shown_a_moment_after_switching_and_gone_at_once(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus2PM")
    await home.call(device.id, "Switch.Set", id=1, on=True)
    assert (await home.call(device.id, "Switch.GetStatus", id=1))["apower"] == 0
    sim.advance(1)
    status = await home.call(device.id, "Switch.GetStatus", id=1)
    assert status["apower"] > 0
    assert status["apower"] == pytest.approx(status["voltage"] * status["current"] * status["pf"], rel=0.05)
    assert await home.call(device.id, "Switch.Set", id=1, on=False) == {"was_on": True}
    assert (await home.call(device.id, "Switch.GetStatus", id=1))["apower"] == 0


async def test_counters_can_be_reset_and_tell_what_they_showed(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await home.call(device.id, "Switch.Set", id=0, on=True)
    sim.advance(300)
    total = device.status("switch:0")["aenergy"]["total"]
    assert total > 0
    assert await home.call(device.id, "Switch.ResetCounters", id=0) == {"aenergy": {"total": total}}
    assert device.status("switch:0")["aenergy"]["total"] == 0


async def test_auto_off_switches_off_by_itself(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await home.call(device.id, "Switch.SetConfig", id=0, config={"auto_off": True, "auto_off_delay": 30})
    await home.call(device.id, "Switch.Set", id=0, on=True)
    assert device.status("switch:0")["timer_duration"] == 30
    sim.advance(31)
    status = device.status("switch:0")
    assert (status["output"], status["source"]) == (False, "timer")


async def test_a_later_command_ends_a_timer(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await home.call(device.id, "Switch.Set", id=0, on=True, toggle_after=30)
    await home.call(device.id, "Switch.Set", id=0, on=True)
    sim.advance(31)
    assert device.status("switch:0")["output"] is True


@pytest.mark.parametrize(
    ("mode", "gestures", "outputs"),
    [
        ("follow", ["on", "off"], [True, False]),
        ("flip", ["on", "off"], [True, False]),
        ("flip", ["on", "on"], [True, False]),
        ("activate", ["on", "off"], [True, True]),
        ("detached", ["on", "off"], [False, False]),
    ],
)
async def test_an_output_obeys_its_input(mode: str, gestures: list[str], outputs: list[bool], sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    device.set_config("switch:0", {"in_mode": mode})
    seen = []
    for gesture in gestures:
        device.press("input:0", gesture)
        seen.append(device.status("switch:0")["output"])
    assert seen == outputs


async def test_a_button_switches_in_momentary_mode(sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    device.set_config("input:0", {"type": "button"})
    device.set_config("switch:0", {"in_mode": "momentary"})
    assert "state" not in device.status("input:0")
    device.press("input:0", "single_push")
    sim.advance(1)
    assert device.status("switch:0")["output"] is True
    assert device.status("switch:0")["source"] == "button"


# ---- lights ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "profile", "key", "look"),
    [
        ("SPDM-001PE01EU", None, "light:0", {}),
        ("PlusRGBWPM", "rgb", "rgb:0", {"rgb": [1, 2, 3]}),
        ("PlusRGBWPM", "rgbw", "rgbw:0", {"rgb": [1, 2, 3], "white": 40}),
        ("ProRGBWWPM", None, "cct:0", {"ct": 3000}),
    ],
)
async def test_a_light_takes_its_look_and_fades_to_it(
    model: str, profile: str | None, key: str, look: dict[str, Any], home: Home, sim: Simulator
) -> None:
    device = await sim.add(model, profile=profile)
    namespace = key.partition(":")[0]
    wanted = {"on": True, "brightness": 77, **look}
    assert await home.call(device.id, f"{namespace}.Set", id=0, transition_duration=5, **wanted) is None
    status = device.status(key)
    assert status["output"] is True
    assert {name: status[name] for name in ("brightness", *look)} == {"brightness": 77, **look}
    assert status["transition"]["target"] == {"output": True, "brightness": 77}
    sim.advance(6)
    assert "transition" not in device.status(key)
    assert status["apower"] > 0
    assert await home.call(device.id, f"{namespace}.Toggle", id=0) == {"was_on": True}
    assert await code(home, device.id, f"{namespace}.Set", id=0) == -103
    assert await code(home, device.id, f"{namespace}.Set", id=0, brightness=101) == -103


async def test_colours_and_whites_have_bounds(home: Home, sim: Simulator) -> None:
    device = await sim.add("ProRGBWWPM")
    for rgb in ([1, 2], [1, 2, 256], "red", [1, 2, True]):
        assert await code(home, device.id, "RGB.Set", id=0, rgb=rgb) == -103
    assert await code(home, device.id, "CCT.Set", id=0, ct=1000) == -103


async def test_dimming_goes_on_until_it_is_stopped_or_at_its_end(home: Home, sim: Simulator) -> None:
    device = await sim.add("SPDM-001PE01EU")
    await home.call(device.id, "Light.Set", id=0, on=True, brightness=20)
    await home.call(device.id, "Light.DimUp", id=0, fade_rate=2)
    sim.advance(1)
    somewhere = device.status("light:0")["brightness"]
    assert 20 < somewhere < 100
    await home.call(device.id, "Light.DimStop", id=0)
    sim.advance(5)
    assert device.status("light:0")["brightness"] == somewhere
    await home.call(device.id, "Light.DimDown", id=0)
    sim.advance(60)
    assert device.status("light:0")["brightness"] == 1


# ---- covers ---------------------------------------------------------------------------------------------


async def test_a_cover_takes_its_time_and_shows_where_it_is(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus2PM", profile="cover")
    assert await home.call(device.id, "Cover.Close", id=0) is None
    sim.advance(12)
    moving = device.status("cover:0")
    assert moving["state"] == "closing"
    assert moving["apower"] > 0
    assert 40 <= moving["current_pos"] <= 60
    assert {"move_started_at", "move_timeout"} <= set(moving)
    sim.advance(13)
    there = device.status("cover:0")
    assert (there["state"], there["current_pos"], there["apower"]) == ("closed", 0, 0)
    assert there["source"] == "limit_switch"
    assert not {"move_started_at", "move_timeout", "target_pos"} & set(there)


async def test_a_cover_goes_to_a_position_and_stops_when_told(home: Home, sim: Simulator) -> None:
    device = await sim.add("S2PMG3", profile="cover")
    await home.call(device.id, "Cover.GoToPosition", id=0, pos=25)
    assert device.status("cover:0")["target_pos"] == 25
    sim.advance(30)
    assert (device.status("cover:0")["state"], device.status("cover:0")["current_pos"]) == ("stopped", 25)
    await home.call(device.id, "Cover.GoToPosition", id=0, rel=50)
    sim.advance(6)
    await home.call(device.id, "Cover.Stop", id=0)
    assert device.status("cover:0")["state"] == "stopped"
    assert 45 <= device.status("cover:0")["current_pos"] <= 55
    assert device.status("cover:0")["last_direction"] == "open"


async def test_a_cover_without_calibration_knows_no_position(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus2PM", profile="cover")
    device.report("cover:0", {"pos_control": False, "current_pos": None})
    assert await code(home, device.id, "Cover.GoToPosition", id=0, pos=10) == -109
    await home.call(device.id, "Cover.Close", id=0)
    sim.advance(30)
    assert device.status("cover:0")["state"] == "closed"
    assert "current_pos" not in device.status("cover:0")
    await home.call(device.id, "Cover.Calibrate", id=0)
    assert device.status("cover:0")["state"] == "calibrating"
    sim.advance(60)
    assert device.status("cover:0")["pos_control"] is True
    assert device.status("cover:0")["current_pos"] == 100


async def test_a_cover_moves_while_a_switch_is_closed(sim: Simulator) -> None:
    device = await sim.add("Plus2PM", profile="cover")
    device.press("input:1", "on")
    sim.advance(6)
    device.press("input:1", "off")
    assert device.status("cover:0")["state"] == "stopped"
    assert 70 <= device.status("cover:0")["current_pos"] <= 80


# ---- meters ---------------------------------------------------------------------------------------------


async def test_three_phases_add_up_and_their_energy_is_recorded(home: Home, sim: Simulator) -> None:
    device = await sim.add("Pro3EM")
    before = device.status("emdata:0")["total_act"]
    sim.advance(300)
    em, data = device.status("em:0"), device.status("emdata:0")
    assert em["total_act_power"] == pytest.approx(sum(em[f"{phase}_act_power"] for phase in "abc"), abs=0.01)
    assert data["total_act"] == pytest.approx(sum(data[f"{phase}_total_act_energy"] for phase in "abc"), abs=0.01)
    assert data["total_act"] > before
    records = await home.call(device.id, "EMData.GetData", id=0)
    (block,) = records["data"]
    assert block["period"] == 60
    assert len(block["values"]) == 5
    assert all(len(values) == len(records["keys"]) for values in block["values"])
    assert (await home.call(device.id, "EMData.GetRecords", id=0))["data_blocks"][0]["records"] == 5
    await home.until(lambda: sum(event["event"] == "data" for event in home.events(device.id)) == 5)


async def test_a_monophase_meter_counts_each_channel(home: Home, sim: Simulator) -> None:
    device = await sim.add("EMG3")
    before = device.status("em1data:1")["total_act_energy"]
    sim.advance(120)
    assert device.status("em1data:1")["total_act_energy"] > before
    assert (await home.call(device.id, "EM1Data.GetRecords", id=1))["data_blocks"][0]["records"] == 2


# ---- sensors, alarms, heating ---------------------------------------------------------------------------


async def test_an_offset_shows_at_once(home: Home, sim: Simulator) -> None:
    device = await sim.add("PlusHT")
    before = device.status("temperature:0")["tC"]
    await home.call(device.id, "Temperature.SetConfig", id=0, config={"offset_C": 2})
    after = device.status("temperature:0")
    assert after["tC"] == pytest.approx(before + 2)
    assert after["tF"] == pytest.approx(after["tC"] * 9 / 5 + 32, abs=0.1)


async def test_smoke_can_be_muted(home: Home, sim: Simulator) -> None:
    device = await sim.add("PlusSmoke")
    device.press("smoke:0", "alarm")
    await home.call(device.id, "Smoke.Mute", id=0)
    assert device.status("smoke:0") == {"id": 0, "alarm": True, "mute": True}
    device.press("smoke:0", "alarm_off")
    assert device.status("smoke:0") == {"id": 0, "alarm": False, "mute": False}


async def test_a_thermostat_heats_up_to_its_target(home: Home, sim: Simulator) -> None:
    device = await sim.add("WallDisplay")
    await home.call(device.id, "Thermostat.SetConfig", id=0, config={"target_C": 28})
    status = await home.call(device.id, "Shelly.GetStatus")
    assert (status["thermostat:0"]["target_C"], status["thermostat:0"]["target_F"]) == (28, 82)
    assert status["thermostat:0"]["output"] is status["switch:0"]["output"] is True
    await home.call(device.id, "Thermostat.SetConfig", id=0, config={"enable": False})
    assert device.status("switch:0")["output"] is False


async def test_a_valve_is_called_through_its_gateway(home: Home, sim: Simulator) -> None:
    device = await sim.add("BluGwG3")
    call = {"id": 200, "method": "TRV.SetTarget", "params": {"id": 0, "target_C": 24.5}}
    assert await home.call(device.id, "BluTRV.Call", **call) is None
    assert device.status("blutrv:200")["target_C"] == 24.5
    remote = await home.call(device.id, "BluTrv.GetRemoteStatus", id=200)
    assert remote["status"]["trv:0"]["target_C"] == 24.5
    assert await code(home, device.id, "BluTrv.Call", id=200, method="Trv.Explode") == 404
    device.report("blutrv:200", {"connected": False})
    assert await code(home, device.id, "BluTrv.Call", **call) == -114


# ---- radio ----------------------------------------------------------------------------------------------


async def test_bluetooth_buttons_tell_which_was_pressed(home: Home, sim: Simulator) -> None:
    device = await sim.add("BluGwG3")
    device.press("bthomedevice:203", "single_push 1")
    await home.until(lambda: home.events(device.id))
    event = home.events(device.id)[0]
    assert (event["component"], event["id"], event["event"], event["idx"]) == (
        "bthomedevice:203",
        203,
        "single_push",
        1,
    )


async def test_bluetooth_devices_are_found_taken_in_and_let_go(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    await home.call(device.id, "BTHome.StartDeviceDiscovery", duration=30)
    sim.advance(31)
    await home.until(lambda: len(home.events(device.id)) == 2)
    assert [event["event"] for event in home.events(device.id)] == ["device_discovered", "discovery_done"]
    addr = home.events(device.id)[0]["device"]["addr"]
    assert await home.call(device.id, "BTHome.AddDevice", config={"addr": addr}) == {"key": "bthomedevice:200"}
    sensor = {"addr": addr, "obj_id": 1, "idx": 0}
    assert await home.call(device.id, "BTHome.AddSensor", config=sensor) == {"key": "bthomesensor:200"}
    known = await home.call(device.id, "BTHomeDevice.GetKnownObjects", id=200)
    assert known == {"id": 200, "objects": [{"obj_id": 1, "idx": 0, "component": "bthomesensor:200"}]}
    await home.call(device.id, "BTHome.DeleteSensor", id=200)
    await home.call(device.id, "BTHome.DeleteDevice", id=200)
    assert await code(home, device.id, "BTHome.DeleteDevice", id=200) == -105


# ---- virtual --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "config", "good", "bad"),
    [
        ("boolean", {}, True, 1),
        ("number", {"min": 0, "max": 10}, 10, 11),
        ("text", {"max_len": 3}, "abc", "abcd"),
        ("enum", {"options": ["a", "b"]}, "b", "c"),
        ("group", {}, ["boolean:200"], "boolean:200"),
    ],
)
async def test_a_virtual_component_takes_only_what_fits(
    kind: str, config: dict[str, Any], good: Any, bad: Any, home: Home, sim: Simulator
) -> None:
    device = await sim.add("S1G3")
    await home.call(device.id, "Virtual.Add", type=kind, config=config)
    assert await home.call(device.id, f"{kind}.Set", id=200, value=good) is None
    status = device.status(f"{kind}:200")
    assert (status["value"], status["source"]) == (good, "rpc")
    assert status["last_update_ts"] > 1e9
    assert await code(home, device.id, f"{kind}.Set", id=200, value=bad) == -103
    assert device.status(f"{kind}:200")["value"] == good


async def test_a_value_that_is_not_kept_starts_from_its_default(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    for number, persisted in ((200, True), (201, False)):
        await home.call(device.id, "Virtual.Add", type="boolean", id=number, config={"persisted": persisted})
        await home.call(device.id, "Boolean.Set", id=number, value=True)
    await home.call(device.id, "Shelly.Reboot", delay_ms=500)
    sim.advance(1)
    await device.disconnected()
    await device.connected()
    assert device.status("boolean:200")["value"] is True
    assert device.status("boolean:201")["value"] is False


async def test_a_virtual_button_emits_its_gesture(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    await home.call(device.id, "Virtual.Add", type="button")
    await home.call(device.id, "Button.Trigger", id=200, event="double_push")
    await home.until(lambda: any(event["event"] == "double_push" for event in home.events(device.id)))
    assert await code(home, device.id, "Button.Trigger", id=200, event="kick") == -103
