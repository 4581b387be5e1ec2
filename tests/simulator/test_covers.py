"""Covers: moving, positions, inputs, safety, calibration, slats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import Device, Simulator
from tests.simulator.asking import error_code

if TYPE_CHECKING:
    from tests.simulator.conftest import Home


async def cover(sim: Simulator, **config: Any) -> Device:
    """A device with one calibrated cover, which is open."""
    device = await sim.add("Plus2PM", profile="cover")
    device.set_config("cover:0", config)
    return device


def shown(device: Device, *names: str) -> tuple[Any, ...]:
    """Fields of the cover's status; None for those that are missing."""
    return tuple(device.status("cover:0").get(name) for name in names)


# ---- moving ---------------------------------------------------------------------------------------------


async def test_a_cover_takes_its_time_and_shows_where_it_is(home: Home, sim: Simulator) -> None:
    device = await cover(sim)
    assert await home.call(device.id, "Cover.Close", id=0) is None
    sim.advance(11)
    moving = device.status("cover:0")
    assert (moving["state"], moving["last_direction"], moving["move_timeout"]) == ("closing", "close", 24)
    assert moving["apower"] > 50
    assert 40 <= moving["current_pos"] <= 60
    assert moving["move_started_at"] == pytest.approx(device.now() - 11, abs=0.5)
    sim.advance(14)
    assert shown(device, "state", "current_pos", "apower", "source") == ("closed", 0, 0, "limit_switch")
    assert not {"move_started_at", "move_timeout", "target_pos"} & set(device.status("cover:0"))
    await home.until(lambda: home.status(device.id, "cover:0")[-1].get("state") == "closed")
    last = home.status(device.id, "cover:0")[-1]
    assert [last[name] for name in ("target_pos", "move_timeout", "move_started_at")] == [None] * 3


async def test_a_blind_can_be_put_somewhere_by_hand_and_the_motor_goes_on_from_there(sim: Simulator) -> None:
    device = await cover(sim)
    device.press("cover:0", "at 0")
    assert shown(device, "state", "current_pos") == ("closed", 0)
    device.press("cover:0", "at 40")
    assert shown(device, "state", "current_pos") == ("stopped", 40)
    device.call("Cover.GoToPosition", {"id": 0, "rel": 10})
    sim.advance(30)
    assert shown(device, "state", "current_pos") == ("stopped", 50)
    device.call("Cover.Close", {"id": 0})
    with pytest.raises(ValueError, match="cannot be pressed so"):
        device.press("cover:0", "at 100")


async def test_a_cover_goes_to_a_position_and_stops_when_told(home: Home, sim: Simulator) -> None:
    device = await sim.add("S2PMG3", profile="cover")
    await home.call(device.id, "Cover.GoToPosition", id=0, pos=25)
    assert device.status("cover:0")["target_pos"] == 25
    sim.advance(30)
    assert shown(device, "state", "current_pos", "target_pos") == ("stopped", 25, None)
    await home.call(device.id, "Cover.GoToPosition", id=0, rel=50)
    sim.advance(6)
    await home.call(device.id, "Cover.Stop", id=0)
    assert device.status("cover:0")["state"] == "stopped"
    assert 45 <= device.status("cover:0")["current_pos"] <= 60
    assert device.status("cover:0")["last_direction"] == "open"
    await home.call(device.id, "Cover.GoToPosition", id=0, rel=100)
    sim.advance(30)
    assert shown(device, "state", "current_pos") == ("open", 100)
    for params in ({}, {"pos": 10, "rel": 5}, {"pos": 101}, {"slat_pos": 1, "slat_rel": 1}):
        assert await error_code(home, device, "Cover.GoToPosition", id=0, **params) == -103


async def test_a_cover_moves_for_a_while(home: Home, sim: Simulator) -> None:
    device = await cover(sim)
    await home.call(device.id, "Cover.Close", id=0, duration=5)
    sim.advance(6)
    assert device.status("cover:0")["state"] == "stopped"
    assert 75 <= device.status("cover:0")["current_pos"] <= 80
    assert await error_code(home, device, "Cover.Close", id=0, duration=25) == -103


async def test_a_way_that_is_longer_than_allowed_ends_by_its_time(sim: Simulator) -> None:
    device = await cover(sim)
    device.call("Cover.Close", {"id": 0})
    sim.advance(30)
    device.set_config("cover:0", {"maxtime_open": 10})
    device.call("Cover.Open", {"id": 0})
    sim.advance(11)
    assert shown(device, "state", "source") == ("stopped", "timeout")
    assert 40 <= device.status("cover:0")["current_pos"] <= 50


async def test_a_cover_draws_power_only_while_it_moves(sim: Simulator) -> None:
    device = await cover(sim)
    device.press("cover:0", "load 150")
    before = device.status("cover:0")["aenergy"]["total"]
    device.call("Cover.Close", {"id": 0})
    sim.advance(121)
    assert device.status("cover:0")["aenergy"]["total"] - before == pytest.approx(150 * 22 / 3600, rel=0.15)


@pytest.mark.parametrize(("initial", "state"), [("open", "open"), ("closed", "closed"), ("stopped", "stopped")])
async def test_a_cover_starts_as_its_settings_say(initial: str, state: str, sim: Simulator) -> None:
    device = await cover(sim, initial_state=initial)
    device.call("Cover.GoToPosition", {"id": 0, "pos": 50})
    sim.advance(5)
    device.power.restart(0.5)
    sim.advance(60)
    assert device.status("cover:0")["state"] == state


async def test_maintenance_freezes_a_cover(home: Home, sim: Simulator) -> None:
    device = await cover(sim, maintenance_mode=True)
    assert await error_code(home, device, "Cover.Close", id=0) == -109
    assert device.status("cover:0")["state"] == "open"


async def test_settings_cannot_be_changed_while_it_moves(home: Home, sim: Simulator) -> None:
    device = await cover(sim)
    device.call("Cover.Close", {"id": 0})
    assert await error_code(home, device, "Cover.SetConfig", id=0, config={"maxtime_open": 30}) == -109
    threshold = {"obstruction_detection": {"power_thr": 600}}
    assert await home.call(device.id, "Cover.SetConfig", id=0, config=threshold) == {"restart_required": False}
    sim.advance(30)
    turned = await home.call(device.id, "Cover.SetConfig", id=0, config={"invert_directions": True})
    assert turned == {"restart_required": True}
    assert await error_code(home, device, "Cover.SetConfig", id=0, config={"maxtime_open": 301}) == -103


# ---- inputs ---------------------------------------------------------------------------------------------


async def test_a_cover_moves_while_a_switch_is_closed(sim: Simulator) -> None:
    device = await cover(sim)
    device.press("input:1", "on")
    assert shown(device, "state", "source") == ("closing", "switch")
    sim.advance(6)
    device.press("input:1", "off")
    assert shown(device, "state", "source") == ("stopped", "switch")
    assert 70 <= device.status("cover:0")["current_pos"] <= 80


async def test_swapped_inputs_move_the_other_way(sim: Simulator) -> None:
    device = await cover(sim, swap_inputs=True)
    device.press("input:0", "on")
    assert device.status("cover:0")["state"] == "closing"


@pytest.mark.parametrize("config", [{"in_mode": "detached"}, {"in_locked": True}])
async def test_an_input_that_may_not_does_nothing(config: dict[str, Any], sim: Simulator) -> None:
    device = await cover(sim, **config)
    device.press("input:1", "on")
    assert device.status("cover:0")["state"] == "open"


async def test_buttons_start_and_stop(sim: Simulator) -> None:
    device = await cover(sim)
    for key in ("input:0", "input:1"):
        device.set_config(key, {"type": "button"})
    device.press("input:1", "single_push")
    sim.advance(1)
    assert shown(device, "state", "source") == ("closing", "button")
    device.press("input:1", "single_push")
    sim.advance(1)
    assert shown(device, "state", "source") == ("stopped", "button")


async def test_one_input_opens_stops_closes_stops(sim: Simulator) -> None:
    device = await cover(sim, in_mode="single")
    states = []
    for gesture, seconds in (("on", 6), ("off", 1), ("on", 2), ("off", 1)):
        device.press("input:0", gesture)
        sim.advance(seconds)
        states.append(device.status("cover:0")["state"])
    assert states == ["closing", "stopped", "opening", "stopped"]


# ---- safety ---------------------------------------------------------------------------------------------

SAFE = {"enable": True, "direction": "both", "action": "stop", "allowed_move": None}


async def test_a_safety_switch_stops_and_forbids(home: Home, sim: Simulator) -> None:
    device = await cover(sim, in_mode="single", safety_switch=SAFE)
    device.call("Cover.Close", {"id": 0})
    sim.advance(5)
    device.press("input:1", "on")
    assert shown(device, "state", "source", "errors") == ("stopped", "safety_switch", ["safety_switch"])
    assert await error_code(home, device, "Cover.Open", id=0) == -109
    device.press("input:1", "off")
    assert "errors" not in device.status("cover:0")
    await home.call(device.id, "Cover.Open", id=0)
    sim.advance(30)
    assert device.status("cover:0")["state"] == "open"


async def test_a_safety_switch_may_let_it_go_back(home: Home, sim: Simulator) -> None:
    device = await cover(sim, in_mode="single", safety_switch={**SAFE, "action": "reverse", "allowed_move": "reverse"})
    device.call("Cover.Close", {"id": 0})
    sim.advance(5)
    device.press("input:1", "on")
    assert shown(device, "state", "errors") == ("opening", ["safety_switch"])
    sim.advance(30)
    assert device.status("cover:0")["state"] == "open"
    assert await error_code(home, device, "Cover.Close", id=0) == -109


async def test_a_paused_cover_goes_on_when_it_is_safe(sim: Simulator) -> None:
    device = await cover(sim, in_mode="single", safety_switch={**SAFE, "action": "pause", "direction": "close"})
    device.call("Cover.Close", {"id": 0})
    sim.advance(5)
    device.press("input:1", "on")
    sim.advance(60)
    assert device.status("cover:0")["state"] == "stopped"
    device.press("input:1", "off")
    sim.advance(30)
    assert device.status("cover:0")["state"] == "closed"


async def test_a_direction_that_is_not_watched_is_free(home: Home, sim: Simulator) -> None:
    device = await cover(sim, in_mode="single", safety_switch={**SAFE, "direction": "open"})
    device.press("input:1", "on")
    await home.call(device.id, "Cover.Close", id=0)
    sim.advance(30)
    assert device.status("cover:0")["state"] == "closed"
    assert await error_code(home, device, "Cover.Open", id=0) == -109
    assert device.status("cover:0")["errors"] == ["safety_switch"]


@pytest.mark.parametrize(("action", "state"), [("stop", "stopped"), ("reverse", "open")])
async def test_an_obstacle_is_felt(action: str, state: str, sim: Simulator) -> None:
    detection = {"enable": True, "direction": "close", "action": action, "power_thr": 500, "holdoff": 1}
    device = await cover(sim, obstruction_detection=detection)
    device.call("Cover.Close", {"id": 0})
    sim.advance(6)
    device.press("cover:0", "obstruct 700")
    sim.advance(1.1)
    assert device.status("cover:0")["errors"] == ["obstruction"]
    device.press("cover:0", "clear")
    sim.advance(30)
    assert device.status("cover:0")["state"] == state
    device.call("Cover.Close", {"id": 0})
    assert "errors" not in device.status("cover:0")


async def test_an_obstacle_that_is_not_looked_for_holds_the_blind(sim: Simulator) -> None:
    device = await cover(sim)
    device.call("Cover.Close", {"id": 0})
    sim.advance(6)
    device.press("cover:0", "obstruct 700")
    sim.advance(30)
    assert shown(device, "state", "source") == ("stopped", "timeout")
    assert 70 <= device.status("cover:0")["current_pos"] <= 85


@pytest.mark.parametrize(
    ("gesture", "error"), [("load 3500", "overpower"), ("voltage 290", "overvoltage"), ("temperature 110", "overtemp")]
)
async def test_a_cover_protects_itself(gesture: str, error: str, home: Home, sim: Simulator) -> None:
    device = await cover(sim)
    device.call("Cover.Close", {"id": 0})
    sim.advance(3)
    device.press("cover:0", gesture)
    sim.advance(1.1)
    assert shown(device, "state", "source", "errors", "apower") == ("stopped", error, [error], 0)
    if error != "overpower":
        assert await error_code(home, device, "Cover.Close", id=0) == -109


# ---- calibration ----------------------------------------------------------------------------------------


async def test_a_cover_without_calibration_knows_no_position(home: Home, sim: Simulator) -> None:
    device = await cover(sim)
    device.report("cover:0", {"pos_control": False, "current_pos": None})
    assert await error_code(home, device, "Cover.GoToPosition", id=0, pos=10) == -109
    await home.call(device.id, "Cover.Close", id=0)
    sim.advance(30)
    assert device.status("cover:0")["state"] == "closed"
    assert "current_pos" not in device.status("cover:0")
    await home.call(device.id, "Cover.Calibrate", id=0)
    assert shown(device, "state", "pos_control") == ("calibrating", False)
    for method in ("Open", "Close", "Calibrate"):
        assert await error_code(home, device, f"Cover.{method}", id=0) == -109
    assert await error_code(home, device, "Cover.GoToPosition", id=0, pos=10) == -109
    sim.advance(30)
    assert device.status("cover:0")["state"] == "calibrating"
    sim.advance(50)
    assert shown(device, "state", "pos_control", "current_pos", "apower") == ("open", True, 100, 0)


async def test_a_calibration_learns_what_an_obstacle_draws(sim: Simulator) -> None:
    device = await cover(sim)
    device.press("cover:0", "load 100")
    device.call("Cover.Calibrate", {"id": 0})
    sim.advance(80)
    assert device.config("cover:0")["obstruction_detection"]["power_thr"] == pytest.approx(115, abs=1)


async def test_a_calibration_that_is_stopped_leaves_no_position(home: Home, sim: Simulator) -> None:
    device = await cover(sim)
    await home.call(device.id, "Cover.Calibrate", id=0)
    sim.advance(10)
    await home.call(device.id, "Cover.Stop", id=0)
    assert shown(device, "state", "errors", "pos_control") == ("stopped", ["cal_abort:ext_command"], False)
    assert "current_pos" not in device.status("cover:0")
    await home.call(device.id, "Cover.Calibrate", id=0)
    sim.advance(80)
    assert shown(device, "pos_control", "errors") == (True, None)


async def test_a_calibration_fails_where_the_end_is_not_reached_in_time(sim: Simulator) -> None:
    device = await cover(sim)
    device.call("Cover.Close", {"id": 0})
    sim.advance(30)
    device.set_config("cover:0", {"maxtime_close": 5})
    device.call("Cover.Calibrate", {"id": 0})
    sim.advance(60)
    assert shown(device, "errors", "pos_control") == (["cal_abort:timeout_close"], False)


# ---- slats ----------------------------------------------------------------------------------------------


async def test_slats_turn(home: Home, sim: Simulator) -> None:
    device = await cover(sim)
    assert await error_code(home, device, "Cover.GoToPosition", id=0, slat_pos=50) == -109
    device.set_config("cover:0", {"slat": {"enable": True, "open_time": 2, "close_time": 2}})
    assert device.status("cover:0")["slat_pos"] == 100
    await home.call(device.id, "Cover.GoToPosition", id=0, slat_pos=50)
    assert device.status("cover:0")["state"] == "closing"
    sim.advance(1.1)
    assert shown(device, "slat_pos", "state", "current_pos") == (50, "open", 100)
    await home.call(device.id, "Cover.GoToPosition", id=0, slat_rel=-100)
    sim.advance(2)
    assert device.status("cover:0")["slat_pos"] == 0
    await home.call(device.id, "Cover.GoToPosition", id=0, pos=40, slat_pos=30)
    sim.advance(30)
    assert shown(device, "current_pos", "slat_pos", "state") == (40, 30, "stopped")
    device.set_config("cover:0", {"slat": {"enable": False}})
    assert "slat_pos" not in device.status("cover:0")


async def test_slats_can_be_kept_while_the_blind_moves(sim: Simulator) -> None:
    device = await cover(sim)
    device.set_config("cover:0", {"slat": {"enable": True, "retain_pos": True}})
    device.call("Cover.GoToPosition", {"id": 0, "slat_pos": 70})
    sim.advance(3)
    device.call("Cover.GoToPosition", {"id": 0, "pos": 50})
    sim.advance(30)
    assert shown(device, "current_pos", "slat_pos") == (50, 70)


async def test_slats_that_must_not_be_turned_any_more_stay(sim: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    device = await cover(sim, in_mode="single", safety_switch={**SAFE, "direction": "open"})
    device.set_config("cover:0", {"slat": {"enable": True, "retain_pos": True}})
    device.press("input:1", "on")
    device.call("Cover.Close", {"id": 0})
    sim.advance(30)
    assert shown(device, "state", "slat_pos", "errors") == ("closed", 0, ["safety_switch"])
    assert not caplog.records


async def test_short_pushes_turn_slats_and_long_ones_move_the_blind(sim: Simulator) -> None:
    device = await cover(sim)
    device.set_config("cover:0", {"slat": {"enable": True, "step": 25}})
    for key in ("input:0", "input:1"):
        device.set_config(key, {"type": "button"})
    device.press("input:1", "single_push")
    sim.advance(3)
    assert device.status("cover:0")["slat_pos"] == 75
    device.press("input:1", "long_push")
    sim.advance(1)
    assert shown(device, "state", "source") == ("closing", "long_push")
