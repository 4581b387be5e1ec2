"""The demo hotel: what is in it, what happens there by itself, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fleet_platform.simulator import Device, Simulator
from fleet_platform.simulator.demo import HOTEL, open_hotel
from fleet_platform.simulator.demo.acts import Act, Press, within
from fleet_platform.simulator.demo.day import HABITS
from fleet_platform.simulator.demo.hotel import EMPTY_ROOM, ROOMS, SUITE
from fleet_platform.simulator.demo.plan import plan, taken_rooms
from fleet_platform.simulator.demo.story import FLAKY, FORGOTTEN, LOST

if TYPE_CHECKING:
    from tests.simulator.conftest import Eventually, Home

DAY = date(2026, 3, 14)
UTC_OFFSET_S = 3600
"""Of the hotel's devices."""

A_MONTH = [date(2026, 3, day) for day in range(1, 29)]

WASHING_MACHINE = "Basement / Laundry / Washing machine"
SAUNA = "Basement / Sauna / Heater"
COLD_ROOM = "Ground floor / Kitchen / Cold room"
FORGOTTEN_LIGHT = f"{EMPTY_ROOM} / Lights"


def open_at(sim: Simulator, hour: float) -> tuple[Mapping[str, Device], date]:
    """The hotel at an hour of its day, and that day: time passes before it opens."""
    local = datetime.now(UTC) + timedelta(seconds=UTC_OFFSET_S)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    sim.advance((midnight - local).total_seconds() + hour * 3600)
    return open_hotel(sim, seed=0), midnight.date()


def do(device: Device, act: Act) -> None:
    """Like ``perform``, but a refusal is an error."""
    if isinstance(act, Press):
        device.press(act.key, act.gesture)
    else:
        device.call(act.method, act.params, source=act.source)


def everything() -> list[Act]:
    """All that ever happens, once."""
    acts = [entry.act for day in A_MONTH for entry in plan(day, seed=day.day)]
    for habit in HABITS:
        acts += [within(place, act) if place else act for place in habit.places or ("",) for act in habit.acts]
    return list({repr(act): act for act in (*acts, *FORGOTTEN)}.values())


def test_the_hotel_has_floors_rooms_and_names_that_a_guest_understands() -> None:
    names = [device.full_name for device in HOTEL]
    assert 40 <= len(HOTEL) <= 60
    assert len(set(names)) == len(names)
    assert all(len(name.split(" / ")) == 3 for name in names)
    assert max(map(len, names)) <= 64
    assert {device.place for device in HOTEL} >= {*ROOMS, SUITE}


async def test_what_happens_is_something_a_device_can_do(sim: Simulator) -> None:
    devices = open_hotel(sim, seed=0)
    for act in everything():
        do(devices[act.device], act)


def test_readers_are_told_how_many_devices_there_are() -> None:
    root = Path(__file__).parents[2]
    assert f"a simulated hotel of {len(HOTEL)} devices" in (root / "README.md").read_text()
    assert f"a hotel of {len(HOTEL)} devices" in (root / "docs/simulator.md").read_text()


def test_the_same_seed_and_day_give_the_same_plan_and_others_another() -> None:
    assert plan(DAY, 1) == plan(DAY, 1)
    assert plan(DAY, 1) != plan(DAY, 2)
    assert plan(DAY, 1) != plan(date(2026, 3, 15), 1)
    assert [entry.hour for entry in plan(DAY, 1)] == sorted(entry.hour for entry in plan(DAY, 1))


def test_rooms_are_taken_on_most_nights_and_one_never() -> None:
    nights = [taken_rooms(day, 0) for day in A_MONTH]
    assert set().union(*nights) == {*ROOMS} - {EMPTY_ROOM}
    assert len({len(rooms) for rooms in nights}) > 1
    assert all(not entry.act.device.startswith(EMPTY_ROOM) for day in A_MONTH for entry in plan(day, 0))


@pytest.mark.parametrize(
    ("hour", "blind", "light", "terrace"),
    [(3.5, "closed", False, False), (13.5, "open", False, False), (22.3, "closed", True, True)],
)
async def test_the_hotel_opens_as_it_is_at_that_hour(
    hour: float, blind: str, light: bool, terrace: bool, sim: Simulator
) -> None:
    devices, today = open_at(sim, hour)
    rooms = taken_rooms(today if hour > 6 else today - timedelta(days=1), 0)
    assert {devices[f"{room} / Blind"].status("cover:0")["state"] for room in (*rooms, SUITE)} == {blind}
    assert all(devices[f"{room} / Lights"].status("switch:0")["output"] is light for room in rooms)
    assert devices["Outside / Terrace / Light strip"].status("rgb:0")["output"] is terrace


async def test_guests_get_up_and_come_back(sim: Simulator) -> None:
    devices, today = open_at(sim, 6.0)
    rooms = taken_rooms(today, 0)
    sim.advance(2.2 * 3600)
    assert all(devices[f"{room} / Blind"].status("cover:0")["state"] == "open" for room in rooms)
    sim.advance(9.9 * 3600)
    assert all(devices[f"{room} / Lights"].status("switch:0")["output"] is True for room in rooms)


async def test_a_new_day_is_planned_at_midnight(sim: Simulator) -> None:
    devices, _ = open_at(sim, 23.95)
    fountain = devices["Outside / Garden / Fountain"]
    assert fountain.status("switch:0")["output"] is False
    sim.advance(8.5 * 3600)
    assert fountain.status("switch:0")["output"] is True


async def test_something_is_told_all_the_time(home: Home, sim: Simulator) -> None:
    devices = open_hotel(sim, seed=0)
    await home.until(lambda: sim.stats.connections == len(HOTEL))
    before = sim.stats.notifications
    sim.advance(30)
    assert sim.stats.notifications - before >= 20
    everyone = {device.id for device in devices.values()}
    await home.until(lambda: everyone == {frame["src"] for visit in home.visits for frame in visit.frames})


async def test_a_weak_signal_comes_and_goes(home: Home, sim: Simulator, eventually: Eventually) -> None:
    devices = open_hotel(sim, seed=0)
    (name,) = FLAKY
    device = await devices[name].connected()
    assert device.status("wifi")["rssi"] == -88
    sim.advance(2 * FLAKY[name].up_s)
    await device.disconnected()
    sim.advance(2 * FLAKY[name].down_s)
    await device.connected()
    await eventually(lambda: device.session.link.connections == 2)
    sim.advance(3600)
    assert device.status("wifi")["rssi"] < -80


async def test_what_is_lost_was_there_once_and_stays_away(sim: Simulator) -> None:
    devices = open_hotel(sim, seed=0)
    (name,) = LOST
    device = await devices[name].connected()
    sim.advance(LOST[name] + 10)
    await device.disconnected()
    sim.advance(3600)
    assert (device.power.state, device.session.link.connections) == ("off", 1)


async def test_light_is_on_where_nobody_stays(sim: Simulator) -> None:
    devices, _ = open_at(sim, 12.0)
    sim.advance(3600)
    assert devices[FORGOTTEN_LIGHT].status("switch:0")["output"] is True


async def test_a_heater_that_draws_too_much_switches_off_again(sim: Simulator) -> None:
    devices = open_hotel(sim, seed=0)
    status = devices[SAUNA].status("switch:0")
    assert (status["output"], status["errors"]) == (False, ["overpower"])
    devices[SAUNA].call("Switch.Set", {"id": 0, "on": True})
    sim.advance(60)
    assert (status["output"], status["errors"]) == (False, ["overpower"])


async def test_the_cold_rooms_door_is_open(sim: Simulator) -> None:
    devices = open_hotel(sim, seed=0)
    sim.advance(120)
    assert devices[COLD_ROOM].status("input:0")["state"] is True
    assert devices[COLD_ROOM].status("switch:0")["apower"] == pytest.approx(740, rel=0.05)


async def test_old_firmware_can_be_updated(sim: Simulator) -> None:
    devices = open_hotel(sim, seed=0)
    device = await devices[WASHING_MACHINE].connected()
    assert device.state.info["ver"] == "1.1.0"
    device.call("Shelly.Update", {"stage": "stable"})
    sim.advance(10)
    assert device.state.info["ver"] == "1.7.5"
