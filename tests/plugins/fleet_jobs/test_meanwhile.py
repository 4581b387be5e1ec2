"""What happens while jobs are at work: they are steered, limits change, plugins come and go."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from fleet_jobs.run import _UNWRITTEN
from fleet_jobs.store import Store
from fleet_platform.app import Platform
from fleet_platform.client import Client, RpcError, Token
from fleet_platform.devices.twin import Twin
from fleet_platform.host.storage import OwnSchema
from fleet_platform.simulator import Simulator
from fleet_platform.testing import tester
from plugin_sdk import DeviceId, JobStep
from plugin_sdk.errors import DeviceError

from .conftest import ANN, BOB, add_devices, ended, eventually, rows, simulated

if TYPE_CHECKING:
    from .conftest import Crew, Start


async def test_a_cancelled_job_is_done_again_only_when_all_of_it_has_ended(
    crew: Crew, platform: Platform, simulator: Simulator, ann: Client
) -> None:
    """Else what was cancelled before its turn would be done."""
    devices = await add_devices(platform, simulator, 4)
    go = asyncio.Event()

    async def act(step: JobStep) -> None:
        if step.device == devices[0]:
            raise DeviceError({"code": -1, "message": "no"})
        await go.wait()

    crew.act = act
    job = await ann.call("Job.Start", {"type": "work", "devices": devices, "concurrency": 1})
    await eventually(lambda: len(crew.done) == 2)
    await eventually(lambda: _figure(ann, job["id"], "failed"))
    await ann.call("Job.Cancel", {"id": job["id"]})
    with pytest.raises(RpcError) as refused:
        await ann.call("Job.Retry", {"id": job["id"]})
    assert refused.value.code == -32009
    store = Store(OwnSchema(platform.database, "jobs"))
    assert not await store.delete(job["id"])
    await store.prune(keep=0, days=1)
    go.set()
    over = await ended(ann, job["id"])
    assert (over["state"], over["done"], over["failed"], over["skipped"]) == ("cancelled", 1, 1, 2)
    await ann.call("Job.Retry", {"id": job["id"]})
    await ended(ann, job["id"], "failed")
    assert crew.done == [*devices[:2], devices[0]]


async def test_together_jobs_are_no_more_than_the_limit(crew: Crew, start: Start) -> None:
    crew.act = lambda _step: asyncio.Event().wait()
    async with start(jobs={"unfinished_jobs": 2}) as platform, simulated(platform) as simulator, _ann(platform) as ann:
        await add_devices(platform, simulator, 1)
        job = {"type": "work", "devices": ["*"]}
        made = await asyncio.gather(*(ann.call("Job.Start", job) for _ in range(8)), return_exceptions=True)
        assert sum(isinstance(each, dict) for each in made) == 2


async def test_a_job_that_has_no_place_can_be_cancelled(crew: Crew, start: Start) -> None:
    crew.act = lambda _step: asyncio.Event().wait()
    async with start(jobs={"concurrency": 1}) as platform, simulated(platform) as simulator, _ann(platform) as ann:
        await add_devices(platform, simulator, 2)
        await ann.call("Job.Start", {"type": "work", "devices": ["*"]})
        await eventually(lambda: crew.done)
        job = await ann.call("Job.Start", {"type": "work", "devices": ["*"]})
        await eventually(lambda: _state(ann, job["id"], "running"))
        await ann.call("Job.Cancel", {"id": job["id"]})
        assert (await ended(ann, job["id"]))["skipped"] == 2
        assert len(crew.done) == 1


async def test_other_limits_stop_no_turn(crew: Crew, start: Start) -> None:
    go = asyncio.Event()
    crew.act = lambda _step: go.wait()
    async with start(jobs={"concurrency": 1}) as platform, simulated(platform) as simulator, _ann(platform) as ann:
        await add_devices(platform, simulator, 2)
        job = await ann.call("Job.Start", {"type": "work", "devices": ["*"]})
        await eventually(lambda: crew.done)
        async with Client(platform.url, Token(access=tester.TOKEN)) as admin:
            await admin.call("plugin:jobs.SetConfig", {"config": {"concurrency": 2}})
        await eventually(lambda: len(crew.done) == 2)
        go.set()
        assert (await ended(ann, job["id"]))["state"] == "done"
        assert [each["attempts"] for each in await rows(ann, job["id"])] == [1, 1]


async def test_a_job_waits_while_the_plugin_of_its_type_is_switched_off(
    crew: Crew, platform: Platform, simulator: Simulator
) -> None:
    devices = await add_devices(platform, simulator, 3)
    go = asyncio.Event()
    crew.act = lambda _step: go.wait()
    async with Client(platform.url, Token(access=tester.TOKEN)) as admin:
        job = await admin.call("Job.Start", {"type": "work", "devices": devices, "concurrency": 1})
        await eventually(lambda: crew.done)
        await admin.call("plugin:crew.SetConfig", {"config": {"enable": False}})
        go.set()
        await eventually(lambda: _figure(admin, job["id"], "reason"))
        assert crew.done == devices[:1]
        await admin.call("plugin:crew.SetConfig", {"config": {"enable": True}})
        over = await ended(admin, job["id"])
        assert (over["state"], over["done"]) == ("done", 3)
        assert crew.done == devices


async def test_another_user_of_the_same_name_does_not_stand_for_the_owner(
    crew: Crew, platform: Platform, simulator: Simulator, ann: Client
) -> None:
    devices = await add_devices(platform, simulator, 2)
    go = asyncio.Event()
    crew.act = lambda _step: go.wait()
    job = await ann.call("Job.Start", {"type": "work", "devices": devices, "concurrency": 1})
    await eventually(lambda: crew.done)
    crew.stamp = "second"
    await eventually(lambda: _is_known_anew(platform))
    go.set()
    over = await ended(ann, job["id"])
    assert (over["done"], over["failed"]) == (1, 1)
    assert (await rows(ann, job["id"]))[1]["code"] == -32003
    # Whoever sees all jobs does not make it theirs, nor the new user's; the owner does.
    crew.denied.discard("job.listall")
    async with Client(platform.url, Token(access=BOB)) as bob:
        await bob.call("Job.Retry", {"id": job["id"]})
        assert (await ended(bob, job["id"]))["failed"] == 1
    async with _ann(platform) as again:
        await again.call("Job.Retry", {"id": job["id"]})
        assert (await ended(again, job["id"]))["state"] == "done"


async def test_a_type_that_ends_the_program_fails_one_device(
    crew: Crew, platform: Platform, simulator: Simulator, ann: Client
) -> None:
    devices = await add_devices(platform, simulator, 2)

    async def act(step: JobStep) -> None:
        if step.device == devices[0]:
            raise SystemExit(3)

    crew.act = act
    job = await ann.call("Job.Start", {"type": "work", "devices": devices})
    over = await ended(ann, job["id"])
    assert (over["done"], over["failed"]) == (1, 1)


async def test_a_device_that_is_named_and_not_seen_is_missed_whatever_its_name(
    crew: Crew, platform: Platform, simulator: Simulator, ann: Client
) -> None:
    here, hidden = await add_devices(platform, simulator, 2)
    crew.denied.add(f"device.get {hidden}")
    mac = hidden.rpartition("-")[2]
    with pytest.raises(RpcError) as refused:
        await ann.call("Job.Start", {"type": "work", "devices": [here, mac]})
    assert refused.value.code == -32602
    assert hidden not in str(refused.value.data)
    assert mac in str(refused.value.data)


async def test_what_is_not_written_yet_is_bounded(
    crew: Crew, platform: Platform, ann: Client, database_dsn: str
) -> None:
    """Devices that are offline fail faster than their rows are written."""
    total = 3 * _UNWRITTEN
    for number in range(total):
        platform.fleet.add(Twin(DeviceId(f"shellyplus1-{number:012x}"), {}))
    start = {"type": "work", "devices": ["*"], "offline": "fail", "not_before": 2**32}
    job = await ann.call("Job.Start", start)
    connection = await asyncpg.connect(database_dsn)
    try:
        async with connection.transaction():
            await connection.execute("SELECT * FROM plugin_jobs.job_device WHERE position = 1 FOR UPDATE")
            await platform.database.execute("UPDATE plugin_jobs.job SET not_before = NULL")
            entries = await eventually(lambda: _entries(platform))
            await eventually(lambda: len(entries) >= _UNWRITTEN)
            for _ in range(1_000):
                await asyncio.sleep(0)
            assert len(entries) < total / 2
        assert (await ended(ann, job["id"]))["failed"] == total
    finally:
        await connection.close()


async def test_jobs_are_forgotten_one_by_one(crew: Crew, platform: Platform, simulator: Simulator, ann: Client) -> None:
    await add_devices(platform, simulator, 1)
    made = [await ann.call("Job.Start", {"type": "work", "devices": ["*"]}) for _ in range(3)]
    for job in made:
        await ended(ann, job["id"])
    await Store(OwnSchema(platform.database, "jobs")).prune(keep=1, days=1)
    assert len((await ann.call("Job.List"))["items"]) == 1


def _entries(platform: Platform) -> Any:
    plugin: Any = platform.host.instance("jobs")
    return plugin._running.scheduler._writer._entries


async def _is_known_anew(platform: Platform) -> bool:
    found = await platform.host._services.find_principal("ann", "crew")
    return found is not None and found.stamp == "second"


async def _figure(client: Client, job: int, name: str) -> Any:
    return (await client.call("Job.Get", {"id": job}))[name]


async def _state(client: Client, job: int, state: str) -> bool:
    return bool(await _figure(client, job, "state") == state)


def _ann(platform: Platform) -> Client:
    return Client(platform.url, Token(access=ANN))
