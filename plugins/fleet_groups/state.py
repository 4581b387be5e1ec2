"""All that lives while the plugin runs: what is stored, who belongs where, who listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from typing import TypeAlias

from fleet_groups.announcements import Announcements
from fleet_groups.group_store import GroupStore
from fleet_groups.locations import Locations
from fleet_groups.memberships import Memberships
from fleet_groups.query import Known, Subject
from fleet_groups.tags import Tags
from fleet_groups.turns import Turns
from fleet_groups.watch import Watch
from plugin_sdk import Device, Fleet, JSONObject
from plugin_sdk.errors import Unavailable

Opened: TypeAlias = Callable[[], "State"]
"""The state, while the plugin runs; raises ``Unavailable`` otherwise."""

AGAIN_S = 5.0
_NO_TAGS: frozenset[str] = frozenset()


class State:
    """The parts and how they hang together."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.store = GroupStore(fleet.sql)
        self.tags = Tags(fleet.sql)
        self.locations = Locations(fleet.sql)
        self.turns = Turns()
        self.news = Announcements(fleet)
        self.memberships = Memberships(self._subject, self.news.changed)
        self.watch = Watch(fleet, self.memberships, self.news, forget=self._forget, deleted=self._deleted)
        self._known: dict[str, Known] = {}
        self._gone: set[str] = set()
        self._some_gone = asyncio.Event()

    def subject(self, device: Device, known: Known, groups: AbstractSet[int]) -> Subject:
        """A device as queries see it."""
        key = device.id.lower()
        return Subject(
            device,
            known,
            tags=self.tags.of.get(key, _NO_TAGS),
            places=self.locations.around(key),
            groups=groups,
        )

    def describe(self, key: str) -> JSONObject:
        """What the metadata of a device says: ``{groups, tags, location}``."""
        return {
            "groups": sorted(self.memberships.of.get(key, ())),
            "tags": sorted(self.tags.of.get(key, ())),
            "location": self.locations.of.get(key),
        }

    def _subject(self, key: str, groups: AbstractSet[int]) -> Subject | None:
        device = self.fleet.devices.get(key)
        if device is None:
            return None
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Known()
        return self.subject(device, known, groups)

    def _forget(self, key: str) -> None:
        self._known.pop(key, None)

    # ---- deleted devices ------------------------------------------------------------------------------------

    def _deleted(self, key: str) -> None:
        self._gone.add(key)
        self._some_gone.set()

    async def forget_deleted(self) -> None:
        """Take deleted devices out of everything, for ever; while the database is away, later."""
        while True:
            await self._some_gone.wait()
            self._some_gone.clear()
            try:
                for key in list(self._gone):
                    await self.turns.take(lambda key=key: self._forget_device(key))  # type: ignore[misc]
                    self._gone.discard(key)
            except Unavailable:
                await asyncio.sleep(AGAIN_S)
                self._some_gone.set()

    async def _forget_device(self, key: str) -> None:
        await self.store.forget_device(key)
        ids = self.memberships.concerned(key)
        for number in ids:
            self.memberships.groups[number].devices.pop(key, None)
        self.tags.forget(key)
        self.locations.forget(key)
        self.memberships.settle(key, ids, "deleted")
        self.news.flush()


@asynccontextmanager
async def running(fleet: Fleet) -> AsyncIterator[State]:
    """Read what is stored and work out all members, then keep them true."""
    state = State(fleet)
    await state.tags.load()
    await state.locations.load()
    groups = await state.store.load()
    for group in groups:
        if group.text and group.query is None:
            fleet.log.warning("the query of group %s cannot be read: %s", group.id, group.text)
    state.memberships.put(*groups)
    fleet.start(state.turns.run, name="changes")
    fleet.start(state.watch.listen_to_life, name="life")
    fleet.start(state.watch.listen_to_status, name="status")
    fleet.start(state.watch.settle, name="members")
    fleet.start(state.forget_deleted, name="deleted devices")
    await state.watch.evaluate(())
    state.news.renew([*state.memberships.of, *state.tags.of, *state.locations.of])
    state.news.flush()
    yield state
