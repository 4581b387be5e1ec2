from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from fleet_platform.client import Client, Event, Password

if TYPE_CHECKING:
    from tests.cli.conftest import Ran, Running

RunProgram = Callable[..., "Ran"]
PASSWORD = "canary-5a1f-secret"


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "fleet_platform", "simulate", *arguments],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
        text=True,
    )


def test_devices_connect_and_ctrl_c_ends_them(platform: Running) -> None:
    process = start("--url", platform.url, "--token", "run", "--count", "3", "--seed", "5")
    assert process.stderr is not None
    assert "3 devices are connected" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130


def test_the_fleet_of_a_platform_ends_with_its_standard_input(platform: Running) -> None:
    async def until_a_device_connects() -> None:
        async with (
            Client(platform.url, Password(name="admin", password=PASSWORD)) as client,
            client.subscribe(["Shelly.Connect"]) as events,
        ):
            process = start("--count", "1", "--seed", "9", "--url", platform.url, FLEET_RUN_TOKEN="run")
            async with asyncio.timeout(30):
                assert isinstance(await anext(events), Event)
            assert process.stdin is not None
            process.stdin.close()
            assert await asyncio.to_thread(process.wait, 20) == 0
            assert process.stderr is not None
            assert process.stderr.read() == ""
            process.stderr.close()

    asyncio.run(until_a_device_connects())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--model", "Plus1PMM"), "no model 'Plus1PMM'; did you mean"),
        (("--from", "nowhere"), "'nowhere' does not exist"),
        (("--url", "ftp://x"), "is not a websocket URL"),
        (("--count", "0"), "0 is not in the range"),
    ],
)
def test_what_cannot_be_simulated_is_wrong_usage(run: RunProgram, arguments: tuple[str, ...], words: str) -> None:
    ran = run("simulate", *arguments)
    assert ran.code == 2
    assert words in ran.err
