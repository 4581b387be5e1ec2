"""What the plugin contributes, and when it is alive."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fleet_registries.dashboards import with_first
from fleet_registries.device_setup import SetupMethods
from fleet_registries.registries import Registries
from fleet_registries.storage import CHANGED, DASHBOARDS, UI, StorageMethods
from plugin_sdk import EventType, Fleet, Method, Migrations, hookimpl
from plugin_sdk.errors import Unavailable


class RegistriesPlugin:
    """The plugin ``registries``."""

    def __init__(self) -> None:
        self._registries: Registries | None = None

    @hookimpl
    def fleet_register_migrations(self) -> Migrations:
        """The table of values."""
        return Migrations(folder=Path(__file__).parent / "migrations")

    @hookimpl
    def fleet_register_methods(self) -> list[Method]:
        """``Storage.*`` and ``Device.GetSetup``."""
        return [*StorageMethods(self._opened).methods(), *SetupMethods(self._opened).methods()]

    @hookimpl
    def fleet_register_events(self) -> list[EventType]:
        """One event."""
        return [
            EventType(
                name=CHANGED,
                summary="A value of a registry was set or removed.",
                params={"registry": "its registry", "key": "its key"},
                permission="storage.keys",
            )
        ]

    @hookimpl
    @asynccontextmanager
    async def fleet_lifespan(self, fleet: Fleet) -> AsyncIterator[None]:
        """Registries can be used while this is entered; there is always a first dashboard."""
        registries = Registries(fleet.sql)
        present = await registries.get(UI, DASHBOARDS)
        if with_first(present) != present:
            await registries.change(UI, DASHBOARDS, with_first)
        self._registries = registries
        try:
            yield
        finally:
            self._registries = None

    def _opened(self) -> Registries:
        if self._registries is None:
            raise Unavailable(part="registries")
        return self._registries
