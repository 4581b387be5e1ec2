"""The command ``simulate``."""

from __future__ import annotations

import asyncio
import json
import resource
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fleet_platform.simulator import (
    BadDump,
    BadFault,
    BadScenario,
    BadUrl,
    Progress,
    SimulateOptions,
    UnknownModel,
    simulate,
)
from fleet_platform.simulator.demo import HOTEL
from fleet_platform.simulator.descriptors import TooFewDescriptors, reserve_descriptors
from fleet_platform.simulator.models import ModelOrigin, find_model
from plugin_sdk import ComponentType
from plugin_sdk.simulation import Behaviour
from tests.simulator.conftest import QUICK

if TYPE_CHECKING:
    from tests.simulator.conftest import Home


@pytest.fixture
def options(home: Home, types: Mapping[str, ComponentType]) -> SimulateOptions:
    return SimulateOptions(url=home.url, types=types, duration_s=1.0)


async def test_so_many_devices_of_some_models_run_for_a_while(home: Home, options: SimulateOptions) -> None:
    heard: list[Progress] = []
    run = replace(options, count=6, models=("Plus1PM", "PlusI4"), token="t")
    assert await simulate(run, on_progress=heard.append) == 0
    assert sorted({frame["src"].split("-")[0] for visit in home.visits for frame in visit.frames}) == [
        "shellyplus1pm",
        "shellyplusi4",
    ]
    assert len(home.visits) == 6
    assert {visit.path for visit in home.visits} == {"/shelly/t"}
    assert heard[-1].devices == 6
    assert heard[-1].stats.connections == 6


async def test_a_rate_is_kept_over_the_whole_fleet(home: Home, options: SimulateOptions) -> None:
    await simulate(replace(options, count=10, rate=200, duration_s=2.0))
    told = sum(len(visit.frames) for visit in home.visits)
    assert told >= 200, "far more than devices tell by themselves"


async def test_no_device_that_ever_connected_is_a_failure(types: Mapping[str, ComponentType]) -> None:
    nobody = SimulateOptions(url="ws://127.0.0.1:9/shelly", types=types, duration_s=0.3, count=2)
    heard: list[Progress] = []
    assert await simulate(nobody, on_progress=heard.append) == 1
    assert heard[-1].remarks == ("2 of 2 devices were never connected",)


async def test_a_server_that_is_not_there_is_told_and_found_when_it_comes(home: Home, options: SimulateOptions) -> None:
    home.refuse_with = 503
    remarks: list[str] = []

    def hear(now: Progress) -> None:
        remarks.extend(now.remarks)
        if remarks:
            home.refuse_with = None

    run = replace(options, timing=QUICK, duration_s=None, count=2)
    running = asyncio.create_task(simulate(run, on_progress=hear))
    await home.until(lambda: len(home.visits) == 2)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert remarks == [f"no device gets in at {home.url}: the answer is HTTP 503; the devices go on trying"]


async def test_devices_without_power_are_told_apart(tmp_path: Path, home: Home, options: SimulateOptions) -> None:
    (tmp_path / "day.yaml").write_text("fleet: [{model: Plus1, count: 2}, {model: Plus1, offline: true}]")
    complete = asyncio.Event()

    def hear(now: Progress) -> None:
        if (now.devices, now.stats.connected, now.away) == (3, 2, {"off": 1}):
            complete.set()

    run = replace(options, scenario=tmp_path / "day.yaml", duration_s=None)
    running = asyncio.create_task(simulate(run, on_progress=hear))
    async with asyncio.timeout(15):
        await complete.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


class _Mine(Behaviour):
    __slots__ = ()

    def press(self, gesture: str) -> bool:
        return gesture == "step on" and 1 / 0 > 0


async def test_a_bug_in_a_step_is_told_and_counts(tmp_path: Path, home: Home, options: SimulateOptions) -> None:
    (tmp_path / "day.yaml").write_text(
        "settings: {duration: 2s}\n"
        "fleet: [{model: Plus1, name: Field, components: {mine:0: {}}}]\n"
        "timeline: [{at: 500ms, press: mine:0, gesture: step on}]\n"
    )
    mine = ComponentType(type="mine", namespace="Mine", title="Mine", simulate=_Mine)
    run = replace(
        options, scenario=tmp_path / "day.yaml", duration_s=None, types={**(options.types or {}), "mine": mine}
    )
    heard: list[Progress] = []
    assert await simulate(run, on_progress=heard.append) == 1
    assert [remark for each in heard for remark in each.remarks] == [
        "day.yaml:3: Field: press failed by a bug: ZeroDivisionError; see the log",
        "1 step of the scenario failed by a bug",
    ]


async def test_dumps_are_played_in_turn_and_what_was_left_out_is_told(
    tmp_path: Path, home: Home, options: SimulateOptions
) -> None:
    for profile in ("cover", "switch"):
        blueprint = ModelOrigin(find_model("Plus2PM"), 1, profile=profile).blueprint()
        dump = {"info": blueprint.info, "config": dict(blueprint.config), "status": dict(blueprint.status)}
        (tmp_path / f"{profile}.json").write_text(json.dumps(dump))
    (tmp_path / "nobody.json").write_text(json.dumps({"info": None, "config": {}, "status": {}}))
    part = ModelOrigin(find_model("Plus1"), 1).blueprint()
    (tmp_path / "part.json").write_text(json.dumps({"info": part.info, "status": dict(part.status)}))
    heard: list[Progress] = []
    run = replace(options, dumps=tmp_path, change_after_s=0.3, duration_s=4.0)
    assert await simulate(run, on_progress=heard.append) == 0
    (nobody,) = heard[0].remarks
    assert nobody == "nobody.json: a dump without info, so that nobody knows who it is; it cannot be played"
    assert heard[1].remarks == ("part.json: a dump without config; the device is played without settings",)
    twice = next(frame["src"] for visit in home.visits for frame in visit.frames if "cover:0" in frame["params"])
    full = [frame["params"] for frame in home.frames(twice)]
    assert ["cover:0" in params for params in full if "sys" in params][:2] == [True, False]


async def test_the_demo_is_the_hotel(home: Home, options: SimulateOptions) -> None:
    heard: list[Progress] = []
    assert await simulate(replace(options, demo=True, duration_s=3.0), on_progress=heard.append) == 0
    assert heard[-1].devices == len(HOTEL)
    assert len({frame["src"] for visit in home.visits for frame in visit.frames}) > len(HOTEL) / 2


SCENARIO = """\
settings: {duration: 3s, boot: 0s, rate: 50}
fleet:
  - {model: Plus1PM, name: Lamp, count: 2}
  - {model: Plus1, name: Gate, offline: true}
timeline:
  - {at: 500ms, on: Lamp 1, report: {switch:0: {apower: 4321}}}
  - {at: 500ms, on: Lamp 2, call: Switch.Set, params: {id: 9, on: true}}
  - {at: 1s, rate: 0}
"""


async def test_a_scenario_brings_its_fleet_its_time_and_what_happens(
    tmp_path: Path, home: Home, options: SimulateOptions
) -> None:
    (tmp_path / "day.yaml").write_text(SCENARIO)
    heard: list[Progress] = []
    run = replace(options, scenario=tmp_path / "day.yaml", duration_s=None)
    assert await simulate(run, on_progress=heard.append) == 0
    assert heard[-1].devices == 3
    names = [
        frame["params"]["sys"]["mac"] for visit in home.visits for frame in visit.frames if "sys" in frame["params"]
    ]
    assert len(set(names)) == 2
    told = [frame["params"].get("switch:0", {}) for visit in home.visits for frame in visit.frames]
    assert {"apower": 4321} in told
    assert len(told) > 20, "far more than devices tell by themselves"
    remarks = [remark for each in heard for remark in each.remarks]
    assert remarks == ["day.yaml:7: Lamp 2: Bad id=9"]


async def test_the_seed_of_a_run_counts_more_than_the_scenarios(
    tmp_path: Path, home: Home, options: SimulateOptions
) -> None:
    (tmp_path / "day.yaml").write_text("settings: {seed: 1, duration: 1h}\nfleet: [{model: Plus1PM}]")
    for seed in (None, 1, 2):
        await simulate(replace(options, scenario=tmp_path / "day.yaml", seed=seed, duration_s=0.5))
    first, second, third = (visit.frames[0]["src"] for visit in home.visits)
    assert first == second != third


async def test_faults_are_there_from_the_start(home: Home, options: SimulateOptions) -> None:
    run = replace(
        options, count=4, models=("Plus1PM", "PlusI4"), faults=("wrong_id:id=x-1@PlusI4", "clock:seconds=-9e8")
    )
    assert await simulate(run) == 0
    first = [visit.frames[0] for visit in home.visits]
    assert sorted(frame["src"].partition("-")[0] for frame in first) == ["shellyplus1pm", "shellyplus1pm", "x", "x"]
    assert all(frame["params"]["ts"] < 1_000_000_000 for frame in first)


async def test_a_device_that_is_kept_away_is_no_failure(home: Home, options: SimulateOptions) -> None:
    assert await simulate(replace(options, count=2, faults=("drop",))) == 0
    assert all(not visit.frames for visit in home.visits)


async def test_a_fault_for_nobody_names_the_nearest(home: Home, options: SimulateOptions) -> None:
    with pytest.raises(BadFault, match=r"unknown device 'Plus1MP'; did you mean plus1pm\?"):
        await simulate(replace(options, faults=("slow@Plus1MP",)))


async def test_all_faults_that_cannot_be_are_told_together(home: Home, options: SimulateOptions) -> None:
    with pytest.raises(BadFault) as caught:
        await simulate(replace(options, faults=("slo", "drop", "slow:delay_s=x")))
    assert str(caught.value) == "unknown fault 'slo'; did you mean slow?; delay_s of slow: 'x': expected a number"
    faults = ("drop@nobody", "error:method=Swich.Set", "error:method=switch.set", "delay:method=*")
    with pytest.raises(BadFault) as caught:
        await simulate(replace(options, faults=faults))
    assert str(caught.value) == (
        "unknown device 'nobody'; there are plus1pm, snsw-001p16eu; "
        "unknown method 'Swich.Set'; did you mean Switch.Set?"
    )


async def test_every_problem_of_a_scenario_is_told_before_anything_starts(
    tmp_path: Path, home: Home, options: SimulateOptions
) -> None:
    (tmp_path / "day.yaml").write_text("fleet:\n  - model: Plus9\n  - model: Plus8\n")
    with pytest.raises(BadScenario) as caught:
        await simulate(replace(options, scenario=tmp_path / "day.yaml"))
    assert [problem.line for problem in caught.value.problems] == [2, 3]
    assert home.visits == []


async def test_a_fleet_with_doubles_needs_twice_the_descriptors(
    tmp_path: Path, options: SimulateOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (500, 500))
    (tmp_path / "day.yaml").write_text("fleet: [{model: Plus1, count: 300}]\ntimeline: [{at: 1s, fault: duplicate}]")
    with pytest.raises(TooFewDescriptors, match=r"^600 devices need"):
        await simulate(replace(options, scenario=tmp_path / "day.yaml"))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"models": ("Nonsense",)}, UnknownModel),
        ({"url": "http://x"}, BadUrl),
        ({"dumps": Path("/nowhere")}, BadDump),
        ({"scenario": Path("/nowhere")}, BadScenario),
        ({"faults": ("nonsense",)}, BadFault),
    ],
)
async def test_bad_options_are_told_before_anything_starts(
    change: dict[str, object], error: type[Exception], home: Home, options: SimulateOptions
) -> None:
    with pytest.raises(error):
        await simulate(replace(options, **change))  # type: ignore[arg-type]
    assert home.visits == []


async def test_a_run_ends_in_order_when_it_is_cancelled(home: Home, options: SimulateOptions) -> None:
    running = asyncio.create_task(simulate(replace(options, count=5, duration_s=None)))
    await home.until(lambda: sum(len(visit.frames) for visit in home.visits) == 5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await home.until(lambda: all(visit.closed and visit.closed[0] == 1001 for visit in home.visits))


def test_too_few_descriptors_are_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (256, 500))
    with pytest.raises(TooFewDescriptors, match="500 devices need 564 open files, but the system allows 500"):
        reserve_descriptors(500)


def test_the_soft_limit_is_raised_as_far_as_needed() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        reserve_descriptors(400)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 464
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
