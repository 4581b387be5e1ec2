"""``simulate --record`` and ``simulate --replay``, as people use them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from fleet_platform.client import sign_in
from fleet_platform.simulator.recording import open_recording

if TYPE_CHECKING:
    from tests.cli.conftest import Ran, Running

RunProgram = Callable[..., "Ran"]
PASSWORD = "canary-5a1f-secret"
PATIENCE_S = 30


def token(platform: Running) -> str:
    return asyncio.run(sign_in(platform.url, "admin", PASSWORD)).access


class Door:
    """A server that devices connect to, in a thread of its own; it asks them nothing.

    Attributes:
        url: Its websocket address.
        said: The texts that came in.
    """

    def __init__(self) -> None:
        self.url = ""
        self.said: list[str] = []
        self.opened = threading.Event()
        self.loop = asyncio.new_event_loop()
        self.closed = asyncio.Event()

    def run(self) -> None:
        """Serve until it is closed."""
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        app = web.Application()
        app.router.add_get("/shelly", self._listen)
        server = web.AppRunner(app, shutdown_timeout=0.1)
        await server.setup()
        await web.TCPSite(server, "127.0.0.1", 0).start()
        self.url = f"ws://127.0.0.1:{server.addresses[0][1]}/shelly"
        self.opened.set()
        await self.closed.wait()
        await server.cleanup()

    async def _listen(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            self.said.append(message.data)
        return socket


@pytest.fixture
def door() -> Iterator[Door]:
    """Where recordings are replayed, so that the shared platform keeps its one device."""
    door = Door()
    thread = threading.Thread(target=door.run, name="door for tests")
    thread.start()
    assert door.opened.wait(PATIENCE_S)
    yield door
    door.loop.call_soon_threadsafe(door.closed.set)
    thread.join(PATIENCE_S)


def until_it_holds(path: Path, text: str) -> None:
    """Wait until a recording has a text."""
    end = time.monotonic() + PATIENCE_S
    while text not in path.read_text():
        assert time.monotonic() < end, path.read_text()
        time.sleep(0.05)


def test_what_is_recorded_until_ctrl_c_can_be_replayed(
    platform: Running, door: Door, run: RunProgram, tmp_path: Path
) -> None:
    path = tmp_path / "day.jsonl"
    recording = subprocess.Popen(
        [
            *(sys.executable, "-m", "fleet_platform", "simulate", "--record", str(path)),
            *("--device", platform.device.id, "--url", platform.url),
        ],
        stderr=subprocess.PIPE,
        env={**os.environ, "FLEET_TOKEN": token(platform)},
        text=True,
    )
    try:
        assert recording.stderr is not None
        assert recording.stderr.readline() == "recording 1 devices into day.jsonl; Ctrl-C ends it\n"
        platform.report(apower=33.25)
        until_it_holds(path, '"apower":33.25')
        recording.send_signal(signal.SIGINT)
        recording.communicate(timeout=PATIENCE_S)
    finally:
        recording.kill()  # nothing where it has ended, as it should
    assert recording.returncode == 130
    recorded = open_recording(path)
    assert (recorded.ended, recorded.header.masked) == (True, True)
    assert platform.device.id not in recorded.devices
    ran = run("simulate", "--replay", str(path), "--url", door.url, "--speed", "max")
    assert ran.code == 0
    (device,) = recorded.devices
    frames = [json.loads(text) for text in door.said]
    assert [(frame["src"], frame["method"]) for frame in frames] == [
        (device, "NotifyFullStatus"),
        (device, "NotifyStatus"),
    ]
    assert frames[1]["params"]["switch:0"] == {"apower": 33.25}
    assert ran.err.splitlines()[0].startswith("day.jsonl: 1 devices, ")
    assert ran.err.splitlines()[-1] == "the recording is over: 1 notifications were sent"


def test_a_recording_ends_by_itself_and_tells_what_it_has(platform: Running, run: RunProgram, tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl.gz"
    arguments = ("--url", platform.url, "--token", token(platform), "--duration", "0.2", "--no-mask")
    ran = run("simulate", "--record", str(path), "--device", platform.device.id.upper(), *arguments)
    assert ran.code == 0
    assert ran.err.startswith("warning: the recording says whose devices these are")
    assert "frames of 1 devices are recorded" in ran.err
    assert list(open_recording(path).devices) == [platform.device.id]
    again = run("simulate", "--record", str(path), *arguments)
    assert again.code == 1
    assert "some.jsonl.gz cannot be written: File exists" in again.err


def test_a_damaged_recording_is_played_and_the_line_is_named(
    platform: Running, door: Door, run: RunProgram, tmp_path: Path
) -> None:
    path = tmp_path / "some.jsonl"
    arguments = ("--url", platform.url, "--token", token(platform), "--duration", "0.2")
    assert run("simulate", "--record", str(path), *arguments).code == 0
    path.write_bytes(path.read_bytes() + b"{")
    lines = path.read_bytes().count(b"\n")
    ran = run("simulate", "--replay", str(path), "--url", door.url, "--speed", "max")
    assert ran.code == 1
    assert f"line {lines + 1} of some.jsonl cannot be played: it is no JSON; it is played as far as that" in ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--record", "x", "--count", "3"), "--record and --count exclude one another"),
        (("--record", "x", "--replay", "FILE"), "--record and --replay exclude one another"),
        (("--replay", "FILE", "--no-mask"), "--replay and --no-mask exclude one another"),
        (("--replay", "FILE", "--demo"), "--replay and --demo exclude one another"),
        (("--speed", "2"), "--speed belongs to --record or --replay"),
        (("--replay", "nowhere"), "'nowhere' does not exist"),
        (("--replay", "FILE", "--speed", "fast"), "'fast' is neither a positive number nor max"),
        (("--replay", "FILE", "--speed", "0"), "'0' is neither a positive number nor max"),
        (("--replay", "FILE"), "FILE is no recording: it is no JSON"),
        (("--record", "x", "--url", "ftp://x"), "is no http or https address"),
    ],
)
def test_what_makes_no_sense_is_wrong_usage(
    run: RunProgram, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    (tmp_path / "FILE").write_text("nonsense")
    ran = run("simulate", *arguments)
    assert ran.code == 2
    assert words in ran.err


@pytest.mark.parametrize("command", [("simulate", "--record", "x"), ("devices",)])
def test_who_is_not_signed_in_is_told_what_is_needed(
    platform: Running, run: RunProgram, tmp_path: Path, command: tuple[str, ...]
) -> None:
    ran = run(*command, "--url", platform.url)
    assert ran.code == 1
    assert f"{platform.url} needs a sign-in, and there is none; sign in with: fleet-platform login" in ran.err
    assert "password" not in ran.err
    assert not (tmp_path / "x").exists()


def test_a_recording_without_a_device_is_said(platform: Running, run: RunProgram, tmp_path: Path) -> None:
    arguments = ("--url", platform.url, "--token", token(platform), "--duration", "0.3", "--device", "nobody-1")
    ran = run("simulate", "--record", str(tmp_path / "x"), *arguments)
    assert ran.code == 1
    assert "no device fits 'nobody-1'" in ran.err
    assert "the platform has " in ran.err
    assert "0 frames of 0 devices are recorded; there is nothing to replay" in ran.err


def test_a_platform_that_is_not_there_is_said(run: RunProgram, tmp_path: Path) -> None:
    ran = run("simulate", "--record", str(tmp_path / "x"), "--url", "http://127.0.0.1:9", "--token", "any")
    assert ran.code == 1
    assert "http://127.0.0.1:9 cannot be reached: connection refused" in ran.err
    assert not (tmp_path / "x").exists()
