"""``Location.*``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from fleet_groups.group_methods import known_to
from fleet_groups.locations import MAX_DEPTH, Location
from fleet_groups.names import Id, Name, NewName, ShellyId, caller, printable
from fleet_groups.sight import Sight
from fleet_groups.state import Opened, State
from plugin_sdk import Call, JSONObject, Method, Principal
from plugin_sdk.errors import Conflict, InvalidParams, NotFound

MAX_LOCATIONS = 10_000
Kind = Annotated[str, StringConstraints(strip_whitespace=True, max_length=50), AfterValidator(printable)]


class LocationMethods:
    """Handlers of ``Location.*``."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def methods(self) -> list[Method]:
        """Declare them."""
        return [
            Method(name="Location.Create", handler=self.create),
            Method(name="Location.Rename", handler=self.rename),
            Method(name="Location.Move", handler=self.move),
            Method(name="Location.Delete", handler=self.delete),
            Method(name="Location.List", handler=self.list, read_only=True),
            Method(name="Location.Assign", handler=self.assign),
            Method(name="Location.Unassign", handler=self.unassign),
        ]

    async def create(self, name: Name, parent: Id | None = None, kind: Kind = "") -> JSONObject:
        """Make a location, within another one or at the top: `{id, name, parent, kind}`."""
        state = self._opened()

        async def turn() -> Location:
            if len(state.locations.places) >= MAX_LOCATIONS:
                raise Conflict(f"there are {MAX_LOCATIONS} locations, which is the most there may be")
            _check_parent(state, parent)
            place = await state.locations.create(name, parent, kind)
            _tell(state, place, "created")
            return place

        return _described(await state.turns.take(turn))

    async def rename(self, id: Id, new_name: NewName, kind: Kind | None = None) -> JSONObject:  # noqa: A002
        """Call a location differently, and its kind if one is given: `{renamed: true}`."""
        state = self._opened()

        async def turn() -> Sequence[str]:
            _find(state, id)
            await state.locations.change(id, name=new_name, kind=kind)
            _tell(state, state.locations.places[id], "renamed")
            return state.locations.devices_within(id)

        await state.watch.consider(await state.turns.take(turn), "location")
        return {"renamed": True}

    async def move(self, id: Id, parent: Id | None = None) -> JSONObject:  # noqa: A002
        """Put a location with all it holds into another one, or at the top: `{moved: true}`."""
        state = self._opened()

        async def turn() -> Sequence[str]:
            _find(state, id)
            _check_parent(state, parent, moved=id)
            await state.locations.move(id, parent)
            _tell(state, state.locations.places[id], "moved")
            return state.locations.devices_within(id)

        await state.watch.consider(await state.turns.take(turn), "location")
        return {"moved": True}

    async def delete(self, id: Id) -> JSONObject:  # noqa: A002
        """Remove a location: `{deleted: true}`; what it held goes to the location around it."""
        state = self._opened()

        async def turn() -> Sequence[str]:
            place = _find(state, id)
            devices = state.locations.devices_within(id)
            await state.locations.delete(id)
            _tell(state, place, "deleted")
            return devices

        await state.watch.consider(await state.turns.take(turn), "location")
        return {"deleted": True}

    async def list(self, call: Call) -> Sequence[JSONObject]:
        """All locations, each after the one around it: `{id, name, parent, kind, devices}` with those right there."""
        state = self._opened()
        sight = Sight(state.fleet, caller(call))
        places = [each for top in state.locations.inside(None) for each in state.locations.within(top)]
        return [
            {**_described(state.locations.places[number]), "devices": await sight.of(state.locations.devices(number))}
            for number in places
            if number in state.locations.places
        ]

    async def assign(self, call: Call, id: Id, shelly_id: ShellyId) -> JSONObject:  # noqa: A002
        """Say where a device is: `{assigned}`, false if it is there already. It leaves where it was."""
        state = self._opened()
        return {"assigned": await _assign(state, Sight(state.fleet, caller(call)), shelly_id, id)}

    async def unassign(self, call: Call, shelly_id: ShellyId) -> JSONObject:
        """Take a device out of its location: `{unassigned}`, false if it has none."""
        state = self._opened()
        return {"unassigned": await _assign(state, Sight(state.fleet, caller(call)), shelly_id, None)}

    def destination(self, name: str, principal: Principal) -> Sequence[str] | None:
        """Devices at ``location:<id>`` and within, as far as the caller may see them."""
        state = self._opened()
        number = int(name) if name.isdecimal() and len(name) < 17 else 0
        if number not in state.locations.places:
            return None
        return known_to(state, state.locations.devices_within(number), principal)


async def _assign(state: State, sight: Sight, name: str, number: int | None) -> bool:
    device = sight.device(name)
    key = device.id.lower()

    async def turn() -> bool:
        if number is not None:
            _find(state, number)
        if state.locations.of.get(key) == number or state.fleet.devices.get(key) is None:
            return False
        await state.locations.assign(key, number)
        reason = "unassigned" if number is None else "assigned"
        state.fleet.publish(
            "Location.Changed", {"id": number, "shellyID": device.id, "reason": reason}, device=device.id
        )
        await state.watch.consider([key], "location")
        return True

    return await state.turns.take(turn)


def _find(state: State, number: int) -> Location:
    place = state.locations.places.get(number)
    if place is None:
        raise NotFound(location=number)
    return place


def _check_parent(state: State, parent: int | None, *, moved: int | None = None) -> None:
    """Something that is there, not within what is moved, and not too deep down."""
    if parent is None:
        return
    if parent not in state.locations.places:
        raise InvalidParams.at("parent", f"there is no location {parent}")
    way = list(state.locations.outwards(parent))
    if moved is not None and any(place.id == moved for place in way):
        told = " → ".join(f"{place.id} ({place.name})" for place in reversed(way))
        raise InvalidParams.at("parent", f"a location cannot be within itself: {told} → {moved}")
    if len(way) + (1 if moved is None else state.locations.depth(moved)) > MAX_DEPTH:
        raise InvalidParams.at("parent", f"at most {MAX_DEPTH} locations may be within one another")


def _described(place: Location) -> JSONObject:
    return {"id": place.id, "name": place.name, "parent": place.parent, "kind": place.kind}


def _tell(state: State, place: Location, reason: str) -> None:
    state.fleet.publish("Location.Changed", {"id": place.id, "name": place.name, "reason": reason})
