"""The host: which plugins take part, what they bring, and how they fare.

Plugins are loaded, enabled and disabled by one and the same step: make tables for a set of plugins, swap them in, end
what is gone, begin what is new. Until the swap the old tables stay in force.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Self

from importlib_metadata import EntryPoint

from fleet_platform.devices.composer import Composer
from fleet_platform.host.context import PluginFleet
from fleet_platform.host.discovery import discover
from fleet_platform.host.faults import called_once, describe
from fleet_platform.host.life import Life
from fleet_platform.host.loader import Loader, Loading
from fleet_platform.host.plugins import LoadedPlugin
from fleet_platform.host.records import PluginRecord
from fleet_platform.host.services import HostServices
from fleet_platform.host.settings import PluginSettings
from fleet_platform.host.supervisor import Supervisor, Timing
from fleet_platform.host.tables import Tables
from fleet_platform.host.turns import Turns
from plugin_sdk import JSON
from plugin_sdk.errors import PluginError, Unavailable

logger = logging.getLogger(__name__)

_SETTINGS = "settings"


class Host:
    """All plugins of one platform. Entering it loads and starts them; it never waits for one to have started.

    Leaving it stops them all together, so that several that hang cost no more time than one.

    Args:
        disabled: Plugins that are not loaded, whatever is stored.
        overrides: Plugin name to settings from the configuration.
        entry_points: Plugins to take instead of the installed ones.
        reserved_methods: Names of the platform's own methods; asked at each load.
        reserved_events: Names of the platform's own events.

    Attributes:
        tables: What is in force. Replaced as a whole.
        records: Plugin name to how it fares; every plugin that is installed is there.
        settings: Settings of the plugins.
    """

    def __init__(
        self,
        *,
        services: HostServices,
        disabled: Collection[str] = (),
        overrides: Mapping[str, Mapping[str, JSON]] | None = None,
        entry_points: Iterable[EntryPoint] | None = None,
        reserved_methods: Callable[[], Iterable[str]] = lambda: (),
        reserved_events: Collection[str] = (),
        timing: Timing | None = None,
    ) -> None:
        self._services = services
        self._timing = timing or Timing()
        self._found = discover(entry_points)
        self._disabled = disabled
        self._composer = Composer(lambda: self.tables.components)
        self._turns = Turns()
        self._lives: dict[str, Life] = {}
        self._listeners: list[Callable[[Tables], None]] = []
        self._wanted: set[str] = set()
        self.tables = Tables()
        self.records = {
            found.name: PluginRecord(name=found.name, distribution=found.distribution, version=found.version)
            for found in self._found
        }
        self.settings = PluginSettings(
            kv=services.kv,
            names=self.records,
            overrides=overrides or {},
            disabled=disabled,
            turns=self._turns,
            apply=self._apply,
        )
        self._loader = Loader(
            make_fleet=self._make_fleet,
            declare=self.settings.declare,
            reserved_methods=reserved_methods,
            reserved_events=reserved_events,
        )

    def on_tables(self, callback: Callable[[Tables], None]) -> None:
        """Call back after each swap; not for the tables that are in force now."""
        self._listeners.append(callback)

    async def __aenter__(self) -> Self:
        try:
            await self.settings.read()
        except Unavailable:
            logger.warning("plugins start with their configured settings: the database is away")
        await self._turns.__aenter__()
        self._services.database.on_up(lambda: self._turns.post(self._database_returned))
        try:
            await self._turns.take(self._load)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_exc_info: object) -> None:
        await self._turns.__aexit__()
        lives, self._lives = self._lives, {}
        await asyncio.gather(*(life.stop() for life in lives.values()))

    async def settled(self, timeout_s: float) -> bool:
        """Wait until every plugin has started or failed; returns False if some still try after ``timeout_s``."""
        try:
            async with asyncio.timeout(timeout_s):
                for life in list(self._lives.values()):
                    await life.settled.wait()
        except TimeoutError:
            return False
        return True

    def instance(self, name: str) -> object:
        """What a plugin's entry point made, or None while it takes no part; for tests."""
        life = self._lives.get(name)
        return None if life is None else life.plugin.instance

    def summary(self, name: str) -> str:
        """First line of a plugin's docstring; empty while it takes no part."""
        doc = inspect.getdoc(self.instance(name)) if name in self._lives else None
        return (doc or "").partition("\n")[0].replace("``", "`")

    async def enable(self, name: str) -> None:
        """Load a plugin, afresh if it was rejected, until the platform is started again.

        Raises:
            NotFound: There is no such plugin.
            Conflict: The configuration switches it off.
            Unavailable: The platform is stopping.
        """
        await self._turns.take(lambda: self._switch(name, on=True))

    async def disable(self, name: str) -> None:
        """Stop a plugin and take away what it brings, until the platform is started again. Raises as enable."""
        await self._turns.take(lambda: self._switch(name, on=False))

    # ---- one change at a time -------------------------------------------------------------------------------

    async def _switch(self, name: str, *, on: bool) -> None:
        self.settings.switch(name, on=on)
        await self._apply(name, False)

    async def _apply(self, name: str, own: bool) -> None:
        """Put changed settings of a plugin in force."""
        life = self._lives.get(name)
        if life is None:
            self._loader.forget(name)
        if life is None or not self.settings.is_enabled(name):
            await self._load()
        elif own:
            await self._tell(life)

    async def _load(self) -> None:
        """Make the plugins that take part those that shall."""
        wanted = [found for found in self._found if self.settings.is_enabled(found.name)]
        self._wanted = {found.name for found in wanted}
        loading = self._loader.load(wanted)
        kept = {name: life for name, life in self._lives.items() if loading.plugins.get(name) is life.plugin}
        gone = [life for name, life in self._lives.items() if name not in kept]
        begun = {name: self._make_life(plugin) for name, plugin in loading.plugins.items() if name not in kept}
        self._note(loading, begun)
        self._lives = {**kept, **begun}
        self.tables = loading.tables
        for listener in self._listeners:
            listener(self.tables)
        for life in begun.values():
            life.start()
        await asyncio.gather(*(life.stop() for life in gone))

    def _note(self, loading: Loading, begun: Mapping[str, Life]) -> None:
        for name, record in self.records.items():
            if name in begun:
                record.package = begun[name].plugin.package
                record.admit()
            elif name in loading.rejected:
                rejected = loading.rejected[name]
                record.rule_out(rejected.state, rejected.sentence, rejected.trace)
            elif name not in loading.plugins:
                by = "The configuration" if name in self._disabled else "Its setting enable"
                record.rule_out("disabled", f"{by} switches it off.")

    async def _tell(self, life: Life) -> None:
        """Let a running plugin know its new settings."""
        declared, record = life.plugin.contributions.settings, self.records[life.plugin.name]
        if declared is None or declared.changed is None:
            await life.restart()
            return
        try:
            called_once(declared.changed, self.settings.current(life.plugin.name))
        except (Exception, SystemExit) as error:  # the rim to plugin code: it may raise anything
            record.fault(_SETTINGS, f"It could not take its new settings: {describe(error)}.", error=error)
        else:
            record.mend(_SETTINGS)
        life.hurry()

    async def _database_returned(self) -> None:
        """Put in force what is stored, and let plugins try again what failed without the database."""
        await self.settings.read()
        changed = [life for life in self._lives.values() if self._renew(life.plugin.name)]
        wanted = {name for name in self.records if self.settings.is_enabled(name)}
        rejected = wanted - set(self._lives)
        for name in rejected:  # what is stored now may be what it lacked
            self._loader.forget(name)
        if rejected or wanted != self._wanted:
            await self._load()
        for life in changed:
            if self._lives.get(life.plugin.name) is life:
                await self._tell(life)
        for life in self._lives.values():
            life.database_returned()

    def _renew(self, name: str) -> bool:
        try:
            return self.settings.renew(name)
        except PluginError as error:
            self.records[name].fault(_SETTINGS, f"What is stored for it cannot be used: {describe(error)}.")
            return False

    # ---- for one plugin -----------------------------------------------------------------------------------

    def _make_fleet(self, name: str) -> PluginFleet:
        return PluginFleet(
            services=self._services,
            record=self.records[name],
            supervisor=Supervisor(self.records[name], self._timing),
            settings=lambda: self.settings.current(name),
            composer=self._composer,
        )

    def _make_life(self, plugin: LoadedPlugin) -> Life:
        return Life(
            plugin,
            record=self.records[plugin.name],
            bus=self._services.bus,
            database=self._services.database,
            timing=self._timing,
        )
