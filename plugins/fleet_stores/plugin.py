"""What the plugin contributes: one method and one event for each kind of thing that devices store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from fleet_stores.kinds import KINDS, Kind
from fleet_stores.shelf import Shelf
from fleet_stores.watch import Watch
from plugin_sdk import Call, Device, EventType, Fleet, JSONObject, Method, Migrations, hookimpl
from plugin_sdk.errors import InvalidParams, PermissionDenied, Unavailable, UnknownDevice

ShellyId = Annotated[str | None, Field(alias="shellyID", min_length=1, max_length=100)]
Id = Annotated[str | None, Field(min_length=1, max_length=100)]


class Stores:
    """The plugin ``stores``."""

    def __init__(self) -> None:
        self._watch: Watch | None = None

    @hookimpl
    def fleet_register_migrations(self) -> Migrations:
        """The table of what was read."""
        return Migrations(folder=Path(__file__).parent / "migrations")

    @hookimpl
    def fleet_register_methods(self) -> list[Method]:
        """``Device.GetKVS`` and its like. Writing goes to the device itself: ``KVS.Set`` with its id as ``dst``."""
        return [
            Method(
                name=kind.method,
                handler=self._getter(kind),
                read_only=True,
                timeout_s=60.0,
                summary=f"What a device stores as {kind.name}: `{{shellyID, {kind.name}, current, read}}`.",
            )
            for kind in KINDS
        ]

    @hookimpl
    def fleet_register_events(self) -> list[EventType]:
        """``Shelly.KVS`` and its like."""
        return [
            EventType(
                name=kind.event,
                summary=f"What a device stores as {kind.name} changed, and was read.",
                params={"shellyID": "the device's id", kind.name: f"as in `{kind.method}`"},
                device=True,
                permission=kind.method.lower(),
            )
            for kind in KINDS
        ]

    @hookimpl
    @asynccontextmanager
    async def fleet_lifespan(self, fleet: Fleet) -> AsyncIterator[None]:
        """Watches while this is entered."""
        shelf = Shelf(fleet.sql)
        await shelf.load(device.id for device in fleet.devices)
        self._watch = Watch(fleet, shelf)
        self._watch.start()
        try:
            yield
        finally:
            self._watch = None

    def _getter(self, kind: Kind) -> Callable[..., Any]:
        async def get(
            fleet: Fleet,
            call: Call,
            shelly_id: ShellyId = None,
            id: Id = None,  # noqa: A002  # the wire's name
            refresh: bool = False,
        ) -> JSONObject:
            """As last read where nothing changed since, else read now.

            ``current`` is false where the device is not there to be asked whether anything changed. ``refresh`` reads
            in any case. ``read`` is when it was read, UTC epoch seconds.
            """
            if self._watch is None:
                raise Unavailable(part="stores")
            device = _named(fleet, call, kind, shelly_id or id)
            return await self._watch.get(kind, device, refresh=refresh)

        return get


def _named(fleet: Fleet, call: Call, kind: Kind, name: str | None) -> Device:
    if name is None:
        raise InvalidParams.at("shellyID", "names the device")
    if call.principal is None:
        raise PermissionDenied(reason="not_signed_in")
    device = fleet.devices.get(name)
    if device is None or not fleet.allows(call.principal, "device.get", device.id):
        raise UnknownDevice(name)
    permission = kind.method.lower()
    if not fleet.allows(call.principal, permission, device.id):
        raise PermissionDenied(permission=permission, device=device.id)
    return device
