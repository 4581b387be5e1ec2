"""A replay as a command runs it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fleet_platform.simulator import BadUrl, Progress
from fleet_platform.simulator.recording import BadRecording
from fleet_platform.simulator.recording.lines import Line
from fleet_platform.simulator.recording.run import ReplayOptions, replay
from tests.simulator.recording.tape import PLUG, SENSOR, change, dump, line, write

if TYPE_CHECKING:
    from tests.simulator.conftest import Home

START = line(0, "device", dump(), online=True)
END = Line(t=60, kind="end")


async def test_it_tells_what_it_plays_and_how_it_went(home: Home, tmp_path: Path) -> None:
    told: list[Progress] = []
    path = write(tmp_path / "tape", START, change(1, sys={"uptime": 78}), END)
    assert await replay(ReplayOptions(url=home.url, path=path, speed=None), on_progress=told.append) == 0
    assert [text for progress in told for text in progress.remarks] == [
        "tape: 1 devices, 60 seconds",
        "the recording is over: 1 notifications were sent",
    ]


async def test_what_could_not_be_played_shows_in_the_exit_code(home: Home, tmp_path: Path) -> None:
    told: list[Progress] = []
    path = write(tmp_path / "tape", START, line(1, "disconnect", reason="connection lost"), change(2, sys={}))
    assert await replay(ReplayOptions(url=home.url, path=path, speed=None), on_progress=told.append) == 1
    assert [text for progress in told for text in progress.remarks][1:] == [
        "the recording has no end: whoever made it was stopped on the way",
        "the recording is over: 0 notifications were sent",
        "1 lines could not be played, for their device was not connected",
    ]


async def test_devices_that_have_the_mac_of_another_are_left_out_and_named(home: Home, tmp_path: Path) -> None:
    told: list[Progress] = []
    twin = f"shelly1g3-{PLUG[-12:]}"
    lines = [
        START,
        line(0, "device", dump(twin), twin, online=True),
        line(0, "device", dump(SENSOR), SENSOR, online=True),
        change(1, twin, sys={"uptime": 78}),
        change(1, SENSOR, sys={"uptime": 78}),
        END,
    ]
    path = write(tmp_path / "tape", *lines)
    assert await replay(ReplayOptions(url=home.url, path=path, speed=None), on_progress=told.append) == 1
    remarks = [text for progress in told for text in progress.remarks]
    assert remarks[:2] == [
        "tape: 2 devices, 60 seconds",
        f"left out, for each has the MAC of one before it: {twin}",
    ]
    assert remarks[-1] == "the recording is over: 1 notifications were sent"
    assert [frame["method"] for frame in home.frames(SENSOR)] == ["NotifyFullStatus", "NotifyStatus"]
    assert len(home.visits) == 2


async def test_a_file_that_changes_meanwhile_ends_it_in_a_sentence(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "tape", START, change(1, sys={"uptime": 78}), END)
    looping = asyncio.create_task(replay(ReplayOptions(url=home.url, path=path, speed=None, loop=True)))
    await home.until(lambda: home.frames(PLUG, "NotifyStatus"), timeout_s=20)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(BadRecording, match="tape was changed while it was played"):
        async with asyncio.timeout(20):
            await looping


async def test_a_loop_goes_on_until_its_time_is_over(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "tape", START, change(1, sys={"uptime": 78}), END)
    looping = asyncio.create_task(replay(ReplayOptions(url=home.url, path=path, speed=None, loop=True)))
    await home.until(lambda: len(home.frames(PLUG, "NotifyStatus")) == 3, timeout_s=20)
    looping.cancel()
    with suppress(asyncio.CancelledError):
        await looping
    assert len(home.visits) >= 3
    assert await replay(ReplayOptions(url=home.url, path=path, loop=True, duration_s=0.1)) == 0


async def test_what_cannot_be_played_is_refused(home: Home, tmp_path: Path) -> None:
    with pytest.raises(BadUrl):
        await replay(ReplayOptions(url="http://x", path=write(tmp_path / "tape", START)))
    with pytest.raises(BadRecording, match="version 2"):
        await replay(ReplayOptions(url=home.url, path=write(tmp_path / "tape", START, version=2)))
