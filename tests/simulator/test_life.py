"""The life of a whole device: restarts, firmware, factory reset, profiles, sleep."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import Backoff, Device, Simulator, Timing
from fleet_platform.simulator.device.firmware import is_newer, version_in
from plugin_sdk import ComponentType
from tests.simulator.asking import begin

if TYPE_CHECKING:
    from tests.simulator.conftest import Home

SLOW = Timing(backoff=Backoff(first_s=0.05, longest_s=0.2), boot_s=2.0, clockless_s=5.0, awake_s=5.0)
"""As real devices do it."""


@pytest.fixture
async def real(home: Home, types: Mapping[str, ComponentType]) -> AsyncIterator[Simulator]:
    """A simulator of devices that take their time."""
    async with Simulator(home.url, types=types, timing=SLOW, seed=1) as sim:
        yield sim


async def restart(sim: Simulator, device: Device) -> None:
    """Restart by a call and be connected again."""
    device.call("Shelly.Reboot", {"delay_ms": 500})
    await come_back(sim, device)


async def come_back(sim: Simulator, device: Device) -> None:
    """Go down and up again."""
    sim.advance(1.1)
    await device.disconnected()
    sim.advance(5)
    await device.connected()


def told(home: Home, device: Device, component: str) -> list[str]:
    """Names of the events of a component, in order."""
    return [event["event"] for event in home.events(device.id) if event["component"] == component]


# ---- the clock ------------------------------------------------------------------------------------------


async def test_the_clock_is_told_of_once_it_is_set(home: Home, real: Simulator) -> None:
    device = await real.add("Plus1PM")
    device.call("Shelly.Reboot", {"delay_ms": 500})
    real.advance(0.6)
    await device.disconnected()
    real.advance(2.1)
    await device.connected()
    await home.until(lambda: len(home.frames(device.id, "NotifyFullStatus")) == 2)
    first = home.frames(device.id, "NotifyFullStatus")[-1]["params"]
    assert 2 <= first["ts"] < 5
    assert first["sys"]["unixtime"] is None
    real.advance(5)
    await home.until(lambda: any("unixtime" in patch for patch in home.status(device.id, "sys")))
    patch = next(patch for patch in home.status(device.id, "sys") if "unixtime" in patch)
    assert set(patch) == {"time", "unixtime", "last_sync_ts"}
    assert patch["last_sync_ts"] == patch["unixtime"] > 1e9


@pytest.mark.parametrize(("how", "number"), [("Shelly.Reboot", 3), ("power", 1)])
async def test_the_reason_of_a_restart_shows(how: str, number: int, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    if how == "power":
        device.power.switch_off()
        device.power.switch_on()
    else:
        device.call(how)
    sim.advance(3)
    assert device.status("sys")["reset_reason"] == number


# ---- settings that wait for a restart -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "key", "config"),
    [
        ("S1G3", "ws", {"ssl_ca": "*"}),
        ("S1G3", "wifi", {"sta1": {"ssid": "Other", "enable": True}}),
        ("S1G3", "ble", {"enable": True}),
        ("S1G3", "mqtt", {"enable": True}),
        ("S1G3", "cloud", {"enable": True}),
        ("S1G3", "matter", {"enable": True}),
        ("S1G3", "knx", {"enable": True}),
        ("Pro1PM", "eth", {"server_mode": True}),
        ("Pro3EM", "modbus", {"enable": True}),
    ],
)
async def test_a_restart_is_required_until_it_has_been(
    model: str, key: str, config: dict[str, Any], home: Home, sim: Simulator
) -> None:
    device = await sim.add(model)
    assert await home.call(device.id, f"{key}.SetConfig", config=config) == {"restart_required": True}
    await home.until(lambda: home.events(device.id))
    assert home.events(device.id)[0]["restart_required"] is True
    assert device.state.sys["restart_required"] is True
    assert await home.call(device.id, f"{key}.SetConfig", config=config) == {"restart_required": False}
    await restart(sim, device)
    assert device.state.sys["restart_required"] is False


async def test_uplinks_are_there_some_seconds_after_the_start_that_enables_them(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    await home.call(device.id, "Cloud.SetConfig", config={"enable": True})
    await home.call(device.id, "Mqtt.SetConfig", config={"enable": True})
    sim.advance(60)
    assert device.status("cloud")["connected"] is False
    await restart(sim, device)
    sim.advance(6)
    assert device.status("cloud")["connected"] is True
    assert device.status("mqtt")["connected"] is False, "it has no server"


# ---- firmware -------------------------------------------------------------------------------------------


async def test_firmware_is_offered_found_and_installed(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    before = await home.call(device.id, "Shelly.GetDeviceInfo")
    assert await home.call(device.id, "Shelly.CheckForUpdate") == {}
    device.press("sys", "update_available 1.8.0")
    device.press("sys", "update_available 2.0.0-beta1")
    await home.until(lambda: home.status(device.id, "sys"))
    assert home.status(device.id, "sys") == [
        {"available_updates": {"stable": {"version": "1.8.0"}, "beta": {"version": "2.0.0-beta1"}}}
    ]
    found = await home.call(device.id, "Shelly.CheckForUpdate")
    assert (found["stable"]["version"], found["beta"]["version"]) == ("1.8.0", "2.0.0-beta1")
    assert await home.call(device.id, "Shelly.Update", stage="stable") is None
    sim.advance(5)
    await home.until(lambda: "ota_success" in told(home, device, "sys"))
    sim.advance(0.08)
    await home.until(lambda: "scheduled_restart" in told(home, device, "sys"))
    assert told(home, device, "sys") == ["ota_begin", *["ota_progress"] * 4, "ota_success", "scheduled_restart"]
    percents = [event["progress_percent"] for event in home.events(device.id) if event["event"] == "ota_progress"]
    assert percents == [25, 50, 75, 99]
    restarts = home.events(device.id)[-1]
    assert restarts["time_ms"] == 435
    assert 0.07 < restarts["ts"] - home.events(device.id)[-2]["ts"] < 0.1
    error = (await home.ask(device.id, "Shelly.GetStatus"))["error"]
    assert error["code"] == -109
    await come_back(sim, device)
    info = await home.call(device.id, "Shelly.GetDeviceInfo")
    assert (info["ver"], info["fw_id"]) == ("1.8.0", found["stable"]["build_id"])
    assert {name: info[name] for name in info if name not in ("ver", "fw_id")} == {
        name: before[name] for name in before if name not in ("ver", "fw_id")
    }
    assert device.config("sys")["device"]["fw_id"] == info["fw_id"]
    assert device.status("sys")["available_updates"] == {"beta": {"version": "2.0.0-beta1"}}


async def test_after_an_update_a_device_speaks_as_its_new_firmware(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    device.state.install("1.5.1")
    device.session.learn_dialect()
    await home.call(device.id, "Switch.Set", id=0, on=True)
    await home.until(lambda: home.status(device.id, "switch:0"))
    assert home.status(device.id, "switch:0")[0]["id"] == 0
    await home.call(device.id, "Shelly.Update", url="http://archive.example/fw/1.7.5/Plus1PM.zip")
    sim.advance(5.1)
    await come_back(sim, device)
    told_before = len(home.status(device.id, "switch:0"))
    await home.call(device.id, "Switch.Set", id=0, on=False)
    await home.until(lambda: len(home.status(device.id, "switch:0")) > told_before)
    assert "id" not in home.status(device.id, "switch:0")[-1]


async def test_an_update_that_fails_leaves_the_device_as_it_was(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    device.faults.update_fails = True
    before = dict(device.state.info)
    device.press("sys", "update_available 1.8.0")
    await home.call(device.id, "Shelly.Update")
    assert (await home.ask(device.id, "Shelly.Update"))["error"]["code"] == -109
    sim.advance(60)
    await home.until(lambda: "ota_error" in told(home, device, "sys"))
    assert told(home, device, "sys") == ["ota_begin", "ota_progress", "ota_progress", "ota_error"]
    assert home.events(device.id)[-1]["msg"] == "Update failed"
    assert device.state.info == before
    assert device.session.link.connections == 1
    device.faults.update_fails = False
    await home.call(device.id, "Shelly.Update")
    sim.advance(5.1)
    await come_back(sim, device)
    assert device.state.info["ver"] == "1.8.0"


async def test_an_update_that_a_restart_ends_installs_nothing(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    version = device.state.info["ver"]
    device.press("sys", "update_available 1.8.0")
    await home.call(device.id, "Shelly.Update")
    sim.advance(2.5)
    await restart(sim, device)
    sim.advance(60)
    assert device.state.info["ver"] == version
    assert "ota_success" not in told(home, device, "sys")


@pytest.mark.parametrize(
    ("params", "code"), [({"stage": "beta"}, -114), ({"stage": "test"}, -103), ({"url": "ftp://x/y"}, -103), ({}, -114)]
)
async def test_what_cannot_be_installed_is_refused(
    params: dict[str, Any], code: int, home: Home, sim: Simulator
) -> None:
    device = await sim.add("S1G3")
    assert (await home.ask(device.id, "Shelly.Update", **params))["error"]["code"] == code
    assert told(home, device, "sys") == []


@pytest.mark.parametrize("gesture", ["update_available", "update_available soon", "update 1.8.0"])
async def test_an_offer_needs_a_version(gesture: str, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    with pytest.raises(ValueError, match="cannot be pressed"):
        device.press("sys", gesture)


def test_versions_are_ordered() -> None:
    ordered = ["0.14.1", "1.2.3-matter22", "1.7.5", "1.8.0-beta2", "1.8.0-beta10", "1.8.0", "2.0.0-beta1", "2.0.0"]
    assert all(is_newer(later, earlier) for earlier, later in pairwise(ordered))
    assert not any(is_newer(earlier, later) for earlier, later in pairwise(ordered))
    assert not is_newer("1.7.5", "1.7.5")


@pytest.mark.parametrize(
    ("url", "version"),
    [
        ("http://archive.example/1.8.0/S1G3.zip", "1.8.0"),
        ("https://x/fw/2.0.0-beta1.zip", "2.0.0-beta1"),
        ("http://10.0.0.1/fw.zip", None),
        ("", None),
    ],
)
def test_an_address_may_name_a_version(url: str, version: str | None) -> None:
    assert version_in(url) == version


# ---- factory reset and profile --------------------------------------------------------------------------


async def test_a_factory_reset_leaves_the_firmware_and_the_simulators_server(home: Home, sim: Simulator) -> None:
    device = await sim.add("S2PMG3", name="Blind", profile="cover")
    device.state.install("1.8.0")
    fw_id = device.state.info["fw_id"]
    await home.call(device.id, "KVS.Set", key="a", value=1)
    await home.call(device.id, "Schedule.Create", timespec="0 0 6 * * *", calls=[{"method": "Cover.Open"}])
    await home.call(device.id, "Webhook.Create", cid=0, event="cover.open", urls=["http://10.0.0.1/"])
    await home.call(device.id, "Script.Create", name="x")
    await home.call(device.id, "Virtual.Add", type="button")
    await home.call(device.id, "Cover.SetConfig", id=0, config={"name": "Kitchen"})
    await home.call(device.id, "Shelly.SetAuth", user="admin", realm=device.id, ha1="00" * 32)
    await home.call(device.id, "Ws.SetConfig", config={"server": f"{home.url}/elsewhere"})
    await restart(sim, device)
    assert home.visits[-1].path == "/shelly/elsewhere"
    await home.call(device.id, "Shelly.FactoryReset")
    await come_back(sim, device)
    assert home.visits[-1].path == "/shelly"
    info = await home.call(device.id, "Shelly.GetDeviceInfo")
    assert (info["name"], info["auth_en"], info["auth_domain"], info["profile"]) == (None, False, None, "switch")
    assert (info["ver"], info["fw_id"]) == ("1.8.0", fw_id)
    sys = await home.call(device.id, "Sys.GetStatus")
    revisions = ("cfg_rev", "kvs_rev", "schedule_rev", "webhook_rev", "bthc_rev")
    assert [sys[name] for name in revisions] == [0] * len(revisions)
    assert (await home.call(device.id, "Sys.GetConfig"))["device"]["name"] is None
    assert (await home.call(device.id, "KVS.List"))["keys"] == {}
    assert (await home.call(device.id, "Schedule.List"))["jobs"] == []
    assert (await home.call(device.id, "Webhook.List"))["hooks"] == []
    assert (await home.call(device.id, "Script.List"))["scripts"] == []
    assert (await home.call(device.id, "Shelly.GetComponents", dynamic_only=True))["components"] == []
    assert "switch:0" in device.state.status
    assert device.config("ws")["server"] == home.url


async def test_a_gateway_forgets_whom_it_paired(sim: Simulator) -> None:
    device = await sim.add("BluGwG3")
    device.call("Shelly.FactoryReset")
    await come_back(sim, device)
    assert (device.keys("bthomedevice"), device.keys("bthomesensor"), device.keys("blutrv")) == ([], [], [])
    assert device.state.attrs == {}


async def test_forgotten_networks_are_those_of_the_factory_after_a_restart(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    before, revision = device.config("wifi"), device.state.sys["cfg_rev"]
    await home.call(device.id, "Wifi.SetConfig", config={"sta1": {"ssid": "Other", "enable": True}})
    assert device.config("wifi") != before
    await home.call(device.id, "Shelly.ResetWiFiConfig")
    await come_back(sim, device)
    assert device.config("wifi") == before
    assert device.state.sys["cfg_rev"] == revision + 2


async def test_a_change_of_profile_keeps_what_is_dynamic_and_drops_jobs_and_hooks(home: Home, sim: Simulator) -> None:
    device = await sim.add("S2PMG3")
    await home.call(device.id, "Virtual.Add", type="text", config={"name": "Note"})
    await home.call(device.id, "Text.Set", id=200, value="x")
    await home.call(device.id, "KVS.Set", key="a", value=1)
    await home.call(device.id, "Schedule.Create", timespec="0 0 6 * * *", calls=[{"method": "Switch.Toggle"}])
    await home.call(device.id, "Webhook.Create", cid=0, event="switch.on", urls=["http://10.0.0.1/"])
    await home.call(device.id, "Shelly.SetProfile", name="cover")
    await come_back(sim, device)
    await home.until(lambda: len(home.frames(device.id, "NotifyFullStatus")) == 2)
    keys = set(home.frames(device.id, "NotifyFullStatus")[-1]["params"])
    assert "cover:0" in keys
    assert not {"switch:0", "switch:1"} & keys
    assert device.config("text:200")["name"] == "Note"
    assert (await home.call(device.id, "KVS.Get", key="a"))["value"] == 1
    assert await home.call(device.id, "Schedule.List") == {"jobs": [], "rev": 2}
    assert await home.call(device.id, "Webhook.List") == {"hooks": [], "rev": 2}
    assert (await home.ask(device.id, "Switch.Toggle", id=0))["error"]["code"] == 404


async def test_a_bug_while_a_device_is_down_does_not_leave_it_dark(
    sim: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    device = await sim.add("S1G3")
    device.power.restart(1, then=lambda: device.change_profile("none"))
    await come_back(sim, device)
    assert device.power.state == "on"
    assert "could not become what it should" in caplog.text


# ---- sleepers -------------------------------------------------------------------------------------------


def state(device: Device) -> str:
    """What it is doing."""
    return device.power.state


async def wake(sim: Simulator, device: Device, cause: str = "button") -> None:
    """Fall asleep, wake, be connected."""
    sim.advance(10)
    await device.disconnected()
    device.wake(cause)
    sim.advance(3.6)
    await device.connected()


async def test_a_sleeper_says_all_within_seconds_by_the_time_since_it_woke(home: Home, real: Simulator) -> None:
    device = await real.add("PlusHT")
    await wake(real, device)
    await home.until(lambda: len(home.frames(device.id, "NotifyFullStatus")) == 2)
    first = home.frames(device.id, "NotifyFullStatus")[-1]["params"]
    assert 3 <= first["ts"] <= 5
    assert (first["sys"]["unixtime"], first["sys"]["time"], first["sys"]["uptime"]) == (None, None, 3)
    assert first["sys"]["wakeup_reason"] == {"boot": "deepsleep_wake", "cause": "button"}
    assert await home.call(device.id, "Temperature.GetStatus", id=0) == device.status("temperature:0")
    real.advance(6)
    await device.disconnected()
    assert device.closed == (1000, "Bye")
    assert told(home, device, "sys")[-1] == "sleep"


async def test_a_sleeper_on_usb_wakes_every_ten_minutes_until_it_is_unplugged(home: Home, real: Simulator) -> None:
    device = await real.add("PlusHT")
    await wake(real, device, "usb")
    assert device.status("devicepower:0")["external"] == {"present": True}
    assert device.status("sys")["wakeup_period"] == 600
    real.advance(6)
    await device.disconnected()
    real.advance(600 * 0.94)
    assert state(device) == "asleep"
    real.advance(600 * 0.12)
    assert state(device) in ("booting", "on")
    assert device.status("sys")["wakeup_reason"]["cause"] == "periodic"
    await device.connected()
    device.report("devicepower:0", {"external": {"present": False}})
    real.advance(6)
    assert device.status("sys")["wakeup_period"] == 7_200
    await home.until(lambda: {"wakeup_period": 7_200} in home.status(device.id, "sys"))


async def test_a_sleeper_stays_awake_for_an_answer_that_takes_its_time(home: Home, sim: Simulator) -> None:
    device = await sim.add("PlusHT")
    asked = await begin(home, device, "Wifi.Scan")
    sim.advance(2.4)
    assert state(device) == "on"
    sim.advance(3)
    assert (await asked)["result"]["results"]
    sim.advance(1)
    assert state(device) == "asleep"


async def test_wake_up_periods_differ_by_up_to_five_percent(real: Simulator) -> None:
    periods: set[int] = set()
    for seed in range(12):
        device = await real.add("PlusHT", seed=seed)
        real.advance(10)
        slept = 0
        while state(device) == "asleep":
            real.advance(20)
            slept += 20
        periods.add(slept)
        await device.drop()
    assert min(periods) >= 7_200 * 0.95 - 10
    assert max(periods) <= 7_200 * 1.05 + 20
    assert len(periods) > 6
