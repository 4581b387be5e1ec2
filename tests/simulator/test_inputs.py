"""Inputs: buttons, switches, analogue values, counters, formulas, and how much they may say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import Device, Simulator
from fleet_shelly.simulation.expressions import BadExpression, evaluate

if TYPE_CHECKING:
    from tests.simulator.conftest import Home


async def of_type(sim: Simulator, kind: str, **config: Any) -> Device:
    """A device whose first input is of a type, with the settings that such an input has."""
    device = await sim.add("PlusI4")
    device.state.config["input:0"] = {**device.config("input:0"), **config}
    device.set_config("input:0", {"type": kind})
    return device


def heard(home: Home, device: Device) -> list[tuple[str, float]]:
    """Events of the first input and when they were sent, in seconds since the first."""
    events = [event for event in home.events(device.id) if event["component"] == "input:0"]
    events = [event for event in events if event["event"] != "config_changed"]
    return [(event["event"], round(event["ts"] - events[0]["ts"], 1)) for event in events]


# ---- buttons --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gesture", "events"),
    [
        ("single_push", [("btn_down", 0), ("btn_up", 0.1), ("single_push", 0.5)]),
        (
            "double_push",
            [("btn_down", 0), ("btn_up", 0.1), ("btn_down", 0.2), ("btn_up", 0.4), ("double_push", 0.8)],
        ),
        ("long_push", [("btn_down", 0), ("long_push", 0.8), ("btn_up", 1.5)]),
    ],
)
async def test_a_gesture_is_edges_and_what_they_mean(
    gesture: str, events: list[tuple[str, float]], home: Home, sim: Simulator
) -> None:
    device = await of_type(sim, "button")
    device.press("input:0", gesture)
    sim.advance(3)
    await home.until(lambda: len(heard(home, device)) == len(events))
    for (event, at), (expected, then) in zip(heard(home, device), events, strict=True):
        assert event == expected
        assert at == pytest.approx(then, abs=0.11)


async def test_three_pushes_are_a_triple_one(home: Home, sim: Simulator) -> None:
    device = await of_type(sim, "button")
    device.press("input:0", "triple_push")
    sim.advance(3)
    await home.until(lambda: len(heard(home, device)) == 7)
    assert [event for event, _ in heard(home, device)] == [*("btn_down", "btn_up") * 3, "triple_push"]


async def test_edges_by_hand_make_gestures(home: Home, sim: Simulator) -> None:
    device = await of_type(sim, "button")
    for _ in range(2):
        device.press("input:0", "btn_down")
        sim.advance(0.1)
        device.press("input:0", "btn_up")
        sim.advance(0.1)
    sim.advance(1)
    await home.until(lambda: len(heard(home, device)) == 5)
    assert heard(home, device)[-1][0] == "double_push"


async def test_a_button_can_be_triggered(home: Home, sim: Simulator) -> None:
    device = await of_type(sim, "button")
    assert await home.call(device.id, "Input.Trigger", id=0, event_type="triple_push") is None
    await home.until(lambda: heard(home, device) == [("triple_push", 0)])
    assert (await home.ask(device.id, "Input.Trigger", id=0, event_type="kick"))["error"]["code"] == -103
    assert (await home.ask(device.id, "Input.Trigger", id=0))["error"]["message"] == "Missing required 'event_type'"


# ---- switches -------------------------------------------------------------------------------------------


async def test_an_inverted_switch_shows_the_opposite(sim: Simulator) -> None:
    device = await of_type(sim, "switch")
    device.press("input:0", "on")
    assert device.status("input:0")["state"] is True
    device.set_config("input:0", {"invert": True})
    assert device.status("input:0")["state"] is True
    device.press("input:0", "on")
    assert device.status("input:0")["state"] is False
    device.press("input:0", "off")
    assert device.status("input:0")["state"] is True


async def test_an_input_that_is_not_enabled_says_nothing(home: Home, sim: Simulator) -> None:
    device = await of_type(sim, "button")
    device.set_config("input:0", {"enable": False})
    device.press("input:0", "single_push")
    sim.advance(2)
    await home.call(device.id, "Shelly.GetDeviceInfo")
    assert heard(home, device) == []


async def test_an_input_of_one_kind_takes_no_gesture_of_another(sim: Simulator) -> None:
    device = await of_type(sim, "switch")
    for gesture in ("single_push", "percent 40", "count 3", "kick"):
        with pytest.raises(ValueError, match="cannot be pressed"):
            device.press("input:0", gesture)


# ---- limit ----------------------------------------------------------------------------------------------


async def test_an_input_says_no_more_than_eighty_things_a_minute(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")

    def told() -> list[bool]:
        return [patch["state"] for patch in home.status(device.id, "input:0")]

    device.press("input:0", "on")
    for _ in range(79):
        await home.call(device.id, "Shelly.GetDeviceInfo")
        device.press("input:0", "toggle")
    await home.until(lambda: len(told()) == 80)
    for _ in range(22):
        device.press("input:0", "toggle")
        await home.call(device.id, "Shelly.GetDeviceInfo")
    device.press("input:0", "toggle")
    assert device.status("input:0")["state"] is True
    await home.call(device.id, "Shelly.GetDeviceInfo")
    assert told() == [True, False] * 40
    sim.advance(61)
    await home.until(lambda: len(told()) == 81)
    assert told()[-1] is True
    (event,) = [event for event in home.events(device.id) if event["event"] == "rate_limit_exceeded"]
    assert (event["component"], event["missed_status"], event["missed_events"]) == ("input:0", 23, 0)


async def test_what_is_held_back_still_switches(sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    for _ in range(101):
        device.press("input:0", "toggle")
    assert device.status("input:0")["state"] is device.status("switch:0")["output"] is True


# ---- analogue values and counters -----------------------------------------------------------------------


async def test_an_analogue_input_shows_percent_and_what_a_formula_makes_of_it(home: Home, sim: Simulator) -> None:
    device = await of_type(
        sim, "analog", range_map=[0, 100], report_thr=1, xpercent={"expr": "x * 2 + 1", "unit": "m/s"}
    )
    assert device.status("input:0")["percent"] == 0
    assert "state" not in device.status("input:0")
    device.press("input:0", "percent 40")
    assert (device.status("input:0")["percent"], device.status("input:0")["xpercent"]) == (40, 81)
    device.set_config("input:0", {"range_map": [50, 100]})
    device.press("input:0", "percent 40")
    assert device.status("input:0")["percent"] == 70
    refused = await home.ask(device.id, "Input.SetConfig", id=0, config={"range_map": [60, 40]})
    assert refused["error"]["code"] == -103


async def test_a_counter_counts_by_the_minute(home: Home, sim: Simulator) -> None:
    device = await of_type(
        sim, "count", count_rep_thr=10, freq_window=60, xcounts={"expr": "x / 100", "unit": "l"}, xfreq={"expr": None}
    )
    assert device.status("input:0")["counts"]["total"] == 0
    device.press("input:0", "count 25")
    counts = device.status("input:0")["counts"]
    assert (counts["total"], counts["xtotal"]) == (25, 0.25)
    sim.advance(180)
    assert counts["total"] > 25
    assert sum(counts["by_minute"]) == counts["total"]
    assert device.status("input:0")["freq"] > 0
    total = counts["total"]
    assert await home.call(device.id, "Input.ResetCounters", id=0) == {"counts": {"total": total}}
    assert device.status("input:0")["counts"]["total"] == 0


# ---- formulas -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "x", "result"),
    [
        ("x", 3, 3),
        ("x + 1", 2, 3),
        ("(x - 32) * 5 / 9", 212, 100),
        ("-x ** 2", 3, -9),
        ("x % 3", -7, -1),
        ("Math.round(x / 4)", 10, 3),
        ("Math.max(x, 10, 3)", 4, 10),
        ("2 * Math.PI * x", 0.5, 3.141592653589793),
    ],
)
def test_a_formula_is_worked_out(expression: str, x: float, result: float) -> None:
    assert evaluate(expression, x) == pytest.approx(result)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "y + 1",
        "x +",
        "x / 0",
        "10 ** 400",
        "Math.sqrt(-1)",
        "Math.floor()",
        "Math.nothing(x)",
        "x.real",
        "__import__('os')",
        "(lambda: x)()",
        "[x][0]",
        "True",
        "'x'",
        "x" + "+x" * 60,
        "(" * 90,
    ],
)
def test_what_is_no_formula_has_no_result(expression: str) -> None:
    with pytest.raises(BadExpression):
        evaluate(expression, 1)


async def test_a_formula_can_be_tried(home: Home, sim: Simulator) -> None:
    device = await sim.add("PlusI4")
    tried = await home.call(device.id, "Input.CheckExpression", expr="10 / x", inputs=[2, None, 0])
    assert tried == {"results": [[2, 5], [None, None], [0, None, "Cannot evaluate: 10 / x"]]}
    too_many = await home.ask(device.id, "Input.CheckExpression", expr="x", inputs=[1] * 6)
    assert too_many["error"]["code"] == -103
