"""Parts of one plugin: started, restarted, ended; whatever they do, nobody waits for them longer than agreed."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from fleet_platform.host.records import PluginRecord
from fleet_platform.host.supervisor import Part, Supervisor, Timing

TIMING = Timing(start_s=0.1, stop_s=0.2, first_pause_s=0.01, longest_pause_s=0.04)


@pytest.fixture
def record() -> PluginRecord:
    record = PluginRecord(name="plugin")
    record.admit()
    record.started()
    return record


@pytest.fixture
async def supervisor(record: PluginRecord) -> AsyncIterator[Any]:
    supervisor = Supervisor(record, TIMING)
    yield supervisor
    for kind in ("task", "lifespan", "sink"):
        await supervisor.stop(kind, within_s=0.1)


async def forever() -> None:
    await asyncio.Event().wait()


def task(work: Any, **more: Any) -> Part:
    async def run(started: Any, stopping: Any) -> None:
        started()
        await work()

    return Part(kind="task", name="work", run=run, **more)


async def test_part_that_fails_is_started_again_and_the_record_says_so(
    supervisor: Supervisor, record: PluginRecord, eventually: Any
) -> None:
    runs = itertools.count()

    async def work() -> None:
        if next(runs) < 2:
            raise ValueError("no broker")
        await forever()

    supervisor.keep(task(work))
    await eventually(lambda: record.state == "degraded")
    assert str(record.reason).startswith("The task work failed: ValueError: no broker; it is started again in ")
    assert "ValueError" in str(record.traceback)
    await eventually(lambda: record.state == "running")
    assert record.restarts == 2
    assert next(runs) == 3


async def test_essential_part_makes_the_plugin_failed(
    supervisor: Supervisor, record: PluginRecord, eventually: Any
) -> None:
    async def work() -> None:
        raise ValueError

    supervisor.keep(task(work, essential=True))
    await eventually(lambda: record.state == "failed")


async def test_part_that_returns_is_done_and_its_name_is_free(
    supervisor: Supervisor, record: PluginRecord, eventually: Any
) -> None:
    runs: list[Any] = []

    async def work() -> None:
        runs.append(1)

    assert supervisor.keep(task(work))
    await eventually(lambda: supervisor.keep(task(work)))
    await eventually(lambda: len(runs) == 2)
    assert record.restarts == 0
    assert record.state == "running"


async def test_name_is_taken_while_the_part_lives(supervisor: Supervisor) -> None:
    assert supervisor.keep(task(forever))
    assert not supervisor.keep(task(forever))


async def test_part_that_does_not_start_in_time_has_failed_and_is_tried_again(
    supervisor: Supervisor, record: PluginRecord, eventually: Any
) -> None:
    attempts = itertools.count()

    async def run(started: Any, stopping: Any) -> None:
        if next(attempts) == 0:
            await forever()
        started()
        await asyncio.wait({stopping})

    supervisor.keep(Part(kind="lifespan", run=run, essential=True))
    await eventually(lambda: record.state == "failed")
    assert "it did not start within 0.1 s" in str(record.reason)
    await eventually(lambda: record.state == "running")


async def test_restarted_part_counts_as_well_only_after_it_has_lasted(
    supervisor: Supervisor, record: PluginRecord, eventually: Any
) -> None:
    states: list[Any] = []

    async def run(started: Any, stopping: Any) -> None:
        states.append(record.state)
        started()
        if len(states) < 6:
            raise ConnectionError

    supervisor.keep(Part(kind="lifespan", run=run))
    await eventually(lambda: len(states) == 6)
    assert states == ["running", *["degraded"] * 5]


async def test_stopping_lets_a_patient_part_end_by_itself(supervisor: Supervisor) -> None:
    steps: list[Any] = []

    async def run(started: Any, stopping: Any) -> None:
        started()
        try:
            await asyncio.wait({stopping})
            await asyncio.sleep(0)
            steps.append("cleaned up")
        except asyncio.CancelledError:
            steps.append("cancelled")
            raise

    supervisor.keep(Part(kind="lifespan", run=run, patient=True))
    await asyncio.sleep(0.01)
    await supervisor.stop("lifespan", within_s=5)
    assert steps == ["cleaned up"]


async def test_stopping_cuts_a_pause_and_a_start_short(
    supervisor: Supervisor, record: PluginRecord, eventually: Any
) -> None:
    slow = Supervisor(record, Timing(first_pause_s=3600, longest_pause_s=3600))

    async def failing() -> None:
        raise ValueError

    async def starting(started: Any, stopping: Any) -> None:
        await forever()

    slow.keep(task(failing))
    slow.keep(Part(kind="task", name="never up", run=starting))
    await eventually(lambda: record.state == "degraded")
    await slow.stop("task", within_s=5)


async def test_hurrying_cuts_a_pause_short(record: PluginRecord, eventually: Any) -> None:
    slow = Supervisor(record, Timing(first_pause_s=3600, longest_pause_s=3600))
    runs: list[Any] = []

    async def work() -> None:
        runs.append(1)
        if len(runs) == 1:
            raise ValueError

    slow.keep(task(work))
    await eventually(lambda: record.state == "degraded")
    slow.hurry()
    await eventually(lambda: len(runs) == 2)
    await slow.stop("task", within_s=1)


async def test_part_that_ignores_being_cancelled_does_not_hold_up_the_stop(
    supervisor: Supervisor, record: PluginRecord
) -> None:
    async def deaf() -> None:
        while True:
            with suppress(asyncio.CancelledError):
                await forever()

    supervisor.keep(task(deaf))
    await asyncio.sleep(0.01)
    await supervisor.stop("task", within_s=0.05)


async def test_part_that_cannot_be_ended_is_given_up(
    supervisor: Supervisor, record: PluginRecord, eventually: Any
) -> None:
    let_go = asyncio.Event()

    async def deaf() -> None:
        while not let_go.is_set():
            with suppress(asyncio.CancelledError):
                await let_go.wait()

    async def run(started: Any, stopping: Any) -> None:
        await asyncio.create_task(deaf())

    supervisor.keep(Part(kind="lifespan", run=run, essential=True))
    await eventually(lambda: record.state == "failed")
    assert "only a restart of the platform ends it" in str(record.reason)
    await supervisor.stop("lifespan", within_s=0.05)
    let_go.set()
    await asyncio.sleep(0.01)


async def test_part_that_exits_or_cancels_itself_is_an_ordinary_failure(
    supervisor: Supervisor, record: PluginRecord, eventually: Any
) -> None:
    ways = iter([SystemExit(1), asyncio.CancelledError()])
    runs: list[Any] = []

    async def work() -> None:
        runs.append(1)
        for way in ways:
            raise way
        await forever()

    supervisor.keep(task(work))
    await eventually(lambda: len(runs) == 3)
    assert record.restarts == 2


async def test_pauses_grow_up_to_a_cap() -> None:
    pauses = Timing(first_pause_s=1, longest_pause_s=8).pauses_s()
    for most in (1, 2, 4, 8, 8):
        assert most / 2 <= next(pauses) <= most
