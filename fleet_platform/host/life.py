"""One plugin's life while it takes part: migrations, then its lifespan, its tasks and its sinks.

Starting waits for nothing, so that a plugin that hangs delays nobody. Stopping goes the other way round, so that each
part still has what it was built on, and takes little longer than ``Timing.stop_s`` in all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

from fleet_platform.events.bus import Bus
from fleet_platform.host.plugins import LoadedPlugin
from fleet_platform.host.records import PluginRecord
from fleet_platform.host.sinks import SinkQueue
from fleet_platform.host.supervisor import Kind, Part, Timing
from fleet_platform.migrations.platform import MigrationFolder, migrate
from fleet_platform.storage.database import Database
from plugin_sdk.errors import PluginError


class Life:
    """Owns what lives of one plugin.

    Attributes:
        plugin: Whose it is.
        settled: Set once the plugin has started, or has failed to for the first time.
    """

    def __init__(
        self, plugin: LoadedPlugin, *, record: PluginRecord, bus: Bus, database: Database, timing: Timing
    ) -> None:
        self.plugin = plugin
        self.settled = asyncio.Event()
        self._record = record
        self._bus = bus
        self._database = database
        self._timing = timing
        self._supervisor = plugin.fleet.supervisor
        self._ready = False
        self._sinks = [
            (sink, SinkQueue(sink, record=record, is_ready=lambda: self._ready, timing=timing))
            for sink in plugin.contributions.sinks
        ]
        self._taps: list[Callable[[], None]] = []

    def start(self) -> None:
        """Begin; the record tells how it goes."""
        for sink, queue in self._sinks:
            self._taps.append(self._bus.tap(sink.events, queue.put))
            self._supervisor.keep(Part(kind="sink", name=sink.name, run=queue.run, patient=True))
        if self.plugin.contributions.migrations is None:
            self._begin()
        else:
            self._migrate()

    async def stop(self) -> None:
        """End all of it."""
        for remove in self._taps:
            remove()
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._timing.stop_s
        kinds: tuple[Kind, ...] = ("migrations", "sink", "task")
        for kind in kinds:  # each may take half of what is left, so that none leaves nothing to the next
            await self._supervisor.stop(kind, within_s=(deadline - clock()) / 2)
        self._ready = False
        await self._supervisor.stop("lifespan", within_s=deadline - clock())
        await self.plugin.fleet.close()
        self.settled.set()

    async def restart(self) -> None:
        """Leave the lifespan and enter it again, for it to see new settings; sinks keep their events meanwhile."""
        if self.plugin.lifespan is None or not self._supervisor.has("lifespan"):
            return
        await self._end_tasks()
        await self._supervisor.stop("lifespan", within_s=self._timing.stop_s)
        self._begin()

    def hurry(self) -> None:
        """Try again at once what waits to be tried again."""
        self._supervisor.hurry()

    def database_returned(self) -> None:
        """Try again what failed without the database; it may also be another one, without the plugin's schema."""
        self.hurry()
        self._migrate()

    def _migrate(self) -> None:
        if self.plugin.contributions.migrations is not None:
            self._supervisor.keep(
                Part(kind="migrations", run=self._run_migrations, essential=True, failed=self.settled.set)
            )

    async def _run_migrations(self, started: Callable[[], None], _stopping: asyncio.Future[None]) -> None:
        declared = self.plugin.contributions.migrations
        assert declared is not None
        started()  # they have deadlines of their own, and large tables take longer than a plugin may
        await migrate(self._database, [MigrationFolder.of_plugin(self.plugin.name, declared.folder)])
        self._begin()

    def _begin(self) -> None:
        self._supervisor.keep(
            Part(
                kind="lifespan",
                run=self._live,
                essential=True,
                patient=True,
                failed=self.settled.set,
                ended=self._end_tasks,
            )
        )

    async def _live(self, started: Callable[[], None], stopping: asyncio.Future[None]) -> None:
        async with self._enter():
            started()
            self._record.started()
            self._set_ready(ready=True)
            self.settled.set()
            await asyncio.wait({stopping})

    def _enter(self) -> AbstractAsyncContextManager[Any]:
        if self.plugin.lifespan is None:
            return nullcontext()
        manager = self.plugin.lifespan()
        if not hasattr(manager, "__aenter__"):
            raise PluginError("fleet_lifespan must return an async context manager")
        return manager

    async def _end_tasks(self) -> None:
        self._set_ready(ready=False)
        await self._supervisor.stop("task", within_s=self._timing.stop_s)

    def _set_ready(self, *, ready: bool) -> None:
        self._ready = ready
        for _, queue in self._sinks:
            queue.wake()
