"""``Group.*`` (reference 3.4, 6.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .conftest import OldClient
from .shapes import ANY

if TYPE_CHECKING:
    from fleet_platform.testing.platform import TestedFleet

GROUP = {"id": int, "name": str, "devices": [str], ...: ANY}


async def test_the_life_of_a_group(fleet: TestedFleet, ui: OldClient) -> None:
    one, two = await fleet.add_device("Plus1PM", seed=1), await fleet.add_device("Plus1PM", seed=2)
    group = await ui.call("Group.Create", {"name": "Ground floor", "devices": [one.id]}, shape=GROUP)
    number = group["id"]
    assert await ui.call("Group.Add", {"id": number, "shellyID": two.id}) == {"added": True}
    assert await ui.call("Group.Add", {"id": str(number), "shellyID": two.id}) == {"added": False}
    assert await ui.call("Group.Add", {"id": 4711, "shellyID": two.id}) == {"added": False}
    assert (await ui.call("Group.Get", {"id": number}, shape=GROUP))["devices"] == [one.id, two.id]
    assert await ui.call("Group.Find", {"shellyID": two.id}) == [number]
    assert await ui.call("Group.Rename", {"id": number, "newName": "Lobby"}) == {"renamed": True}
    assert await ui.call("Group.Rename", {"id": 4711, "newName": "Lobby"}) == {"renamed": False}
    assert (await ui.call("Group.List", shape={str(number): GROUP}))[str(number)]["name"] == "Lobby"
    assert (await ui.call("Group.List", {"id": number}, shape=GROUP))["name"] == "Lobby"
    assert await ui.call("Group.List", {"id": 4711}) is None
    assert await ui.call("Group.Remove", {"id": number, "shellyID": one.id}) == {"removed": True}
    assert await ui.call("Group.Remove", {"id": number, "shellyID": one.id}) == {"removed": False}
    assert (await ui.call("Group.Get", {"id": number}))["devices"] == [two.id]  # no other member went
    changed = {**await ui.call("Group.Get", {"id": number}), "name": "Hall", "devices": [one.id]}
    wanted = {key: changed[key] for key in ("id", "name", "devices")}
    assert {**await ui.call("Group.Set", wanted), **wanted} == await ui.call("Group.Set", wanted)
    assert (await ui.call("Group.Get", {"id": number}))["devices"] == [one.id]
    assert await ui.call("Group.Delete", {"id": number}) == {"deleted": True}
    assert await ui.call("Group.Delete", {"id": number}) == {"deleted": False}
    assert await ui.call("Group.Get", {"id": number}) is None
    second = await ui.call("Group.Create", {"name": "Again"}, shape=GROUP)
    assert second["id"] > number


async def test_a_group_is_a_destination_and_part_of_metadata(fleet: TestedFleet, ui: OldClient) -> None:
    one, two = await fleet.add_device("Plus1PM", seed=1), await fleet.add_device("Plus1PM", seed=2)
    number = (await ui.call("Group.Create", {"name": "All", "devices": [one.id, two.id]}))["id"]
    await ui.send({"id": 7, "src": "x", "dst": f"group:{number}", "method": "Switch.Toggle", "params": {"id": 0}})
    assert {(await ui.reply())["src"] for _ in range(2)} == {one.id, two.id}
    await ui.subscribe("Shelly.Status", shellyIDs=[one.id])

    async def told() -> bool:
        await ui.call("Switch.Toggle", {"id": 0}, dst=one.id)
        return bool((await ui.event("Shelly.Status"))["metadata"]["groups"] == [number])

    await fleet.until(told)
    assert (await ui.refused("Switch.Toggle", {"id": 0}, dst="group:4711"))["code"] == -32004
