"""``Group.*``. Names, parameters and answers are the predecessor's where it had them.

Source: Shelly Fleet Manager 0.2-alpha, component ``group``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated

from pydantic import Field

from fleet_groups import group_changes
from fleet_groups.group_changes import Wish, find, readable
from fleet_groups.memberships import Group
from fleet_groups.names import DeviceName, Id, Name, NewName, ShellyId, Text, caller
from fleet_groups.query import Known
from fleet_groups.sight import Sight
from fleet_groups.slices import sliced
from fleet_groups.state import Opened, State
from plugin_sdk import JSON, Call, JSONObject, Method, Principal
from plugin_sdk.errors import InvalidParams

DeviceNames = Annotated[list[DeviceName], Field(max_length=20_000)]
GroupIds = Annotated[list[Id], Field(max_length=1_000)]


class GroupMethods:
    """Handlers of ``Group.*``."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def methods(self) -> list[Method]:
        """Declare them."""
        return [
            Method(name="Group.Create", handler=self.create),
            Method(name="Group.Add", handler=self.add),
            Method(name="Group.Remove", handler=self.remove),
            Method(name="Group.Delete", handler=self.delete),
            Method(name="Group.List", handler=self.list, read_only=True),
            Method(name="Group.Get", handler=self.get, read_only=True),
            Method(name="Group.Rename", handler=self.rename),
            Method(name="Group.Set", handler=self.set),
            Method(name="Group.Find", handler=self.find, read_only=True),
            Method(name="Group.GetMembers", handler=self.get_members, read_only=True),
            Method(name="Group.Match", handler=self.match, read_only=True),
        ]

    async def create(
        self,
        call: Call,
        name: Name,
        devices: DeviceNames | None = None,
        groups: GroupIds | None = None,
        query: Text = "",
    ) -> JSONObject:
        """Make a group of devices, of other groups, and of devices that fit a query; answers with the group."""
        state, principal = self._opened(), caller(call)
        wish = Wish(name=name, devices=_keyed(state, devices or ()), inner=groups, text=query)
        group = await state.turns.take(lambda: group_changes.create(state, wish))
        await state.watch.evaluate([group.id])
        return await _described(state, group, Sight(state.fleet, principal))

    async def set(
        self,
        call: Call,
        id: Id,  # noqa: A002  # the wire's name
        name: Name | None = None,
        devices: DeviceNames | None = None,
        groups: GroupIds | None = None,
        query: Text | None = None,
        parents: GroupIds | None = None,  # noqa: ARG002  # what Get answers may be sent back
        size: int | None = None,  # noqa: ARG002
    ) -> JSONObject:
        """Change a group, or make it if there is none of this id; answers with the group.

        What is left out stays. Devices that the caller may not see stay in the group.
        """
        state, sight = self._opened(), Sight(self._opened().fleet, caller(call))

        async def turn() -> Group:
            known = state.memberships.groups.get(id)
            wanted = None if devices is None else _keyed(state, devices)
            if known is not None and wanted is not None:
                wanted.update((key, spelt) for key, spelt in known.devices.items() if not sight.sees(key, spelt))
            wish = Wish(name=name, devices=wanted, inner=groups, text=query)
            if known is None:
                return await group_changes.create(state, wish, id)
            await group_changes.change(state, known, wish)
            return known

        group = await state.turns.take(turn)
        await state.watch.evaluate([group.id])
        return await _described(state, group, sight)

    async def add(self, id: Id, shelly_id: ShellyId) -> JSONObject:  # noqa: A002
        """Put a device into a group: `{added}`, false if there is no such group or it is in it already."""
        state = self._opened()
        ((key, spelt),) = _keyed(state, [shelly_id]).items()

        async def turn() -> bool:
            group = state.memberships.groups.get(id)
            return group is not None and await group_changes.add(state, group, key, spelt)

        return {"added": await state.turns.take(turn)}

    async def remove(self, id: Id, shelly_id: ShellyId) -> JSONObject:  # noqa: A002
        """Take a device out of a group: `{removed}`, false if it was not put into it by hand."""
        state = self._opened()
        (key,) = _keyed(state, [shelly_id])

        async def turn() -> bool:
            group = state.memberships.groups.get(id)
            return group is not None and await group_changes.remove(state, group, key)

        return {"removed": await state.turns.take(turn)}

    async def rename(self, id: Id, new_name: NewName) -> JSONObject:  # noqa: A002
        """Call a group differently: `{renamed}`, false if there is no such group."""
        state = self._opened()

        async def turn() -> bool:
            group = state.memberships.groups.get(id)
            if group is not None:
                await group_changes.rename(state, group, new_name)
            return group is not None

        return {"renamed": await state.turns.take(turn)}

    async def delete(self, id: Id) -> JSONObject:  # noqa: A002
        """Forget a group, not its devices: `{deleted}`, false if there is no such group."""
        state = self._opened()

        async def turn() -> list[int] | None:
            group = state.memberships.groups.get(id)
            return None if group is None else await group_changes.delete(state, group)

        outer = await state.turns.take(turn)
        if outer:
            await state.watch.evaluate(outer)
        return {"deleted": outer is not None}

    async def list(self, call: Call, id: Id | None = None) -> JSON:  # noqa: A002
        """All groups as an object by id; with an id that group, or null."""
        if id is not None:
            return await self.get(call, id)
        state = self._opened()
        sight = Sight(state.fleet, caller(call))
        groups = sorted(state.memberships.groups.items())
        return {str(number): await _described(state, group, sight) for number, group in groups}

    async def get(self, call: Call, id: Id) -> JSONObject | None:  # noqa: A002
        """One group: id, name, the devices and groups put into it, its query, and how many members it has; or null."""
        state = self._opened()
        group = state.memberships.groups.get(id)
        return None if group is None else await _described(state, group, Sight(state.fleet, caller(call)))

    def find(self, call: Call, shelly_id: ShellyId) -> Sequence[int]:
        """Ids of all groups that a device belongs to, be it by hand, through another group or by a query."""
        state = self._opened()
        (key,) = _keyed(state, [shelly_id])
        return sorted(state.memberships.of.get(key, ())) if Sight(state.fleet, caller(call)).sees(key) else []

    async def get_members(self, call: Call, id: Id) -> Sequence[str]:  # noqa: A002
        """Ids of all devices that belong to a group, each once."""
        state = self._opened()
        return await Sight(state.fleet, caller(call)).of(find(state, id).members)

    async def match(self, call: Call, query: Text, limit: Annotated[int, Field(ge=1, le=1_000)] = 100) -> JSONObject:
        """Devices that fit a query now: `{total, devices}` with the first of them."""
        state = self._opened()
        sight, asked = Sight(state.fleet, caller(call)), readable(query)
        unknown = [number for number in asked.needs.groups if number not in state.memberships.groups]
        if unknown:
            raise InvalidParams.at("query", f"there is no group {unknown[0]}")
        found = []
        async for device in sliced(state.fleet.devices):
            key = device.id.lower()
            # What is read for a question is not kept: it would be for any path that anybody thinks of.
            subject = state.subject(device, Known(), state.memberships.of.get(key, frozenset()))
            if asked.test(subject) and sight.sees(key):
                found.append(device.id)
        found.sort()
        return {"total": len(found), "devices": found[:limit]}

    def destination(self, name: str, principal: Principal) -> Collection[str] | None:
        """Members of the group that ``group:<id>`` names, as far as the caller may see them."""
        state = self._opened()
        group = state.memberships.groups.get(int(name)) if name.isdecimal() and len(name) < 17 else None
        return None if group is None else known_to(state, group.members, principal)


def known_to(state: State, keys: Collection[str], principal: Principal) -> Sequence[str]:
    """Those of some devices that are there and that somebody may see."""
    sight = Sight(state.fleet, principal)
    devices = [device for key in sorted(keys) if (device := state.fleet.devices.get(key)) is not None]
    return [device.id for device in devices if sight.sees(device.id.lower())]


def _keyed(state: State, names: Sequence[str]) -> dict[str, str]:
    """Lower-case ids to ids as they are written; a device that is not known yet is taken at its word."""
    devices = [(state.fleet.devices.get(name), name) for name in names]
    spelt = [name if device is None else str(device.id) for device, name in devices]
    return {name.lower(): name for name in spelt}


async def _described(state: State, group: Group, sight: Sight) -> JSONObject:
    listed = [
        sight.spelt(key, spelt) async for key, spelt in sliced(list(group.devices.items())) if sight.sees(key, spelt)
    ]
    size = 0
    async for key in sliced(list(group.members)):
        size += sight.sees(key)
    return {
        "id": group.id,
        "name": group.name,
        "devices": listed,
        "groups": list(group.inner),
        "query": group.text,
        "parents": state.memberships.outer(group.id),
        "size": size,
    }
