from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from fleet_platform.cli.output import printable, to_json

if TYPE_CHECKING:
    from tests.cli.conftest import Ran, Running

RunProgram = Callable[..., "Ran"]


@pytest.fixture
def busy(signed_in: Running) -> Iterator[Running]:
    """The platform, whose device reports another power ten times a second."""
    stop = threading.Event()

    def report() -> None:
        for power in itertools.cycle((10.5, 20.5)):
            if stop.wait(0.1):
                return
            signed_in.report(power)

    thread = threading.Thread(target=report, name="busy device")
    thread.start()
    yield signed_in
    stop.set()
    thread.join()


def test_events_are_lines_for_people(run: RunProgram, busy: Running) -> None:
    ran = run("events", "--event", "Shelly.Status", "--count", "2")
    assert ran.code == 0
    for line in ran.out.splitlines():
        _, method, device, component, *facts = line.split()
        assert (method, device, component) == ("Shelly.Status", busy.device.id, "switch:0")
        assert {"apower=10.5", "apower=20.5"} & set(facts)


def test_events_are_json_for_programs(run: RunProgram, busy: Running) -> None:
    ran = run("events", "--event", "Shelly.*", "--device", busy.device.id, "--count", "1", "--json")
    event = json.loads(ran.out)
    assert event["params"]["shellyID"] == busy.device.id
    assert isinstance(event["seq"], int)


def test_a_refused_subscription_is_a_failed_call(run: RunProgram, signed_in: Running) -> None:
    ran = run("events", "--event", "x" * 101)
    assert ran.code == 1
    assert "Invalid params (-32602)" in ran.err


def test_ctrl_c_ends_with_130(busy: Running) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "fleet_platform", "events"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in errors


def test_nothing_a_device_says_controls_the_terminal() -> None:
    name = "\x1b]0;owned\x07 \x9b2J kitchen\r"
    assert "\x1b" not in printable(name)
    assert not {"\x1b", "\x9b", "\x07", "\r"} & set(to_json({"name": name}))
    assert json.loads(to_json({"name": name, "größe": "\U0001f600"})) == {"name": name, "größe": "\U0001f600"}
