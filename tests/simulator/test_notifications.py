"""What devices say unasked has the shape of what real ones were heard to say."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import Simulator
from fleet_platform.simulator.outbound.dialect import BEFORE_1_6, CURRENT, WALL_DISPLAY, Dialect, dialect_of
from fleet_platform.simulator.outbound.outbox import LIMIT, Outbox

if TYPE_CHECKING:
    from tests.simulator.conftest import Home

TS = 1705084173.38


def told(dialect: Dialect, *entries: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Frames for changes ``(key, patch)`` and events ``(key, event, data)``."""
    outbox = Outbox()
    for entry in entries:
        if len(entry) == 2:
            outbox.add_status(*entry)
        else:
            outbox.add_event(*entry)
    return [json.loads(text) for text in outbox.take("shelly-x", dialect, TS)]


def test_changes_of_one_turn_are_one_frame() -> None:
    (frame,) = told(CURRENT, ("switch:0", {"output": True}), ("switch:0", {"apower": 5}), ("sys", {"cfg_rev": 2}))
    assert frame == {
        "src": "shelly-x",
        "dst": "ws",
        "method": "NotifyStatus",
        "params": {"ts": TS, "switch:0": {"output": True, "apower": 5}, "sys": {"cfg_rev": 2}},
    }


def test_an_event_keeps_its_place_between_changes() -> None:
    frames = told(CURRENT, ("input:0", {"state": True}), ("sys", "sleep", {}), ("input:0", {"state": False}))
    assert [frame["method"] for frame in frames] == ["NotifyStatus", "NotifyEvent", "NotifyStatus"]
    assert frames[1]["params"] == {"ts": TS, "events": [{"component": "sys", "event": "sleep", "ts": TS}]}


def test_firmware_before_1_6_repeats_the_id_and_later_does_not() -> None:
    (old,) = told(BEFORE_1_6, ("switch:0", {"output": True}), ("sys", {"cfg_rev": 2}))
    assert old["params"] == {"ts": TS, "switch:0": {"id": 0, "output": True}, "sys": {"cfg_rev": 2}}
    (event,) = told(CURRENT, ("input:2", "btn_up", {}))
    assert event["params"]["events"][0]["id"] == 2


def test_a_wall_display_numbers_its_notifications_and_counts_whole_seconds() -> None:
    (frame,) = told(WALL_DISPLAY, ("temperature:0", {"tC": 22.8}))
    assert frame["id"] == int(TS)
    assert frame["dst"] == "user_1"
    assert frame["params"] == {"temperature:0": {"id": 0, "tC": 22.8}, "ts": int(TS)}


@pytest.mark.parametrize(
    ("app", "version", "dialect"),
    [
        ("Plus1PM", "1.7.5", CURRENT),
        ("Plus1PM", "1.6.2", CURRENT),
        ("Plus1PM", "1.5.1-beta1", BEFORE_1_6),
        ("PlusHT", "0.14.1", BEFORE_1_6),
        ("Plus1PM", "2.0.0-beta1", CURRENT),
        ("WallDisplayV2", "2.6.2", WALL_DISPLAY),
        ("XT1", "", BEFORE_1_6),
    ],
)
def test_a_firmware_has_its_dialect(app: str, version: str, dialect: Dialect) -> None:
    assert dialect_of(app, version) == dialect


def test_a_wall_display_tells_all_but_its_sensors_under_the_number_0() -> None:
    (frame,) = told(WALL_DISPLAY, ("thermostat:0", {"output": True}), ("temperature:0", {"tC": 22.8}))
    assert frame["id"] == 0
    assert list(frame["params"]) == ["ts", "thermostat:0", "temperature:0"]


def test_an_update_of_a_bluetooth_device_is_told_without_its_number() -> None:
    (progress, push) = told(CURRENT, ("bthomedevice:200", "ota_progress", {}), ("bthomedevice:200", "single_push", {}))
    assert [set(frame["params"]["events"][0]) & {"id"} for frame in (progress, push)] == [set(), {"id"}]


def test_waiting_news_are_bounded_and_the_oldest_event_goes_first() -> None:
    outbox = Outbox()
    outbox.add_status("switch:0", {"output": True})
    for number in range(LIMIT + 10):
        outbox.add_event("input:0", f"event {number}", {})
    frames = [json.loads(text) for text in outbox.take("x", CURRENT, TS)]
    assert len(frames) == LIMIT
    assert frames[0]["method"] == "NotifyStatus"
    assert frames[-1]["params"]["events"][0]["event"] == f"event {LIMIT + 9}"


# ---- what is told when; the shape of it all is held to captured frames in test_captured ----------------


async def test_a_timer_ends_with_nulls(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await home.call(device.id, "Switch.Set", id=0, on=True, toggle_after=30)
    await home.until(lambda: home.status(device.id, "switch:0"))
    assert home.status(device.id, "switch:0")[0]["timer_duration"] == 30
    sim.advance(31)
    await home.until(lambda: home.status(device.id, "switch:0")[-1].get("timer_duration", 0) is None)
    ended = home.status(device.id, "switch:0")[-1]
    assert ended["timer_duration"] is ended["timer_started_at"] is None
    assert ended["output"] is False
    assert "timer_duration" not in device.status("switch:0")


async def test_energy_is_told_once_a_minute(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await home.call(device.id, "Switch.Set", id=0, on=True)
    sim.advance(180)
    await home.until(lambda: sum("aenergy" in patch for patch in home.status(device.id, "switch:0")) >= 3)
    counted = [patch["aenergy"] for patch in home.status(device.id, "switch:0") if "aenergy" in patch]
    assert len(counted) == 3
    assert all(later["minute_ts"] - earlier["minute_ts"] == 60 for earlier, later in itertools.pairwise(counted))
    assert counted[0]["total"] < counted[1]["total"] < counted[2]["total"]
    assert counted[2]["by_minute"][1] == counted[1]["by_minute"][0]
    minute_wh = counted[2]["total"] - counted[1]["total"]
    assert minute_wh * 1000 == pytest.approx(counted[2]["by_minute"][0], abs=1)


async def test_a_double_push_is_told_edge_by_edge(home: Home, sim: Simulator) -> None:
    device = await sim.add("PlusI4")
    device.press("input:2", "double_push")
    sim.advance(2)
    await home.until(lambda: len(home.events(device.id)) == 5)
    assert [event["event"] for event in home.events(device.id)] == [
        "btn_down",
        "btn_up",
        "btn_down",
        "btn_up",
        "double_push",
    ]


async def test_an_update_is_told_and_ends_with_the_new_version(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    device.state.sys["available_updates"] = {"stable": {"version": "1.8.0"}}
    assert (await home.call(device.id, "Shelly.CheckForUpdate"))["stable"]["version"] == "1.8.0"
    assert await home.call(device.id, "Shelly.Update", stage="stable") is None
    sim.advance(5)
    await home.until(lambda: any(event["event"] == "scheduled_restart" for event in home.events(device.id)))
    sim.advance(1)
    await device.disconnected()
    await device.connected()
    info = await home.call(device.id, "Shelly.GetDeviceInfo")
    assert info["ver"] == "1.8.0"
    assert info["fw_id"].partition("/")[2].startswith("1.8.0-g")
    assert (await home.call(device.id, "Sys.GetConfig"))["device"]["fw_id"] == info["fw_id"]
