"""What devices of a recording do, seen by the server they connect to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import Simulator
from fleet_platform.simulator.recording import Replay, open_recording
from fleet_platform.simulator.recording.lines import Line
from tests.simulator.recording.tape import PLUG, SENSOR, asked, change, dump, event, line, write

if TYPE_CHECKING:
    from tests.simulator.conftest import Home

Eventually = Callable[[Callable[[], Any]], Awaitable[None]]


@asynccontextmanager
async def playing(sim: Simulator, path: Path, *lines: Line, speed: float | None = None) -> AsyncIterator[Replay]:
    """A replay of these lines under way."""
    replay = Replay(sim, open_recording(write(path / "tape.jsonl", *lines)), speed=speed)
    task = asyncio.create_task(replay.run())
    try:
        yield replay
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_frames_are_sent_as_they_were_and_when_they_were(
    sim: Simulator, home: Home, tmp_path: Path, eventually: Eventually
) -> None:
    lines = [line(0, "device", dump(), online=True), change(100, switch_0={"output": True}), change(300, odd=1, sys={})]
    async with playing(sim, tmp_path, *lines, speed=2.0) as replay:
        await eventually(lambda: replay.started)
        for passed, sent in ((45, 0), (5, 1), (90, 1), (10, 2)):
            sim.advance(passed)
            for _ in range(5):
                await asyncio.sleep(0)
            assert replay.counts.frames == sent
        await home.until(lambda: len(home.frames(PLUG)) == 3)
    first, *others = home.frames(PLUG)
    assert first["method"] == "NotifyFullStatus"
    assert {key: part for key, part in first["params"].items() if key != "ts"} == dump()["status"]
    assert others == [lines[1].body, lines[2].body]


async def test_a_replay_is_over_when_the_last_line_is_played(sim: Simulator, home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "tape.jsonl", line(0, "device", dump(), online=True), change(0.2, sys={"uptime": 78}))
    replay = Replay(sim, open_recording(path), speed=10)
    await replay.run()
    assert (replay.counts.frames, replay.counts.skipped) == (1, 0)
    await replay.run()
    assert (replay.counts.frames, replay.counts.skipped) == (2, 0)
    await home.until(lambda: len(home.frames(PLUG)) == 4)
    assert [frame["method"] for frame in home.frames(PLUG)] == ["NotifyFullStatus", "NotifyStatus"] * 2
    assert len(home.visits) == 2


async def test_a_device_leaves_and_returns_as_it_did(sim: Simulator, home: Home, tmp_path: Path) -> None:
    later = dump(PLUG, **{"switch:0": {"id": 0, "output": True, "apower": 5.5}})
    lines = [
        line(0, "device", dump(), online=True),
        change(1, switch_0={"output": True}),
        line(2, "disconnect", reason="connection lost"),
        line(3, "connect", later),
        change(4, switch_0={"apower": 6.5}),
    ]
    await Replay(sim, open_recording(write(tmp_path / "tape.jsonl", *lines)), speed=None).run()
    await home.until(lambda: len(home.frames(PLUG)) == 4)
    assert [len(visit.frames) for visit in home.visits] == [2, 2]
    assert home.visits[0].closed is not None
    assert home.visits[1].frames[0]["params"]["switch:0"] == later["status"]["switch:0"]
    assert sim[PLUG].status("switch:0") == {"id": 0, "output": True, "apower": 6.5}


async def test_a_connection_that_was_replaced_is_still_there_when_the_next_begins(
    sim: Simulator, home: Home, tmp_path: Path
) -> None:
    lines = [
        line(0, "device", dump(), online=True),
        line(1, "disconnect", reason="replaced by a newer connection"),
        line(1, "connect", dump()),
        change(2, switch_0={"output": True}),
        change(9, switch_0={"output": False}),
    ]
    async with playing(sim, tmp_path, *lines, speed=1) as replay:
        await home.until(lambda: len(home.visits) == 1)
        while len(home.visits) < 2:
            sim.advance(0.5)
            await asyncio.sleep(0.01)
        await home.until(lambda: len(home.visits[1].frames) == 1)
        assert [visit.closed for visit in home.visits] == [None, None]
        assert replay.counts.frames == 0


async def test_a_sleeper_that_sleeps_says_bye_and_stays_away_until_it_came_back(
    sim: Simulator, home: Home, tmp_path: Path
) -> None:
    asleep = dump(SENSOR, sys={"mac": "A8032AB00001", "wakeup_period": 7200, "uptime": 4})
    lines = [
        line(0, "device", asleep, SENSOR, online=False),
        line(10, "connect", asleep, SENSOR),
        change(11, SENSOR, temperature_0={"tC": 20.5}),
        event(12, "sys", "sleep", SENSOR),
        line(7200, "connect", asleep, SENSOR),
        event(7203, "sys", "sleep", SENSOR),
        line(7300, "end", device=""),
    ]
    await Replay(sim, open_recording(write(tmp_path / "tape.jsonl", *lines)), speed=None).run()
    await home.until(lambda: len(home.visits) == 3 and home.visits[2].closed is not None)
    assert [visit.closed and visit.closed[0] for visit in home.visits] == [1000] * 3
    assert sim[SENSOR].closed == (1000, "Bye")
    assert [[frame["method"] for frame in visit.frames] for visit in home.visits] == [
        ["NotifyFullStatus"],
        ["NotifyFullStatus", "NotifyStatus", "NotifyEvent"],
        ["NotifyFullStatus", "NotifyEvent"],
    ]


async def test_the_server_is_answered_as_it_was_then(sim: Simulator, home: Home, tmp_path: Path) -> None:
    lines = [
        line(0, "device", dump(), online=True),
        *asked(1, 7, "Wifi.Scan", None, result={"results": []}),
        *asked(2, 8, "Switch.Toggle", {"id": 0}, error={"code": -109, "message": "shutting down in 952 ms"}),
        *asked(3, 9, "Foo.Bar", {"id": 3}, result={"foo": 1}),
        change(4, switch_0={"output": True}),
    ]
    await Replay(sim, open_recording(write(tmp_path / "tape.jsonl", *lines)), speed=None).run()
    assert await home.call(PLUG, "wifi.scan") == {"results": []}
    reply = await home.ask(PLUG, "Switch.Toggle", id=0)
    assert reply["error"] == {"code": -109, "message": "shutting down in 952 ms"}
    # No device knows it, and this one answered it once, if with other parameters.
    assert await home.call(PLUG, "Foo.Bar", id=4) == {"foo": 1}
    assert (await home.ask(PLUG, "Foo.Baz"))["error"]["code"] == 404
    assert await home.call(PLUG, "Switch.GetStatus", id=0) == {"id": 0, "output": True, "apower": 0.0}
    assert await home.call(PLUG, "Shelly.GetDeviceInfo") == dump()["info"]


async def test_of_several_answers_the_one_of_that_time_is_given(sim: Simulator, home: Home, tmp_path: Path) -> None:
    lines = [
        line(0, "device", dump(), online=True),
        *asked(1, 1, "Wifi.Scan", {}, result={"results": [1]}),
        change(2, switch_0={"output": True}),
        *asked(3, 2, "Wifi.Scan", None, result={"results": [2]}),
        change(1000, switch_0={"output": False}),
    ]
    async with playing(sim, tmp_path, *lines, speed=1) as replay:
        await home.until(lambda: home.frames(PLUG))
        assert await home.call(PLUG, "Wifi.Scan") == {"results": [1]}
        while not replay.counts.frames:
            sim.advance(0.5)
            await asyncio.sleep(0.01)
        assert await home.call(PLUG, "Wifi.Scan") == {"results": [2]}
        sim.advance(1000)
        await home.until(lambda: len(home.frames(PLUG)) == 3)
        assert await home.call(PLUG, "Wifi.Scan") == {"results": [2]}


async def test_changed_settings_and_new_components_are_known_when_they_are_told_of(
    sim: Simulator, home: Home, tmp_path: Path
) -> None:
    lines = [
        line(0, "device", dump(), online=True),
        event(1, "switch:0", "config_changed", cfg_rev=4),
        *asked(2, 1, "Switch.GetConfig", {"id": 0}, result={"id": 0, "name": "Kettle"}),
        event(3, "sys", "component_added", target="number:200"),
        *asked(4, 2, "Number.GetStatus", {"id": 200}, result={"value": 7}),
        *asked(4, 3, "Number.GetConfig", {"id": 200}, result={"id": 200, "name": "Level"}),
        event(900, "sys", "component_removed", target="number:200"),
    ]
    async with playing(sim, tmp_path, *lines, speed=1):
        await home.until(lambda: home.frames(PLUG))
        assert (await home.call(PLUG, "Switch.GetConfig", id=0))["name"] == "Lamp"
        while len(home.events(PLUG)) < 2:
            sim.advance(0.5)
            await asyncio.sleep(0.01)
        assert await home.call(PLUG, "Switch.GetConfig", id=0) == {"id": 0, "name": "Kettle"}
        assert await home.call(PLUG, "Number.GetStatus", id=200) == {"value": 7}
        assert await home.call(PLUG, "Number.GetConfig", id=200) == {"id": 200, "name": "Level"}
        sim.advance(900)
        await home.until(lambda: len(home.events(PLUG)) == 3)
        assert "number:200" not in await home.call(PLUG, "Shelly.GetStatus")


async def test_a_full_status_in_between_replaces_what_was_known(sim: Simulator, home: Home, tmp_path: Path) -> None:
    full = {"src": PLUG, "method": "NotifyFullStatus", "params": {"ts": 1, "sys": {"uptime": 99}, "input:0": {"id": 0}}}
    lines = [line(0, "device", dump(), online=True), line(1, "in", full)]
    await Replay(sim, open_recording(write(tmp_path / "tape.jsonl", *lines)), speed=None).run()
    assert await home.call(PLUG, "Shelly.GetStatus") == {"sys": {"uptime": 99}, "input:0": {"id": 0}}


async def test_a_device_that_was_not_there_is_introduced_and_leaves_again(
    sim: Simulator, home: Home, tmp_path: Path
) -> None:
    lines = [line(0, "device", dump(), online=False), line(5, "end", device="")]
    await Replay(sim, open_recording(write(tmp_path / "tape.jsonl", *lines)), speed=None).run()
    await home.until(lambda: home.visits[0].closed is not None)
    assert [len(visit.frames) for visit in home.visits] == [1]
    assert sim[PLUG].session.link.channel is None


async def test_how_things_stand_after_a_gap_is_how_they_stand(sim: Simulator, home: Home, tmp_path: Path) -> None:
    other = "shellyplus1pm-a8032ab99999"
    lines = [
        line(0, "device", dump(), online=True),
        line(0, "device", dump(other), other, online=True),
        line(5, "lost", device=""),
        line(9, "resumed", device=""),
        line(9, "device", dump(sys={"uptime": 500}), online=True),
        line(9, "device", dump(other), other, online=False),
    ]
    await Replay(sim, open_recording(write(tmp_path / "tape.jsonl", *lines)), speed=None).run()
    await home.until(lambda: len(home.frames(PLUG)) == 2)
    assert home.frames(PLUG)[1]["params"]["sys"] == {"uptime": 500}
    await home.until(lambda: home.visit(other).closed is not None)
    assert sim[other].session.link.channel is None


async def test_what_cannot_be_said_is_counted(sim: Simulator, home: Home, tmp_path: Path) -> None:
    lines = [
        line(0, "device", dump(), online=True),
        line(1, "disconnect", reason="connection lost"),
        line(2, "end", device=""),
        change(3, switch_0={"output": True}),
    ]
    replay = Replay(sim, open_recording(write(tmp_path / "tape.jsonl", *lines)), speed=None)
    await replay.run()
    assert (replay.counts.frames, replay.counts.skipped) == (0, 1)


async def test_what_comes_while_the_server_is_away_waits_for_it(
    sim: Simulator, home: Home, tmp_path: Path, eventually: Eventually
) -> None:
    lines = [
        line(0, "device", dump(), online=True),
        change(100, switch_0={"output": True}),
        change(200, switch_0={"output": False}),
    ]
    async with playing(sim, tmp_path, *lines, speed=1) as replay:
        await eventually(lambda: replay.started)
        home.refuse_with = 503
        await home.visits[0].ws.close()
        await eventually(lambda: sim.stats.failures)
        sim.advance(100)
        await eventually(lambda: sim.stats.failures > 2)
        assert replay.counts.frames == 0
        home.refuse_with = None
        await home.until(lambda: len(home.visits) == 2)
        await home.until(lambda: len(home.visits[1].frames) == 2)
        assert home.visits[1].frames[1] == lines[1].body


async def test_a_damaged_recording_is_played_as_far_as_it_goes(sim: Simulator, home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "tape.jsonl", line(0, "device", dump(), online=True), change(1, sys={"uptime": 78}))
    path.write_bytes(path.read_bytes() + b'{"t": 2, "device": "shelly')
    recorded = open_recording(path)
    assert recorded.damage == "line 4 of tape.jsonl cannot be played: it is no JSON"
    replay = Replay(sim, recorded, speed=None)
    await replay.run()
    assert replay.counts.frames == 1


@pytest.mark.parametrize("welcomed", [True, False])
async def test_devices_say_nothing_before_the_server_knows_them(
    sim: Simulator, home: Home, tmp_path: Path, eventually: Eventually, welcomed: bool
) -> None:
    known: set[str] = set()
    path = write(tmp_path / "tape.jsonl", line(0, "device", dump(), online=True), change(0, sys={"uptime": 78}))
    replay = Replay(sim, open_recording(path), speed=None, welcomed=known.__contains__)
    task = asyncio.create_task(replay.run())
    await home.until(lambda: home.frames(PLUG))
    sim.advance(20)
    await asyncio.sleep(0)
    assert not replay.started
    if welcomed:
        known.add(PLUG)
    else:
        sim.advance(20)
    await task
    assert (replay.counts.frames, replay.counts.impatient) == (1, 0 if welcomed else 1)
