"""Tags, the tree of locations, and all kinds of sets as destinations of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet


async def next_event(events: Any) -> Any:
    return await anext(events)


async def test_tags_are_added_removed_renamed_and_deleted(fleet: TestedFleet, rpc: Rpc, device: Any) -> None:
    other = (await fleet.add_device("Plus2PM")).id
    spare = (await rpc("Group.Create", {"name": "Spare", "query": "tag = spare"}))["id"]
    assert await rpc("Tag.Add", {"shellyID": device.id, "tag": " Spare "}) == {"added": True}
    assert await rpc("Tag.Add", {"shellyID": device.id, "tag": "SPARE"}) == {"added": False}
    assert await rpc("Group.GetMembers", {"id": spare}) == [device.id]
    assert await rpc("Tag.Set", {"shellyID": other, "tags": ["b", "a", "A"]}) == {"shellyID": other, "tags": ["a", "b"]}
    assert await rpc("Tag.List", {"shellyID": other}) == ["a", "b"]
    assert await rpc("Tag.List") == {"a": [other], "b": [other], "spare": [device.id]}
    assert await rpc("Tag.Rename", {"tag": "a", "newName": "spare"}) == {"renamed": True}
    assert await rpc("Tag.Rename", {"tag": "nobody has it", "newName": "x"}) == {"renamed": False}
    assert await rpc("Tag.Rename", {"tag": "b", "newName": "B"}) == {"renamed": False}
    assert await rpc("Group.GetMembers", {"id": spare}) == sorted([device.id, other])
    assert await rpc("Tag.Remove", {"shellyID": other, "tag": "b"}) == {"removed": True}
    assert await rpc("Tag.Remove", {"shellyID": other, "tag": "b"}) == {"removed": False}
    assert await rpc("Tag.Delete", {"tag": "spare"}) == {"deleted": True}
    assert await rpc("Tag.Delete", {"tag": "spare"}) == {"deleted": False}
    assert await rpc("Tag.List") == {}
    assert await rpc("Group.GetMembers", {"id": spare}) == []


async def test_changes_of_tags_and_locations_are_told(rpc: Rpc, device: Any) -> None:
    async with rpc.events("Tag.*", "Location.*") as events:
        await rpc("Tag.Add", {"shellyID": device.id, "tag": "spare"})
        assert (await next_event(events)).params == {"shellyID": device.id, "tags": ["spare"]}
        await rpc("Tag.Rename", {"tag": "spare", "newName": "old"})
        assert (await next_event(events)).params == {"tag": "spare", "newName": "old"}
        await rpc("Location.Create", {"name": "House"})
        assert (await next_event(events)).params == {"id": 1, "name": "House", "reason": "created"}
        await rpc("Location.Assign", {"id": 1, "shellyID": device.id})
        assert (await next_event(events)).params == {"id": 1, "shellyID": device.id, "reason": "assigned"}
        await rpc("Location.Delete", {"id": 1})
        assert (await next_event(events)).params == {"id": 1, "name": "House", "reason": "deleted"}


async def test_a_location_holds_those_below_it(rpc: Rpc, device: Any) -> None:
    for name, parent in (("House", None), ("Floor", 1), ("Room", 2), ("Shed", None)):
        await rpc("Location.Create", {"name": name, "parent": parent, "kind": "place"})
    number = (await rpc("Group.Create", {"name": "House", "query": "location = 1 and not location = 'shed'"}))["id"]
    assert await rpc("Location.Assign", {"id": 3, "shellyID": device.id}) == {"assigned": True}
    assert await rpc("Location.Assign", {"id": 3, "shellyID": device.id}) == {"assigned": False}
    assert await rpc("Group.GetMembers", {"id": number}) == [device.id]
    assert await rpc("Location.Move", {"id": 2, "parent": 4}) == {"moved": True}
    assert await rpc("Group.GetMembers", {"id": number}) == []
    assert await rpc("Location.Rename", {"id": 4, "newName": "Garage"}) == {"renamed": True}
    assert await rpc("Location.Move", {"id": 2}) == {"moved": True}
    assert await rpc("Location.Move", {"id": 2, "parent": 1}) == {"moved": True}
    assert await rpc("Group.GetMembers", {"id": number}) == [device.id]
    assert await rpc("Location.Delete", {"id": 3}) == {"deleted": True}
    listed = await rpc("Location.List")
    assert [(place["name"], place["parent"], place["devices"]) for place in listed] == [
        ("House", None, []),
        ("Floor", 1, [device.id]),
        ("Garage", None, []),
    ]
    assert await rpc("Location.Delete", {"id": 1}) == {"deleted": True}
    assert await rpc("Location.Unassign", {"shellyID": device.id}) == {"unassigned": True}
    assert await rpc("Location.Unassign", {"shellyID": device.id}) == {"unassigned": False}


async def test_bad_tags_and_locations_are_refused(rpc: Rpc, device: Any) -> None:
    for name, parent in (("House", None), ("Floor", 1), ("Room", 2)):
        await rpc("Location.Create", {"name": name, "parent": parent})
    for number in range(3, 20):
        await rpc("Location.Create", {"name": "Deeper", "parent": number})
    for method, params, code in [
        ("Tag.Add", {"shellyID": "nobody", "tag": "x"}, -32600),
        ("Tag.Add", {"shellyID": device.id, "tag": " "}, -32602),
        ("Tag.Add", {"shellyID": device.id, "tag": "x" * 51}, -32602),
        ("Tag.Add", {"shellyID": device.id, "tag": "x\u0000"}, -32602),
        ("Tag.Set", {"shellyID": device.id, "tags": [str(number) for number in range(51)]}, -32602),
        ("Location.Create", {"name": "x", "parent": 99}, -32602),
        ("Location.Create", {"name": "too deep", "parent": 20}, -32602),
        ("Location.Move", {"id": 1, "parent": 3}, -32602),
        ("Location.Move", {"id": 1, "parent": 1}, -32602),
        ("Location.Move", {"id": 99}, -32004),
        ("Location.Rename", {"id": 99, "newName": "x"}, -32004),
        ("Location.Delete", {"id": 99}, -32004),
        ("Location.Assign", {"id": 99, "shellyID": device.id}, -32004),
        ("Location.Assign", {"id": 1, "shellyID": "nobody"}, -32600),
    ]:
        with pytest.raises(rpc.Error) as caught:
            await rpc(method, params)
        assert caught.value.code == code, (method, params)
        if params == {"id": 1, "parent": 3}:
            assert caught.value.data["errors"] == [
                {
                    "path": "parent",
                    "message": "a location cannot be within itself: 1 (House) → 2 (Floor) → 3 (Room) → 1",
                }
            ]


async def test_groups_tags_and_locations_are_destinations(fleet: TestedFleet, rpc: Rpc, device: Any) -> None:
    other = (await fleet.add_device("Plus2PM")).id
    both = sorted([device.id, other])
    await rpc("Group.Create", {"name": "All", "query": "gen = 2", "devices": ["shellyplus1-0123456789ab"]})
    await rpc("Location.Create", {"name": "House"})
    await rpc("Location.Create", {"name": "Room", "parent": 1})
    for name in both:
        await rpc("Tag.Add", {"shellyID": name, "tag": "spare"})
        await rpc("Location.Assign", {"id": 2, "shellyID": name})
    for destination in ("group:1", "tag:Spare", "location:1"):
        answers = await call(fleet, destination)
        assert sorted(answer["src"] for answer in answers) == both
        assert all("result" in answer for answer in answers)
    for destination in ("group:9", "group:x", "tag:none", "location:9"):
        (answer,) = await call(fleet, destination)
        assert answer["error"]["code"] == -32004


async def test_who_may_not_see_a_device_neither_meets_nor_loses_it(
    fleet: TestedFleet, rpc: Rpc, guest: Any, device: Any
) -> None:
    hidden = (await fleet.add_device("Plus2PM")).id
    await rpc("Group.Create", {"name": "All", "query": "gen = 2", "devices": [hidden, device.id]})
    await rpc("Location.Create", {"name": "House"})
    for name in (hidden, device.id):
        await rpc("Tag.Add", {"shellyID": name, "tag": "spare"})
        await rpc("Location.Assign", {"id": 1, "shellyID": name})
    seen = await guest("Group.Get", {"id": 1})
    assert (seen["devices"], seen["size"]) == ([device.id], 1)
    assert (await guest("Group.List"))["1"] == seen
    assert await guest("Group.GetMembers", {"id": 1}) == [device.id]
    assert await guest("Group.Find", {"shellyID": hidden}) == []
    assert await guest("Group.Match", {"query": "gen = 2"}) == {"total": 1, "devices": [device.id]}
    assert await guest("Tag.List") == {"spare": [device.id]}
    assert (await guest("Location.List"))[0]["devices"] == [device.id]
    for method, params in [
        ("Tag.List", {"shellyID": hidden}),
        ("Tag.Add", {"shellyID": hidden, "tag": "mine"}),
        ("Location.Unassign", {"shellyID": hidden}),
    ]:
        with pytest.raises(guest.Error, match="No such device"):
            await guest(method, params)
    assert sorted(answer["src"] for answer in await call(fleet, "group:1", token="token-of-the-guest")) == [device.id]
    await guest("Group.Set", {"id": 1, "devices": []})
    assert (await rpc("Group.Get", {"id": 1}))["devices"] == [hidden]


async def call(fleet: TestedFleet, destination: str, *, token: str | None = None) -> Any:
    """What ``POST /rpc`` answers to a call of several devices."""
    import aiohttp

    body = {"id": 1, "method": "Switch.GetStatus", "params": {"id": 0}, "dst": destination}
    headers = {"Authorization": f"Bearer {token or fleet.token}"}
    async with (
        aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=30)) as session,
        session.post(f"{fleet.url}/rpc", json=body) as response,
    ):
        return await response.json()
