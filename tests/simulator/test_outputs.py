"""Outputs: switching, timers, inputs beside them, protection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_platform.simulator import Device, Simulator

if TYPE_CHECKING:
    from tests.simulator.conftest import Home


async def reboot(device: Device, sim: Simulator) -> None:
    """Restart a device and wait until it is back."""
    device.power.restart(0.5)
    sim.advance(0.6)
    await device.disconnected()
    sim.advance(1)
    await device.connected()


# ---- switching and timers -------------------------------------------------------------------------------


async def test_a_command_names_its_source(sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    for source in ("WS_in", "HTTP_in", "SHC", "GATTS"):
        device.call("Switch.Toggle", {"id": 0}, source=source)
        assert device.status("switch:0")["source"] == source


async def test_power_is_shown_a_moment_after_switching_and_gone_at_once(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus2PM")
    await home.call(device.id, "Switch.Set", id=1, on=True)
    assert (await home.call(device.id, "Switch.GetStatus", id=1))["apower"] == 0
    sim.advance(1)
    status = await home.call(device.id, "Switch.GetStatus", id=1)
    assert status["apower"] > 0
    assert status["apower"] == pytest.approx(status["voltage"] * status["current"] * status["pf"], rel=0.05, abs=0.3)
    assert await home.call(device.id, "Switch.Set", id=1, on=False) == {"was_on": True}
    assert (await home.call(device.id, "Switch.GetStatus", id=1))["apower"] == 0


async def test_a_timer_shows_while_it_runs_and_is_told_as_null_when_it_ends(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await home.call(device.id, "Switch.Set", id=0, on=True, toggle_after=30)
    status = device.status("switch:0")
    assert status["timer_duration"] == 30
    assert status["timer_started_at"] == pytest.approx(device.now(), abs=1)
    sim.advance(31)
    assert (status["output"], status["source"]) == (False, "timer")
    assert not {"timer_duration", "timer_started_at"} & set(status)
    await home.until(lambda: home.status(device.id, "switch:0")[-1].get("output") is False)
    last = home.status(device.id, "switch:0")[-1]
    assert (last["timer_duration"], last["timer_started_at"]) == (None, None)


async def test_auto_off_switches_off_by_itself(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await home.call(device.id, "Switch.SetConfig", id=0, config={"auto_off": True, "auto_off_delay": 30})
    await home.call(device.id, "Switch.Set", id=0, on=True)
    assert device.status("switch:0")["timer_duration"] == 30
    sim.advance(31)
    status = device.status("switch:0")
    assert (status["output"], status["source"]) == (False, "timer")


async def test_auto_on_switches_on_again(sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    device.set_config("switch:0", {"auto_on": True, "auto_on_delay": 10})
    device.call("Switch.Set", {"id": 0, "on": False})
    sim.advance(11)
    assert device.status("switch:0")["output"] is True


async def test_a_later_command_ends_a_timer(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await home.call(device.id, "Switch.Set", id=0, on=True, toggle_after=30)
    await home.call(device.id, "Switch.Set", id=0, on=True)
    sim.advance(31)
    assert device.status("switch:0")["output"] is True


@pytest.mark.parametrize(
    ("initial", "closed", "was_on", "on"),
    [
        ("on", False, False, True),
        ("off", True, True, False),
        ("restore_last", False, True, True),
        ("match_input", True, False, True),
        ("match_input", False, True, False),
    ],
)
async def test_an_output_starts_as_its_settings_say(
    initial: str, closed: bool, was_on: bool, on: bool, sim: Simulator
) -> None:
    device = await sim.add("Plus1PM")
    device.set_config("switch:0", {"initial_state": initial, "in_mode": "detached"})
    device.press("input:0", "on" if closed else "off")
    device.call("Switch.Set", {"id": 0, "on": was_on})
    await reboot(device, sim)
    assert (device.status("switch:0")["output"], device.status("switch:0")["source"]) == (on, "init")


# ---- inputs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "gestures", "outputs", "source"),
    [
        ("follow", ["on", "off"], [True, False], "switch"),
        ("flip", ["on", "off"], [True, False], "switch"),
        ("flip", ["on", "on"], [True, False], "switch"),
        ("activate", ["on", "off"], [True, True], "activate"),
        ("detached", ["on", "off"], [False, False], "init"),
    ],
)
async def test_an_output_obeys_its_input(
    mode: str, gestures: list[str], outputs: list[bool], source: str, sim: Simulator
) -> None:
    device = await sim.add("Plus1PM")
    device.set_config("switch:0", {"in_mode": mode})
    seen = []
    for gesture in gestures:
        device.press("input:0", gesture)
        seen.append(device.status("switch:0")["output"])
    assert seen == outputs
    assert device.status("switch:0")["source"] == source


async def test_a_locked_input_does_nothing(sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    device.set_config("switch:0", {"in_mode": "follow", "in_locked": True})
    device.press("input:0", "on")
    assert device.status("input:0")["state"] is True
    assert device.status("switch:0")["output"] is False


async def test_a_button_switches_in_momentary_mode(sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    device.set_config("input:0", {"type": "button"})
    device.set_config("switch:0", {"in_mode": "momentary"})
    assert "state" not in device.status("input:0")
    device.press("input:0", "single_push")
    sim.advance(1)
    assert device.status("switch:0")["output"] is True
    assert device.status("switch:0")["source"] == "button"


async def test_activation_starts_the_timer_anew(sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    device.set_config("switch:0", {"in_mode": "activate", "auto_off": True, "auto_off_delay": 30})
    device.press("input:0", "on")
    sim.advance(20)
    device.press("input:0", "off")
    sim.advance(20)
    assert device.status("switch:0")["output"] is True
    sim.advance(11)
    assert device.status("switch:0")["output"] is False


async def test_one_button_cycles_through_two_outputs(sim: Simulator) -> None:
    device = await sim.add("Plus2PM")
    for key in ("switch:0", "switch:1"):
        device.set_config(key, {"in_mode": "cycle"})
    device.set_config("input:0", {"type": "button"})
    seen = []
    for _ in range(4):
        device.press("input:0", "single_push")
        sim.advance(1)
        seen.append((device.status("switch:0")["output"], device.status("switch:1")["output"]))
    assert seen == [(True, False), (False, True), (True, True), (False, False)]


# ---- protection -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "gesture", "error"),
    [
        ({"power_limit": 2000}, "load 3000", "overpower"),
        ({"current_limit": 5}, "load 2000", "overcurrent"),
        ({"voltage_limit": 250}, "voltage 260", "overvoltage"),
        ({"undervoltage_limit": 200}, "voltage 190", "undervoltage"),
        ({}, "temperature 105", "overtemp"),
    ],
)
async def test_an_output_protects_itself(
    limits: dict[str, float], gesture: str, error: str, home: Home, sim: Simulator
) -> None:
    device = await sim.add("Plus2PM")
    device.set_config("switch:0", limits)
    device.call("Switch.Set", {"id": 0, "on": True, "toggle_after": 600})
    sim.advance(1)
    device.press("switch:0", gesture)
    status = device.status("switch:0")
    assert (status["output"], status["source"], status["errors"]) == (False, error, [error])
    assert (status["apower"], status["current"]) == (0, 0)
    assert "timer_duration" not in status
    await home.until(lambda: any(patch.get("errors") == [error] for patch in home.status(device.id, "switch:0")))


async def test_a_load_that_is_too_much_is_noticed_when_it_is_switched_on_and_forgotten_at_the_next_command(
    sim: Simulator,
) -> None:
    device = await sim.add("Plus1PM")
    device.press("switch:0", "load 5000")
    assert "errors" not in device.status("switch:0")
    device.call("Switch.Set", {"id": 0, "on": True})
    assert device.status("switch:0")["output"] is True
    sim.advance(1)
    assert device.status("switch:0")["errors"] == ["overpower"]
    device.press("switch:0", "load 100")
    device.call("Switch.Set", {"id": 0, "on": True})
    sim.advance(1)
    assert "errors" not in device.status("switch:0")
    assert device.status("switch:0")["apower"] == pytest.approx(100, rel=0.04)


@pytest.mark.parametrize(
    ("recovers", "on", "source"), [(True, True, "overvoltage_clear"), (False, False, "overvoltage")]
)
async def test_a_voltage_error_goes_by_itself(recovers: bool, on: bool, source: str, sim: Simulator) -> None:
    device = await sim.add("Plus2PM")
    device.set_config("switch:0", {"autorecover_voltage_errors": recovers})
    device.call("Switch.Set", {"id": 0, "on": True})
    device.press("switch:0", "voltage 290")
    assert device.status("switch:0")["errors"] == ["overvoltage"]
    device.press("switch:0", "voltage 230")
    status = device.status("switch:0")
    assert "errors" not in status
    assert (status["output"], status["source"]) == (on, source)


async def test_an_error_that_lasts_comes_back_after_a_command(sim: Simulator) -> None:
    device = await sim.add("Plus2PM")
    device.press("switch:0", "voltage 290")
    assert (device.status("switch:0")["errors"], device.status("switch:0")["output"]) == (["overvoltage"], False)
    device.call("Switch.Set", {"id": 0, "on": True})
    assert "errors" not in device.status("switch:0")
    sim.advance(1)
    assert (device.status("switch:0")["errors"], device.status("switch:0")["output"]) == (["overvoltage"], False)


async def test_a_new_limit_holds_at_once(sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    device.press("switch:0", "load 400")
    device.call("Switch.Set", {"id": 0, "on": True})
    sim.advance(1)
    device.set_config("switch:0", {"power_limit": 300})
    sim.advance(0.1)
    assert device.status("switch:0")["errors"] == ["overpower"]


@pytest.mark.parametrize(
    "config",
    [
        {"in_mode": "sideways"},
        {"initial_state": "maybe"},
        {"auto_on_delay": -1},
        {"power_limit": -5},
        {"name": "x" * 65},
    ],
    ids=lambda config: next(iter(config)),
)
async def test_settings_that_do_not_fit_are_refused(config: dict[str, object], home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    before = device.config("switch:0")
    reply = await home.ask(device.id, "Switch.SetConfig", id=0, config=config)
    name = next(iter(config))
    assert reply["error"] == {"code": -103, "message": f"Invalid argument '{name}'!"}
    assert device.config("switch:0") == before


async def test_a_plug_has_a_button_of_its_own(sim: Simulator) -> None:
    device = await sim.add("PlugSG3")
    before = device.status("switch:0")["output"]
    device.press("switch:0", "toggle")
    assert (device.status("switch:0")["output"], device.status("switch:0")["source"]) == (not before, "button")
