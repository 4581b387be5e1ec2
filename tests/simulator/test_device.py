"""One device: requests, settings, restarts, sleep, faults."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import Simulator, Timing
from plugin_sdk import ComponentType

if TYPE_CHECKING:
    from tests.simulator.conftest import Eventually, Home


# ---- requests -------------------------------------------------------------------------------------------


async def test_a_reply_names_its_request_and_both_ends(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    reply = await home.ask(device.id, "Switch.GetStatus", id=0)
    assert reply["src"] == device.id
    assert reply["dst"] == "home"
    assert reply["result"] == device.status("switch:0")


@pytest.mark.parametrize("number", ["a text", 0, 2**40])
async def test_an_id_comes_back_as_it_was_sent(number: Any, home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await home.until(lambda: home.frames(device.id))
    visit = home.visit(device.id)
    await visit.ws.send_json({"id": number, "src": "x", "method": "Shelly.GetDeviceInfo"})
    await home.until(lambda: any(f'"id":{number!r}'.replace("'", '"') in text for text in visit.texts))


async def test_a_request_without_an_id_gets_no_reply(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await home.until(lambda: home.frames(device.id))
    visit = home.visit(device.id)
    await visit.ws.send_json({"src": "x", "method": "Switch.Set", "params": {"id": 0, "on": True}})
    await home.until(lambda: home.status(device.id, "switch:0"))
    assert all("result" not in text for text in visit.texts)


@pytest.mark.parametrize("method", ["switch.toggle", "SWITCH.TOGGLE", "Switch.Toggle"])
async def test_a_method_is_found_in_any_case(method: str, home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    assert await home.call(device.id, method, id=0) == {"was_on": False}


@pytest.mark.parametrize(
    ("method", "params", "code", "message"),
    [
        ("Light.Set", {"id": 0, "on": True}, 404, "No handler for Light.Set"),
        ("Switch.Explode", {"id": 0}, 404, "No handler for Switch.Explode"),
        ("Nonsense", {}, 404, "No handler for Nonsense"),
        ("Switch.Set", {"on": True}, -103, "Missing required 'id'"),
        ("Switch.Set", {"id": 7, "on": True}, -105, "Bad id=7"),
        ("Switch.Set", {"id": 0}, -103, "Missing required 'on'"),
        ("Switch.Set", {"id": 0, "on": "yes"}, -103, "Invalid argument 'on'!"),
        ("Switch.SetConfig", {"id": 0}, -103, "Missing required 'config'"),
        ("Shelly.Reboot", {"delay_ms": 10}, -103, "Invalid argument 'delay_ms'!"),
    ],
)
async def test_a_bad_request_gets_the_devices_own_error(
    method: str, params: dict[str, Any], code: int, message: str, home: Home, sim: Simulator
) -> None:
    device = await sim.add("Plus1PM")
    reply = await home.ask(device.id, method, **params)
    assert reply["error"] == {"code": code, "message": message}
    assert "result" not in reply


async def test_what_is_no_request_is_ignored(home: Home, sim: Simulator, eventually: Eventually) -> None:
    device = await sim.add("Plus1PM")
    await home.until(lambda: home.frames(device.id))
    visit = home.visit(device.id)
    for text in ("{", "[]", "null", '{"id": 1, "result": 1}', '{"method": 5}'):
        await visit.ws.send_str(text)
    assert await home.call(device.id, "Shelly.GetDeviceInfo")
    assert sim.stats.unreadable == 5
    assert device.requests == ["Shelly.GetDeviceInfo"]


# ---- settings -------------------------------------------------------------------------------------------


async def test_changed_settings_count_the_revision_once(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    before = device.state.sys["cfg_rev"]
    config = {"name": "Boiler", "auto_off": True, "id": 5, "nonsense": 1}
    assert await home.call(device.id, "Switch.SetConfig", id=0, config=config) == {"restart_required": False}
    settings = await home.call(device.id, "Switch.GetConfig", id=0)
    assert (settings["name"], settings["auto_off"], settings["id"]) == ("Boiler", True, 0)
    assert "nonsense" not in settings
    assert (await home.call(device.id, "Sys.GetConfig"))["cfg_rev"] == before + 1
    assert (await home.call(device.id, "Sys.GetStatus"))["cfg_rev"] == before + 1


async def test_settings_that_do_not_differ_are_not_told(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await home.call(device.id, "Switch.SetConfig", id=0, config={"name": None})
    await home.call(device.id, "Shelly.GetDeviceInfo")
    assert len(home.frames(device.id)) == 1


async def test_one_devices_settings_are_not_anothers(home: Home, sim: Simulator) -> None:
    one, two = await sim.add("Plus1PM", seed=1), await sim.add("Plus1PM", seed=2)
    await home.call(one.id, "Switch.SetConfig", id=0, config={"name": "One"})
    await home.call(one.id, "Sys.SetConfig", config={"location": {"tz": "Europe/Rome"}})
    assert two.config("switch:0")["name"] is None
    assert two.config("sys")["location"]["tz"] == "Europe/Berlin"


async def test_a_new_name_shows_in_the_identity(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM", name="Lamp")
    assert (await home.call(device.id, "Shelly.GetDeviceInfo"))["name"] == "Lamp"
    await home.call(device.id, "Sys.SetConfig", config={"device": {"name": "Light"}})
    assert (await home.call(device.id, "Shelly.GetDeviceInfo"))["name"] == "Light"


async def test_identity_cannot_be_set(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    before = device.config("sys")
    reply = await home.ask(device.id, "Sys.SetConfig", config={"device": {"mac": "001122334455"}})
    assert reply["error"]["code"] == -103
    assert device.config("sys") is before


async def test_another_server_is_called_only_after_a_restart(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    assert device.config("ws")["server"] == home.url
    result = await home.call(device.id, "Ws.SetConfig", config={"server": f"{home.url}/elsewhere"})
    assert result == {"restart_required": True}
    assert (await home.call(device.id, "Sys.GetStatus"))["restart_required"] is True
    await home.call(device.id, "Shelly.Reboot", delay_ms=500)
    sim.advance(0.6)
    await device.disconnected()
    await home.until(lambda: home.visits[-1].path == "/shelly/elsewhere")
    assert (await home.call(device.id, "Sys.GetStatus"))["restart_required"] is False


async def test_a_device_that_was_told_to_stay_away_does(home: Home, sim: Simulator, eventually: Eventually) -> None:
    device = await sim.add("Plus1PM")
    await home.call(device.id, "Ws.SetConfig", config={"enable": False})
    await home.call(device.id, "Shelly.Reboot", delay_ms=500)
    sim.advance(0.6)
    await device.disconnected()
    sim.advance(600)
    await eventually(lambda: device.power.state == "on")
    assert not device.session.link.wanted
    assert len(home.visits) == 1


# ---- restart --------------------------------------------------------------------------------------------


async def test_a_restart_is_announced_by_refusals_and_seen_by_the_uptime(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    before = (await home.call(device.id, "Sys.GetStatus"))["uptime"]
    assert await home.call(device.id, "Shelly.Reboot", delay_ms=5000) is None
    error = (await home.ask(device.id, "Switch.GetStatus", id=0))["error"]
    assert error["code"] == -109
    assert error["message"].startswith("shutting down in ")
    sim.advance(6)
    await device.disconnected()
    await device.connected()
    assert (await home.call(device.id, "Sys.GetStatus"))["uptime"] < before


async def test_outputs_start_as_they_are_set_up(home: Home, sim: Simulator) -> None:
    device = await sim.add("PlusPlugIT")
    await home.call(device.id, "Switch.Set", id=0, on=True)
    await home.call(device.id, "Shelly.Reboot", delay_ms=500)
    sim.advance(1)
    await device.disconnected()
    await device.connected()
    status = await home.call(device.id, "Switch.GetStatus", id=0)
    assert (status["output"], status["source"]) == (False, "init")


async def test_a_timer_does_not_survive_a_restart(home: Home, sim: Simulator) -> None:
    device = await sim.add("PlusPlugS")
    await home.call(device.id, "Switch.Set", id=0, on=True, toggle_after=60)
    await home.call(device.id, "Shelly.Reboot", delay_ms=500)
    sim.advance(1)
    await device.disconnected()
    await device.connected()
    sim.advance(120)
    status = await home.call(device.id, "Switch.GetStatus", id=0)
    assert status["output"] is True
    assert "timer_duration" not in status


async def test_a_device_that_has_just_booted_counts_seconds(home: Home, types: Mapping[str, ComponentType]) -> None:
    timing = Timing(boot_s=0.05, clockless_s=30)
    async with Simulator(home.url, types=types, timing=timing) as sim:
        device = await sim.add("Plus1PM")
        await home.call(device.id, "Shelly.Reboot", delay_ms=500)
        sim.advance(0.6)
        await device.disconnected()
        await device.connected()
        await home.until(lambda: len(home.frames(device.id, "NotifyFullStatus")) == 2)
        first = home.frames(device.id, "NotifyFullStatus")[-1]["params"]
        assert first["ts"] < 30
        assert first["sys"]["unixtime"] is first["sys"]["time"] is None
        sim.advance(30)
        assert (await home.call(device.id, "Sys.GetStatus"))["unixtime"] > 1e9


async def test_another_profile_has_other_components(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus2PM")
    assert await home.call(device.id, "Shelly.ListProfiles") == {
        "profiles": {
            "switch": {"components": [{"type": "input", "count": 2}, {"type": "switch", "count": 2}]},
            "cover": {"components": [{"type": "cover", "count": 1}, {"type": "input", "count": 2}]},
        }
    }
    await home.call(device.id, "Sys.SetConfig", config={"device": {"name": "Blind"}})
    assert await home.call(device.id, "Shelly.SetProfile", name="cover") == {"profile_was": "switch"}
    sim.advance(2)
    await device.disconnected()
    await device.connected()
    status = await home.call(device.id, "Shelly.GetStatus")
    assert "cover:0" in status
    assert "switch:0" not in status
    assert (await home.call(device.id, "Shelly.GetDeviceInfo"))["profile"] == "cover"
    settings = await home.call(device.id, "Sys.GetConfig")
    assert settings["device"]["profile"] == "cover"
    assert settings["device"]["name"] == "Blind"
    assert settings["cfg_rev"] == status["sys"]["cfg_rev"]
    assert (await home.ask(device.id, "Shelly.SetProfile", name="rgb"))["error"]["code"] == -103


# ---- sleepers -------------------------------------------------------------------------------------------


async def test_a_sleeper_says_all_waits_says_so_and_closes(home: Home, sim: Simulator) -> None:
    device = await sim.add("PlusHT")
    await home.until(lambda: home.frames(device.id))
    visit = home.visit(device.id)
    assert await home.call(device.id, "Shelly.GetDeviceInfo")
    await home.until(lambda: visit.closed)
    assert [frame["method"] for frame in visit.frames] == ["NotifyFullStatus", "NotifyEvent"]
    assert visit.frames[1]["params"]["events"][0]["event"] == "sleep"
    assert visit.closed is not None
    assert visit.closed[0] == 1000
    assert device.power.state == "asleep"


async def test_a_sleeper_wakes_after_its_period(home: Home, sim: Simulator) -> None:
    device = await sim.add("PlusHT")
    await device.disconnected()
    sim.advance(7_200 * 0.94)
    for _ in range(900):
        if device.power.state == "asleep":
            sim.advance(1)
    await device.connected()
    await home.until(lambda: len(home.frames(device.id, "NotifyFullStatus")) == 2)
    sys = home.frames(device.id, "NotifyFullStatus")[-1]["params"]["sys"]
    assert sys["wakeup_reason"] == {"boot": "deepsleep_wake", "cause": "periodic"}
    assert sys["uptime"] < 5


async def test_a_sleeper_can_be_woken_with_a_cause(home: Home, sim: Simulator) -> None:
    device = await sim.add("PlusSmoke")
    with pytest.raises(ValueError, match="is not asleep"):
        device.wake("alarm")
    await device.disconnected()
    device.press("smoke:0", "alarm")
    device.wake("alarm")
    await device.connected()
    await home.until(lambda: len(home.frames(device.id, "NotifyFullStatus")) == 2)
    status = home.frames(device.id, "NotifyFullStatus")[-1]["params"]
    assert status["sys"]["wakeup_reason"]["cause"] == "alarm"
    assert status["smoke:0"]["alarm"] is True


async def test_every_request_keeps_a_sleeper_awake(home: Home, sim: Simulator) -> None:
    device = await sim.add("PlusHT")
    for _ in range(6):
        await asyncio.sleep(0.15)
        await home.call(device.id, "Shelly.GetStatus")
    assert device.session.link.connections == 1


# ---- faults ---------------------------------------------------------------------------------------------


async def test_a_dropped_device_stays_away_until_told(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await home.until(lambda: home.frames(device.id))
    visit = home.visit(device.id)
    await device.drop()
    await home.until(lambda: visit.closed)
    assert visit.closed is not None
    assert visit.closed[0] == 1006
    device.report("switch:0", {"output": True})
    sim.advance(600)
    assert sim.stats.connected == 0
    device.reconnect()
    await device.connected()
    await home.until(lambda: len(home.frames(device.id)) == 2)
    assert home.frames(device.id)[-1]["method"] == "NotifyFullStatus"
    assert home.frames(device.id)[-1]["params"]["switch:0"]["output"] is True


async def test_a_device_that_is_closed_by_the_server_comes_back_by_itself(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await home.until(lambda: home.frames(device.id))
    await home.visit(device.id).ws.close(code=1013)
    await device.disconnected()
    await device.connected()


async def test_a_method_can_be_made_to_fail_to_answer_anything_and_to_be_late(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    device.fail("switch.set", -114, "unavailable")
    device.reply("Shelly.GetStatus", None)
    assert (await home.ask(device.id, "Switch.Set", id=0, on=True))["error"] == {"code": -114, "message": "unavailable"}
    assert (await home.ask(device.id, "Shelly.GetStatus"))["result"] is None
    device.delay("*", 60)
    asked = asyncio.create_task(home.ask(device.id, "Shelly.GetDeviceInfo"))
    done, _ = await asyncio.wait([asked], timeout=0.1)
    assert not done
    sim.advance(60)
    assert (await asked)["result"]["id"] == device.id


async def test_anything_can_be_reported_and_emitted(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    device.report("switch:0", {"errors": ["overtemp"], "temperature": {"tC": 95.5, "tF": 203.9}})
    device.emit("script:1", "any name", data={"a": 1})
    await home.until(lambda: home.events(device.id))
    assert home.status(device.id, "switch:0")[-1]["errors"] == ["overtemp"]
    assert device.status("switch:0")["errors"] == ["overtemp"]
    assert home.events(device.id)[-1]["data"] == {"a": 1}
    device.report("switch:0", {"errors": None})
    await home.until(lambda: home.status(device.id, "switch:0")[-1] == {"errors": None})
    assert "errors" not in device.status("switch:0")


async def test_what_cannot_be_pressed_says_so(sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    for key, gesture in (("switch:0", "single_push"), ("input:0", "single_push"), ("input:9", "on")):
        with pytest.raises(ValueError, match="cannot be pressed"):
            device.press(key, gesture)


async def test_sending_without_a_connection_is_an_error(sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await device.drop()
    with pytest.raises(ConnectionError, match="is not connected"):
        device.send_text("{}")
