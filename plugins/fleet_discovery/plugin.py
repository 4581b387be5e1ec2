"""What the plugin contributes, and when it is alive."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fleet_discovery.addresses import is_allowed
from fleet_discovery.adoption import Adoptions
from fleet_discovery.book import Book
from fleet_discovery.browser import Browser
from fleet_discovery.job import adopt_type
from fleet_discovery.methods import DiscoveryMethods
from fleet_discovery.news import News
from fleet_discovery.repeater.command import run as run_repeater
from fleet_discovery.settings import DiscoverySettings
from plugin_sdk import Command, EventType, Fleet, Method, Panel, Service, Settings, hookimpl
from plugin_sdk.errors import Unavailable


class Discovery:
    """The plugin ``discovery``."""

    def __init__(self) -> None:
        self._news = News()
        self._book = Book(clock_ms=lambda: time.time_ns() // 1_000_000, changed=self._news.changed)
        self._settings = DiscoverySettings()
        self._changed = asyncio.Event()
        self._running = False
        self._flooded = False
        self._adoptions: Adoptions | None = None

    @hookimpl
    def fleet_register_settings(self) -> Settings:
        """Listening begins, ends and moves with them; what is being adopted goes on."""
        return Settings(model=DiscoverySettings, changed=self._take)

    @hookimpl
    def fleet_register_methods(self) -> list[Method]:
        """``Discovery.*`` and ``Mdns.*``."""
        return DiscoveryMethods(
            self._book, adoptions=self._started, settings=lambda: self._settings, running=lambda: self._running
        ).methods()

    @hookimpl
    def fleet_register_events(self) -> list[EventType]:
        """Three events."""
        return [
            EventType(
                name="Discovery.Found",
                summary="A device announced itself in the local network, or announces something else now.",
                params={
                    "id": "its id",
                    "host": "its name in the local network",
                    "address": "its address",
                    "port": "port of its web server",
                    "gen": "generation",
                    "app": "what its firmware is for, or null",
                    "ver": "its firmware, or null",
                },
                permission="discovery.list",
            ),
            EventType(
                name="Discovery.Lost",
                summary="A device announces itself no more.",
                params={"id": "the device's id"},
                permission="discovery.list",
            ),
            EventType(
                name="Discovery.Adopting",
                summary="A step of an adoption was done, or failed.",
                params={
                    "host": "the device as whoever asked named it",
                    "id": "the device's id, or null until it is known",
                    "step": "`find`, `identify`, `read`, `configure`, `restart` or `arrive`",
                    "ok": "whether it was done",
                    "detail": "a sentence for people",
                },
                permission="discovery.adopt",
            ),
        ]

    @hookimpl
    def fleet_register_services(self) -> list[Service]:
        """The job type ``adopt``."""
        return [Service(interface="job_type", name="adopt", implementation=adopt_type(self._started))]

    @hookimpl
    def fleet_register_commands(self) -> list[Command]:
        """The mDNS repeater."""
        return [
            Command(name="mdns-repeater", run=run_repeater, summary="Carry multicast DNS from one network to another.")
        ]

    @hookimpl
    def fleet_register_panels(self) -> list[Panel]:
        """One page."""
        return [
            Panel(
                name="discovery",
                kind="page",
                title="Discovery",
                module="discovery.js",
                element="fleet-discovery",
                icon="search",
                order=22,
                permission="discovery.list",
            )
        ]

    @hookimpl
    @asynccontextmanager
    async def fleet_lifespan(self, fleet: Fleet) -> AsyncIterator[None]:
        """Devices are looked for and adopted while this is entered."""
        self._settings = fleet.settings
        self._adoptions = Adoptions(fleet, self._book, lambda: self._settings)
        fleet.start(self._listen, name="mdns")
        fleet.start(lambda: self._news.run(fleet, self._book), name="news")
        try:
            yield
        finally:
            self._adoptions = None

    def _take(self, settings: DiscoverySettings) -> None:
        before, self._settings = self._settings, settings
        if (before.mdns, before.interfaces, before.networks) != (settings.mdns, settings.interfaces, settings.networks):
            self._changed.set()

    async def _listen(self) -> None:
        """Listen as the settings say, for ever; with another setting, anew."""
        while True:
            self._changed.clear()
            self._flooded = False
            settings = self._settings
            if not settings.mdns:
                await self._changed.wait()
                continue
            browser = Browser(self._book, partial(is_allowed, networks=settings.allowed), self._flood)
            try:
                async with browser.listening(settings.interfaces):
                    self._running = True
                    await self._changed.wait()
            finally:
                self._running = False
            if self._flooded:  # the plugin's supervisor lets a growing while pass before it listens again
                raise Unavailable("the network announces too much; nobody is looked for until later", part="network")

    def _flood(self) -> None:
        self._flooded = True
        self._changed.set()

    def _started(self) -> Adoptions:
        if self._adoptions is None:
            raise Unavailable(part="discovery")
        return self._adoptions
