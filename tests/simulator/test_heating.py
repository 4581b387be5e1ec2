"""The Wall Display's thermostat: target, boost, override and schedule."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import Device, Simulator
from fleet_shelly.simulation.heating_rules import is_rule_time, rule_at
from tests.simulator.asking import error_code

if TYPE_CHECKING:
    from tests.simulator.conftest import Home


@pytest.fixture
async def device(sim: Simulator) -> Device:
    return await sim.add("WallDisplay")


async def test_it_heats_up_to_its_target(home: Home, device: Device) -> None:
    await home.call(device.id, "Thermostat.SetConfig", id=0, config={"target_C": 28})
    status = await home.call(device.id, "Shelly.GetStatus")
    assert (status["thermostat:0"]["target_C"], status["thermostat:0"]["target_F"]) == (28, 82)
    assert status["thermostat:0"]["output"] is status["switch:0"]["output"] is True
    await home.call(device.id, "Thermostat.SetConfig", id=0, config={"enable": False})
    assert device.status("switch:0")["output"] is False
    assert await error_code(home, device, "Thermostat.SetConfig", id=0, config={"target_C": 36}) == -103
    assert device.config("thermostat:0")["target_C"] == 28


async def test_cooling_is_the_other_way_round(home: Home, device: Device) -> None:
    await home.call(device.id, "Thermostat.SetConfig", id=0, config={"type": "cooling", "target_C": 18})
    assert device.status("switch:0")["output"] is True
    await home.call(device.id, "Thermostat.SetConfig", id=0, config={"target_C": 28})
    assert device.status("switch:0")["output"] is False


async def test_a_boost_and_an_override_last_a_while(home: Home, sim: Simulator, device: Device) -> None:
    await home.call(device.id, "Thermostat.SetConfig", id=0, config={"target_C": 10})
    assert device.status("switch:0")["output"] is False
    await home.call(device.id, "Thermostat.Boost", id=0, duration=300)
    assert device.status("switch:0")["output"] is True
    sim.advance(301)
    assert "boost" not in device.status("thermostat:0")
    assert device.status("switch:0")["output"] is False
    await home.call(device.id, "Thermostat.Override", id=0, target_C=30)
    assert device.status("switch:0")["output"] is True
    assert device.status("thermostat:0")["target_C"] == 10
    await home.call(device.id, "Thermostat.CancelOverride", id=0)
    assert device.status("switch:0")["output"] is False


async def test_profiles_and_rules_are_kept_and_changed(home: Home, device: Device) -> None:
    async def call(verb: str, **params: Any) -> Any:
        return await home.call(device.id, f"Thermostat.Schedule.{verb}", id=0, **params)

    assert await call("ListProfiles") == {"profiles": []}
    assert await call("AddProfile", name="Winter") == {"restart_required": False, "profile_id": 0}
    assert await call("CreateProfile", name="Summer") == {"restart_required": False, "profile_id": 1}
    await call("RenameProfile", profile_id=1, name="Away")
    assert await call("ListProfiles") == {"profiles": [{"id": 0, "name": "Winter"}, {"id": 1, "name": "Away"}]}
    rule = {"profile_id": 0, "target_C": 22.5, "timespec": "0 30 6 * * MON-FRI"}
    made = await call("AddRule", config=rule)
    assert made["new_rule"] == {"rule_id": "1", "enable": True, **rule}
    await call("CreateRule", config={**rule, "profile_id": 1})
    await call("ChangeRule", config={"rule_id": "1", "enable": False})
    assert (await call("ListRules", profile_id=0))["rules"] == [{"rule_id": "1", "enable": False, **rule}]
    await call("DeleteRule", rule_id="1", profile_id=0)
    assert await call("ListRules", profile_id=0) == {"rules": []}
    await call("DeleteProfile", profile_id=1)
    assert await call("ListProfiles") == {"profiles": [{"id": 0, "name": "Winter"}]}
    assert device.storage("thermostat:0")["rules"] == []
    assert await error_code(home, device, "Thermostat.Schedule.ListRules", id=0, profile_id=1) == -105
    assert await error_code(home, device, "Thermostat.Schedule.DeleteRule", id=0, rule_id="9") == -105
    assert (
        await error_code(home, device, "Thermostat.Schedule.AddRule", id=0, config={**rule, "timespec": "soon"}) == -103
    )
    assert await error_code(home, device, "Thermostat.Schedule.AddRule", id=0, config={**rule, "target_C": 50}) == -103


async def test_a_rule_of_the_chosen_profile_sets_the_target_on_the_minute(
    sim: Simulator, home: Home, device: Device
) -> None:
    call = "Thermostat.Schedule."
    for name in ("Winter", "Away"):
        await home.call(device.id, f"{call}AddProfile", id=0, name=name)
    await home.call(device.id, f"{call}AddRule", id=0, profile_id=0, target_C=24, timespec="0 * * * * *")
    await home.call(device.id, f"{call}AddRule", id=0, profile_id=1, target_C=8, timespec="0 * * * * *")
    sim.advance(120)
    assert device.status("thermostat:0")["target_C"] == 21
    await home.call(device.id, f"{call}SetConfig", config={"enable": True, "profile_id": 0}, id=0)
    assert device.status("thermostat:0")["schedules"] == {"enable": True, "profile_id": 0, "profile_name": "Winter"}
    sim.advance(120)
    assert device.status("thermostat:0")["target_C"] == 24
    await home.call(device.id, f"{call}SetConfig", config={"profile_id": 1}, id=0)
    sim.advance(120)
    assert device.status("thermostat:0")["target_C"] == 8


@pytest.mark.parametrize(
    ("timespec", "fits"),
    [
        ("0 30 6 * * MON-FRI", True),
        ("0 */15 8-18 1,15 * 0,6", True),
        ("0 0 0 31 12 7", True),
        ("0 60 6 * * *", False),
        ("0 30 6 * *", False),
        ("0 30 6 * * FUN", False),
        ("0 5-3 6 * * *", False),
        ("0 */0 6 * * *", False),
        ("", False),
        ("* " * 200, False),
    ],
)
def test_the_time_of_a_rule_has_six_fields(timespec: str, fits: bool) -> None:
    assert is_rule_time(timespec) is fits


def test_of_two_rules_that_come_due_the_later_one_counts() -> None:
    monday = time.strptime("2026-11-23 06:30", "%Y-%m-%d %H:%M")
    rules = [
        {"rule_id": "1", "enable": True, "timespec": "0 30 6 * * MON"},
        {"rule_id": "2", "enable": True, "timespec": "0 */10 6 * * 1-5"},
        {"rule_id": "3", "enable": False, "timespec": "0 30 6 * * *"},
        {"rule_id": "4", "enable": True, "timespec": "0 30 6 * * SUN"},
    ]
    assert rule_at(rules, monday) is rules[1]
    assert rule_at(rules[2:], monday) is None
