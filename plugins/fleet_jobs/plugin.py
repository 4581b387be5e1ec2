"""What the plugin contributes, and when it is alive."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fleet_jobs.download import Download
from fleet_jobs.events import EVENTS
from fleet_jobs.methods import JobMethods, Running
from fleet_jobs.reboots import Reboots
from fleet_jobs.results import Results
from fleet_jobs.scheduler import Scheduler
from fleet_jobs.settings import JobsSettings
from fleet_jobs.store import Store
from fleet_jobs.types.accept import accept_type
from fleet_jobs.types.backup import BackupType
from fleet_jobs.types.call import call_type
from fleet_jobs.types.firmware import FirmwareType
from plugin_sdk import EventType, Fleet, Method, Migrations, Panel, Route, Service, Settings, hookimpl
from plugin_sdk.errors import Unavailable
from plugin_sdk.jobs import INTERFACE


class Jobs:
    """The plugin ``jobs``."""

    def __init__(self) -> None:
        self._running: Running | None = None
        self._reboots: Reboots | None = None

    @hookimpl
    def fleet_register_settings(self) -> Settings:
        """Limits."""
        return Settings(model=JobsSettings, changed=self._resize)

    @hookimpl
    def fleet_register_migrations(self) -> Migrations:
        """The tables of jobs and of their devices."""
        return Migrations(folder=Path(__file__).parent / "migrations")

    @hookimpl
    def fleet_register_methods(self) -> list[Method]:
        """``Job.*``."""
        return JobMethods(self._started).methods()

    @hookimpl
    def fleet_register_events(self) -> list[EventType]:
        """How far jobs are."""
        return list(EVENTS)

    @hookimpl
    def fleet_register_routes(self) -> list[Route]:
        """Results as a file."""
        return [Route(path="/results.csv", handler=Download(self._started).serve, permission="job.getresults")]

    @hookimpl
    def fleet_register_services(self) -> list[Service]:
        """Four job types."""
        types = {
            "accept": accept_type(),
            "backup": BackupType(self._following).declare(),
            "call": call_type(),
            "firmware": FirmwareType(self._following).declare(),
        }
        return [Service(interface=INTERFACE, name=name, implementation=kind) for name, kind in types.items()]

    @hookimpl
    def fleet_register_panels(self) -> list[Panel]:
        """The page of jobs."""
        return [
            Panel(
                name="jobs",
                kind="page",
                title="Jobs",
                module="jobs.js",
                element="fleet-jobs",
                icon="jobs.svg",
                order=26,
                permission="job.list",
            )
        ]

    @hookimpl
    @asynccontextmanager
    async def fleet_lifespan(self, fleet: Fleet) -> AsyncIterator[None]:
        """Jobs are worked on while this is entered."""
        store = Store(fleet.sql)
        scheduler = Scheduler(fleet, store)
        self._reboots = Reboots(fleet)
        self._running = Running(
            fleet=fleet,
            store=store,
            scheduler=scheduler,
            results=Results(fleet, store),
        )
        fleet.start(self._reboots.run, name="reboots")
        fleet.start(scheduler.run, name="jobs")
        try:
            yield
        finally:
            self._running = None

    def _resize(self, settings: JobsSettings) -> None:
        """Other limits, without stopping what goes on."""
        if self._running is not None:
            self._running.scheduler.resize(settings)

    def _started(self) -> Running:
        if self._running is None:
            raise Unavailable(part="jobs")
        return self._running

    def _following(self) -> Reboots:
        if self._reboots is None:
            raise Unavailable(part="jobs")
        return self._reboots
