"""What devices say unasked has the shape of what real ones were heard to say."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import Simulator
from fleet_platform.simulator.outbound.dialect import BEFORE_1_6, CURRENT, WALL_DISPLAY, Dialect, dialect_of
from fleet_platform.simulator.outbound.outbox import LIMIT, Outbox

if TYPE_CHECKING:
    from tests.simulator.conftest import Home

CAPTURED = Path(__file__).parents[3] / "shared" / "reference" / "notifications.jsonl"
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


def test_waiting_news_are_bounded_and_the_oldest_event_goes_first() -> None:
    outbox = Outbox()
    outbox.add_status("switch:0", {"output": True})
    for number in range(LIMIT + 10):
        outbox.add_event("input:0", f"event {number}", {})
    frames = [json.loads(text) for text in outbox.take("x", CURRENT, TS)]
    assert len(frames) == LIMIT
    assert frames[0]["method"] == "NotifyStatus"
    assert frames[-1]["params"]["events"][0]["event"] == f"event {LIMIT + 9}"


# ---- against captured frames ----------------------------------------------------------------------------


def captured(method: str, key: str, *fields: str) -> list[dict[str, Any]]:
    """Captured changes or events of a component that hold some fields."""
    if not CAPTURED.is_file():
        pytest.skip(f"no captured frames in {CAPTURED}")
    frames = [json.loads(line)["frame"] for line in CAPTURED.read_text().splitlines()]
    params = [frame["params"] for frame in frames if frame.get("method") == method]
    held: list[dict[str, Any]] = (
        [event for param in params for event in param.get("events", ()) if event["component"] == key]
        if method == "NotifyEvent"
        else [param[key] for param in params if key in param]
    )
    found = [each for each in held if all(field in each for field in fields)]
    assert found, f"nothing captured of {key} with {fields}"
    return found


async def test_a_timer_ends_with_nulls_as_captured(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await home.call(device.id, "Switch.Set", id=0, on=True, toggle_after=30)
    await home.until(lambda: home.status(device.id, "switch:0"))
    begun = home.status(device.id, "switch:0")[0]
    assert set(captured("NotifyStatus", "switch:0", "timer_duration")[0]) - {"id"} <= set(begun)
    sim.advance(31)
    await home.until(lambda: home.status(device.id, "switch:0")[-1].get("timer_duration", 0) is None)
    ended = home.status(device.id, "switch:0")[-1]
    real = next(patch for patch in captured("NotifyStatus", "switch:0", "timer_duration") if not patch["output"])
    assert set(ended) == set(real) - {"id"}
    assert ended["timer_duration"] is ended["timer_started_at"] is real["timer_duration"] is None
    assert ended["output"] is False
    assert "timer_duration" not in device.status("switch:0")


async def test_energy_is_told_once_a_minute_as_captured(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await home.call(device.id, "Switch.Set", id=0, on=True)
    sim.advance(180)
    await home.until(lambda: sum("aenergy" in patch for patch in home.status(device.id, "switch:0")) >= 3)
    counted = [patch["aenergy"] for patch in home.status(device.id, "switch:0") if "aenergy" in patch]
    real = captured("NotifyStatus", "switch:0", "aenergy")[0]["aenergy"]
    assert len(counted) == 3
    assert all(set(each) == set(real) for each in counted)
    assert all(later["minute_ts"] - earlier["minute_ts"] == 60 for earlier, later in itertools.pairwise(counted))
    assert counted[0]["total"] < counted[1]["total"] < counted[2]["total"]
    assert counted[2]["by_minute"][1] == counted[1]["by_minute"][0]
    minute_wh = counted[2]["total"] - counted[1]["total"]
    assert minute_wh * 1000 == pytest.approx(counted[2]["by_minute"][0], abs=1)


async def test_settings_are_told_by_an_event_and_then_the_revision_at_the_same_time(home: Home, sim: Simulator) -> None:
    device = await sim.add("Mini1G3")
    await home.call(device.id, "Input.SetConfig", id=0, config={"name": "Door"})
    await home.until(lambda: home.frames(device.id, "NotifyStatus"))
    event, status = home.frames(device.id)[1:]
    real_event = captured("NotifyEvent", "input:0", "cfg_rev")[0]
    assert set(event["params"]["events"][0]) == set(real_event)
    assert status["params"] == {
        "ts": event["params"]["ts"],
        "sys": {"cfg_rev": event["params"]["events"][0]["cfg_rev"]},
    }


async def test_a_double_push_is_told_as_captured(home: Home, sim: Simulator) -> None:
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
    assert set(home.events(device.id)[1]) == set(captured("NotifyEvent", "input:2", "event")[0])


async def test_an_update_is_told_as_captured(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    device.state.sys["available_updates"] = {"stable": {"version": "1.8.0"}}
    assert await home.call(device.id, "Shelly.CheckForUpdate") == {"stable": {"version": "1.8.0"}}
    assert await home.call(device.id, "Shelly.Update", stage="stable") is None
    sim.advance(5)
    await home.until(lambda: any(event["event"] == "scheduled_restart" for event in home.events(device.id)))
    told_events = {event["event"]: event for event in home.events(device.id)}
    for name in ("ota_progress", "ota_success", "scheduled_restart"):
        real = next(event for event in captured("NotifyEvent", "sys", "event") if event["event"] == name)
        assert set(told_events[name]) == set(real), name
    assert told_events["ota_success"]["msg"] == "Update applied, rebooting"
    sim.advance(1)
    await device.disconnected()
    await device.connected()
    info = await home.call(device.id, "Shelly.GetDeviceInfo")
    assert info["ver"] == "1.8.0"
    assert info["fw_id"].endswith("/1.8.0")
    assert (await home.call(device.id, "Sys.GetConfig"))["device"]["fw_id"] == info["fw_id"]


async def test_a_script_that_starts_is_told_as_captured(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    await home.call(device.id, "Script.Create", name="night")
    assert await home.call(device.id, "Script.Start", id=1) == {"was_running": False}
    await home.until(lambda: home.status(device.id, "script:1"))
    assert home.status(device.id, "script:1")[-1] == captured("NotifyStatus", "script:2", "running")[0]
