"""Rare devices: scent diffuser, presence radar, DALI dimmer, other makers' products with a module inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_platform.simulator import Simulator
from tests.simulator.asking import error_code

if TYPE_CHECKING:
    from tests.simulator.conftest import Home


# ---- scent diffuser -----------------------------------------------------------------------------------------


async def test_a_slot_smells_as_strong_as_it_is_told(home: Home, sim: Simulator) -> None:
    device = await sim.add("Cury")
    await home.call(device.id, "Cury.Set", id=0, slot="left", on=True, intensity=30)
    slots = device.status("cury:0")["slots"]
    assert (slots["left"]["on"], slots["left"]["intensity"]) == (True, 30)
    assert (slots["right"]["on"], slots["right"]["intensity"]) == (False, 70)
    await home.until(lambda: home.status(device.id, "cury:0"))
    assert home.status(device.id, "cury:0") == [{"slots": {"left": {"on": True, "intensity": 30}}}]


async def test_a_slot_that_there_is_not_and_a_call_for_nothing_are_refused(home: Home, sim: Simulator) -> None:
    device = await sim.add("Cury")
    assert await error_code(home, device, "Cury.Set", id=0, slot="middle", on=True) == -103
    assert await error_code(home, device, "Cury.Set", id=0, slot="left") == -103
    assert await error_code(home, device, "Cury.Set", id=0, on=True) == -103
    assert await error_code(home, device, "Cury.Boost", id=1, slot="left") == -105


async def test_a_boost_ends_by_itself_or_when_it_is_stopped(home: Home, sim: Simulator) -> None:
    device = await sim.add("Cury")
    for slot in ("left", "right"):
        await home.call(device.id, "Cury.Boost", id=0, slot=slot)
    slots = device.status("cury:0")["slots"]
    assert slots["left"]["boost"]["duration"] == 1800
    assert slots["left"]["on"] is True
    await home.call(device.id, "Cury.StopBoost", id=0, slot="right")
    assert "boost" not in slots["right"]
    sim.advance(1790)
    assert "boost" in slots["left"]
    sim.advance(20)
    assert "boost" not in slots["left"]


async def test_vials_mode_and_absence(home: Home, sim: Simulator) -> None:
    device = await sim.add("Cury")
    both = await home.call(device.id, "Cury.GetVialInfo", id=0)
    assert await home.call(device.id, "Cury.GetVialInfo", id=0, slot="right") == both["right"]
    await home.call(device.id, "Cury.SetMode", id=0, mode="bedroom")
    await home.call(device.id, "Cury.SetAwayMode", id=0, on=True)
    assert (device.status("cury:0")["mode"], device.status("cury:0")["away_mode"]) == ("bedroom", True)


async def test_only_what_smells_empties(sim: Simulator) -> None:
    device = await sim.add("Cury")
    device.call("Cury.Set", {"id": 0, "slot": "left", "on": True, "intensity": 100})
    sim.advance(7 * 24 * 3600)
    slots = device.status("cury:0")["slots"]
    assert 60 < slots["left"]["vial"]["level"] < 100
    assert slots["right"]["vial"]["level"] == 93


# ---- presence -----------------------------------------------------------------------------------------------


async def test_a_zone_counts_who_comes_and_goes(home: Home, sim: Simulator) -> None:
    device = await sim.add("PresenceG4")
    zone = "presencezone:200"
    for gesture, count in (("enter", 1), ("enter", 2), ("leave", 1), ("leave", 0), ("leave", 0)):
        device.press(zone, gesture)
        assert device.status(zone) == {"id": 200, "value": count > 0, "num_objects": count}


async def test_nobody_is_seen_while_the_radar_is_off(home: Home, sim: Simulator) -> None:
    device = await sim.add("PresenceG4")
    await home.call(device.id, "Presence.SetSensor", enable=False)
    device.press("presencezone:200", "enter")
    assert device.status("presencezone:200")["num_objects"] == 0


async def test_zones_are_added_and_deleted_but_for_the_first(home: Home, sim: Simulator) -> None:
    device = await sim.add("PresenceG4")
    key = (await home.call(device.id, "Presence.AddZone", config={"name": "Sofa", "area": [[-4, 8, 5, 2]]}))["key"]
    assert key == "presencezone:201"
    assert device.config(key)["name"] == "Sofa"
    assert device.config(key)["area"] == [[-4, 8, 5, 2]]
    assert await error_code(home, device, "Presence.DeleteZone", key="presencezone:200") == -103
    assert await error_code(home, device, "Presence.DeleteZone", key="presencezone:207") == -105
    await home.call(device.id, "Presence.DeleteZone", key=key)
    assert device.keys("presencezone") == ["presencezone:200"]
    for _ in range(9):
        await home.call(device.id, "Presence.AddZone", config={})
    assert await error_code(home, device, "Presence.AddZone", config={}) == -108


async def test_tracking_tells_who_comes_for_a_while(home: Home, sim: Simulator) -> None:
    device = await sim.add("PresenceG4")
    await home.call(device.id, "Presence.LiveTrack", timer_duration=30)
    assert device.status("presence")["live_track"]["timer_duration"] == 30
    device.press("presencezone:200", "enter")
    await home.until(lambda: len(home.events(device.id)) == 2)
    assert [(event["component"], event["event"]) for event in home.events(device.id)] == [
        ("presence", "no_track"),
        ("presence", "track"),
    ]
    sim.advance(31)
    assert "live_track" not in device.status("presence")


async def test_a_factory_reset_keeps_what_the_maker_put_in(home: Home, sim: Simulator) -> None:
    device = await sim.add("PresenceG4")
    await home.call(device.id, "Presence.AddZone", config={})
    device.forget()
    assert device.keys("presencezone") == ["presencezone:200"]
    thermostat = await sim.add("st1820")
    thermostat.forget()
    assert len(thermostat.keys("boolean")) == len(thermostat.keys("number")) == 3


# ---- DALI, modules, displays --------------------------------------------------------------------------------


async def test_a_dali_bus_is_searched(home: Home, sim: Simulator) -> None:
    device = await sim.add("DDimmerG3")
    await home.call(device.id, "DALI.StartScan")
    await home.call(device.id, "DALI.PingKnownDevices")
    sim.advance(10)
    await home.until(lambda: len(home.events(device.id)) == 2)
    assert [event["event"] for event in home.events(device.id)] == ["ping_complete", "scan_complete"]
    assert device.status("dali") == {"cg_count": 1}


async def test_what_a_service_owns_shows_a_value_and_nothing_else(home: Home, sim: Simulator) -> None:
    device = await sim.add("st1820")
    await home.call(device.id, "Number.Set", id=202, value=22.5)
    assert device.status("number:202") == {"value": 22.5}
    for _ in range(20):
        device.vary()
    assert all(set(device.status(key)) == {"value"} for key in (*device.keys("number"), *device.keys("boolean")))


async def test_a_wall_display_tells_its_uptime_with_its_identity(home: Home, sim: Simulator) -> None:
    device = await sim.add("WallDisplay")
    before = (await home.call(device.id, "Shelly.GetDeviceInfo"))["uptime"]
    sim.advance(100)
    assert (await home.call(device.id, "Shelly.GetDeviceInfo"))["uptime"] - before >= 100


async def test_a_sensor_without_a_driver_stays_broken(sim: Simulator) -> None:
    device = await sim.add("SAWD-3A1XE10EU2")
    sim.advance(3600)
    while device.vary() and device.random.random() < 0.95:
        pass
    assert device.status("temperature:0")["tC"] == -275.15
    assert device.status("humidity:0")["rh"] == -2
