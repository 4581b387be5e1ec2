"""``Script.*``: code is kept, and of what it says, calls that are written out are done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.simulator import Device, Simulator
from fleet_shelly.simulation.script_code import BadCode, Invoke, Program, read_code
from tests.simulator.asking import error_code

if TYPE_CHECKING:
    from tests.simulator.conftest import Home


@pytest.fixture
async def device(sim: Simulator) -> Device:
    return await sim.add("S1PMG3")


async def script(home: Home, device: Device, code: str, *, start: bool = True) -> int:
    """A script with some code."""
    number: int = (await home.call(device.id, "Script.Create"))["id"]
    await home.call(device.id, "Script.PutCode", id=number, code=code)
    if start:
        await home.call(device.id, "Script.Start", id=number)
    return number


def emitted(home: Home, device: Device, number: int = 1) -> list[tuple[str, Any]]:
    """Names and data of a script's events."""
    events = [event for event in home.events(device.id) if event["component"] == f"script:{number}"]
    assert all(event["id"] == number for event in events)
    return [(event["event"], event.get("data")) for event in events]


async def restart(home: Home, sim: Simulator, device: Device) -> None:
    await home.call(device.id, "Shelly.Reboot", delay_ms=500)
    sim.advance(1)
    await device.disconnected()
    await device.connected()


# ---- keeping them ---------------------------------------------------------------------------------------


async def test_a_script_is_written_in_pieces_run_and_deleted(home: Home, sim: Simulator, device: Device) -> None:
    assert await home.call(device.id, "Script.Create", name="blink") == {"id": 1}
    assert await home.call(device.id, "Script.PutCode", id=1, code="let a") == {"len": 5}
    assert await home.call(device.id, "Script.PutCode", id=1, code=" = 1;", append=True) == {"len": 10}
    assert await home.call(device.id, "Script.GetCode", id=1, len=4) == {"data": "let ", "left": 6}
    assert await error_code(home, device, "Script.Eval", id=1, code="a") == -109
    await home.call(device.id, "Script.SetConfig", id=1, config={"enable": True})
    await restart(home, sim, device)
    (listed,) = (await home.call(device.id, "Script.List"))["scripts"]
    assert listed == {"id": 1, "name": "blink", "enable": True, "running": True}
    assert await error_code(home, device, "Script.PutCode", id=1, code="x") == -109
    assert await home.call(device.id, "Script.Stop", id=1) == {"was_running": True}
    assert (await home.call(device.id, "Script.GetCode", id=1))["data"] == "let a = 1;"
    assert await home.call(device.id, "Script.Delete", id=1) is None
    assert await home.call(device.id, "Script.List") == {"scripts": []}
    assert await error_code(home, device, "Script.Delete", id=1) == -105


async def test_long_code_is_read_in_chunks(home: Home, device: Device) -> None:
    code = "// " + "x" * 3000
    await script(home, device, code, start=False)
    read, left = "", 1
    while left:
        piece = await home.call(device.id, "Script.GetCode", id=1, offset=len(read))
        read, left = read + piece["data"], piece["left"]
        assert len(piece["data"]) <= 1024
    assert read == code
    assert await error_code(home, device, "Script.PutCode", id=1, code="x" * 262_145) == -108


async def test_scripts_are_part_of_the_full_status_and_no_dynamic_components(home: Home, device: Device) -> None:
    await script(home, device, "", start=False)
    assert (await home.call(device.id, "Shelly.GetStatus"))["script:1"] == {
        "id": 1,
        "running": False,
        "mem_free": 25200,
    }
    assert (await home.call(device.id, "Shelly.GetConfig"))["script:1"]["name"] == "script 1"
    assert (await home.call(device.id, "Shelly.GetComponents", dynamic_only=True))["total"] == 0


async def test_there_are_at_most_ten_scripts_and_five_that_run(home: Home, device: Device) -> None:
    for _ in range(5):
        await script(home, device, "")
    for _ in range(5):
        await script(home, device, "", start=False)
    assert await error_code(home, device, "Script.Create") == -108
    assert await error_code(home, device, "Script.Start", id=6) == -108
    await home.call(device.id, "Script.Stop", id=1)
    assert await home.call(device.id, "Script.Start", id=6) == {"was_running": False}


async def test_scripts_survive_a_change_of_profile_and_no_factory_reset(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus2PM")
    await script(home, device, "let a = 1;", start=False)
    for method, params in (("Shelly.SetProfile", {"name": "cover"}), ("Shelly.FactoryReset", {})):
        await home.call(device.id, method, **params)
        sim.advance(2)
        await device.disconnected()
        await device.connected()
        if method == "Shelly.SetProfile":
            assert (await home.call(device.id, "Script.GetCode", id=1))["data"] == "let a = 1;"
    assert await home.call(device.id, "Script.List") == {"scripts": []}
    await script(home, device, "", start=False)
    assert (await home.call(device.id, "Script.GetCode", id=1))["data"] == ""


# ---- running them ---------------------------------------------------------------------------------------


async def test_a_start_and_a_stop_are_told_as_captured_and_the_memory_shows(home: Home, device: Device) -> None:
    await script(home, device, "let a = 1;")
    await home.until(lambda: home.status(device.id, "script:1"))
    assert home.status(device.id, "script:1") == [{"error_msg": None, "errors": [], "running": True}]
    running = await home.call(device.id, "Script.GetStatus", id=1)
    assert running["mem_used"] + running["mem_free"] == 25_200
    assert running["mem_peak"] > running["mem_used"] > 0
    await home.call(device.id, "Script.Stop", id=1)
    await home.until(lambda: len(home.status(device.id, "script:1")) == 2)
    assert home.status(device.id, "script:1")[1] == {"running": False}
    stopped = await home.call(device.id, "Script.GetStatus", id=1)
    assert (stopped["mem_free"], "mem_used" in stopped) == (25_200, False)
    assert await home.call(device.id, "Script.Stop", id=1) == {"was_running": False}


@pytest.mark.parametrize("code", ['print("a', "f(", "a]", "{ /* ", "let s = `x"])
async def test_code_that_is_none_is_told_in_the_status(home: Home, device: Device, code: str) -> None:
    await script(home, device, code)
    await home.until(lambda: home.status(device.id, "script:1"))
    (told,) = home.status(device.id, "script:1")
    assert (told["running"], told["errors"]) == (False, ["syntax_error"])
    assert told["error_msg"].startswith("Uncaught SyntaxError: ")
    assert told["error_msg"].endswith("^\nin function called from system\n\n")
    await home.call(device.id, "Script.PutCode", id=1, code="let ok = 1;")
    await home.call(device.id, "Script.Start", id=1)
    assert (await home.call(device.id, "Script.GetStatus", id=1))["errors"] == []


async def test_a_script_that_fails_stops_and_tells_why(home: Home, sim: Simulator, device: Device) -> None:
    await script(
        home,
        device,
        """
const x = 1;
let y = x == 1; y = x;
Timer.set(1000, true, function () {
  Shelly.emitEvent("before", {});
  x = 2
  Shelly.emitEvent("after", {});
});
        """,
    )
    sim.advance(5)
    await home.until(lambda: len(home.status(device.id, "script:1")) == 2)
    told = "Uncaught TypeError: Assignment to a constant\n at   x = 2\n   ^\nin function called from system\n\n"
    assert home.status(device.id, "script:1")[1] == {"error_msg": told, "errors": ["type_error"], "running": False}
    assert emitted(home, device) == [("before", {})]
    assert (await home.call(device.id, "Script.GetStatus", id=1))["mem_free"] == 25_200


async def test_a_script_may_stop_itself(home: Home, sim: Simulator, device: Device) -> None:
    stop = 'Shelly.call("Script.Stop", {id: 1});'
    await script(home, device, f'Timer.set(1000, true, () => {{ {stop} Shelly.emitEvent("still", {{}}); }});')
    sim.advance(5)
    assert (await home.call(device.id, "Script.GetStatus", id=1))["running"] is False
    assert emitted(home, device) == []


async def test_what_a_script_emits_is_told_with_its_data(home: Home, device: Device) -> None:
    data = {"addr": "bc:02:6e:c3:a6:c7", "rssi": -62, "list": [1, 2.5, None, True], "s": "it's"}
    literal = "{addr: 'bc:02:6e:c3:a6:c7', \"rssi\": -62, list: [1, 2.5, null, true,], s: 'it\\'s'}"
    await script(
        home,
        device,
        f"""
        // Shelly.emitEvent("commented", {{}});
        let text = "Shelly.emitEvent('quoted', {{}})";
        Shelly.emitEvent("oh-blu.scan_result", {literal});
        Shelly.emitEvent('plain');
        Shelly.emitEvent("nothing", null);
        """,
    )
    await home.until(lambda: len(emitted(home, device)) == 3)
    assert emitted(home, device) == [("oh-blu.scan_result", data), ("plain", None), ("nothing", None)]
    events = [event for event in home.events(device.id) if event["component"] == "script:1"]
    assert ["data" in event for event in events] == [True, False, True]


async def test_the_status_of_a_start_is_told_before_what_it_emits(home: Home, device: Device) -> None:
    await script(home, device, 'Shelly.emitEvent("up", {});')
    await home.until(lambda: emitted(home, device))
    methods = [
        frame["method"]
        for frame in home.frames(device.id)
        if "script:1" in json.dumps(frame["params"]) and "component_added" not in json.dumps(frame)
    ]
    assert methods == ["NotifyStatus", "NotifyEvent"]


async def test_timers_emit_at_their_time_until_the_script_stops(home: Home, sim: Simulator, device: Device) -> None:
    await script(
        home,
        device,
        """
        function tick() { Shelly.emitEvent("tick", {n: 1}); }
        Timer.set(1000, true, tick);
        Timer.set(2500, false, function () { Shelly.emitEvent("once", {}); });
        Timer.set(10000, true, () => Shelly.emitEvent("slow", {}));
        """,
    )
    sim.advance(3.5)
    await home.until(lambda: len(emitted(home, device)) == 4)
    assert [name for name, _ in emitted(home, device)] == ["tick", "tick", "once", "tick"]
    await home.call(device.id, "Script.Stop", id=1)
    sim.advance(100)
    await home.call(device.id, "Script.GetStatus", id=1)
    assert len(emitted(home, device)) == 4


async def test_handlers_hear_of_events_and_of_changes_and_not_of_scripts(home: Home, device: Device) -> None:
    await script(
        home,
        device,
        """
        Shelly.addStatusHandler(function (status) { Shelly.emitEvent("changed", {}); });
        let heard = function (event) { Shelly.emitEvent("heard", {}); };
        Shelly.addEventHandler(heard);
        """,
    )
    before = device._listeners
    device.report("switch:0", {"apower": 7})
    await home.until(lambda: emitted(home, device))
    assert emitted(home, device) == [("changed", {})]
    device.emit("input:0", "single_push")
    await home.until(lambda: len(emitted(home, device)) == 2)
    assert emitted(home, device)[1] == ("heard", {})
    await home.call(device.id, "Script.Delete", id=1)
    assert len(device._listeners) == len(before) - 1
    device.report("switch:0", {"apower": 8})
    await home.call(device.id, "Script.List")
    assert len(emitted(home, device)) == 2


async def test_a_script_calls_the_device_and_is_not_called_by_what_that_causes(home: Home, device: Device) -> None:
    await script(
        home,
        device,
        """
        Shelly.addStatusHandler(function () { Shelly.call("Switch.Toggle", {id: 0}); });
        Shelly.call("Switch.Set", {id: 0, on: true}, function (result) { Shelly.emitEvent("done", {}); });
        Shelly.call("No.Such", {});
        """,
    )
    assert device.status("switch:0")["output"] is False
    assert device.status("switch:0")["source"] == "loopback"
    assert emitted(home, device) == []


async def test_what_depends_on_anything_is_left_out(home: Home, device: Device) -> None:
    await script(
        home,
        device,
        """
        let n = 1, re = /[/"]Shelly.emitEvent("regular")/;
        function unused() { Shelly.emitEvent("unused", {}); }
        function used(x) { deeper(); Shelly.emitEvent("used", {}); }
        function deeper() { Shelly.emitEvent("deeper", {}); deeper(); }
        if (n) { Shelly.emitEvent("if", {}); } else Shelly.emitEvent("else", {});
        for (let i = 0; i < 3; i++) Shelly.emitEvent("for", {});
        while (n < 2) { n++; Shelly.emitEvent("while", {}); }
        try { Shelly.emitEvent("try", {}); } catch (e) { Shelly.emitEvent("catch", {}); }
        let o = { f: function () { Shelly.emitEvent("member", {}); } };
        [1].forEach((x) => { Shelly.emitEvent("arrow", {}); });
        Shelly.emitEvent("variable", n);
        Shelly.emitEvent("sum", 1 + 1);
        Shelly.emitEvent("template", `${n}`);
        Other.emitEvent("other", {});
        used();
        Shelly.emitEvent("last", `plain`);
        """,
    )
    await home.until(lambda: ("last", "plain") in emitted(home, device))
    names = [name for name, _ in emitted(home, device)]
    assert names == ["try", *["deeper"] * 7, "used", "last"]


async def test_a_line_can_be_run_in_a_running_script(home: Home, device: Device) -> None:
    await script(home, device, 'function hello() { Shelly.emitEvent("hello", {}); }')
    assert await home.call(device.id, "Script.Eval", id=1, code='Shelly.emitEvent("now", [1])') == {
        "result": "undefined"
    }
    assert await home.call(device.id, "Script.Eval", id=1, code="hello()") == {"result": "undefined"}
    assert await home.call(device.id, "Script.Eval", id=1, code='{a: "b"}') == {"result": '{"a": "b"}'}
    assert await error_code(home, device, "Script.Eval", id=1, code="f(") == -103
    await home.until(lambda: len(emitted(home, device)) == 2)
    assert emitted(home, device) == [("now", [1]), ("hello", {})]


async def test_a_test_makes_a_running_script_emit(home: Home, device: Device) -> None:
    await script(home, device, "")
    device.press("script:1", 'emit scan_result {"addr":"aa:bb"}')
    device.press("script:1", "emit bare")
    await home.until(lambda: len(emitted(home, device)) == 2)
    assert emitted(home, device) == [("scan_result", {"addr": "aa:bb"}), ("bare", None)]
    for wrong in ("emit", "emit x {", "single_push"):
        with pytest.raises(ValueError, match="cannot be pressed"):
            device.press("script:1", wrong)
    await home.call(device.id, "Script.Stop", id=1)
    with pytest.raises(ValueError, match="cannot be pressed"):
        device.press("script:1", "emit bare")


async def test_a_restart_stops_scripts_and_starts_those_that_are_enabled(
    home: Home, sim: Simulator, device: Device
) -> None:
    code = 'Timer.set(1000, true, function () { Shelly.emitEvent("tick", {}); });'
    await script(home, device, code + 'Shelly.addEventHandler(function () { Shelly.emitEvent("heard"); });')
    await script(home, device, code)
    await home.call(device.id, "Script.SetConfig", id=2, config={"enable": True})
    before = len(device._listeners)
    await restart(home, sim, device)
    running = [each["running"] for each in (await home.call(device.id, "Script.List"))["scripts"]]
    assert running == [False, True]
    assert len(device._listeners) == before - 1
    seen = len(emitted(home, device, 2))
    sim.advance(3)
    await home.until(lambda: len(emitted(home, device, 2)) >= seen + 3)
    assert [name for name, _ in emitted(home, device, 1)].count("tick") == 0


@given(
    st.lists(
        st.sampled_from(
            [
                "(",
                ")",
                "{",
                "}",
                "[",
                "]",
                "=>",
                "function",
                "f",
                "=",
                ",",
                "'a'",
                '"',
                "1",
                "-",
                ".",
                "Timer.set(",
                "5",
                "true",
                "if",
                "else",
                ";",
                "`",
                "/",
                "/*",
                "//",
                "Shelly.emitEvent(",
            ]
        )
    )
)
def test_code_of_any_kind_is_read_or_refused_and_never_breaks_the_reader(parts: list[str]) -> None:
    code = " ".join(parts)
    try:
        program = read_code(code)
    except BadCode as err:
        assert err.told.startswith("Uncaught SyntaxError: ")
    else:
        assert len(program.start) <= len(parts)


@pytest.mark.parametrize("code", ["(" * 9000, "a=a=>" * 2000, "[" * 9000 + "]" * 9000, "-" * 9000, "{" * 40 + "}" * 40])
def test_deep_code_does_not_break_the_reader(code: str) -> None:
    deep = code.count("(") + code.count("[") > 50
    try:
        assert read_code(code).start == ()
    except BadCode:
        assert deep


def test_a_name_that_may_be_a_parameter_is_no_constant() -> None:
    assert read_code("const x = 1; function f(x) { x = 2 } f();") == Program(start=(Invoke("f"),), functions={"f": ()})
