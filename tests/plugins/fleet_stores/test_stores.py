"""What devices store: read when it changes, told, kept over a restart; real devices' revisions are the only cause."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.client.subscription import Event
from fleet_stores.kinds import KINDS
from plugin_sdk.errors import Unavailable

if TYPE_CHECKING:
    from fleet_platform.simulator import Device
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet


async def next_event(events: Any) -> Event:
    event = await anext(events)
    assert isinstance(event, Event)
    return event


async def asked(device: Device, method: str) -> int:
    return list(device.requests).count(method)


async def test_a_changed_pair_is_read_and_told(device: Device, rpc: Rpc) -> None:
    async with rpc.events("Shelly.KVS") as events:
        await rpc("KVS.Set", {"key": "room", "value": {"floor": 1}}, dst=device.id)
        event = await next_event(events)
    assert event.params == {"shellyID": device.id, "kvs": {"room": {"floor": 1}}, "metadata": event.params["metadata"]}
    before = list(device.requests)
    answer = await rpc("Device.GetKVS", {"shellyID": device.id})
    assert (answer["kvs"], answer["current"]) == ({"room": {"floor": 1}}, True)
    assert list(device.requests) == before  # known, so nobody was asked


async def test_all_pages_are_read(device: Device, rpc: Rpc) -> None:
    pairs = {f"key-{number:02}": "x" * 200 for number in range(40)}
    for key, value in pairs.items():
        await rpc("KVS.Set", {"key": key, "value": value}, dst=device.id)
    answer = await rpc("Device.GetKVS", {"id": device.id, "refresh": True})
    assert answer["kvs"] == pairs
    assert list(device.requests).count("KVS.GetMany") > 1


@pytest.mark.parametrize(
    ("event", "kind", "method", "create", "params", "member"),
    [
        (
            "Shelly.Schedules",
            "schedules",
            "Device.GetSchedules",
            "Schedule.Create",
            {"enable": True, "timespec": "0 0 7 * * *", "calls": [{"method": "Switch.Toggle", "params": {"id": 0}}]},
            "timespec",
        ),
        (
            "Shelly.Webhooks",
            "webhooks",
            "Device.GetWebhooks",
            "Webhook.Create",
            {"cid": 0, "enable": True, "event": "switch.on", "urls": ["http://127.0.0.1:9/on"]},
            "urls",
        ),
        ("Shelly.Scripts", "scripts", "Device.GetScripts", "Script.Create", {"name": "blinds"}, "name"),
    ],
)
async def test_other_kinds_alike(
    device: Device, rpc: Rpc, event: str, kind: str, method: str, create: str, params: dict[str, Any], member: str
) -> None:
    assert (await rpc(method, {"id": device.id}))[kind] == []
    async with rpc.events(event) as events:
        await rpc(create, params, dst=device.id)
        told = await next_event(events)
        while not told.params[kind]:
            told = await next_event(events)
    assert told.params[kind][0][member] == params[member]
    assert (await rpc(method, {"id": device.id}))[kind] == told.params[kind]


async def test_who_is_away_is_known_as_it_was_last_read(fleet: TestedFleet, device: Device, rpc: Rpc) -> None:
    await rpc("KVS.Set", {"key": "room", "value": "101"}, dst=device.id)
    await rpc("Device.GetKVS", {"id": device.id})

    async def gone() -> bool:
        return bool((await rpc("Device.Get", {"id": device.id}))["presence"] == "offline")

    await device.drop()
    await fleet.until(gone)
    answer = await rpc("Device.GetKVS", {"id": device.id})
    assert (answer["kvs"], answer["current"]) == ({"room": "101"}, False)
    for method, params in (("Device.GetKVS", {"refresh": True}), ("Device.GetWebhooks", {})):
        with pytest.raises(rpc.Error) as caught:
            await rpc(method, {"id": device.id, **params})
        assert caught.value.code == -32900


async def test_a_device_that_is_deleted_leaves_nothing(fleet: TestedFleet, device: Device, rpc: Rpc) -> None:
    await rpc("KVS.Set", {"key": "room", "value": "101"}, dst=device.id)
    await rpc("Device.GetKVS", {"id": device.id})
    await device.drop()
    await rpc("Device.Delete", {"id": device.id})
    with pytest.raises(rpc.Error) as caught:
        await rpc("Device.GetKVS", {"id": device.id})
    assert caught.value.data["reason"] == "unknown_device"
    instance = fleet.plugin("stores").instance
    await fleet.until(lambda: instance._watch._shelf.revision(device.id, "kvs") is None)


async def test_a_device_that_comes_back_unchanged_is_asked_nothing_and_one_that_changed_is(
    fleet: TestedFleet, device: Device, rpc: Rpc
) -> None:
    await rpc("Device.GetKVS", {"id": device.id})
    before = await asked(device, "KVS.GetMany")
    async with rpc.events("Shelly.Connect", "Shelly.KVS") as events:
        await device.drop()
        device.reconnect()
        assert (await next_event(events)).method == "Shelly.Connect"
        assert await asked(device, "KVS.GetMany") == before
        await device.drop()
        device.call("KVS.Set", {"key": "room", "value": "102"})  # by somebody on its own network
        device.reconnect()
        while (event := await next_event(events)).method != "Shelly.KVS":
            pass
    assert event.params["kvs"] == {"room": "102"}


async def test_bad_questions_are_refused(rpc: Rpc) -> None:
    for params, code in (({}, -32602), ({"shellyID": "nobody"}, -32600)):
        with pytest.raises(rpc.Error) as caught:
            await rpc("Device.GetKVS", params)
        assert caught.value.code == code


async def test_every_text_comes_back_as_it_was(device: Device, rpc: Rpc) -> None:
    pairs = {"backslash": "a\\u0000b", "null": "a\u0000b", "emoji": "🙂"}
    for key, value in pairs.items():
        await rpc("KVS.Set", {"key": key, "value": value}, dst=device.id)
    for refresh in (True, False):
        assert (await rpc("Device.GetKVS", {"id": device.id, "refresh": refresh}))["kvs"] == pairs


async def test_scripts_are_told_from_the_first_one_on_and_when_they_run(device: Device, rpc: Rpc) -> None:
    async with rpc.events("Shelly.Scripts") as events:
        await rpc("Script.Create", {"name": "blinds"}, dst=device.id)
        [script] = (await next_event(events)).params["scripts"]
        assert (script["name"], script["running"]) == ("blinds", False)
        await rpc("Script.PutCode", {"id": script["id"], "code": "let a = 1;"}, dst=device.id)
        await rpc("Script.Start", {"id": script["id"]}, dst=device.id)
        while not (await next_event(events)).params["scripts"][0]["running"]:
            pass
        answer = await rpc("Device.GetScripts", {"id": device.id})
        assert (answer["scripts"][0]["running"], answer["current"]) == (True, True)
        await rpc("Script.Delete", {"id": script["id"]}, dst=device.id)
        while (await next_event(events)).params["scripts"]:
            pass


async def test_what_is_deleted_while_nobody_looks_is_forgotten_at_the_next_start(
    fleet: TestedFleet, device: Device, rpc: Rpc
) -> None:
    await rpc("KVS.Set", {"key": "room", "value": "101"}, dst=device.id)
    await rpc("Device.GetKVS", {"id": device.id})
    await rpc("plugin:stores.SetConfig", {"config": {"enable": False}})
    await device.drop()
    await rpc("Device.Delete", {"id": device.id})
    await rpc("plugin:stores.SetConfig", {"config": {"enable": True}})
    await fleet.until(lambda: fleet.plugin("stores").state == "running")
    shelf = fleet.plugin("stores").instance._watch._shelf
    assert await shelf.get(device.id, "kvs") is None


async def test_a_database_that_is_away_when_a_device_is_deleted_ends_nothing(
    fleet: TestedFleet, device: Device, rpc: Rpc, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await fleet.add_device("Plus2PM", seed=7)
    shelf = fleet.plugin("stores").instance._watch._shelf
    forgotten: list[str] = []

    async def away(name: str) -> None:
        forgotten.append(name)
        raise Unavailable(part="database")

    monkeypatch.setattr(shelf, "forget", away)
    for deleted in (device, other):
        await deleted.drop()
        await rpc("Device.Delete", {"id": deleted.id})
        while deleted.id not in forgotten:
            await asyncio.sleep(0.001)
    assert fleet.plugin("stores").state == "running"


@pytest.mark.parametrize("items", [5, True, "x", [1, None, {}], None])
async def test_an_answer_of_a_strange_shape_holds_nothing(items: Any) -> None:
    async def ask(_method: str, _params: Any) -> Any:
        return {"items": items, "total": 9}

    assert await KINDS[0].read(ask) == {}
