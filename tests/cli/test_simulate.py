from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fleet_platform.cli.output import progress
from fleet_platform.cli.simulate import _Teller
from fleet_platform.client import Client, Event, Password
from fleet_platform.simulator.faults.table import FAULTS
from fleet_platform.simulator.models import MODELS
from fleet_platform.simulator.run import Progress
from fleet_platform.simulator.world import Stats

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
        (("--url", "ftp://x"), "'ftp://x' is neither a platform's address nor a websocket URL"),
        (("--count", "0"), "0 is not in the range"),
        (("--scenario", "nowhere.yaml"), "'nowhere.yaml' does not exist"),
        (("--demo", "--count", "3"), "--count and --demo exclude one another"),
        (("--demo", "--from", "."), "--from and --demo exclude one another"),
        (("--model", "Plus1", "--demo"), "--model and --demo exclude one another"),
        (("--list-models", "--list-faults"), "--list-models and --list-faults exclude one another"),
        (("--json",), "--json belongs to --list-models and --list-faults"),
        (("--fault", "slo"), "unknown fault 'slo'; did you mean slow?"),
        (("--url", "foo"), "'foo' is neither a platform's address nor a websocket URL; expected http://host:port"),
        (("--url", "http://"), "'http://' is neither a platform's address nor a websocket URL"),
        (("--fault", "slow:delay_s"), "'slow:delay_s' gives 'delay_s' no value; expected delay_s=VALUE"),
        (("--fault", "slow@"), "'slow@' names no devices behind @"),
        (("--fault", "drop@nobody", "--url", "ws://127.0.0.1:9"), "unknown device 'nobody'; there are plus1pm,"),
        (("--fault", "error:method=Swich.Set", "--url", "ws://127.0.0.1:9"), "did you mean Switch.Set?"),
        (("--fault", "slow@Plus1MP", "--url", "ws://127.0.0.1:9"), "unknown device 'Plus1MP'; did you mean plus1pm?"),
    ],
)
def test_what_cannot_be_simulated_is_wrong_usage(run: RunProgram, arguments: tuple[str, ...], words: str) -> None:
    ran = run("simulate", *arguments)
    assert ran.code == 2
    assert words in ran.err


def test_all_problems_of_a_scenario_are_told_by_line(run: RunProgram, tmp_path: Path) -> None:
    (tmp_path / "day.yaml").write_text("fleet:\n  - {model: Plus1PMM}\n  - {model: Plus1, nam: x}\n")
    ran = run("simulate", "--scenario", "day.yaml")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines() == [
        "day.yaml:2: no model 'Plus1PMM'; did you mean Plus1PM?",
        "day.yaml:3: unknown field 'nam'; did you mean name?",
    ]


def test_a_platform_that_is_not_there_is_told(run: RunProgram) -> None:
    Path("day.yaml").write_text("settings: {duration: 1s500ms}\nfleet: [{model: Plus1}]")
    ran = run("simulate", "--url", "ws://127.0.0.1:9", "--scenario", "day.yaml")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines() == [
        "nobody answers at ws://127.0.0.1:9: Connection refused; the devices go on trying",
        "1 of 1 device was never connected",
    ]


@pytest.mark.parametrize(
    ("connected", "away", "said"),
    [
        (1, {}, "1 device is connected; Ctrl-C ends it"),
        (3, {}, "3 devices are connected; Ctrl-C ends them"),
        (9, {"off": 1}, "9 devices are connected, 1 is off; Ctrl-C ends them"),
        (1, {"off": 2, "asleep": 1}, "1 device is connected, 2 are off, 1 is asleep; Ctrl-C ends them"),
        (0, {"off": 1}, "0 devices are connected, 1 is off; Ctrl-C ends it"),
    ],
)
def test_how_many_are_connected_is_said_once_those_are_that_want_to(
    connected: int, away: dict[str, int], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    devices = connected + sum(away.values())
    teller = _Teller(progress())
    for now in (max(0, connected - 1), connected, connected):
        teller(Progress(devices=devices + 1, stats=Stats(connected=now), away=away))
        teller(Progress(devices=devices, stats=Stats(connected=now), away=away))
    assert capsys.readouterr().err.splitlines() == [said]


def test_a_scenario_runs_for_its_time(platform: Running) -> None:
    day = "settings: {duration: 2s}\nfleet: [{model: Plus1, count: 2}]\ntimeline: [{at: 1s, press: input:0, gesture: lick, unchecked: true}]"
    Path("day.yaml").write_text(day)
    process = start("--url", platform.url, "--token", "run", "--scenario", "day.yaml", "--fault", "slow:delay_s=0.1")
    _, said = process.communicate(timeout=50)
    assert process.returncode == 0
    lines = said.splitlines()
    assert "2 devices are connected; Ctrl-C ends them" in lines
    assert sum("cannot be pressed so: lick" in line for line in lines) == 2


def test_models_are_listed(run: RunProgram) -> None:
    listed = json.loads(run("simulate", "--list-models", "--json").out)
    (plus2pm,) = (each for each in listed if each["model"] == "SNSW-102P16EU")
    assert plus2pm == {
        "app": "Plus2PM",
        "model": "SNSW-102P16EU",
        "name": "Shelly Plus 2PM",
        "gen": 2,
        "profiles": ["switch", "cover"],
        "sleeps_s": None,
    }
    assert len(listed) == len(MODELS)
    table = run("simulate", "--list-models").out.splitlines()
    assert table[0].split() == ["app", "model", "name", "gen", "profiles", "sleeps"]
    assert len(table) == len(MODELS) + 1


def test_faults_are_listed_with_their_parameters(run: RunProgram) -> None:
    listed = {each["fault"]: each for each in json.loads(run("simulate", "--list-faults", "--json").out)}
    assert listed.keys() == FAULTS.keys()
    assert listed["huge"]["does"] == "Sends an event of many megabytes in one frame."
    assert listed["huge"]["parameters"][0] == {"name": "mib", "default": 8, "means": "Size in MiB."}
    defaults = {name: {each["name"]: each["default"] for each in listed[name]["parameters"]} for name in listed}
    assert defaults["drop"] == {"stay_away": True}
    assert defaults["slow"] == {"delay_s": 1.0, "bytes_per_s": None}
    assert defaults["wrong_id"] == {"id": "", "after": "now"}
    table = run("simulate", "--list-faults").out.splitlines()
    assert table[0].split() == ["fault", "parameter", "default", "meaning"]
    assert [line.split()[0] for line in table[1:] if not line.startswith(" ")] == list(FAULTS)
