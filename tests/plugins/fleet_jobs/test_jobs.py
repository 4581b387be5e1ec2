"""Jobs from start to end, on a real platform."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from fleet_platform.app import Platform
from fleet_platform.client import Client, RpcError, Token
from fleet_platform.client.subscription import Event
from fleet_platform.simulator import Simulator
from fleet_platform.testing import tester
from plugin_sdk import JobStep, SkipDevice
from plugin_sdk.errors import DeviceError

from .conftest import ANN, BOB, add_devices, ended, eventually, next_event, rows

if TYPE_CHECKING:
    from .conftest import Crew


async def test_a_call_on_many_devices_is_done_and_told(platform: Platform, simulator: Simulator, ann: Client) -> None:
    devices = await add_devices(platform, simulator, 5)
    async with ann.subscribe(["Job.Progress", "Job.Done"]) as events:
        made = await ann.call(
            "Job.Start",
            {"type": "call", "devices": devices, "params": {"method": "Switch.Set", "params": {"id": 0, "on": True}}},
        )
        assert made["state"] in ("queued", "running")
        assert made["total"] == 5
        told: list[Event] = []
        while not told or told[-1].method != "Job.Done":
            told.append(await next_event(events))
    assert told[-1].params == {
        "id": made["id"],
        "type": "call",
        "state": "done",
        "reason": None,
        "total": 5,
        "done": 5,
        "failed": 0,
        "skipped": 0,
        "left": 0,
    }
    results = await rows(ann, made["id"])
    assert [each["device"] for each in results] == devices
    assert [each["result"] for each in results] == [{"was_on": False}] * 5
    assert all(platform.fleet.find(each).status["switch:0"]["output"] for each in devices)


async def test_sets_and_everything_are_devices_each_once(
    crew: Crew, platform: Platform, simulator: Simulator, ann: Client
) -> None:
    devices = await add_devices(platform, simulator, 3)
    crew.members = devices[:2]
    start = {"type": "work", "devices": ["deck:upper", devices[1].upper(), devices[2]]}
    job = await ann.call("Job.Start", start)
    await ended(ann, job["id"])
    assert sorted(crew.done) == sorted(devices)
    crew.denied.add(f"device.get {devices[0]}")
    job = await ann.call("Job.Start", {"type": "work", "devices": ["*"]})
    assert (await ended(ann, job["id"]))["total"] == 2


@pytest.mark.parametrize(
    ("params", "code", "path"),
    [
        ({"type": "nothing", "devices": ["*"]}, -32602, "type"),
        ({"type": "work", "devices": ["*"], "params": {"bad": 1}}, -32602, "params.bad"),
        ({"type": "work", "devices": ["nobody"]}, -32602, "devices"),
        ({"type": "work", "devices": []}, -32602, "devices"),
        ({"type": "work", "devices": ["a\0b"]}, -32602, "devices"),
        ({"type": "work", "devices": ["*"], "name": "a\nb"}, -32602, "name"),
        ({"type": "call", "devices": ["*"], "params": {}}, -32602, "params.method"),
        ({"type": "firmware", "devices": ["*"], "params": {"stage": "beta", "url": "http://x/y"}}, -32602, "params"),
        ({"type": "work", "devices": ["deck:lower"]}, -32004, None),
    ],
)
async def test_what_cannot_be_done_is_refused_with_what_is_wrong(
    platform: Platform, simulator: Simulator, ann: Client, params: dict[str, Any], code: int, path: str | None
) -> None:
    await add_devices(platform, simulator, 1)
    with pytest.raises(RpcError) as refused:
        await ann.call("Job.Start", params)
    assert refused.value.code == code
    if path is not None:
        assert [each["path"] for each in refused.value.data["errors"]] == [path]
    assert (await ann.call("Job.List"))["items"] == []


async def test_devices_fail_by_themselves_and_only_those_are_done_again(
    crew: Crew, platform: Platform, simulator: Simulator, ann: Client
) -> None:
    good, bad, odd, idle = await add_devices(platform, simulator, 4)

    async def act(step: JobStep) -> Any:
        if step.device == bad:
            raise DeviceError({"code": -105, "message": "Bad id=7"})
        if step.device == odd:
            raise ZeroDivisionError
        if step.device == idle:
            raise SkipDevice("nothing to do")
        return {"ok": True}

    crew.act = act
    job = await ann.call("Job.Start", {"type": "work", "devices": [good, bad, odd, idle]})
    over = await ended(ann, job["id"])
    assert (over["state"], over["done"], over["failed"], over["skipped"]) == ("failed", 1, 2, 1)
    told = {each["device"]: (each["state"], each["code"], each["message"]) for each in await rows(ann, job["id"])}
    assert told[good] == ("done", None, None)
    assert told[bad] == ("failed", -105, "Bad id=7")
    assert told[odd] == ("failed", -32603, "Internal error; the platform's log has the reason")
    assert told[idle] == ("skipped", None, "nothing to do")

    crew.act = crew.nothing
    crew.done.clear()
    await ann.call("Job.Retry", {"id": job["id"]})
    over = await ended(ann, job["id"])
    assert (over["state"], over["done"], over["failed"], over["skipped"]) == ("done", 3, 0, 1)
    assert sorted(crew.done) == sorted([bad, odd])
    assert [each["attempts"] for each in await rows(ann, job["id"])] == [1, 2, 2, 1]
    with pytest.raises(RpcError) as refused:
        await ann.call("Job.Retry", {"id": job["id"]})
    assert refused.value.code == -32009


async def test_not_more_devices_at_a_time_than_the_job_says(
    crew: Crew, platform: Platform, simulator: Simulator, ann: Client
) -> None:
    devices = await add_devices(platform, simulator, 6)
    go = asyncio.Event()

    async def act(_step: JobStep) -> None:
        if crew.now == 2:
            go.set()
        await go.wait()

    crew.act = act
    job = await ann.call("Job.Start", {"type": "work", "devices": devices, "concurrency": 2})
    await ended(ann, job["id"])
    assert crew.most == 2
    assert len(crew.done) == 6


async def test_rights_are_asked_when_a_device_has_its_turn(
    crew: Crew, platform: Platform, simulator: Simulator, ann: Client
) -> None:
    devices = await add_devices(platform, simulator, 3)

    async def act(step: JobStep) -> None:
        crew.denied.update({f"crew.work {devices[1]}", f"crew.work {devices[2]}", f"device.get {devices[2]}"})

    crew.act = act
    job = await ann.call("Job.Start", {"type": "work", "devices": devices, "concurrency": 1})
    over = await ended(ann, job["id"])
    assert (over["done"], over["failed"]) == (1, 2)
    assert crew.done == devices[:1]
    # The third is not even shown any more.
    told = [(each["device"], each["code"]) for each in await rows(ann, job["id"])]
    assert told == [(devices[0], None), (devices[1], -32003)]


async def test_without_any_right_no_job_is_made(
    crew: Crew, platform: Platform, simulator: Simulator, ann: Client
) -> None:
    await add_devices(platform, simulator, 2)
    crew.denied.add("crew.work")
    with pytest.raises(RpcError) as refused:
        await ann.call("Job.Start", {"type": "work", "devices": ["*"]})
    assert (refused.value.code, refused.value.data["permission"]) == (-32003, "crew.work")


async def test_when_its_owner_is_gone_the_rest_is_refused(
    crew: Crew, platform: Platform, simulator: Simulator, ann: Client
) -> None:
    devices = await add_devices(platform, simulator, 4)
    go = asyncio.Event()

    async def act(_step: JobStep) -> None:
        crew.names.discard("ann")
        await go.wait()

    crew.act = act
    job = await ann.call("Job.Start", {"type": "work", "devices": devices, "concurrency": 1})
    await eventually(lambda: crew.done)
    # A principal is remembered for a second or so.
    await eventually(lambda: _forgotten(platform))
    go.set()
    crew.denied.discard("job.listall")
    async with Client(platform.url, Token(access=BOB)) as bob:
        over = await ended(bob, job["id"])
        assert (over["state"], over["done"], over["failed"]) == ("failed", 1, 3)
        told = {(each["code"], each["message"]) for each in (await rows(bob, job["id"]))[1:]}
    assert told == {
        (-32003, "Permission denied: the job's owner is not known any more, or disabled, or has other credentials now")
    }
    assert len(crew.done) == 1


async def _forgotten(platform: Platform) -> bool:
    return await platform.host._services.find_principal("ann", "crew") is None


async def test_a_job_is_its_owners_and_whoever_sees_all_jobs(
    crew: Crew, platform: Platform, simulator: Simulator, ann: Client
) -> None:
    await add_devices(platform, simulator, 1)
    job = await ann.call("Job.Start", {"type": "work", "devices": ["*"]})
    await ended(ann, job["id"])
    async with Client(platform.url, Token(access=BOB)) as bob:
        assert (await bob.call("Job.List"))["items"] == []
        for method in ("Get", "GetResults", "Pause", "Cancel", "Retry", "Delete"):
            with pytest.raises(RpcError) as refused:
                await bob.call(f"Job.{method}", {"id": job["id"]})
            assert refused.value.code == -32004
        crew.denied.discard("job.listall")
        assert [each["id"] for each in (await bob.call("Job.List"))["items"]] == [job["id"]]
        assert (await bob.call("Job.Get", {"id": job["id"]}))["owner"] == "ann"


async def test_the_same_key_is_the_same_job(crew: Crew, platform: Platform, simulator: Simulator, ann: Client) -> None:
    await add_devices(platform, simulator, 2)
    start = {"type": "work", "devices": ["*"], "idempotency_key": "monday"}
    made = await asyncio.gather(*(ann.call("Job.Start", start) for _ in range(5)))
    assert len({each["id"] for each in made}) == 1
    await ended(ann, made[0]["id"])
    assert (await ann.call("Job.Start", start))["id"] == made[0]["id"]
    assert len(crew.done) == 2
    async with Client(platform.url, Token(access=BOB)) as bob:
        assert (await bob.call("Job.Start", start))["id"] != made[0]["id"]


async def test_a_paused_job_finishes_what_it_began_and_goes_on_later(
    crew: Crew, platform: Platform, simulator: Simulator, ann: Client
) -> None:
    devices = await add_devices(platform, simulator, 4)
    go = asyncio.Event()
    crew.act = lambda _step: go.wait()
    job = await ann.call("Job.Start", {"type": "work", "devices": devices, "concurrency": 1})
    await eventually(lambda: crew.done)
    paused = await ann.call("Job.Pause", {"id": job["id"]})
    assert paused["state"] == "paused"
    go.set()
    await eventually(lambda: _figure(ann, job["id"], "done"))
    assert (await ann.call("Job.Get", {"id": job["id"]}))["left"] == 3
    with pytest.raises(RpcError):
        await ann.call("Job.Delete", {"id": job["id"]})
    await ann.call("Job.Resume", {"id": job["id"]})
    over = await ended(ann, job["id"])
    assert (over["state"], over["done"]) == ("done", 4)
    assert len(crew.done) == 4


async def test_a_cancelled_job_skips_what_it_has_not_begun(
    crew: Crew, platform: Platform, simulator: Simulator, ann: Client
) -> None:
    devices = await add_devices(platform, simulator, 4)
    go = asyncio.Event()
    crew.act = lambda _step: go.wait()
    async with ann.subscribe(["Job.Done"]) as events:
        job = await ann.call("Job.Start", {"type": "work", "devices": devices, "concurrency": 1})
        await eventually(lambda: crew.done)
        await ann.call("Job.Cancel", {"id": job["id"]})
        go.set()
        assert (await next_event(events)).params["state"] == "cancelled"
    over = await ended(ann, job["id"])
    assert (over["state"], over["done"], over["skipped"]) == ("cancelled", 1, 3)
    assert (await rows(ann, job["id"]))[3]["message"] == "the job was cancelled"
    assert await ann.call("Job.Delete", {"id": job["id"]}) == {"deleted": job["id"]}
    with pytest.raises(RpcError) as refused:
        await ann.call("Job.Get", {"id": job["id"]})
    assert refused.value.code == -32004


async def test_a_job_waits_for_devices_that_are_away_or_lets_them_fail(
    crew: Crew, platform: Platform, simulator: Simulator, ann: Client
) -> None:
    here, away = await add_devices(platform, simulator, 2)
    device = next(each for each in simulator if each.id == away)
    await device.drop()
    await eventually(lambda: platform.fleet.find(away).link is None)
    job = await ann.call("Job.Start", {"type": "work", "devices": [away, here], "offline": "fail"})
    over = await ended(ann, job["id"])
    assert (over["done"], over["failed"]) == (1, 1)
    assert [each["code"] for each in await rows(ann, job["id"])] == [-32900, None]

    job = await ann.call("Job.Start", {"type": "work", "devices": [away, here], "offline": "wait"})
    await eventually(lambda: _figure(ann, job["id"], "waiting"))
    await eventually(lambda: crew.done == [here, here])
    device.reconnect()
    over = await ended(ann, job["id"])
    assert (over["state"], over["done"]) == ("done", 2)
    assert crew.done == [here, here, away]


async def test_a_sleeper_has_its_turn_when_it_wakes(
    crew: Crew, platform: Platform, simulator: Simulator, ann: Client
) -> None:
    device = await simulator.add("PlusHT", seed=1)
    await eventually(lambda: (twin := platform.fleet.get(device.id)) and twin.asleep)
    assert platform.fleet.find(device.id).presence == "online"
    start = {"type": "call", "devices": [device.id], "params": {"method": "HT_UI.GetConfig"}, "offline": "wait"}
    job = await ann.call("Job.Start", start)
    await eventually(lambda: _figure(ann, job["id"], "waiting"))
    device.wake()
    over = await ended(ann, job["id"])
    assert (over["state"], over["done"]) == ("done", 1)
    assert "temperature_unit" in (await rows(ann, job["id"]))[0]["result"]


async def test_what_is_awaited_too_long_fails(platform: Platform, simulator: Simulator, ann: Client) -> None:
    [away] = await add_devices(platform, simulator, 1)
    await next(iter(simulator)).drop()
    await eventually(lambda: platform.fleet.find(away).link is None)
    start = {"type": "work", "devices": [away], "offline": "wait", "expires_s": 1}
    job = await ann.call("Job.Start", start)
    over = await ended(ann, job["id"])
    assert over["state"] == "failed"
    assert [each["code"] for each in await rows(ann, job["id"])] == [-32800]


async def test_too_much_at_once_is_refused(crew: Crew, platform: Platform, simulator: Simulator, ann: Client) -> None:
    await add_devices(platform, simulator, 2)
    crew.act = lambda _step: asyncio.Event().wait()
    async with Client(platform.url, Token(access=tester.TOKEN)) as admin:
        config = {"unfinished_jobs": 2, "unfinished_devices": 3}
        await admin.call("plugin:jobs.SetConfig", {"config": config})
    await eventually(lambda: _takes_jobs(ann))
    await ann.call("Job.Start", {"type": "work", "devices": ["*"]})
    with pytest.raises(RpcError) as refused:
        await ann.call("Job.Start", {"type": "work", "devices": ["*"]})
    assert refused.value.code == -32009


async def _takes_jobs(client: Client) -> bool:
    try:
        await client.call("Job.List")
    except RpcError as error:
        assert error.code == -32050
        return False
    return True


async def _figure(client: Client, job: int, name: str) -> Any:
    return (await client.call("Job.Get", {"id": job}))[name]


async def test_results_come_in_pages_and_as_a_file(
    crew: Crew, platform: Platform, simulator: Simulator, ann: Client
) -> None:
    devices = await add_devices(platform, simulator, 5)

    async def act(step: JobStep) -> Any:
        return "x" * 100_000 if step.device == devices[0] else {"device": step.device}

    crew.act = act
    job = await ann.call("Job.Start", {"type": "work", "devices": devices})
    await ended(ann, job["id"])
    first = await ann.call("Job.GetResults", {"id": job["id"], "limit": 2})
    assert [each["device"] for each in first["items"]] == devices[:2]
    assert [each["truncated"] for each in first["items"]] == [True, False]
    rest = await ann.call("Job.GetResults", {"id": job["id"], "cursor": first["cursor"]})
    assert [each["device"] for each in rest["items"]] == devices[2:]
    assert rest["cursor"] is None
    table = await ann.call("Job.GetResults", {"id": job["id"], "format": "csv", "limit": 1})
    assert table["csv"].startswith("position,device,state,")

    address = f"{platform.url}/plugin/jobs/results.csv?id={job['id']}"
    async with aiohttp.ClientSession() as session:
        async with session.get(address, headers={"Authorization": f"Bearer {ANN}"}) as answer:
            assert answer.status == 200
            assert "attachment" in answer.headers["Content-Disposition"]
            lines = list(csv.DictReader(io.StringIO(await answer.text())))
        assert [line["device"] for line in lines] == devices
        assert {line["state"] for line in lines} == {"done"}
        for token, status in ((BOB, 404), ("nobody", 401)):
            async with session.get(address, headers={"Authorization": f"Bearer {token}"}) as answer:
                assert answer.status == status
