"""Dynamic groups stay true while devices change, and everybody hears of it."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from fleet_groups import watch

if TYPE_CHECKING:
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet


async def next_event(events: Any) -> Any:
    return await anext(events)


async def group(rpc: Rpc, query: str, **more: Any) -> int:
    return int((await rpc("Group.Create", {"name": query[:50], "query": query, **more}))["id"])


async def members(rpc: Rpc, number: int) -> list[str]:
    found: list[str] = await rpc("Group.GetMembers", {"id": number})
    return found


async def test_a_device_joins_and_leaves_with_its_status(fleet: TestedFleet, rpc: Rpc, device: Any) -> None:
    device.report("switch:0", {"apower": 5.0})
    number = await group(rpc, "status.switch:0.apower > 1000")
    assert await members(rpc, number) == []
    async with rpc.events("Group.*") as events:
        device.report("switch:0", {"apower": 2000.0})
        event = await next_event(events)
        assert event.method == "Group.Changed"
        assert event.params == {
            "id": number,
            "name": "status.switch:0.apower > 1000",
            "added": [device.id],
            "removed": [],
            "reason": "live",
        }
        assert await members(rpc, number) == [device.id]
        device.report("switch:0", {"apower": 2.0})
        event = await next_event(events)
        assert (event.params["added"], event.params["removed"]) == ([], [device.id])


async def test_a_group_is_full_when_it_is_made_and_when_its_query_is_changed(
    fleet: TestedFleet, rpc: Rpc, device: Any
) -> None:
    other = await fleet.add_device("Plus2PM")
    made = await rpc("Group.Create", {"name": "Some", "query": "app = Plus1PM", "devices": [other.id]})
    assert (made["size"], made["devices"]) == (2, [other.id])
    changed = await rpc("Group.Set", {"id": made["id"], "query": "component = cover", "devices": []})
    assert changed["size"] == 0
    assert (await rpc("Group.Set", {"id": made["id"], "query": "gen >= 2 and mac exists"}))["size"] == 2


async def test_what_is_true_of_new_devices_counts_when_they_connect(fleet: TestedFleet, rpc: Rpc) -> None:
    number = await group(rpc, "presence = online and status.wifi exists and model exists")
    device = await fleet.add_device("Plus1PM")
    await fleet.until(lambda: _is(rpc, number, [device.id]))


async def test_presence_counts(fleet: TestedFleet, rpc: Rpc, device: Any) -> None:
    number = await group(rpc, "presence = offline")
    await device.drop()
    await fleet.until(lambda: _is(rpc, number, [device.id]))
    device.reconnect()
    await fleet.until(lambda: _is(rpc, number, []))


async def test_a_new_name_and_a_setting_count(fleet: TestedFleet, rpc: Rpc, device: Any) -> None:
    named = await group(rpc, "name = Boiler")
    eco = await group(rpc, "settings.sys.device.eco_mode = true")
    config = {"device": {"name": "Boiler", "eco_mode": True}}
    await rpc("Sys.SetConfig", {"config": config}, dst=device.id)
    await fleet.until(lambda: _is(rpc, named, [device.id]))
    await fleet.until(lambda: _is(rpc, eco, [device.id]))


async def test_only_status_that_queries_look_at_is_listened_to(fleet: TestedFleet, rpc: Rpc, device: Any) -> None:
    listener = fleet.plugin("groups").instance._state.watch
    assert listener._listened == frozenset()
    await group(rpc, "status.switch:0.output = true and component = light")
    await fleet.until(lambda: listener._listened == {"switch", "light"})
    await rpc("Group.Delete", {"id": 1})
    number = await group(rpc, "status.wifi.rssi < -75")
    await fleet.until(lambda: listener._listened == {"wifi"})
    device.report("wifi", {"rssi": -90})
    await fleet.until(lambda: _is(rpc, number, [device.id]))


async def test_a_group_of_groups_follows(fleet: TestedFleet, rpc: Rpc, device: Any) -> None:
    device.report("switch:0", {"apower": 5.0})
    hot = await group(rpc, "status.switch:0.apower > 1000")
    outer = await group(rpc, "gen = 9", groups=[hot])
    cold = await group(rpc, f"not group = {outer} and id = {device.id}")
    assert await members(rpc, cold) == [device.id]
    device.report("switch:0", {"apower": 2000.0})
    await fleet.until(lambda: _is(rpc, outer, [device.id]))
    assert await members(rpc, cold) == []


async def test_events_tell_what_people_did_with_groups(rpc: Rpc, device: Any) -> None:
    async with rpc.events("Group.*") as events:
        await rpc("Group.Create", {"name": "Boilers", "devices": [device.id]})
        assert (await next_event(events)).method == "Group.Created"
        event = await next_event(events)
        assert (event.params["added"], event.params["reason"]) == ([device.id], "edited")
        await rpc("Group.Rename", {"id": 1, "newName": "Heaters"})
        event = await next_event(events)
        assert (event.params["name"], event.params["added"], event.params["removed"]) == ("Heaters", [], [])
        await rpc("Group.Remove", {"id": 1, "shellyID": device.id})
        assert (await next_event(events)).params["removed"] == [device.id]
        await rpc("Group.Delete", {"id": 1})
        event = await next_event(events)
        assert (event.method, event.params) == ("Group.Deleted", {"id": 1, "name": "Heaters"})


async def test_metadata_of_events_is_new_at_once(fleet: TestedFleet, rpc: Rpc, device: Any) -> None:
    place = (await rpc("Location.Create", {"name": "Cellar"}))["id"]
    await rpc("Group.Create", {"name": "Boilers", "devices": [device.id]})
    await rpc("Tag.Set", {"shellyID": device.id, "tags": ["spare", "Old"]})
    await rpc("Location.Assign", {"id": place, "shellyID": device.id})
    expected = {"groups": [1], "tags": ["old", "spare"], "location": place}
    async with rpc.events("Shelly.Status") as events:

        async def metadata() -> Any:
            device.report("switch:0", {"apower": 1.0 + (await rpc("Group.Get", {"id": 1}))["size"]})
            device.report("wifi", {"rssi": -60})
            return {
                key: value for key, value in (await next_event(events)).params["metadata"].items() if key in expected
            }

        await fleet.until(lambda: _equals(metadata(), expected))
        await rpc("Group.Remove", {"id": 1, "shellyID": device.id})
        await fleet.until(lambda: _equals(metadata(), {**expected, "groups": []}))


async def test_a_deleted_device_leaves_everything(fleet: TestedFleet, rpc: Rpc, device: Any) -> None:
    name = device.id
    await rpc("Group.Create", {"name": "Boilers", "devices": [name], "query": "gen = 2"})
    await rpc("Tag.Add", {"shellyID": name, "tag": "spare"})
    await rpc("Location.Create", {"name": "Cellar"})
    await rpc("Location.Assign", {"id": 1, "shellyID": name})
    await device.drop()
    async with rpc.events("Group.Changed") as events:
        await rpc("Device.Delete", {"shellyID": name})
        event = await next_event(events)
        while event.params["removed"] != [name]:
            event = await next_event(events)
        assert event.params["reason"] == "deleted"
    assert await rpc("Group.Find", {"shellyID": name}) == []
    assert await rpc("Tag.List") == {}
    assert (await rpc("Location.List"))[0]["devices"] == []
    state = fleet.plugin("groups").instance._state
    for table in ("group_device", "device_tag", "device_location"):
        assert await state.fleet.sql.fetch(f"SELECT * FROM {table}") == []


async def test_when_events_were_missed_everything_is_looked_at_anew(
    fleet: TestedFleet, rpc: Rpc, device: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "QUEUE_SIZE", 1)
    other = await fleet.add_device("Plus1PM", seed=5)
    number = await group(rpc, "status.switch:0.apower > 1000")

    steps = count()

    async def lost(power: float) -> bool:
        """Whether the news of a device may have been pushed out by those of another."""
        before = fleet.plugin("groups").counters.get("events_missed", 0)
        for _ in range(5):
            device.report("switch:0", {"apower": power + next(steps)})
            other.report("switch:0", {"apower": 1.0 + next(steps) / 1000})
            await rpc("Group.List")
        return fleet.plugin("groups").counters.get("events_missed", 0) > before

    await fleet.until(lambda: lost(2000.0))
    await fleet.until(lambda: _is(rpc, number, [device.id]))
    steps = count()
    await fleet.until(lambda: lost(2.0))
    await fleet.until(lambda: _is(rpc, number, []))


async def test_groups_tags_and_locations_are_there_after_a_restart(fleet: TestedFleet, rpc: Rpc, device: Any) -> None:
    device.report("switch:0", {"apower": 2000.0})
    await rpc("Group.Create", {"name": "Hot", "query": "status.switch:0.apower > 1000"})
    await rpc("Group.Create", {"name": "All", "groups": [1], "devices": ["shellyplus1-0123456789ab"]})
    await rpc("Group.Add", {"id": 2, "shellyID": "shellyplus1-ba9876543210"})
    await rpc("Tag.Add", {"shellyID": device.id, "tag": "spare"})
    await rpc("Location.Create", {"name": "House"})
    await rpc("Location.Create", {"name": "Cellar", "parent": 1, "kind": "room"})
    await rpc("Location.Assign", {"id": 2, "shellyID": device.id})
    await fleet.until(lambda: _is(rpc, 1, [device.id]))
    before = [await rpc("Group.List"), await rpc("Tag.List"), await rpc("Location.List")]
    for enable in (False, True):
        await rpc("plugin:groups.SetConfig", {"config": {"enable": enable}})
    await fleet.until(lambda: fleet.plugin("groups").state == "running")
    assert [await rpc("Group.List"), await rpc("Tag.List"), await rpc("Location.List")] == before


async def _is(rpc: Rpc, number: int, expected: list[str]) -> bool:
    return await members(rpc, number) == expected


async def _equals(found: Any, expected: Any) -> bool:
    return bool(await found == expected)
