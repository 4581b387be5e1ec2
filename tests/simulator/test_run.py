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

from fleet_platform.simulator import BadDump, BadUrl, Progress, SimulateOptions, UnknownModel, simulate
from fleet_platform.simulator.demo import HOTEL
from fleet_platform.simulator.descriptors import TooFewDescriptors, reserve_descriptors
from fleet_platform.simulator.models import ModelOrigin, find_model
from plugin_sdk import ComponentType

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
    nobody = SimulateOptions(url="ws://127.0.0.1:9/shelly", types=types, duration_s=0.3)
    assert await simulate(nobody) == 1


async def test_dumps_are_played_in_turn_and_what_was_left_out_is_told(
    tmp_path: Path, home: Home, options: SimulateOptions
) -> None:
    for profile in ("cover", "switch"):
        blueprint = ModelOrigin(find_model("Plus2PM"), 1, profile=profile).blueprint()
        dump = {"info": blueprint.info, "config": dict(blueprint.config), "status": dict(blueprint.status)}
        (tmp_path / f"{profile}.json").write_text(json.dumps(dump))
    (tmp_path / "partial.json").write_text(json.dumps({"info": None, "config": {}, "status": {}}))
    heard: list[Progress] = []
    run = replace(options, dumps=tmp_path, change_after_s=0.3, duration_s=4.0)
    assert await simulate(run, on_progress=heard.append) == 0
    assert heard[0].remarks == ["partial.json: a partial dump without info; it cannot be played"]
    full = [frame["params"] for visit in home.visits for frame in visit.frames]
    assert ["cover:0" in params for params in full if "sys" in params][:2] == [True, False]


async def test_the_demo_is_a_hotel_that_lives(home: Home, options: SimulateOptions) -> None:
    assert 20 <= len(HOTEL) <= 25
    await simulate(replace(options, demo=True, duration_s=4.0))
    full = [frame["params"] for visit in home.visits for frame in visit.frames if "sys" in frame["params"]]
    assert len({frame["src"] for visit in home.visits for frame in visit.frames}) == len(HOTEL)
    assert len(full) >= len(HOTEL) - 1
    assert sum(len(visit.frames) for visit in home.visits) > len(HOTEL) + 5
    assert all("/" not in guest.name for guest in HOTEL)
    assert len({guest.name for guest in HOTEL}) == len(HOTEL)


@pytest.mark.parametrize(
    ("change", "error"),
    [({"models": ("Nonsense",)}, UnknownModel), ({"url": "http://x"}, BadUrl), ({"dumps": Path("/nowhere")}, BadDump)],
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


def test_too_few_descriptors_are_told_with_what_to_do() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        pytest.skip("this system has no limit")
    with pytest.raises(TooFewDescriptors, match=f"need {hard + 64} open files, but the system allows {hard}"):
        reserve_descriptors(hard)


def test_the_soft_limit_is_raised_as_far_as_needed() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        reserve_descriptors(400)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 464
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
