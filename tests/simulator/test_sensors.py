"""Sensors of the surroundings, batteries and alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import Device, Simulator
from fleet_shelly.simulation.daytime import daylight, warmth_of_day
from plugin_sdk.local_time import hour_at

if TYPE_CHECKING:
    from tests.simulator.conftest import Home


def make(device: Device, key: str, config: dict[str, Any], status: dict[str, Any]) -> None:
    """Give a device one more component, as an add-on would."""
    device.add(key, status={"id": 100, **status}, config={"id": 100, "name": None, **config})


# ---- the day --------------------------------------------------------------------------------------------


def test_it_is_warmest_in_the_afternoon_and_brightest_at_noon() -> None:
    hours = [hour / 2 for hour in range(48)]
    assert max(hours, key=warmth_of_day) == 16
    assert min(hours, key=warmth_of_day) == 4
    assert max(hours, key=daylight) == 13
    assert {daylight(hour) for hour in (0, 3, 6, 20, 23)} == {0}


def test_the_hour_is_the_devices_own() -> None:
    assert hour_at(1_700_000_000, 0) == pytest.approx(22.22, abs=0.01)
    assert hour_at(1_700_000_000, 7200) == pytest.approx(0.22, abs=0.01)


# ---- temperature and humidity ---------------------------------------------------------------------------


async def test_an_offset_shows_at_once_and_can_be_taken_back(home: Home, sim: Simulator) -> None:
    device = await sim.add("PlusHT")
    before = device.status("temperature:0")["tC"]
    for offset in (2, -1, 0):
        await home.call(device.id, "Temperature.SetConfig", id=0, config={"offset_C": offset})
        after = device.status("temperature:0")
        assert after["tC"] == pytest.approx(before + offset)
        assert after["tF"] == pytest.approx(after["tC"] * 9 / 5 + 32, abs=0.1)


async def test_a_sensor_tells_when_it_moved_by_its_threshold(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    make(device, "temperature:100", {"report_thr_C": 2, "offset_C": 0}, {"tC": 20.0, "tF": 68.0})
    sim.advance(3600)
    await home.call(device.id, "Shelly.GetDeviceInfo")
    told = [patch["tC"] for patch in home.status(device.id, "temperature:100")]
    assert all(abs(after - before) >= 1.9 for before, after in zip([20.0, *told], told, strict=False))
    device.press("temperature:100", "temperature 35.5")
    assert device.status("temperature:100") == {"id": 100, "tC": 35.5, "tF": 95.9}


async def test_a_sensor_stays_around_what_it_was_set_to(sim: Simulator) -> None:
    device = await sim.add("S1G3")
    make(device, "temperature:100", {"report_thr_C": 0.5, "offset_C": 0}, {"tC": 20.0, "tF": 68.0})
    make(device, "humidity:100", {"report_thr": 1, "offset": 0}, {"rh": 50.0})
    for _ in range(48):
        sim.advance(1800)
        assert 16 < device.status("temperature:100")["tC"] < 24
        assert 38 < device.status("humidity:100")["rh"] < 62


async def test_a_broken_sensor_says_so(sim: Simulator) -> None:
    device = await sim.add("PlusHT")
    device.press("humidity:0", "fault")
    assert device.status("humidity:0") == {"id": 0, "errors": ["read"]}
    device.press("humidity:0", "out of range")
    assert device.status("humidity:0")["errors"] == ["out_of_range"]
    device.press("humidity:0", "well")
    assert set(device.status("humidity:0")) == {"id", "rh"}


@pytest.mark.parametrize("config", [{"offset_C": 51}, {"report_thr_C": 0}, {"report_thr_C": 6}])
async def test_settings_of_a_sensor_have_bounds(config: dict[str, Any], home: Home, sim: Simulator) -> None:
    device = await sim.add("PlusHT")
    reply = await home.ask(device.id, "Temperature.SetConfig", id=0, config=config)
    assert reply["error"] == {"code": -103, "message": f"Invalid argument '{next(iter(config))}'!"}


# ---- light ----------------------------------------------------------------------------------------------


async def test_the_light_of_a_day_is_called_by_its_name(sim: Simulator) -> None:
    device = await sim.add("WallDisplay")
    words = {}
    for _ in range(24 * 4):
        sim.advance(900)
        status = device.status("illuminance:0")
        words[round(hour_at(device.now(), device.status("sys").get("utc_offset", 0)) * 4) / 4] = status["illumination"]
    assert words[2.0] == words[23.0] == "dark"
    assert words[13.0] == "bright"


async def test_a_lamp_can_be_brought(sim: Simulator) -> None:
    device = await sim.add("WallDisplay")
    shown = []
    for lux in (900, 100, 3):
        device.press("illuminance:0", f"lux {lux}")
        shown.append((device.status("illuminance:0")["lux"], device.status("illuminance:0")["illumination"]))
    assert shown == [(900, "bright"), (100, "twilight"), (3, "dark")]
    sim.advance(3600)
    assert device.status("illuminance:0")["lux"] == 3
    device.set_config("illuminance:0", {"dark_thr": 2})
    assert device.status("illuminance:0")["illumination"] == "twilight"


# ---- voltages -------------------------------------------------------------------------------------------


async def test_a_voltage_is_shown_as_a_formula_wants_it(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    make(device, "voltmeter:100", {"report_thr": 0.5, "xvoltage": {"expr": None, "unit": None}}, {"voltage": 5.0})
    device.press("voltmeter:100", "voltage 12.25")
    assert device.status("voltmeter:100") == {"id": 100, "voltage": 12.25}
    formula = {"expr": "x * 100", "unit": "mbar"}
    await home.call(device.id, "Voltmeter.SetConfig", id=100, config={"xvoltage": formula})
    assert device.status("voltmeter:100") == {"id": 100, "voltage": 12.25, "xvoltage": 1225}
    await home.call(device.id, "Voltmeter.SetConfig", id=100, config={"xvoltage": {"unit": None}})
    assert device.status("voltmeter:100") == {"id": 100, "voltage": 12.25}
    assert await home.call(device.id, "Voltmeter.CheckExpression", expr="x/2", inputs=[5]) == {"results": [[5, 2.5]]}


# ---- batteries ------------------------------------------------------------------------------------------


async def test_a_battery_empties_from_wake_up_to_wake_up(sim: Simulator) -> None:
    device = await sim.add("PlusHT")
    before = dict(device.status("devicepower:0")["battery"])
    for _ in range(400):
        device.power.switch_off()
        device.power.switch_on(boot="deepsleep_wake", cause="periodic")
    after = device.status("devicepower:0")["battery"]
    assert before["percent"] - 4 <= after["percent"] < before["percent"]
    assert after["V"] < before["V"]


async def test_a_cable_and_a_weak_battery_show(sim: Simulator) -> None:
    device = await sim.add("PlusHT")
    device.press("devicepower:0", "battery 9")
    battery = device.status("devicepower:0")["battery"]
    assert (battery["percent"], battery["V"]) == (9, pytest.approx(4.24, abs=0.02))
    device.press("devicepower:0", "usb on")
    assert device.status("devicepower:0")["external"] == {"present": True}
    device.press("devicepower:0", "usb off")
    assert device.status("devicepower:0")["external"] == {"present": False}


# ---- alarms ---------------------------------------------------------------------------------------------


async def test_smoke_can_be_muted(home: Home, sim: Simulator) -> None:
    device = await sim.add("PlusSmoke")
    assert (await home.ask(device.id, "Smoke.Mute", id=0))["error"]["code"] == -109
    device.press("smoke:0", "alarm")
    await home.call(device.id, "Smoke.Mute", id=0)
    assert device.status("smoke:0") == {"id": 0, "alarm": True, "mute": True}
    device.press("smoke:0", "alarm_off")
    assert device.status("smoke:0") == {"id": 0, "alarm": False, "mute": False}


async def test_a_self_test_is_told_and_is_no_alarm(home: Home, sim: Simulator) -> None:
    device = await sim.add("PlusSmoke")
    device.press("smoke:0", "test")
    assert device.status("smoke:0")["alarm"] is False
    await home.until(lambda: any(event["event"] == "alarm_test" for event in home.events(device.id)))


async def test_water_and_a_loose_cable_are_told(sim: Simulator) -> None:
    device = await sim.add("FloodSensorG4")
    device.press("flood:0", "alarm")
    assert device.status("flood:0")["alarm"] is True
    device.press("flood:0", "mute")
    assert device.status("flood:0")["mute"] is True
    device.press("flood:0", "alarm_off")
    assert device.status("flood:0") == {"id": 0, "alarm": False, "mute": False}
    device.press("flood:0", "mute")
    assert device.status("flood:0")["mute"] is False
    device.press("flood:0", "cable_unplugged")
    assert device.status("flood:0")["errors"] == ["cable_unplugged"]
    device.press("flood:0", "cable_plugged")
    assert "errors" not in device.status("flood:0")


async def test_an_alarm_sounds_only_as_it_can(home: Home, sim: Simulator) -> None:
    device = await sim.add("FloodSensorG4")
    await home.call(device.id, "Flood.SetConfig", id=0, config={"alarm_mode": "rain"})
    reply = await home.ask(device.id, "Flood.SetConfig", id=0, config={"alarm_mode": "whisper"})
    assert reply["error"] == {"code": -103, "message": "Invalid argument 'alarm_mode'!"}
    assert device.config("flood:0")["alarm_mode"] == "rain"
