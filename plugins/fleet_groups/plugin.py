"""What the plugin contributes, and when it is alive."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from fleet_groups.group_methods import GroupMethods
from fleet_groups.location_methods import LocationMethods
from fleet_groups.state import State, running
from fleet_groups.tag_methods import TagMethods
from plugin_sdk import (
    JSON,
    DeviceId,
    EventType,
    Fleet,
    Metadata,
    Method,
    Migrations,
    Panel,
    Service,
    hookimpl,
)
from plugin_sdk.errors import Unavailable

CACHE_S = 3_600.0
"""Metadata is renewed with each change; that it is asked again now and then mends what was missed."""


class Groups:
    """The plugin ``groups``."""

    def __init__(self) -> None:
        self._state: State | None = None
        self._groups = GroupMethods(self._opened)
        self._tags = TagMethods(self._opened)
        self._locations = LocationMethods(self._opened)

    @hookimpl
    def fleet_register_migrations(self) -> Migrations:
        """Tables of groups, tags and locations."""
        return Migrations(folder=Path(__file__).parent / "migrations")

    @hookimpl
    def fleet_register_methods(self) -> list[Method]:
        """``Group.*``, ``Tag.*``, ``Location.*``."""
        return [*self._groups.methods(), *self._tags.methods(), *self._locations.methods()]

    @hookimpl
    def fleet_register_events(self) -> list[EventType]:
        """Changes of groups, tags and locations."""
        return EVENTS

    @hookimpl
    def fleet_register_services(self) -> list[Service]:
        """What may stand in ``dst``."""
        return [
            Service(interface="destination", name="group", implementation=self._groups.destination),
            Service(interface="destination", name="tag", implementation=self._tags.destination),
            Service(interface="destination", name="location", implementation=self._locations.destination),
        ]

    @hookimpl
    def fleet_register_metadata(self) -> list[Metadata]:
        """``groups``, ``tags`` and ``location`` of a device."""
        return [Metadata(name="groups", describe=self._describe, cache_s=CACHE_S)]

    @hookimpl
    def fleet_register_panels(self) -> list[Panel]:
        """One page."""
        return [
            Panel(
                name="groups",
                kind="page",
                title="Groups",
                module="groups.js",
                element="fleet-groups",
                icon="groups.svg",
                order=15,
                permission="group.list",
            )
        ]

    @hookimpl
    @asynccontextmanager
    async def fleet_lifespan(self, fleet: Fleet) -> AsyncIterator[None]:
        """Groups can be used, and are kept true, while this is entered."""
        async with running(fleet) as state:
            self._state = state
            try:
                yield
            finally:
                self._state = None

    async def _describe(self, device: DeviceId) -> Mapping[str, JSON]:
        return self._opened().describe(device.lower())

    def _opened(self) -> State:
        if self._state is None:
            raise Unavailable(part="groups")
        return self._state


EVENTS = [
    EventType(
        name="Group.Created",
        summary="Somebody made a group.",
        params={"id": "its number", "name": "what it is called"},
        permission="group.list",
    ),
    EventType(
        name="Group.Changed",
        summary="Devices joined or left a group, or somebody changed it.",
        params={
            "id": "its number",
            "name": "what it is called",
            "added": "devices that joined",
            "removed": "devices that left",
            "reason": "`edited` by somebody, `live` where devices changed, or a device was `deleted`",
        },
        permission="group.list",
    ),
    EventType(
        name="Group.Deleted",
        summary="Somebody deleted a group.",
        params={"id": "its number", "name": "its name"},
        permission="group.list",
    ),
    EventType(
        name="Tag.Changed",
        summary="A device has other tags, or a tag has another name on all devices, or none.",
        params={"shellyID": "the device", "tags": "all its tags", "tag": "the tag", "newName": "its new name or null"},
        permission="tag.list",
    ),
    EventType(
        name="Location.Changed",
        summary="A location was created, renamed, moved or deleted, or a device assigned or unassigned.",
        params={"id": "the location", "name": "its name", "shellyID": "the device", "reason": "what happened"},
        permission="location.list",
    ),
]
