"""``Group.*``: what the predecessor's clients rely on, and what is new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet

STRANGER = "shellyplus1-0123456789ab"


async def refused(rpc: Rpc, method: str, params: dict[str, Any]) -> Any:
    with pytest.raises(rpc.Error) as caught:
        await rpc(method, params)
    return caught.value


async def test_the_predecessors_calls_have_its_shapes(rpc: Rpc, device: Any) -> None:
    group = await rpc("Group.Create", {"name": "Boilers", "devices": [STRANGER]})
    assert {key: group[key] for key in ("id", "name", "devices")} == {"id": 1, "name": "Boilers", "devices": [STRANGER]}
    assert await rpc("Group.Add", {"id": "1", "shellyID": device.id}) == {"added": True}
    assert await rpc("Group.Add", {"id": 1, "shellyID": device.id}) == {"added": False}
    assert await rpc("Group.Add", {"id": 9, "shellyID": device.id}) == {"added": False}
    assert (await rpc("Group.Get", {"id": 1}))["devices"] == [STRANGER, device.id]
    assert (await rpc("Group.List"))["1"] == await rpc("Group.List", {"id": 1}) == await rpc("Group.Get", {"id": "1"})
    assert await rpc("Group.List", {"id": 9}) is None
    assert await rpc("Group.Get", {"id": 9}) is None
    assert await rpc("Group.Find", {"shellyID": device.id}) == [1]
    assert await rpc("Group.Find", {"shellyID": STRANGER}) == [1]
    assert await rpc("Group.Find", {"shellyID": "nobody"}) == []
    assert await rpc("Group.Rename", {"id": 1, "newName": "Heaters"}) == {"renamed": True}
    assert await rpc("Group.Rename", {"id": 9, "newName": "Heaters"}) == {"renamed": False}
    assert await rpc("Group.Delete", {"id": 1}) == {"deleted": True}
    assert await rpc("Group.Delete", {"id": 1}) == {"deleted": False}
    assert await rpc("Group.List") == {}


async def test_removing_who_is_no_member_removes_nobody(rpc: Rpc) -> None:
    await rpc("Group.Create", {"name": "Boilers", "devices": [STRANGER]})
    assert await rpc("Group.Remove", {"id": 1, "shellyID": "somebody-else"}) == {"removed": False}
    assert await rpc("Group.GetMembers", {"id": 1}) == [STRANGER]
    assert await rpc("Group.Remove", {"id": 1, "shellyID": STRANGER.upper()}) == {"removed": True}
    assert await rpc("Group.GetMembers", {"id": 1}) == []


async def test_set_makes_and_changes_and_leaves_alone_what_is_left_out(rpc: Rpc) -> None:
    made = await rpc("Group.Set", {"id": 40, "name": "Boilers", "devices": [STRANGER]})
    assert (made["id"], made["devices"]) == (40, [STRANGER])
    assert (await rpc("Group.Create", {"name": "Next"}))["id"] == 41
    await rpc("Group.Set", {"id": 40, "query": "gen = 2", "groups": [41]})
    known = await rpc("Group.Set", {"id": 40, "name": "Heaters"})
    assert (known["name"], known["query"], known["groups"], known["devices"]) == (
        "Heaters",
        "gen = 2",
        [41],
        [STRANGER],
    )
    assert await rpc("Group.Set", known) == known
    assert (await rpc("Group.Set", {"id": 40, "query": ""}))["query"] == ""
    assert (await rpc("Group.Get", {"id": 41}))["parents"] == [40]


async def test_a_mac_and_any_case_name_the_same_device(rpc: Rpc, device: Any) -> None:
    await rpc("Group.Create", {"name": "Boilers", "devices": [device.id.upper(), device.id.rpartition("-")[2].upper()]})
    assert (await rpc("Group.Get", {"id": 1}))["devices"] == [device.id]


async def test_bad_wishes_are_refused_with_the_reason_and_change_nothing(rpc: Rpc) -> None:
    await rpc("Group.Create", {"name": "Inner"})
    await rpc("Group.Create", {"name": "Outer", "groups": [1]})
    await rpc("Group.Create", {"name": "Asking", "query": "group = 2"})
    before = await rpc("Group.List")
    for params, path, message in [
        ({"id": 1, "groups": [1]}, "groups", "a group cannot be within itself: 1 (Inner) → 1 (Inner)"),
        ({"id": 1, "groups": [2]}, "groups", "a group cannot be within itself: "),
        ({"id": 1, "query": "group = 3"}, "query", "a group cannot be within itself: "),
        ({"id": 1, "query": "group = 1"}, "query", "a group cannot be within itself: 1 (Inner) → 1 (Inner)"),
        ({"id": 1, "groups": [77]}, "groups", "there is no group 77"),
        ({"id": 1, "query": "group = 77"}, "query", "there is no group 77"),
        ({"id": 1, "query": "gen >="}, "query", "at 7: expected a value"),
        ({"id": 9, "devices": []}, "name", "a new group needs a name"),
        ({"id": 2**40, "name": "far"}, "id", "a new group has a number up to 1000000000"),
    ]:
        error = await refused(rpc, "Group.Set", params)
        assert error.code == -32602, params
        assert error.data["errors"][0]["path"] == path
        assert error.data["errors"][0]["message"].startswith(message)
    calls: list[tuple[str, dict[str, Any]]] = [
        ("Group.Create", {"name": " "}),
        ("Group.Create", {"name": "a\u0000b"}),
        ("Group.Create", {"name": "x", "devices": [""]}),
        ("Group.Create", {"name": "x", "query": "name = \u0000"}),
        ("Group.Set", {"id": 0, "name": "x"}),
        ("Group.Set", {"id": "one", "name": "x"}),
        ("Group.Add", {"id": 1, "shellyID": "x" * 101}),
        ("Group.Match", {"query": ""}),
        ("Group.Match", {"query": "group = 77"}),
    ]
    for method, wish in calls:
        assert (await refused(rpc, method, wish)).code == -32602, wish
    assert (await refused(rpc, "Group.GetMembers", {"id": 77})).code == -32004
    error = await refused(rpc, "Group.Delete", {"id": 2})
    assert (error.code, error.data["groups"]) == (-32009, [3])
    assert await rpc("Group.List") == before


async def test_groups_within_groups_share_their_members_each_once(rpc: Rpc, fleet: TestedFleet) -> None:
    devices = sorted([(await fleet.add_device("Plus1PM", seed=seed)).id for seed in (1, 2, 3)])
    await rpc("Group.Create", {"name": "Inner", "devices": devices[:2]})
    await rpc("Group.Create", {"name": "Middle", "devices": devices[1:2], "groups": [1]})
    outer = await rpc("Group.Create", {"name": "Outer", "groups": [2, 1], "query": "app = nothing"})
    assert (outer["devices"], outer["size"]) == ([], 2)
    assert await rpc("Group.GetMembers", {"id": 3}) == devices[:2]
    await rpc("Group.Add", {"id": 1, "shellyID": devices[2]})
    assert await rpc("Group.GetMembers", {"id": 3}) == devices
    assert await rpc("Group.Find", {"shellyID": devices[2]}) == [1, 2, 3]
    await rpc("Group.Set", {"id": 3, "groups": [2]})
    await rpc("Group.Delete", {"id": 1})
    assert await rpc("Group.GetMembers", {"id": 3}) == devices[1:2]
    assert (await rpc("Group.Get", {"id": 2}))["groups"] == []
