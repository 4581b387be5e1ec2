"""Actions on a real platform."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.client import RpcError
from fleet_platform.client.subscription import Event
from fleet_platform.simulator import Device
from fleet_platform.testing.client import Rpc

if TYPE_CHECKING:
    from fleet_platform.testing.platform import TestedFleet


TURN = {"method": "Switch.Set", "params": {"id": 0, "on": "${on}"}}
READ = {"method": "Switch.GetStatus", "params": {"id": 0}}


@pytest.fixture
async def devices(fleet: TestedFleet) -> list[Device]:
    return [await fleet.add_device("Plus1PM", seed=seed) for seed in (1, 2, 3)]


async def failing(rpc: Rpc, method: str, params: dict[str, Any]) -> RpcError:
    """The error of a call."""
    with pytest.raises(RpcError) as refused:
        await rpc(method, params)
    return refused.value


async def test_an_action_is_saved_changed_and_forgotten(rpc: Rpc) -> None:
    async with rpc.events("Action.Changed") as events:
        made = await rpc("Action.Create", {"name": "On", "steps": [TURN], "variables": {"on": True}})
        assert made["id"].startswith("action")
        assert made["steps"] == [{**TURN, "dst": ["$targets"], "on_error": "stop", "wait_s": 0.0}]
        event = await anext(events)
        assert isinstance(event, Event)
        assert event.params == {"id": made["id"]}
    changed = await rpc("Action.Update", {"id": made["id"], "name": "Off", "variables": {"on": False}})
    assert (changed["name"], changed["variables"], changed["steps"]) == ("Off", {"on": False}, made["steps"])
    assert await rpc("Action.Get", {"id": made["id"]}) == changed
    assert (await rpc("Action.List"))["items"] == [changed]
    assert await rpc("Action.Delete", {"id": made["id"]}) == {"deleted": made["id"]}
    for method in ("Get", "Delete", "Run", "Update"):
        assert (await failing(rpc, f"Action.{method}", {"id": made["id"]})).code == -32004


@pytest.mark.parametrize(
    ("step", "path"),
    [
        ({}, "steps.0.method"),
        ({"method": "Toggle"}, "steps.0.method"),
        ({"method": "Switch.Toggle", "dst": []}, "steps.0.dst"),
        ({"method": "Switch.Toggle", "dst": ["a\nb"]}, "steps.0.dst.0"),
        ({"method": "Switch.Toggle", "on_error": "panic"}, "steps.0.on_error"),
        ({"method": "Switch.Toggle", "wait_s": -1}, "steps.0.wait_s"),
        ({"method": "Switch.Toggle", "params": {"x": "x" * 70_000}}, "steps.0.params"),
    ],
)
async def test_a_step_that_is_none_is_refused_with_its_place(rpc: Rpc, step: dict[str, Any], path: str) -> None:
    refused = await failing(rpc, "Action.Create", {"name": "Bad", "steps": [step]})
    assert refused.data["errors"][0]["path"] == path


async def test_steps_run_one_after_the_other_and_devices_tell(rpc: Rpc, devices: list[Device]) -> None:
    ids = [device.id for device in devices]
    made = await rpc("Action.Create", {"name": "On", "steps": [TURN, READ], "variables": {"on": False}})
    async with rpc.events("Action.Progress", "Action.Done") as events:
        told = await rpc("Action.Run", {"id": made["id"], "targets": ids, "variables": {"on": True}})
        seen = [await anext(events) for _ in range(7)]
    assert told["state"] == "done"
    assert [step["method"] for step in told["steps"]] == ["Switch.Set", "Switch.GetStatus"]
    assert told["steps"][0]["results"] == {each: {"result": {"was_on": False}} for each in ids}
    assert all(told["steps"][1]["results"][each]["result"]["output"] is True for each in ids)
    progress = [each.params for each in seen if isinstance(each, Event) and each.method == "Action.Progress"]
    assert {(each["step"], each["shellyID"]) for each in progress} == {(step, each) for step in (0, 1) for each in ids}
    assert isinstance(seen[-1], Event)
    assert seen[-1].params == {
        "runId": told["runId"],
        "action": made["id"],
        "state": "done",
        "steps": 2,
        "done": 6,
        "failed": 0,
    }


@pytest.mark.parametrize(("on_error", "begun"), [("stop", False), ("continue", True)])
async def test_after_an_error_it_stops_or_goes_on(rpc: Rpc, devices: list[Device], on_error: str, begun: bool) -> None:
    ids = [device.id for device in devices]
    steps = [{"method": "Switch.Set", "params": {"id": 9, "on": True}, "on_error": on_error, "dst": [ids[0]]}, READ]
    told = await rpc("Action.Run", {"steps": steps, "targets": [*ids, "nobody"]})
    assert told["state"] == "failed"
    assert told["steps"][0]["results"][ids[0]]["error"]["code"] == -105
    assert told["steps"][1].get("skipped", False) is not begun
    if begun:
        assert told["steps"][1]["results"]["nobody"]["error"]["code"] == -32600
        assert "result" in told["steps"][1]["results"][ids[2]]


async def test_a_preview_does_nothing(rpc: Rpc, devices: list[Device]) -> None:
    ids = [device.id for device in devices]
    steps = [{**TURN, "dst": ["${first}"]}, {"method": "Sys.GetStatus", "dst": ["$targets", ids[0].upper()]}]
    shown = await rpc(
        "Action.Preview", {"steps": steps, "targets": ids[:2], "variables": {"on": True, "first": [ids[2], ids[1]]}}
    )
    assert [step["dst"] for step in shown["steps"]] == [[ids[2], ids[1]], ids[:2]]
    assert shown["steps"][0]["params"] == {"id": 0, "on": True}
    assert "Switch.Set" not in devices[2].requests


async def test_what_is_missing_is_named(rpc: Rpc, devices: list[Device]) -> None:
    unknown = await failing(rpc, "Action.Run", {"steps": [TURN], "targets": [devices[0].id]})
    assert unknown.data["errors"] == [
        {"path": "steps.0.params.on", "message": "there is no variable 'on'; give it a value"}
    ]
    nowhere = await failing(rpc, "Action.Run", {"steps": [READ]})
    assert nowhere.data["errors"][0]["path"] == "targets"
    assert (await failing(rpc, "Action.Run", {})).code == -32602
    assert (await failing(rpc, "Action.Run", {"id": "x", "steps": [READ]})).code == -32602


async def test_what_the_predecessor_kept_is_run_and_saved(rpc: Rpc, devices: list[Device]) -> None:
    ids = [device.id for device in devices]
    kept = {"id": "action1718000000000", "name": "On", "type": "action", "actions": [{**TURN, "dst": ids}]}
    broken = {"id": "action2", "name": "Broken", "actions": []}
    await rpc("Storage.SetItem", {"registry": "actions", "key": "rpc", "value": [kept, broken]})
    await rpc("Storage.SetItem", {"registry": "action-variables", "key": "on", "value": True})
    told = await rpc("Action.Run", {"id": kept["id"]})
    assert told["state"] == "done"
    assert set(told["steps"][0]["results"]) == set(ids)
    done = await rpc("Action.Import")
    assert done["imported"] == [kept["id"]]
    assert done["failed"][0]["number"] == 1
    assert (await rpc("Action.Import"))["skipped"] == [kept["id"]]
    assert (await rpc("Action.Get", {"id": kept["id"]}))["name"] == "On"


async def test_a_run_goes_on_when_nobody_waits_for_it(rpc: Rpc, devices: list[Device]) -> None:
    async with rpc.events("Action.Done") as events:
        told = await rpc("Action.Run", {"steps": [READ], "targets": [devices[0].id], "wait": False})
        event = await anext(events)
    assert isinstance(event, Event)
    assert event.params["runId"] == told["runId"]


async def test_so_many_runs_go_on_and_no_more(rpc: Rpc, devices: list[Device]) -> None:
    slow = [{**READ, "wait_s": 300}]
    for _ in range(20):
        await rpc("Action.Run", {"steps": slow, "targets": [devices[0].id], "wait": False})
    assert (await failing(rpc, "Action.Run", {"steps": slow, "targets": [devices[0].id]})).code == -32029


async def test_an_action_runs_as_a_job(fleet: TestedFleet, rpc: Rpc, devices: list[Device]) -> None:
    made = await rpc("Action.Create", {"name": "On", "steps": [TURN, READ], "variables": {"on": True}})
    devices[2].fail("Switch.Set", -105, "Bad id=0")
    start = {"type": "action", "devices": [device.id for device in devices], "params": {"action": made["id"]}}
    job = await rpc("Job.Start", start)
    async with asyncio.timeout(30):
        while (found := await rpc("Job.Get", {"id": job["id"]}))["left"]:
            await asyncio.sleep(0.05)
    assert (found["done"], found["failed"]) == (2, 1)
    results = (await rpc("Job.GetResults", {"id": job["id"]}))["items"]
    assert [step["method"] for step in results[0]["result"]["steps"]] == ["Switch.Set", "Switch.GetStatus"]
    assert (results[2]["code"], results[2]["message"]) == (-105, "step 1, Switch.Set: Bad id=0")
