"""``Webhook.*``: hooks are kept, and called when what they wait for happens."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import Device, Simulator
from fleet_platform.simulator.outbound.web import PER_DEVICE, WAITING
from tests.simulator.asking import error_code
from tests.simulator.receiver import Receiver

if TYPE_CHECKING:
    from tests.simulator.conftest import Eventually, Home


@pytest.fixture
async def device(sim: Simulator) -> Device:
    return await sim.add("S1PMG3")


async def hook(home: Home, device: Device, event: str, *urls: str, cid: int = 0, **more: Any) -> int:
    """An enabled hook."""
    made = await home.call(device.id, "Webhook.Create", cid=cid, event=event, enable=True, urls=list(urls), **more)
    number: int = made["id"]
    return number


async def switch(home: Home, device: Device, *, on: bool) -> None:
    await home.call(device.id, "Switch.Set", id=0, on=on)


# ---- keeping them ---------------------------------------------------------------------------------------


async def test_hooks_are_numbered_changed_and_counted(home: Home, device: Device) -> None:
    given = {"cid": 0, "enable": True, "event": "switch.on", "urls": ["http://localhost:9/"]}
    assert await home.call(device.id, "Webhook.Create", **given) == {"id": 1, "rev": 1}
    listed = await home.call(device.id, "Webhook.List")
    assert listed == {
        "hooks": [
            {
                "id": 1,
                **given,
                "name": None,
                "ssl_ca": "ca.pem",
                "active_between": None,
                "condition": None,
                "repeat_period": 0,
            }
        ],
        "rev": 1,
    }
    assert await home.call(device.id, "Webhook.Update", id=1, name="Bell", ssl_ca=None) == {"rev": 2}
    (kept,) = (await home.call(device.id, "Webhook.List"))["hooks"]
    assert (kept["name"], kept["ssl_ca"], kept["urls"]) == ("Bell", None, given["urls"])
    assert await home.call(device.id, "Webhook.Delete", id=1) == {"rev": 3}
    assert await error_code(home, device, "Webhook.Delete", id=1) == -105
    assert await home.call(device.id, "Webhook.DeleteAll") == {"rev": 4}
    await home.until(lambda: home.status(device.id, "sys")[-1].get("webhook_rev") == 4)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"event": "switch.exploded"}, -103),
        ({"event": "toaster.on"}, -103),
        ({"event": "switch"}, -103),
        ({"cid": 7}, -105),
        ({"cid": "0"}, -103),
        ({"urls": []}, -103),
        ({"urls": ["http://localhost/"] * 6}, -103),
        ({"urls": ["http://localhost/" + "x" * 300]}, -103),
        ({"urls": [7]}, -103),
        ({"urls": ["http://localhost/?a=${ev.}"]}, -103),
        ({"name": 7}, -103),
        ({"ssl_ca": "other.pem"}, -103),
        ({"condition": "ev.tC >"}, -103),
        ({"condition": 7}, -103),
        ({"active_between": ["8:00", "25:00"]}, -103),
        ({"active_between": ["08:00"]}, -103),
        ({"repeat_period": "1"}, -103),
    ],
)
async def test_a_hook_that_does_not_fit_is_refused_and_not_counted(
    home: Home, device: Device, wrong: dict[str, Any], code: int
) -> None:
    fits = {"cid": 0, "event": "switch.on", "urls": ["http://localhost/"]}
    assert await error_code(home, device, "Webhook.Create", **{**fits, **wrong}) == code
    assert await home.call(device.id, "Webhook.List") == {"hooks": [], "rev": 0}


async def test_hooks_are_limited_and_a_sleeper_has_half_as_many(home: Home, sim: Simulator, device: Device) -> None:
    for _ in range(20):
        await hook(home, device, "switch.on", "http://localhost:9/")
    full = {"cid": 0, "event": "switch.on", "urls": ["http://localhost:9/"]}
    assert await error_code(home, device, "Webhook.Create", **full) == -108
    sleeper = await sim.add("PlusHT")
    for _ in range(10):
        await hook(home, sleeper, "temperature.change", "http://localhost:9/")
    full = {"cid": 0, "event": "temperature.change", "urls": ["http://localhost:9/"]}
    assert await error_code(home, sleeper, "Webhook.Create", **full) == -108


async def test_a_device_lists_the_events_of_its_components_in_pages(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1PMG3")
    listed = await home.call(device.id, "Webhook.ListAllSupported")
    names = [name for entry in listed["types"] for name in entry]
    assert listed["total"] == len(names)
    assert {"switch.on", "switch.off", "switch.active_power_change", "input.toggle_on", "input.button_push"} < {*names}
    assert "input.analog_change" not in names
    plain = await sim.add("PlusI4")
    assert "switch.on" not in (await home.call(plain.id, "Webhook.ListSupported"))["types"]
    climate = await sim.add("PlusHT")
    supported = (await home.call(climate.id, "Webhook.ListSupported"))["types"]
    assert [each["name"] for each in supported["temperature.change"]["attrs"]] == ["tC", "tF"]
    assert {each["type"] for each in supported["humidity.change"]["attrs"]} == {"number"}
    last = await home.call(device.id, "Webhook.ListAllSupported", offset=listed["total"] - 1)
    assert (len(last["types"]), last["offset"], last["total"]) == (1, listed["total"] - 1, listed["total"])


# ---- calling them ---------------------------------------------------------------------------------------


async def test_a_hook_is_called_once_for_each_change_and_never_for_none(
    home: Home, web: Receiver, device: Device
) -> None:
    await hook(home, device, "switch.on", f"{web.url}/on", f"{web.url}/also")
    await hook(home, device, "switch.off", f"{web.url}/off")
    for on in (True, True, False, False, True):
        await switch(home, device, on=on)
    await web.until(lambda: len(web.calls) == 5)
    assert sorted(web.paths) == ["/also", "/also", "/off", "/on", "/on"]
    assert {method for method, _ in web.calls} == {"GET"}


async def test_a_hook_that_is_off_deleted_or_of_another_component_is_not_called(
    home: Home, sim: Simulator, web: Receiver
) -> None:
    device = await sim.add("Plus2PM")
    first = await hook(home, device, "switch.on", f"{web.url}/off")
    await home.call(device.id, "Webhook.Update", id=first, enable=False)
    await home.call(device.id, "Webhook.Delete", id=await hook(home, device, "switch.on", f"{web.url}/deleted"))
    await hook(home, device, "switch.on", f"{web.url}/other", cid=1)
    await switch(home, device, on=True)
    await home.call(device.id, "Switch.Set", id=1, on=True)
    await web.until(lambda: web.calls)
    assert web.paths == ["/other"]


async def test_a_gesture_is_called_by_the_name_that_webhooks_have_for_it(
    home: Home, sim: Simulator, web: Receiver
) -> None:
    device = await sim.add("PlusI4")
    await home.call(device.id, "Input.SetConfig", id=1, config={"type": "button"})
    await hook(home, device, "input.button_doublepush", f"{web.url}/?by=${{ev.component}}", cid=1)
    device.press("input:1", "double_push")
    sim.advance(2)
    await web.until(lambda: web.calls)
    assert web.paths == ["/?by=input%3A1"]


async def test_an_address_is_filled_in_when_it_is_called(home: Home, web: Receiver, device: Device) -> None:
    query = '?p=${ev.apower}&on=${status["switch:0"].output}&n=${config["switch:0"].name}&id=${info.id}&x=${ev.none}'
    await home.call(device.id, "Switch.SetConfig", id=0, config={"name": "Tea & milk"})
    await hook(home, device, "switch.active_power_change", f"{web.url}/{query}")
    device.report("switch:0", {"apower": 12.5})
    await web.until(lambda: web.calls)
    assert web.paths == [f"/?p=12.5&on=false&n=Tea%20%26%20milk&id={device.id}&x=null"]


async def test_a_condition_decides_whether_it_is_called(home: Home, web: Receiver, device: Device) -> None:
    await hook(
        home,
        device,
        "switch.active_power_change",
        f"{web.url}/${{ev.apower}}",
        condition='ev.apower > 100 && (status["switch:0"].output || config["switch:0"].name === "always")',
    )
    device.report("switch:0", {"apower": 200})
    await switch(home, device, on=True)
    device.report("switch:0", {"apower": 50})
    device.report("switch:0", {"apower": 300})
    await web.until(lambda: web.calls)
    assert web.paths == ["/300"]


async def test_a_period_keeps_a_hook_from_being_called_too_often(
    home: Home, sim: Simulator, web: Receiver, device: Device
) -> None:
    async def press() -> None:
        await switch(home, device, on=False)
        await switch(home, device, on=True)

    await hook(home, device, "switch.on", f"{web.url}/always")
    await hook(home, device, "switch.on", f"{web.url}/minutely", repeat_period=60)
    quiet: dict[str, Any] = {"condition": 'config["switch:0"].name !== "quiet"', "repeat_period": -1}
    await hook(home, device, "switch.on", f"{web.url}/once", **quiet)
    await press()
    await press()
    sim.advance(61)
    await press()
    await home.call(device.id, "Switch.SetConfig", id=0, config={"name": "quiet"})
    await press()
    await home.call(device.id, "Switch.SetConfig", id=0, config={"name": None})
    await press()
    await home.call(device.id, "HTTP.GET", url=f"{web.url}/end")
    await web.until(lambda: len(web.calls) == 10)
    assert sorted(web.paths) == ["/always"] * 5 + ["/end"] + ["/minutely"] * 2 + ["/once"] * 2


async def test_a_hook_is_called_between_its_hours_only(home: Home, web: Receiver, device: Device) -> None:
    device.state.sys["utc_offset"] = 7200
    now = datetime.fromtimestamp(device.now() + 7200, UTC).hour
    hours = [f"{(now + ahead) % 24:02}:00" for ahead in (-1, 0, 1, 2)]
    await hook(home, device, "switch.on", f"{web.url}/now", active_between=[hours[0], hours[3]])
    await hook(home, device, "switch.on", f"{web.url}/later", active_between=[hours[2], hours[3]])
    await hook(home, device, "switch.on", f"{web.url}/not-later", active_between=[hours[3], hours[2]])
    await hook(home, device, "switch.on", f"{web.url}/earlier", active_between=[hours[0], hours[1]])
    await hook(home, device, "switch.on", f"{web.url}/whole-day", active_between=[hours[3], hours[3]])
    await switch(home, device, on=True)
    await web.until(lambda: len(web.calls) == 3)
    assert sorted(web.paths) == ["/not-later", "/now", "/whole-day"]


async def test_hooks_work_after_a_restart_and_are_gone_after_a_factory_reset(
    home: Home, sim: Simulator, web: Receiver, device: Device
) -> None:
    await hook(home, device, "switch.on", f"{web.url}/on", repeat_period=3600)
    await switch(home, device, on=True)
    for method in ("Shelly.Reboot", "Shelly.FactoryReset"):
        await home.call(device.id, method)
        sim.advance(2)
        await device.disconnected()
        await device.connected()
        await switch(home, device, on=False)
        await switch(home, device, on=True)
    await home.call(device.id, "HTTP.GET", url=f"{web.url}/end")
    assert web.paths == ["/on", "/on", "/end"]


async def test_a_device_without_hooks_does_not_listen_to_itself(home: Home, web: Receiver, device: Device) -> None:
    before = device._listeners
    number = await hook(home, device, "switch.on", f"{web.url}/on")
    assert len(device._listeners) == len(before) + 1
    await home.call(device.id, "Webhook.Update", id=number, enable=False)
    assert device._listeners == before


# ---- the way out ----------------------------------------------------------------------------------------


async def test_no_hook_leaves_this_machine_unless_the_simulator_lets_it(
    home: Home, sim: Simulator, web: Receiver, device: Device, eventually: Eventually, caplog: pytest.LogCaptureFixture
) -> None:
    away = ["http://192.0.2.1/", "http://example.org/", "http://[2001:db8::1]/", f"{web.url}/away"]
    await hook(home, device, "switch.on", *away, f"{web.url}/away-by-name")
    await switch(home, device, on=True)
    await eventually(lambda: sim.stats.web_requests == 5)
    assert (sim.stats.web_failures, sim.stats.web_refused, sim.stats.web_dropped) == (5, 5, 0)
    assert sorted(web.paths) == ["/away", "/away-by-name"]
    assert caplog.text.count("may reach nothing beyond this machine") == 1


async def test_hooks_that_nobody_answers_are_few_at_once_bounded_and_end_with_the_simulator(
    home: Home, sim: Simulator, web: Receiver, device: Device, eventually: Eventually
) -> None:
    web.gate.clear()
    for _ in range(20):
        await hook(home, device, "switch.active_power_change", *[f"{web.url}/"] * 5)
    for watts in range(4):
        device.report("switch:0", {"apower": 1000 + watts})
    assert sim.stats.web_dropped == 400 - WAITING
    await web.until(lambda: len(web.calls) == PER_DEVICE)
    other = await sim.add("S1PMG3", seed=2)
    assert await error_code(home, other, "HTTP.GET", url=f"{web.url}/another's", timeout=0.05) == -104
    assert sorted(web.paths) == ["/", "/", "/another's"]


async def test_two_devices_do_not_wait_for_one_another(home: Home, sim: Simulator, web: Receiver) -> None:
    web.gate.clear()
    devices = [await sim.add("S1PMG3", seed=seed) for seed in (1, 2)]
    for each in devices:
        await hook(home, each, "switch.on", *[f"{web.url}/"] * 5)
        await switch(home, each, on=True)
    await web.until(lambda: len(web.calls) == 2 * PER_DEVICE)
    web.gate.set()
    await web.until(lambda: len(web.calls) == 10)
