"""Where devices are: a tree of places; a device is in one of them at most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from fleet_groups.query import Places
from plugin_sdk import Sql

MAX_DEPTH = 20
"""Places within one another."""

_NOWHERE: Places = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """One place.

    Attributes:
        parent: The place that contains it.
        kind: What it is, in the user's words.
    """

    id: int
    name: str
    parent: int | None
    kind: str


class Locations:
    """All places, in memory and stored. Devices are named by their lower-case ids.

    Attributes:
        places: By id.
        of: Device to the id of the place nearest to it.
    """

    def __init__(self, sql: Sql) -> None:
        self.places: dict[int, Location] = {}
        self.of: dict[str, int] = {}
        self._inner: dict[int | None, list[int]] = {}
        self._devices: dict[int, set[str]] = {}
        self._ways: dict[int, Places] = {}
        self._sql = sql

    async def load(self) -> None:
        """Read what is stored."""
        rows = await self._sql.fetch("SELECT id, name, parent, kind FROM location ORDER BY id")
        self.places = {row["id"]: Location(**row) for row in rows}
        self._changed()
        for row in await self._sql.fetch("SELECT device, location FROM device_location"):
            self._put(row["device"], row["location"])

    # ---- asking ---------------------------------------------------------------------------------------------

    def around(self, device: str) -> Places:
        """Ids and lower-case names of the place of a device and of all that contain it."""
        number = self.of.get(device)
        if number is None:
            return _NOWHERE
        way = self._ways.get(number)
        if way is None:
            way = self._ways[number] = frozenset(
                each for place in self.outwards(number) for each in (place.id, place.name.lower())
            )
        return way

    def outwards(self, number: int | None) -> Iterator[Location]:
        """A place and all that contain it."""
        while number is not None:
            place = self.places[number]
            yield place
            number = place.parent

    def within(self, number: int) -> list[int]:
        """Ids of a place and of all within it."""
        found = [number]
        for each in found:
            found.extend(self._inner.get(each, ()))
        return found

    def inside(self, number: int | None) -> list[int]:
        """Ids of the places right within one, or of those at the top."""
        return list(self._inner.get(number, ()))

    def devices(self, number: int) -> set[str]:
        """Devices right at a place."""
        return self._devices.get(number, set())

    def devices_within(self, number: int) -> list[str]:
        """Devices at a place and at all within it."""
        return [device for each in self.within(number) for device in self.devices(each)]

    def depth(self, number: int) -> int:
        """How many places are within one another, from this one inwards."""
        levels, level = 0, [number]
        while level:
            levels += 1
            level = [inner for each in level for inner in self._inner.get(each, ())]
        return levels

    # ---- changing -------------------------------------------------------------------------------------------

    async def create(self, name: str, parent: int | None, kind: str) -> Location:
        """Add a place."""
        (row,) = await self._sql.fetch(
            "INSERT INTO location (name, parent, kind) VALUES ($1, $2, $3) RETURNING id", name, parent, kind
        )
        place = Location(id=row["id"], name=name, parent=parent, kind=kind)
        self.places[place.id] = place
        self._changed()
        return place

    async def change(self, number: int, *, name: str | None = None, kind: str | None = None) -> None:
        """Give a place another name or kind."""
        place = self.places[number]
        place = replace(place, name=name or place.name, kind=place.kind if kind is None else kind)
        await self._sql.execute(
            "UPDATE location SET name = $2, kind = $3 WHERE id = $1", number, place.name, place.kind
        )
        self.places[number] = place
        self._changed()

    async def move(self, number: int, parent: int | None) -> None:
        """Put a place into another one, or at the top."""
        await self._sql.execute("UPDATE location SET parent = $2 WHERE id = $1", number, parent)
        self.places[number] = replace(self.places[number], parent=parent)
        self._changed()

    async def delete(self, number: int) -> None:
        """Remove a place; what it held goes to the place around it."""
        parent = self.places[number].parent
        devices = list(self.devices(number))
        if parent is None:
            held = "DELETE FROM device_location WHERE location = $1 AND $2::bigint IS NULL"
        else:
            held = "UPDATE device_location SET location = $2 WHERE location = $1"
        await self._sql.execute(
            f"WITH held AS ({held}), inner_places AS (UPDATE location SET parent = $2 WHERE parent = $1)"  # noqa: S608
            " DELETE FROM location WHERE id = $1",
            number,
            parent,
        )
        for device in devices:
            self._put(device, parent)
        for each in self.inside(number):
            self.places[each] = replace(self.places[each], parent=parent)
        del self.places[number]
        self._changed()

    async def assign(self, device: str, number: int | None) -> None:
        """Say where a device is; None for nowhere."""
        if number is None:
            await self._sql.execute("DELETE FROM device_location WHERE device = $1", device)
        else:
            await self._sql.execute(
                "INSERT INTO device_location (device, location) VALUES ($1, $2)"
                " ON CONFLICT (device) DO UPDATE SET location = excluded.location",
                device,
                number,
            )
        self._put(device, number)

    def forget(self, device: str) -> None:
        """A device is gone, and so is what was stored of it."""
        self._put(device, None)

    def _put(self, device: str, number: int | None) -> None:
        before = self.of.pop(device, None)
        if before is not None:
            self._devices[before].discard(device)
        if number is not None:
            self.of[device] = number
            self._devices.setdefault(number, set()).add(device)

    def _changed(self) -> None:
        self._ways.clear()
        self._inner = {}
        for place in self.places.values():
            self._inner.setdefault(place.parent, []).append(place.id)
