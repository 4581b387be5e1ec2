"""A live connection: what devices say, what they are asked, how they leave, and who takes over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from plugin_sdk import JSON
from plugin_sdk.errors import DeviceOffline, FleetError

if TYPE_CHECKING:
    from tests.devices.conftest import Device, Site, Until

NewDevice = Callable[..., "Device"]
Settle = Callable[[], Any]


def submit(site: Site, device: Device, method: str = "Switch.Toggle") -> list[Any]:
    """Send a command; what it ends with appears in the list."""
    ends: list[Any] = []

    def done(result: JSON, error: FleetError | None) -> None:
        ends.append(result if error is None else error)

    link = site.twin(device).link
    assert link is not None
    link.submit(method, {"id": 0}, timeout_s=5, done=done)
    return ends


# ---- frames -------------------------------------------------------------------------------------------------


async def test_a_reply_ends_its_command_and_is_told_with_its_request(site: Site, device: Device, until: Until) -> None:
    await site.join(device)
    device.answers["Switch.Toggle"] = lambda _params: {"result": {"was_on": False}}
    ends = submit(site, device)
    await until(lambda: bool(ends))
    assert ends == [{"was_on": False}]
    (message,) = site.params("Shelly.Message")
    assert message["message"]["result"] == {"was_on": False}
    assert message["req"] == {"method": "Switch.Toggle", "params": {"id": 0}}


async def test_a_call_to_a_live_device_is_told_without_its_secrets(site: Site, device: Device, until: Until) -> None:
    await site.join(device)
    assert site.params("Shelly.Request") == []
    link = site.twin(device).link
    assert link is not None
    secret = {"config": {"sta": {"ssid": "Home", "pass": "canary"}}}
    link.submit("Wifi.SetConfig", secret, timeout_s=5, done=lambda _result, _error: None)
    await until(lambda: bool(site.params("Shelly.Message")))
    (asked,), (answered,) = site.params("Shelly.Request"), site.params("Shelly.Message")
    assert asked["method"] == "Wifi.SetConfig"
    assert asked["params"] == {"config": {"sta": {"ssid": "Home", "pass": "***"}}}
    assert (asked["shellyID"], asked["id"]) == (device.id, answered["message"]["id"])


@pytest.mark.parametrize("result", [None, False, 0])
async def test_falsy_results_are_answers(site: Site, device: Device, until: Until, result: JSON) -> None:
    await site.join(device)
    device.answers["Switch.Toggle"] = lambda _params: {"result": result}
    ends = submit(site, device)
    await until(lambda: bool(ends))
    assert ends == [result]


async def test_replies_nobody_waits_for_are_counted_and_dropped(site: Site, device: Device, settle: Settle) -> None:
    await site.join(device)
    for frame in ({"id": 77, "result": {}}, {"id": "x"}, {"result": 1}, {}):
        device.wire.say(frame)
    await settle()
    assert site.tally["late_replies"] == 4
    assert site.is_live(device)


async def test_garbage_is_counted_and_the_connection_stays(site: Site, device: Device, settle: Settle) -> None:
    await site.join(device)
    for garbage in ("{", b"", b"\xff", "[1]", "5", "null", '"text"', "[" * 5_000, '{"method": 5}', '{"method": null}'):
        device.wire.say(garbage)
    device.change("switch:0", output=True)
    await settle()
    assert site.tally["bad_frames"] == 10
    assert site.twin(device).status["switch:0"]["output"] is True


async def test_nothing_but_garbage_ends_the_connection(site: Site, device: Device) -> None:
    task = await site.join(device)
    for _ in range(150):
        device.wire.say("garbage")
    await task
    assert device.wire.closed is not None
    assert device.wire.closed[0] == 4001


async def test_a_device_that_calls_us_is_told_that_nothing_is_there(site: Site, device: Device, settle: Settle) -> None:
    await site.join(device)
    device.wire.say({"id": 0, "src": device.id, "method": "Shelly.GetStatus", "params": {}})
    device.wire.say({"src": device.id, "method": "NotifyFuture", "params": {}})
    await settle()
    assert device.wire.sent[len(device.asked) :] == [
        {"id": 0, "src": "FLEET_MANAGER", "error": {"code": 500, "message": "Not Implemented"}}
    ]


# ---- settings and components that change --------------------------------------------------------------------


async def test_a_changed_setting_is_read_anew_also_for_id_0(site: Site, device: Device, until: Until) -> None:
    await site.join(device)
    device.config["switch:0"] = {"id": 0, "name": "Boiler"}
    device.asked.clear()
    device.event("switch:0", "config_changed", cfg_rev=8)
    device.change("sys", cfg_rev=8)
    await until(lambda: site.told("Shelly.Settings") != [])
    assert device.asked == ["Switch.GetConfig"]
    assert device.params[-1] == {"id": 0}
    assert site.twin(device).settings()["switch:0"] == {"id": 0, "name": "Boiler"}
    assert site.params("Shelly.Settings")[0]["settings"] == site.twin(device).settings()
    assert site.twin(device).config_rev == 8
    assert site.store.marked[-1] == device.id


async def test_a_changed_system_setting_reads_the_info_as_well(site: Site, device: Device, until: Until) -> None:
    await site.join(device)
    device.info["name"] = "Cellar"
    device.event("sys", "config_changed")
    await until(lambda: site.told("Shelly.Settings") != [])
    assert device.asked[-2:] == ["Sys.GetConfig", "Shelly.GetDeviceInfo"]
    assert device.params[-2:] == [None, None]
    assert site.twin(device).info()["name"] == "Cellar"
    assert site.params("Shelly.Info") == [{"shellyID": device.id, "info": device.info}]


async def test_changes_that_come_while_one_is_read_are_read_once_more(
    site: Site, device: Device, until: Until, settle: Settle
) -> None:
    await site.join(device)
    names = iter(["first", "second", "third"])

    def answer(_params: JSON) -> JSON:
        name = next(names)
        if name == "first":
            for _ in range(10):
                device.event("switch:0", "config_changed")
        return {"result": {"name": name}}

    device.answers["Switch.GetConfig"] = answer
    device.event("switch:0", "config_changed")
    await until(lambda: site.twin(device).settings()["switch:0"].get("name") == "second")
    await settle()
    assert next(names) == "third"


async def test_a_flood_of_changes_costs_only_the_device_that_makes_it(
    site: Site, device: Device, new_device: NewDevice, settle: Settle
) -> None:
    await site.join(device)
    device.answers["Switch.GetConfig"] = lambda _params: None
    tasks = len(asyncio.all_tasks())
    for _ in range(500):
        device.event("switch:0", "config_changed")
        await asyncio.sleep(0)
    await settle()
    assert len(asyncio.all_tasks()) - tasks < 50
    await site.join(new_device("shellyx-000000000001"))


async def test_a_setting_that_cannot_be_read_stays_as_it_was_and_is_read_again_some_day(
    site: Site, device: Device, until: Until
) -> None:
    await site.join(device)
    device.answers["Switch.GetConfig"] = lambda _params: {"error": {"code": -109, "message": "not now"}}
    device.event("switch:0", "config_changed")
    device.change("sys", cfg_rev=8)
    await until(lambda: site.tally["refresh_failed"] == 1)
    assert site.twin(device).settings() == device.config
    assert site.twin(device).config_rev == 7


async def test_a_component_that_is_added_is_read_and_told(site: Site, device: Device, until: Until) -> None:
    await site.join(device)
    site.events.clear()
    device.dynamic["number:200"] = {"status": {"value": 5}, "config": {"name": "Level"}}
    device.event("sys", "component_added", target="number:200")
    await until(lambda: site.told("Shelly.Status") != [])
    assert site.twin(device).status["number:200"] == {"value": 5}
    assert site.twin(device).settings()["number:200"] == {"name": "Level"}
    assert site.params("Entity.Added") == [{"entityId": f"{device.id}_200:number"}]
    assert [params["status"] for params in site.params("Shelly.Status")] == [{"number:200": {"value": 5}}]


async def test_a_component_that_is_removed_is_gone_and_told(site: Site, device: Device, until: Until) -> None:
    device.dynamic["number:200"] = {"status": {"value": 5}, "config": {"name": "Level"}}
    await site.join(device)
    site.events.clear()
    device.event("sys", "component_removed", target="number:200")
    await until(lambda: site.told("Shelly.Status") != [])
    assert "number:200" not in site.twin(device).status
    assert "number:200" not in site.twin(device).settings()
    assert site.params("Entity.Removed") == [{"entityId": f"{device.id}_200:number"}]
    assert [params["status"] for params in site.params("Shelly.Status")] == [{"number:200": None}]


# ---- the end ------------------------------------------------------------------------------------------------


async def test_a_device_that_is_gone_is_told_of_and_its_commands_fail(site: Site, device: Device) -> None:
    task = await site.join(device)
    device.answers["Switch.Toggle"] = lambda _params: None
    ends = submit(site, device)
    site.events.clear()
    await site.part(device, task)
    assert site.told() == ["Shelly.Presence", "Shelly.Disconnect"]
    assert site.params("Shelly.Presence") == [{"shellyID": device.id, "presence": "offline"}]
    assert site.params("Shelly.Disconnect") == [{"shellyID": device.id, "reason": "connection lost"}]
    (error,) = ends
    assert isinstance(error, DeviceOffline)
    assert error.data == {"reason": "offline"}
    assert (site.twin(device).presence, site.store.marked_status[-1]) == ("offline", device.id)


async def test_a_newer_connection_takes_over_before_anybody_hears_of_a_loss(
    site: Site, device: Device, until: Until
) -> None:
    older = await site.join(device)
    wire = device.wire
    device.answers["Switch.Toggle"] = lambda _params: None
    ends = submit(site, device)
    site.events.clear()
    await site.join(device)
    await older
    assert wire.closed is not None
    assert wire.closed[0] == 4009
    assert site.told("Shelly.Connect", "Shelly.Disconnect", "Shelly.Presence") == [
        "Shelly.Disconnect",
        "Shelly.Connect",
    ]
    assert isinstance(ends[0], DeviceOffline)
    assert site.is_live(device)
    device.change("switch:0", output=True)
    await until(lambda: site.twin(device).status["switch:0"]["output"] is True)


@pytest.mark.parametrize("changed", [False, True])
async def test_an_older_connection_falls_silent(site: Site, device: Device, changed: bool, settle: Settle) -> None:
    await site.join(device)
    older = device.wire
    if changed:
        device.status["sys"]["cfg_rev"] += 1
    await site.join(device)
    site.events.clear()
    older.say({"src": device.id, "method": "NotifyStatus", "params": {"switch:0": {"output": "stale"}}})
    older.hang_up()
    await settle()
    assert site.events == []
    assert site.twin(device).status["switch:0"]["output"] is False


async def test_a_connection_whose_introduction_takes_longer_than_a_newer_ones_gives_way(
    site: Site, device: Device, new_device: NewDevice, until: Until
) -> None:
    slow = new_device(device.id)
    replies: list[Callable[[], None]] = []

    def later(_params: JSON) -> JSON:
        wire, number = slow.wire, slow.wire.sent[-1]["id"]
        replies.append(lambda: wire.say({"id": number, "src": slow.id, "result": slow.config}))
        return None

    slow.answers["Shelly.GetConfig"] = later
    task = site.accept(slow.connect())
    slow.hello()
    await until(lambda: bool(replies))
    await asyncio.sleep(0.01)
    await site.join(device)
    replies[0]()
    await task
    assert slow.wire.closed is not None
    assert slow.wire.closed[0] == 4009
    assert device.wire.closed is None
    assert site.told("Shelly.Connect", "Shelly.Disconnect") == ["Shelly.Connect"]


async def test_a_connection_that_introduces_itself_later_than_a_newer_one_gives_way(
    site: Site, device: Device, new_device: NewDevice
) -> None:
    await site.part(device, await site.join(device))
    stale = new_device(device.id)
    stale.status["switch:0"]["output"] = "stale"
    task = site.accept(stale.connect())
    await asyncio.sleep(0.01)
    await site.join(device)
    stale.hello()
    await task
    assert stale.wire.closed is not None
    assert stale.wire.closed[0] == 4009
    assert site.is_live(device)
    assert site.twin(device).status["switch:0"]["output"] is False


async def test_one_devices_trouble_is_not_anothers(
    site: Site, device: Device, new_device: NewDevice, settle: Settle
) -> None:
    other = new_device("shellyx-000000000001")
    await site.join(other)
    task = await site.join(device)
    for _ in range(200):
        device.wire.say("garbage")
    await task
    assert site.is_live(other)
    other.change("switch:0", output=True)
    await settle()
    assert site.twin(other).status["switch:0"]["output"] is True


# ---- sleepers -----------------------------------------------------------------------------------------------


@pytest.fixture
def sleeper(new_device: NewDevice) -> Device:
    device = new_device()
    device.status["sys"].update(
        wakeup_period=600, uptime=3, wakeup_reason={"boot": "deepsleep_wake", "cause": "periodic"}
    )
    return device


async def test_a_sleeper_that_says_bye_counts_as_there(site: Site, sleeper: Device) -> None:
    task = await site.join(sleeper)
    site.events.clear()
    sleeper.event("sys", "sleep")
    await site.part(sleeper, task)
    twin = site.twin(sleeper)
    assert (twin.presence, twin.asleep, twin.link) == ("online", True, None)
    assert site.told("Shelly.Disconnect", "Shelly.Presence") == []
    assert twin.wake_expected_ts == pytest.approx(twin.last_report_ms / 1000 + 600)


async def test_a_sleeper_that_wakes_is_asked_nothing_and_its_presence_never_changed(
    site: Site, sleeper: Device
) -> None:
    await site.part(sleeper, await site.join(sleeper))
    sleeper.asked.clear()
    site.events.clear()
    sleeper.status["switch:0"]["output"] = True
    await site.join(sleeper)
    assert sleeper.asked == []
    assert site.told() == ["Shelly.Connect", "Shelly.Status"]
    assert not site.twin(sleeper).asleep
    assert site.woken == [sleeper.id] * 2


async def test_commands_cut_short_by_sleep_say_when_it_wakes(site: Site, sleeper: Device) -> None:
    task = await site.join(sleeper)
    sleeper.answers["Switch.Toggle"] = lambda _params: None
    ends = submit(site, sleeper)
    await site.part(sleeper, task)
    assert ends[0].data == {"reason": "asleep", "wake_expected_ts": site.twin(sleeper).wake_expected_ts}


async def test_a_sleeper_that_is_done_in_one_breath_is_known_all_the_same(site: Site, sleeper: Device) -> None:
    await site.part(sleeper, await site.join(sleeper))
    site.events.clear()
    sleeper.connect()
    sleeper.hello()
    sleeper.change("switch:0", output=True)
    sleeper.event("sys", "sleep")
    sleeper.wire.hang_up()
    await site.accept(sleeper.wire)
    assert site.twin(sleeper).status["switch:0"]["output"] is True
    assert site.twin(sleeper).asleep
    assert site.told("Shelly.Connect", "Shelly.Disconnect", "Shelly.Presence") == ["Shelly.Connect"]
