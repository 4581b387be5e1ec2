"""``Tag.*``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from fleet_groups.group_methods import known_to
from fleet_groups.names import MaybeShellyId, ShellyId, Tag, caller
from fleet_groups.sight import Sight
from fleet_groups.state import Opened, State
from plugin_sdk import JSON, Call, Device, JSONObject, Method, Principal
from plugin_sdk.errors import InvalidParams

MAX_TAGS = 50
_NONE: frozenset[str] = frozenset()


class TagMethods:
    """Handlers of ``Tag.*``. Tags have no capital letters."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def methods(self) -> list[Method]:
        """Declare them."""
        return [
            Method(name="Tag.Add", handler=self.add),
            Method(name="Tag.Remove", handler=self.remove),
            Method(name="Tag.Set", handler=self.set),
            Method(name="Tag.List", handler=self.list, read_only=True),
            Method(name="Tag.Rename", handler=self.rename),
            Method(name="Tag.Delete", handler=self.delete),
        ]

    async def add(self, call: Call, shelly_id: ShellyId, tag: Tag) -> JSONObject:
        """Give a device a tag: `{added}`, false if it has it already."""
        state = self._opened()
        device = Sight(state.fleet, caller(call)).device(shelly_id)

        async def turn() -> bool:
            before = state.tags.of.get(device.id.lower(), _NONE)
            return await _put(state, device, before | {tag})

        return {"added": await state.turns.take(turn)}

    async def remove(self, call: Call, shelly_id: ShellyId, tag: Tag) -> JSONObject:
        """Take a tag from a device: `{removed}`, false if it does not have it."""
        state = self._opened()
        device = Sight(state.fleet, caller(call)).device(shelly_id)

        async def turn() -> bool:
            before = state.tags.of.get(device.id.lower(), _NONE)
            return await _put(state, device, before - {tag})

        return {"removed": await state.turns.take(turn)}

    async def set(
        self, call: Call, shelly_id: ShellyId, tags: Annotated[list[Tag], Field(max_length=MAX_TAGS)]
    ) -> JSONObject:
        """Give a device these tags and no others: `{shellyID, tags}`."""
        state = self._opened()
        device = Sight(state.fleet, caller(call)).device(shelly_id)
        await state.turns.take(lambda: _put(state, device, frozenset(tags)))
        return {"shellyID": device.id, "tags": sorted(set(tags))}

    async def list(self, call: Call, shelly_id: MaybeShellyId = None) -> JSON:
        """Each tag with the devices that have it, as an object; with a device its tags, as an array."""
        state = self._opened()
        sight = Sight(state.fleet, caller(call))
        if shelly_id is not None:
            return sorted(state.tags.of.get(sight.device(shelly_id).id.lower(), ()))
        found = {tag: await sight.of(devices) for tag, devices in sorted(state.tags.devices.items())}
        return {tag: devices for tag, devices in found.items() if devices}

    async def rename(self, tag: Tag, new_name: Annotated[Tag, Field(alias="newName")]) -> JSONObject:
        """Call a tag differently on all devices: `{renamed}`; if there is one of that name, the two become one."""
        return {"renamed": tag != new_name and await self._change(tag, new_name)}

    async def delete(self, tag: Tag) -> JSONObject:
        """Take a tag from all devices: `{deleted}`, false if there is none of that name."""
        return {"deleted": await self._change(tag, None)}

    async def _change(self, tag: str, name: str | None) -> bool:
        state = self._opened()

        async def turn() -> Sequence[str]:
            devices = await state.tags.rename(tag, name)
            if devices:
                state.fleet.publish("Tag.Changed", {"tag": tag, "newName": name})
            return devices

        devices = await state.turns.take(turn)
        await state.watch.consider(devices, "tags")
        return bool(devices)

    def destination(self, name: str, principal: Principal) -> Sequence[str] | None:
        """Devices that have the tag that ``tag:<name>`` names, as far as the caller may see them."""
        state = self._opened()
        devices = state.tags.devices.get(name.strip().lower())
        return None if devices is None else known_to(state, devices, principal)


async def _put(state: State, device: Device, tags: frozenset[str]) -> bool:
    """Give a device these tags; whether that changes anything."""
    key = device.id.lower()
    before = state.tags.of.get(key, _NONE)
    if len(tags) > MAX_TAGS:
        raise InvalidParams.at("tag", f"a device has at most {MAX_TAGS} tags")
    if tags == before or state.fleet.devices.get(key) is None:
        return False
    await state.tags.set(key, tags)
    state.fleet.publish("Tag.Changed", {"shellyID": device.id, "tags": sorted(tags)}, device=device.id)
    await state.watch.consider([key], "tags")
    return True
