"""The bundled job types, on simulated devices."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from typing import Any

import pytest

from fleet_platform.app import Platform
from fleet_platform.client import Client, RpcError
from fleet_platform.simulator import Device, Simulator
from fleet_platform.simulator.device.archive import unpack

from .conftest import add_devices, ended, eventually, next_event, rows, simulated


async def offered(platform: Platform, simulator: Simulator, count: int) -> list[Device]:
    """Devices for which there is newer firmware."""
    await add_devices(platform, simulator, count)
    devices = list(simulator)
    for device in devices:
        device.report("sys", {"available_updates": {"stable": {"version": "1.9.9"}}})
    return devices


async def update(ann: Client, devices: list[Device], **params: Any) -> Any:
    """Start an update."""
    start = {"type": "firmware", "devices": [device.id for device in devices], "params": params}
    return await ann.call("Job.Start", start)


async def test_firmware_is_followed_through_the_restart(platform: Platform, simulator: Simulator, ann: Client) -> None:
    device, newest = await offered(platform, simulator, 2)
    newest.state.sys["available_updates"] = {}
    async with ann.subscribe(["Job.DeviceProgress"]) as events:
        job = await update(ann, [device, newest], stage="stable")
        first = await next_event(events)
        assert (first.params["id"], first.params["shellyID"]) == (job["id"], device.id)
        over = await ended(ann, job["id"])
    assert (over["state"], over["done"], over["skipped"]) == ("done", 1, 1)
    updated, skipped = await rows(ann, job["id"])
    assert "1.9.9" in updated["result"]["fw_id"]
    assert updated["result"]["changed"] is True
    assert skipped["message"] == "no newer firmware is offered"


async def test_firmware_of_an_address_may_be_the_same_again(
    platform: Platform, simulator: Simulator, ann: Client
) -> None:
    [device] = await offered(platform, simulator, 1)
    job = await update(ann, [device], url="http://firmware.example/file.zip")
    over = await ended(ann, job["id"])
    assert over["state"] == "done"
    assert (await rows(ann, job["id"]))[0]["result"]["changed"] is False


async def test_an_update_that_fails_half_way_is_an_error(platform: Platform, simulator: Simulator, ann: Client) -> None:
    [device] = await offered(platform, simulator, 1)
    device.faults.start("update_fails")
    job = await update(ann, [device])
    over = await ended(ann, job["id"])
    assert over["state"] == "failed"
    assert (await rows(ann, job["id"]))[0]["message"] == "the update failed: Update failed"


async def test_waiting_devices_are_let_in(platform: Platform, ann: Client) -> None:
    async with simulated(platform, token=None) as strangers:
        names = [(await strangers.add("Plus1PM", seed=seed, wait=False)).id for seed in (1, 2, 3)]
        await eventually(lambda: _waiting(ann, 3))
        job = await ann.call("Job.Start", {"type": "accept", "devices": [*names, "nobody"]})
        over = await ended(ann, job["id"])
        assert (over["state"], over["done"], over["failed"]) == ("failed", 3, 1)
        results = await rows(ann, job["id"])
        assert [each["result"] for each in results] == [*({"accepted": name} for name in names), None]
        assert results[3]["code"] == -32004
        await eventually(lambda: all(platform.fleet.get(name) for name in names))


async def _waiting(client: Client, count: int) -> bool:
    return len(await client.call("WaitingRoom.GetPending")) == count


async def test_a_backup_is_made_and_kept(platform: Platform, simulator: Simulator, ann: Client) -> None:
    [name] = await add_devices(platform, simulator, 1)
    await ann.call("Sys.SetConfig", {"config": {"device": {"name": "Boiler"}}}, dst=name)
    start = {"type": "backup", "devices": [name], "params": {"contents": {"schedules": True}}}
    job = await ann.call("Job.Start", start)
    assert (await ended(ann, job["id"]))["state"] == "done"
    result = (await rows(ann, job["id"]))[0]["result"]
    archive = base64.b64decode(result["data"])
    assert (len(archive), hashlib.sha256(archive).hexdigest()) == (result["bytes"], result["sha256"])
    assert zipfile.is_zipfile(io.BytesIO(archive))
    assert unpack(archive).info.model


@pytest.mark.parametrize("answer", [{"data": "", "left": 100}, "nonsense", {"data": "?"}])
async def test_half_a_backup_is_none(
    platform: Platform, simulator: Simulator, ann: Client, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    [name] = await add_devices(platform, simulator, 1)
    simulator[name].reply("Sys.DownloadBackup", answer)
    job = await ann.call("Job.Start", {"type": "backup", "devices": [name]})
    assert (await ended(ann, job["id"]))["state"] == "failed"
    assert (await rows(ann, job["id"]))[0]["code"] == -32050
    assert "stopped unexpectedly" not in caplog.text


async def test_who_waits_to_be_let_in_is_named(platform: Platform, ann: Client) -> None:
    with pytest.raises(RpcError) as refused:
        await ann.call("Job.Start", {"type": "accept", "devices": ["*"]})
    assert refused.value.code == -32602


@pytest.mark.parametrize("kind", ["accept", "backup", "call", "firmware", "work"])
async def test_every_type_says_what_it_is(platform: Platform, ann: Client, kind: str) -> None:
    told = (await ann.call("Job.ListTypes"))[kind]
    assert told["title"]
    assert told["offline"] in ("wait", "fail", "run")
