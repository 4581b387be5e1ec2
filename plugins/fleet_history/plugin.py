"""What the plugin contributes, and when it is alive."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fleet_history.backfill.work import DONE, Work
from fleet_history.choice import Labels
from fleet_history.energy.consumption import Consumption
from fleet_history.energy.tariffs import TariffMethods
from fleet_history.export import PERMISSION, Export
from fleet_history.fields import FieldMethods
from fleet_history.names import ShellyId
from fleet_history.query import Querying, QueryMethods
from fleet_history.settings import HistorySettings
from fleet_history.spans import Zones
from plugin_sdk import Call, EventType, Fleet, JSONObject, Method, Migrations, Panel, Route, Settings, hookimpl
from plugin_sdk.errors import Unavailable


class _Running:
    """What lives as long as the plugin."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.work = Work(fleet)


class History:
    """The plugin ``history``."""

    def __init__(self) -> None:
        self._running: _Running | None = None
        self._zones = Zones(lambda: self._started().fleet)
        labels = Labels(lambda: self._started().fleet)
        questions = QueryMethods(self._zones, labels)
        self._query = Querying(questions)
        self._export = Export(questions, lambda: self._started().fleet)
        self._fields = FieldMethods(self._zones, labels)
        self._consumption = Consumption(self._zones)
        self._tariffs = TariffMethods(self._zones)

    @hookimpl
    def fleet_register_settings(self) -> Settings:
        """The time zone, and how records of meters are read."""
        return Settings(model=HistorySettings)

    @hookimpl
    def fleet_register_migrations(self) -> Migrations:
        """Tariffs, how far meters were read, and functions."""
        return Migrations(folder=Path(__file__).parent / "migrations")

    @hookimpl
    def fleet_register_methods(self) -> list[Method]:
        """``History.*`` and ``Energy.*``."""
        return [
            *self._query.methods(),
            *self._fields.methods(),
            *self._export.methods(),
            *self._consumption.methods(),
            *self._tariffs.methods(),
            Method(name="Energy.Backfill", handler=self.backfill),
        ]

    @hookimpl
    def fleet_register_routes(self) -> list[Route]:
        """What is kept as files."""
        return [
            Route(path="/export.csv", handler=self._export.serve_csv, permission=PERMISSION),
            Route(path="/export.parquet", handler=self._export.serve_parquet, permission=PERMISSION),
        ]

    @hookimpl
    def fleet_register_events(self) -> list[EventType]:
        """What came of reading a meter."""
        return [DONE]

    @hookimpl
    def fleet_register_panels(self) -> list[Panel]:
        """One tab of a device."""
        return [
            Panel(
                name="history",
                kind="device_tab",
                title="History",
                module="history.js",
                element="fleet-history",
                order=30,
                permission="history.query",
            )
        ]

    @hookimpl
    @asynccontextmanager
    async def fleet_lifespan(self, fleet: Fleet) -> AsyncIterator[None]:
        """Meters are read while this is entered."""
        self._running = _Running(fleet)
        self._running.work.start()
        try:
            yield
        finally:
            self._running = None

    async def backfill(self, call: Call, shelly_id: ShellyId) -> JSONObject:
        """Read the records of a device's energy meters where samples are missing: `{shellyID, meters}`.

        It is done in the background; `Energy.Backfilled` tells what came of it. Of each meter `component`, `looked` (up
        to when gaps were looked for), `oldest` (down to when it was read), `added` and `problem` are as before.
        """
        return await self._started().work.ask(call, shelly_id)

    def _started(self) -> _Running:
        if self._running is None:
            raise Unavailable(part="history")
        return self._running
