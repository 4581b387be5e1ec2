"""Meters of one load: power, energy by the minute, what flows back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_platform.simulator import Simulator
from fleet_shelly.simulation.loads import LOADS, mean_watts, read_load
from fleet_shelly.simulation.outputs import Output

if TYPE_CHECKING:
    from tests.simulator.conftest import Home


# ---- loads ----------------------------------------------------------------------------------------------


def test_an_office_works_by_day() -> None:
    by_hour = [mean_watts(LOADS["office"], 400, 1, hour * 3600, hour) for hour in range(24)]
    assert max(by_hour) in by_hour[9:17]
    assert max(by_hour[0:6]) < 40
    assert min(by_hour[9:11]) > 350


def test_the_sun_feeds_back_by_day_only() -> None:
    at_noon, at_night = (mean_watts(LOADS["solar"], 4000, 7, hour * 3600, hour) for hour in (13, 23))
    assert at_noon < -1300
    assert at_night == 0


def test_a_fridge_runs_a_third_of_the_time() -> None:
    minutes = [mean_watts(LOADS["fridge"], 100, 5, minute * 60, 12) for minute in range(45 * 8)]
    assert set(minutes) == {100.0, 3.0}
    assert minutes.count(100.0) / len(minutes) == pytest.approx(0.35, abs=0.02)


def test_a_load_follows_from_device_and_moment() -> None:
    drawn = [mean_watts(LOADS["home"], 1000, 3, 60 * minute, 18.5) for minute in range(30)]
    assert drawn == [mean_watts(LOADS["home"], 1000, 3, 60 * minute, 18.5) for minute in range(30)]
    assert len(set(drawn)) == 30
    assert drawn != [mean_watts(LOADS["home"], 1000, 4, 60 * minute, 18.5) for minute in range(30)]


@pytest.mark.parametrize(
    ("words", "load"),
    [
        ("3000", (None, 3000)),
        ("heat pump", ("heat pump", None)),
        ("solar 2500", ("solar", 2500)),
        ("0", (None, 0)),
        ("toaster", None),
        ("fridge -3", None),
        ("", None),
    ],
)
def test_a_load_is_read_from_words(words: str, load: object) -> None:
    assert read_load(words.split()) == load


# ---- counters -------------------------------------------------------------------------------------------


async def test_energy_is_the_power_of_each_minute(sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    device.press("switch:0", "load 1200")
    device.call("Switch.Set", {"id": 0, "on": True})
    sim.advance(61)
    before = device.status("switch:0")["aenergy"]["total"]
    sim.advance(600)
    counter = device.status("switch:0")["aenergy"]
    assert counter["total"] - before == pytest.approx(200, rel=0.05)
    assert counter["by_minute"] == [pytest.approx(20_000, rel=0.05)] * 3
    assert counter["minute_ts"] % 60 == 0
    assert 0 <= device.now() - counter["minute_ts"] < 120


async def test_energy_is_told_once_a_minute(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    sim.advance(300)
    await home.until(lambda: sum("aenergy" in patch for patch in home.status(device.id, "switch:0")) == 5)


async def test_counters_can_be_reset_and_tell_what_they_showed(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1PMG3")
    await home.call(device.id, "Switch.Set", id=0, on=True)
    sim.advance(300)
    total = device.status("switch:0")["aenergy"]["total"]
    assert total > 0
    assert await home.call(device.id, "Switch.ResetCounters", id=0, type=["aenergy"]) == {"aenergy": {"total": total}}
    assert device.status("switch:0")["aenergy"]["total"] == 0
    both = await home.call(device.id, "Switch.ResetCounters", id=0)
    assert both == {"aenergy": {"total": 0}, "ret_aenergy": {"total": 0}}


async def test_what_feeds_back_is_counted_both_ways(sim: Simulator) -> None:
    device = await sim.add("MiniPMG3")
    device.set_config("pm1:0", {"reverse": True})
    device.press("pm1:0", "load 600")
    sim.advance(61)
    status = device.status("pm1:0")
    before = {name: status[name]["total"] for name in ("aenergy", "ret_aenergy")}
    sim.advance(600)
    assert status["apower"] == pytest.approx(-600, rel=0.05)
    assert status["current"] > 0
    for name, total in before.items():
        assert status[name]["total"] - total == pytest.approx(100, rel=0.05)


async def test_totals_survive_a_restart_and_minutes_do_not(sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    device.set_config("switch:0", {"initial_state": "restore_last", "in_mode": "detached"})
    device.press("switch:0", "load 600")
    device.call("Switch.Set", {"id": 0, "on": True})
    sim.advance(300)
    total = device.status("switch:0")["aenergy"]["total"]
    device.power.restart(0.5)
    sim.advance(1)
    counter = device.status("switch:0")["aenergy"]
    assert counter["by_minute"] == [0, 0, 0]
    assert counter["total"] == total
    sim.advance(120)
    assert device.status("switch:0")["apower"] == pytest.approx(600, rel=0.05)
    assert total + 9 < device.status("switch:0")["aenergy"]["total"] < total + 21


async def test_power_current_voltage_and_factor_fit(sim: Simulator) -> None:
    device = await sim.add("S2PMG3")
    device.press("switch:0", "load office 400")
    device.call("Switch.Set", {"id": 0, "on": True})
    for _ in range(20):
        device.vary()
        sim.advance(30)
    status = device.status("switch:0")
    assert status["apower"] == pytest.approx(status["voltage"] * status["current"] * status["pf"], rel=0.02, abs=0.3)
    assert status["pf"] == pytest.approx(0.88, abs=0.03)
    assert status["voltage"] == pytest.approx(230, abs=5)


async def test_two_devices_of_a_seed_draw_alike(sim: Simulator) -> None:
    powers = []
    for _ in range(2):
        device = await sim.add("Plus1PM", seed=42)
        device.call("Switch.Set", {"id": 0, "on": True})
        behaviour = device.behaviour("switch:0")
        assert isinstance(behaviour, Output)
        powers.append(behaviour.meter.nominal_w)
        device.power.switch_off()
    assert powers[0] == powers[1] > 0


async def test_a_change_of_the_day_is_told_and_a_small_one_is_not(home: Home, sim: Simulator) -> None:
    device = await sim.add("MiniPMG3")
    device.press("pm1:0", "load 100")
    await home.until(lambda: home.status(device.id, "pm1:0"))
    told = len(home.status(device.id, "pm1:0"))
    sim.advance(300)
    await home.until(lambda: len(home.status(device.id, "pm1:0")) == told + 5)
    assert all("apower" not in patch for patch in home.status(device.id, "pm1:0")[told:])
    device.press("pm1:0", "load 200")
    await home.until(lambda: home.status(device.id, "pm1:0")[-1].get("apower", 0) > 190)


async def test_the_mains_frequency_is_the_same_for_all_and_near_fifty(sim: Simulator) -> None:
    first, second = await sim.add("S1PMG3"), await sim.add("MiniPMG3")
    seen = set()
    for _ in range(12):
        sim.advance(1800)
        frequencies = first.status("switch:0")["freq"], second.status("pm1:0")["freq"]
        assert abs(frequencies[0] - frequencies[1]) < 0.2
        seen |= set(frequencies)
    assert seen <= {49.9, 50.0, 50.1}
    assert len(seen) > 1
