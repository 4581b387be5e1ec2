"""Lights: looks, transitions, dimming, the night, presets, calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import Simulator
from fleet_shelly.simulation.transitions import Transition
from tests.simulator.asking import error_code

if TYPE_CHECKING:
    from tests.simulator.conftest import Home

DIMMER = "SPDM-001PE01EU"
KINDS: list[Any] = [
    (DIMMER, None, "light:0", {}),
    ("PlusRGBWPM", "rgb", "rgb:0", {"rgb": [200, 100, 0]}),
    ("PlusRGBWPM", "rgbw", "rgbw:0", {"rgb": [200, 100, 0], "white": 40}),
    ("ProRGBWWPM", "rgbcct", "cct:0", {"ct": 3000}),
]


# ---- looks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "profile", "key", "look"), KINDS)
async def test_a_light_takes_its_look_and_fades_to_it(
    model: str, profile: str | None, key: str, look: dict[str, Any], home: Home, sim: Simulator
) -> None:
    device = await sim.add(model, profile=profile)
    namespace = key.partition(":")[0]
    before = dict(device.status(key))
    wanted = {"brightness": 90, **look}
    assert await home.call(device.id, f"{namespace}.Set", id=0, on=True, transition_duration=10, **wanted) is None
    status = device.status(key)
    assert status["output"] is True
    assert {name: status[name] for name in wanted} == {name: before[name] for name in wanted}
    assert status["transition"]["target"] == {"output": True, **wanted}
    assert status["transition"]["duration"] == 10
    assert status["transition"]["started_at"] == pytest.approx(device.now(), abs=1)
    sim.advance(5.1)
    assert status["brightness"] == round((before["brightness"] + 90) / 2)
    sim.advance(5)
    assert "transition" not in status
    assert {name: status[name] for name in wanted} == wanted
    assert status["source"] == "transition"
    assert status["apower"] > 0
    assert await home.call(device.id, f"{namespace}.Toggle", id=0) == {"was_on": True}
    assert await error_code(home, device, f"{namespace}.Set", id=0) == -103
    assert await error_code(home, device, f"{namespace}.Set", id=0, brightness=101) == -103


def test_a_transition_passes_through_what_lies_between() -> None:
    way = Transition(
        start={"brightness": 0, "rgb": [0, 255, 100]}, goal={"brightness": 50, "rgb": [100, 55, 100]}, lasts_s=4
    )
    looks = []
    while not way.step(way.next_step_s()):
        looks.append(way.look())
    assert looks == [
        {"brightness": 12, "rgb": [25, 205, 100]},
        {"brightness": 25, "rgb": [50, 155, 100]},
        {"brightness": 38, "rgb": [75, 105, 100]},
    ]


async def test_a_transition_by_the_settings_takes_its_share_of_the_whole(sim: Simulator) -> None:
    device = await sim.add(DIMMER)
    device.set_config("light:0", {"transition_duration": 10})
    device.call("Light.Set", {"id": 0, "on": True, "brightness": 90})
    assert device.status("light:0")["transition"]["duration"] == 4
    device.call("Light.Set", {"id": 0, "transition_duration": 0, "brightness": 20})
    assert "transition" not in device.status("light:0")
    assert device.status("light:0")["brightness"] == 20


async def test_a_new_command_takes_over_a_transition(sim: Simulator) -> None:
    device = await sim.add(DIMMER)
    device.call("Light.Set", {"id": 0, "on": True, "brightness": 100, "transition_duration": 20})
    sim.advance(10.1)
    assert device.status("light:0")["brightness"] == 75
    device.call("Light.Set", {"id": 0, "brightness": 55, "transition_duration": 2})
    sim.advance(1.1)
    assert device.status("light:0")["brightness"] == 65
    sim.advance(20)
    assert device.status("light:0")["brightness"] == 55


async def test_switching_off_ends_a_transition_at_its_goal(sim: Simulator) -> None:
    device = await sim.add(DIMMER)
    device.call("Light.Set", {"id": 0, "on": True, "brightness": 100, "transition_duration": 20})
    sim.advance(5)
    device.call("Light.Set", {"id": 0, "on": False})
    status = device.status("light:0")
    assert (status["output"], status["brightness"], "transition" in status) == (False, 100, False)


async def test_an_offset_is_relative_and_has_ends(sim: Simulator) -> None:
    device = await sim.add("PlusRGBWPM", profile="rgbw")
    device.set_config("rgbw:0", {"transition_duration": 0})
    device.call("RGBW.Set", {"id": 0, "on": True, "brightness": 40, "white": 100})
    device.call("RGBW.Set", {"id": 0, "offset": 25})
    assert device.status("rgbw:0")["brightness"] == 65
    device.call("RGBW.Set", {"id": 0, "offset_brightness": -100, "offset_white": 90})
    assert (device.status("rgbw:0")["brightness"], device.status("rgbw:0")["white"]) == (0, 190)


async def test_colours_and_whites_have_bounds(home: Home, sim: Simulator) -> None:
    device = await sim.add("ProRGBWWPM", profile="rgbcct")
    for rgb in ([1, 2], [1, 2, 256], "red", [1, 2, True]):
        assert await error_code(home, device, "RGB.Set", id=0, rgb=rgb) == -103
    assert await error_code(home, device, "CCT.Set", id=0, ct=1000) == -103
    for config in (
        {"ct_range": [5000]},
        {"ct_range": [6000, 3000]},
        {"night_mode": {"active_between": ["25:00", "6:00"]}},
    ):
        assert await error_code(home, device, "CCT.SetConfig", id=0, config=config) == -103


async def test_all_lights_are_set_together_where_there_are_several(home: Home, sim: Simulator) -> None:
    device = await sim.add("PlusRGBWPM", profile="light")
    assert "Light.SetAll" in (await home.call(device.id, "Shelly.ListMethods"))["methods"]
    assert await home.call(device.id, "Light.SetAll", on=True, brightness=33, transition_duration=0) is None
    shown = [(device.status(f"light:{n}")["output"], device.status(f"light:{n}")["brightness"]) for n in range(4)]
    assert shown == [(True, 33)] * 4
    alone = await sim.add(DIMMER)
    assert await error_code(home, alone, "Light.SetAll", on=True) == 404


async def test_a_toggle_is_never_darker_than_allowed(sim: Simulator) -> None:
    device = await sim.add(DIMMER)
    device.call("Light.Set", {"id": 0, "on": False, "brightness": 2})
    device.set_config("light:0", {"min_brightness_on_toggle": 10})
    device.call("Light.Toggle", {"id": 0})
    assert (device.status("light:0")["output"], device.status("light:0")["brightness"]) == (True, 10)


async def test_brightness_decides_the_power(sim: Simulator) -> None:
    device = await sim.add(DIMMER)
    device.press("light:0", "load 100")
    device.call("Light.Set", {"id": 0, "on": True, "brightness": 30, "transition_duration": 0})
    sim.advance(1)
    assert device.status("light:0")["apower"] == pytest.approx(30, rel=0.04)


# ---- dimming --------------------------------------------------------------------------------------------


async def test_dimming_goes_on_until_it_is_stopped_or_at_its_end(home: Home, sim: Simulator) -> None:
    device = await sim.add(DIMMER)
    await home.call(device.id, "Light.Set", id=0, on=True, brightness=20, transition_duration=0)
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
    assert await error_code(home, device, "Light.DimUp", id=0, fade_rate=6) == -103


async def test_a_faster_rate_dims_faster(sim: Simulator) -> None:
    ways = []
    for rate in (1, 5):
        device = await sim.add(DIMMER)
        device.call("Light.Set", {"id": 0, "on": True, "brightness": 10, "transition_duration": 0})
        device.call("Light.DimUp", {"id": 0, "fade_rate": rate})
        sim.advance(1)
        ways.append(device.status("light:0")["brightness"] - 10)
    assert ways[1] == 5 * ways[0] > 0


async def test_a_held_button_dims_and_two_pushes_call_the_preset(sim: Simulator) -> None:
    device = await sim.add(DIMMER)
    device.set_config(
        "light:0", {"transition_duration": 0, "button_presets": {"button_doublepush": {"brightness": 77}}}
    )
    device.set_config("input:0", {"type": "button"})
    device.call("Light.Set", {"id": 0, "on": True, "brightness": 20})
    device.press("input:0", "btn_down")
    sim.advance(2)
    assert device.status("light:0")["source"] == "dim"
    device.press("input:0", "btn_up")
    stopped = device.status("light:0")["brightness"]
    assert 20 < stopped < 100
    assert device.status("light:0")["source"] == "dimstop"
    sim.advance(5)
    assert device.status("light:0")["brightness"] == stopped
    device.press("input:0", "double_push")
    sim.advance(2)
    assert (device.status("light:0")["brightness"], device.status("light:0")["source"]) == (77, "double")
    device.press("input:0", "single_push")
    sim.advance(1)
    assert (device.status("light:0")["output"], device.status("light:0")["source"]) == (False, "button")


async def test_two_buttons_dim_up_and_down(sim: Simulator) -> None:
    device = await sim.add(DIMMER)
    device.set_config("light:0", {"in_mode": "dual_dim", "transition_duration": 0})
    for key in ("input:0", "input:1"):
        device.set_config(key, {"type": "button"})
    device.press("input:0", "single_push")
    sim.advance(1)
    assert device.status("light:0")["output"] is True
    before = device.status("light:0")["brightness"]
    device.press("input:1", "long_push")
    sim.advance(3)
    assert device.status("light:0")["brightness"] < before
    device.press("input:1", "single_push")
    sim.advance(1)
    assert device.status("light:0")["output"] is False


# ---- night ----------------------------------------------------------------------------------------------


async def test_the_night_limits_the_brightness(sim: Simulator) -> None:
    device = await sim.add(DIMMER)
    device.set_config("light:0", {"transition_duration": 0})
    device.call("Light.Set", {"id": 0, "on": True, "brightness": 80})
    night = {"enable": True, "brightness": 5, "active_between": ["00:00", "00:00"]}
    device.set_config("light:0", {"night_mode": night})
    sim.advance(0.1)
    assert (device.status("light:0")["brightness"], device.status("light:0")["source"]) == (
        5,
        "night_mode_start_full_period",
    )
    device.call("Light.Set", {"id": 0, "brightness": 100})
    assert device.status("light:0")["brightness"] == 5
    device.set_config("light:0", {"night_mode": {"enable": False}})
    sim.advance(0.1)
    assert device.status("light:0")["source"] == "night_mode_end_period"
    device.call("Light.Set", {"id": 0, "brightness": 100})
    assert device.status("light:0")["brightness"] == 100


async def test_the_night_comes_and_goes_by_itself(sim: Simulator) -> None:
    device = await sim.add(DIMMER)
    device.call("Light.Set", {"id": 0, "on": True, "brightness": 80, "transition_duration": 0})
    minute = int((device.now() + device.status("sys").get("utc_offset", 0)) % 86_400 // 60)
    times = [f"{at // 60 % 24:02}:{at % 60:02}" for at in (minute + 3, minute + 8)]
    device.set_config("light:0", {"night_mode": {"enable": True, "brightness": 10, "active_between": times}})
    sim.advance(60)
    assert device.status("light:0")["brightness"] == 80
    sim.advance(240)
    assert (device.status("light:0")["brightness"], device.status("light:0")["source"]) == (
        10,
        "night_mode_start_period",
    )
    sim.advance(360)
    assert device.status("light:0")["source"] == "night_mode_end_period"


# ---- calibration and protection -------------------------------------------------------------------------


async def test_a_dimmer_calibrates_and_shows_how_far_it_is(home: Home, sim: Simulator) -> None:
    device = await sim.add(DIMMER)
    device.report("light:0", {"flags": ["uncalibrated"], "errors": ["cal_abort:interrupted"]})
    await home.call(device.id, "Light.Calibrate", id=0)
    status = device.status("light:0")
    assert status["calibration"] == {"progress": 0}
    assert await error_code(home, device, "Light.Calibrate", id=0) == -109
    sim.advance(6)
    assert status["calibration"] == {"progress": 50}
    sim.advance(5)
    assert not {"calibration", "flags", "errors"} & set(status)


async def test_a_calibration_without_a_lamp_or_with_an_interruption_fails(sim: Simulator) -> None:
    device = await sim.add(DIMMER)
    device.press("light:0", "load 0")
    assert device.status("light:0")["flags"] == ["no_load"]
    device.call("Light.Calibrate", {"id": 0})
    sim.advance(11)
    assert device.status("light:0")["errors"] == ["cal_abort:no_load"]
    assert device.status("light:0")["flags"] == ["no_load", "uncalibrated"]
    device.press("light:0", "load 60")
    assert device.status("light:0")["flags"] == ["uncalibrated"]
    device.call("Light.Calibrate", {"id": 0})
    sim.advance(3)
    device.call("Light.Set", {"id": 0, "on": True})
    assert device.status("light:0")["errors"] == ["cal_abort:interrupted"]
    assert "calibration" not in device.status("light:0")


async def test_a_light_protects_itself(sim: Simulator) -> None:
    device = await sim.add(DIMMER)
    device.press("light:0", "load 400")
    device.call("Light.Set", {"id": 0, "on": True, "brightness": 100, "transition_duration": 10})
    sim.advance(20)
    status = device.status("light:0")
    assert (status["output"], status["source"], status["errors"]) == (False, "overpower", ["overpower"])
    assert "transition" not in status


async def test_a_bulb_shows_a_colour_or_a_white(home: Home, sim: Simulator) -> None:
    device = await sim.add("S3BL-C010007AEU")
    device.set_config("rgbcct:0", {"transition_duration": 0})
    await home.call(device.id, "RGBCCT.Set", id=0, on=True, rgb=[10, 20, 30])
    assert (device.status("rgbcct:0")["mode"], device.status("rgbcct:0")["rgb"]) == ("rgb", [10, 20, 30])
    await home.call(device.id, "RGBCCT.Set", id=0, ct=3200, brightness=40)
    status = device.status("rgbcct:0")
    assert (status["mode"], status["ct"], status["brightness"]) == ("cct", 3200, 40)
    assert await error_code(home, device, "RGBCCT.Set", id=0, mode="disco") == -103
