"""The composition root: builds one platform from its settings and takes it down again.

The only module that knows all others. Everything is entered into one exit stack, so that the order of building,
reversed, is the order of shutting down: sockets first, then plugins, then what is left to write, then the database.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from aiohttp import web

from fleet_platform import __version__
from fleet_platform.auth.access import Access
from fleet_platform.auth.authenticator import Authenticator
from fleet_platform.auth.tokens import Tokens
from fleet_platform.devices.composer import Composer
from fleet_platform.devices.door import Waiter, WaitingRoom
from fleet_platform.devices.fleet import Fleet
from fleet_platform.devices.introduction import Pacer
from fleet_platform.devices.link import LinkLimits
from fleet_platform.devices.notifications import Notifications
from fleet_platform.devices.queued import QueuedCalls
from fleet_platform.devices.removal import Removal
from fleet_platform.devices.session import DeviceServices, DeviceTimes
from fleet_platform.devices.sleepers import Sleepers
from fleet_platform.devices.twin import Twin
from fleet_platform.devices.voice import Voice
from fleet_platform.events.bus import Bus
from fleet_platform.events.catalogue import EVENTS
from fleet_platform.events.metadata import MetadataBook
from fleet_platform.history import History
from fleet_platform.host import Host, HostServices, Tables
from fleet_platform.methods.about import AboutMethods
from fleet_platform.methods.actions import ActionMethods
from fleet_platform.methods.device import DeviceMethods
from fleet_platform.methods.entity import EntityMethods
from fleet_platform.methods.fleet_manager import FleetManagerMethods
from fleet_platform.methods.listing import with_listings
from fleet_platform.methods.plugin import PluginMethods
from fleet_platform.methods.sending import SendingMethods
from fleet_platform.methods.slices import in_slices
from fleet_platform.methods.user import UserMethods
from fleet_platform.methods.waiting_room import WaitingRoomMethods
from fleet_platform.methods.web import WebMethods
from fleet_platform.metrics import Measured, Metrics
from fleet_platform.migrations.platform import core_migrations, migrate
from fleet_platform.rpc.destinations import Destinations, Members, sets_of
from fleet_platform.rpc.dispatch import Dispatcher
from fleet_platform.rpc.methods import bind
from fleet_platform.rpc.relay import Relay, RelayTimes
from fleet_platform.settings import PlatformSettings
from fleet_platform.storage.calls import QueuedCallStore
from fleet_platform.storage.data_folder import locked, make_data_folder
from fleet_platform.storage.database import Database
from fleet_platform.storage.embedded import EmbeddedPostgres
from fleet_platform.storage.kv import KeyValueStore
from fleet_platform.storage.twins import TwinRow, TwinStore
from fleet_platform.text import decode
from fleet_platform.web.client_socket import ClientLimits, ClientSocket
from fleet_platform.web.device_socket import DeviceSocket
from fleet_platform.web.http_rpc import HttpRpc
from fleet_platform.web.identity import Identity
from fleet_platform.web.pages import Pages, PanelSource
from fleet_platform.web.server import Front, Server, listening
from fleet_platform.web.sockets import Pinger
from plugin_sdk import ComponentType, DeviceId, Method
from plugin_sdk.errors import Unavailable

logger = logging.getLogger(__name__)

CLOSE_SOCKETS_S = 4.0
FLUSH_TIMEOUT_S = 5.0
STOP_TASKS_S = 2.0
_FORGET_EVERY_S = 10.0

Reveal = Callable[[str, str], None]
"""Shows a secret, by its label, to whoever runs the platform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A running platform, for the process around it and for tests.

    Attributes:
        port: The port it listens on.
        run_token: Admits simulated devices of this run; None if it was started without.
    """

    settings: PlatformSettings
    port: int
    run_token: str | None
    fleet: Fleet
    bus: Bus
    host: Host
    dispatcher: Dispatcher
    store: TwinStore
    history: History
    database: Database
    tally: Counter[str]

    @property
    def url(self) -> str:
        """``http://address:port``, with an address of this machine."""
        address = "127.0.0.1" if self.settings.host in ("0.0.0.0", "::", "") else self.settings.host  # noqa: S104
        return f"http://{address}:{self.port}"


@asynccontextmanager
async def open_platform(
    settings: PlatformSettings,
    *,
    reveal: Reveal,
    sources: Mapping[str, str] = MappingProxyType({}),
    run_token: str | None = None,
    entry_points: Any = None,
) -> AsyncIterator[Platform]:
    """Build a platform and keep it running.

    Args:
        sources: Where settings came from, by their names; defaults are absent.
        run_token: Enrolment token for devices that whoever starts the platform simulates.
        entry_points: Plugins to load instead of the installed ones.

    Raises:
        StorageProblem: The data folder or the database cannot be used.
        OSError: The address cannot be listened on.
    """
    async with AsyncExitStack() as stack:
        dsn = settings.dsn.get_secret_value() if settings.dsn is not None else None
        if dsn is not None:
            stack.enter_context(locked(make_data_folder(settings.data)))
        else:
            dsn = (await stack.enter_async_context(EmbeddedPostgres(settings.data))).dsn
        database = await stack.enter_async_context(Database(dsn))
        await migrate(database, [core_migrations()])
        tokens = await Tokens.open(KeyValueStore(database))
        assembly = Assembly(
            settings, database, tokens, reveal=reveal, sources=sources, run_token=run_token, entry_points=entry_points
        )
        await assembly.load()
        stack.push_async_callback(assembly.flush)
        await stack.enter_async_context(background(assembly.tasks()))
        await stack.enter_async_context(assembly.host)
        assembly.port = await stack.enter_async_context(listening(assembly.application(), settings.host, settings.port))
        stack.push_async_callback(assembly.close_sockets)
        yield assembly.platform()


class Assembly:
    """Makes the parts and introduces them to one another."""

    def __init__(
        self,
        settings: PlatformSettings,
        database: Database,
        tokens: Tokens,
        *,
        reveal: Reveal,
        sources: Mapping[str, str],
        run_token: str | None,
        entry_points: Any,
    ) -> None:
        self.port = settings.port
        self._server: Server | None = None
        self._settings = settings
        self._database = database
        self._run_token = run_token
        self._tally: Counter[str] = Counter()
        self._access = Access(())
        self._sets: Mapping[str, Members] = {}
        self._tokens = tokens
        self._authenticator = Authenticator(lambda: [provider for _, provider in self.host.tables.auth], tokens)
        self._fleet = Fleet()
        self._metadata = MetadataBook(lambda: self.host.tables.metadata)
        self._bus = Bus(metadata=self._metadata.of, ring_bytes=settings.ring_bytes, ring_age_s=settings.ring_age_s)
        self._store = TwinStore(database, interval_s=settings.write_interval_s)
        self.history = History(
            database,
            settings.data / "history",
            interval_s=settings.write_interval_s,
            spool_bytes=settings.history_spool_bytes,
            keep={
                "sample": timedelta(days=settings.history_raw_days),
                "minute": timedelta(days=settings.history_minute_days),
                "quarter": timedelta(days=settings.history_quarter_days),
                "hour": timedelta(days=settings.history_hour_days),
                "entry": timedelta(days=settings.journal_days),
            },
            settle=self._store.flush,
            types=self._types,
            tally=self._tally,
        )
        self._voice = Voice(self._bus, self.history.keeper)
        self._dispatcher = Dispatcher(self._allows)
        self._relay = Relay(
            fleet=self._fleet,
            allows=self._allows,
            types=self._types,
            times=RelayTimes(call_s=settings.call_timeout_s, slow_call_s=settings.slow_call_timeout_s),
            command=self.history.keeper.command,
        )
        self._composer = Composer(self._types)
        self._composed_for: Mapping[str, ComponentType] = {}
        self._recompose = asyncio.Event()
        self._queued = QueuedCalls(store=QueuedCallStore(database), bus=self._bus, timeout_of=self._relay.timeout_of)
        self._notifications = Notifications(
            voice=self._voice, stored=self._store.mark_status, types=self._types, composer=self._composer
        )
        self._removal = Removal(fleet=self._fleet, store=self._store, queued=self._queued, voice=self._voice)
        self._room = WaitingRoom(
            fleet=self._fleet, store=self._store, voice=self._voice, expel=self._removal.expel, tally=self._tally
        )
        self._sleepers = Sleepers(self._fleet, self._voice)
        self._device_pinger = Pinger(settings.ping_interval_s, self._tally)
        self._client_pinger = Pinger(settings.ping_interval_s, self._tally)
        self._clients: ClientSocket | None = None
        self.host = Host(
            services=HostServices(
                bus=self._bus,
                devices=self._fleet,
                relay=self._relay,
                invoke=self._dispatcher.invoke,
                allows=self._allows,
                find_principal=self._authenticator.by_name,
                principal_changed=self._principal_changed,
                contributed=lambda: self.host.tables.services,
                renew_metadata=self._metadata.renew,
                report=self._notifications.report,
                emit=self._notifications.entity_event,
                database=database,
                kv=KeyValueStore(database),
                data=settings.data,
                reveal=reveal,
            ),
            disabled=settings.disabled_plugins,
            overrides=settings.plugins,
            entry_points=entry_points,
            reserved_methods=lambda: [name for m in self._methods() for name in (m.name, *m.aliases)],
            reserved_events=[event.name for event in EVENTS],
        )
        self._identity = Identity(self._authenticator, allowed_origins=settings.allowed_origins)
        self._destinations = Destinations(self._fleet, sets=lambda: self._sets)
        self._fleet_manager = FleetManagerMethods(bus=self._bus, fleet=self._fleet, allows=self._allows)
        self._about = AboutMethods(
            dispatcher=self._dispatcher,
            host=self.host,
            fleet=self._fleet,
            bus=self._bus,
            allows=self._allows,
            providers=lambda: [provider for _, provider in self.host.tables.auth],
        )
        self._web = WebMethods(
            settings=settings, sources=sources, port=lambda: self.port, apply=self._believe, voice=self._voice
        )
        self._devices = DeviceServices(
            fleet=self._fleet,
            voice=self._voice,
            storage=self._store,
            notifications=self._notifications,
            waiting_room=self._room,
            pacer=Pacer(settings.fetch_concurrency),
            rules=lambda: self.host.tables.admission,
            types=self._types,
            composer=self._composer,
            woken=self._queued.send,
            tally=self._tally,
            limits=LinkLimits(in_flight=settings.calls_in_flight, waiting=settings.calls_waiting),
            times=DeviceTimes(hello_s=settings.handshake_timeout_s, call_s=settings.call_timeout_s),
        )
        self._bus.tap(("Shelly.Delete",), lambda event: self._forget(DeviceId(str(event.device))))
        self.host.on_tables(self._take_tables)

    # ---- from the database ------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Know every device that was known, offline, and everything that waits."""
        async for rows in self._store.load():
            for row in rows:
                self._load_row(row)
        await self._queued.load()
        await self.history.prepare()

    def _load_row(self, row: TwinRow) -> None:
        device = DeviceId(row.external_id)
        if row.access != "allowed":
            waiter = Waiter(device, internal_id=row.internal_id, status=decode(row.status))
            self._room.load(waiter, row.access)
            return
        self._fleet.access[device.lower()] = "allowed"
        twin = Twin(device, decode(row.status))
        twin.internal_id = row.internal_id
        twin.load(info=row.info, settings=row.settings, meta=decode(row.meta))
        if twin.read:
            self._fleet.add(twin)

    async def flush(self) -> None:
        """Write what is not written yet."""
        try:
            async with asyncio.timeout(FLUSH_TIMEOUT_S):
                await self._store.flush()
        except (Unavailable, TimeoutError):
            logger.exception("the last changes could not be written: the database is away")
        try:
            async with asyncio.timeout(FLUSH_TIMEOUT_S):
                await self.history.flush()
        except TimeoutError:
            logger.warning("what was measured last is spooled: the database does not answer")
        await self.history.end()

    def _forget(self, device: DeviceId) -> None:
        """A device is gone for good."""
        self._metadata.forget(device)
        self.history.sampler.forget(device)

    # ---- from plugins -------------------------------------------------------------------------------------

    def _allows(self, principal: Any, permission: str, device: DeviceId | None) -> bool:
        return self._access.allows(principal, permission, device)

    def _principal_changed(self, name: str, provider: str) -> None:
        self._authenticator.forget(name, provider)
        if self._clients is not None:
            self._clients.part_with(name, provider)

    def _types(self) -> Mapping[str, ComponentType]:
        return self.host.tables.components

    def _take_tables(self, tables: Tables) -> None:
        """Plugins were loaded, enabled or disabled: everything that is compiled from them is replaced."""
        self._access = Access([policy for _, policy in tables.policies])
        self._sets = sets_of(tables.services)
        core = {bound.name.lower(): bound for bound in (bind(method, plugin="core") for method in self._methods())}
        aliases = {alias.lower(): bound for bound in core.values() for alias in bound.aliases}
        events = [*(("core", event) for event in EVENTS), *tables.events.values()]
        self._dispatcher.methods = with_listings({**tables.methods, **aliases, **core}, events)
        self._bus.restrict({event.name: event.permission for _, event in events if event.permission})
        if tables.components != self._composed_for:
            starting, self._composed_for = not self._composed_for, tables.components
            for twin in self._fleet:
                if starting:
                    self._composer.refresh(twin)
                else:
                    twin.entities_json = None
            self._recompose.set()
            self.history.sampler.types_changed()

    def _methods(self) -> list[Method]:
        """The platform's own methods."""
        devices = DeviceMethods(
            fleet=self._fleet,
            relay=self._relay,
            queued=self._queued,
            allows=self._allows,
            delete=self._removal.delete,
            room=self._room,
        )
        entities = EntityMethods(fleet=self._fleet, allows=self._allows, composer=self._composer, types=self._types)
        actions = ActionMethods(
            find=entities.find, composer=self._composer, relay=self._relay, allows=self._allows, types=self._types
        )
        return [
            *self._fleet_manager.methods(),
            *self._about.methods(),
            *SendingMethods(relay=self._relay, destinations=self._destinations).methods(),
            *devices.methods(),
            *entities.methods(),
            *actions.methods(),
            *WaitingRoomMethods(self._room, fleet=self._fleet, allows=self._allows).methods(),
            *PluginMethods(self.host, self._voice).methods(),
            *UserMethods(authenticator=self._authenticator, tokens=self._tokens).methods(),
            *self._web.methods(),
        ]

    # ---- what runs ----------------------------------------------------------------------------------------

    def tasks(self) -> Mapping[str, Callable[[], Coroutine[Any, Any, None]]]:
        """The core's own endless tasks."""
        return {
            "twin writer": self._store.run,
            "queued calls": self._queued.run,
            "metadata": self._metadata.run,
            "sleepers": self._sleepers.run,
            "device pings": self._device_pinger.run,
            "client pings": self._client_pinger.run,
            "event ring": self._forget_idle,
            "entities": self._keep_entities,
            **self.history.tasks(),
        }

    async def _keep_entities(self) -> None:
        """Make all entities anew whenever component types changed, without holding anybody up."""
        while True:
            await self._recompose.wait()
            self._recompose.clear()
            async for twin in in_slices(self._fleet):
                before = twin.entities
                if self._fleet.get(twin.id) is twin:
                    self._composer.refresh(twin)
                    self._voice.entities(twin, before)

    async def _forget_idle(self) -> None:
        while True:
            await asyncio.sleep(_FORGET_EVERY_S)
            self._bus.forget_idle()
            # Policies may go by what nobody tells us of, such as the time of day.
            self._bus.rights_changed()

    # ---- the rim ------------------------------------------------------------------------------------------

    def application(self) -> web.Application:
        """What answers requests."""
        settings, identity, destinations = self._settings, self._identity, self._destinations
        clients = self._clients = ClientSocket(
            identity=identity,
            bus=self._bus,
            dispatcher=self._dispatcher,
            relay=self._relay,
            destinations=destinations,
            pinger=self._client_pinger,
            limits=ClientLimits(
                max_frame=settings.client_frame_bytes,
                max_events=settings.outbox_events,
                max_bytes=settings.outbox_bytes,
            ),
            tally=self._tally,
        )
        front = Front(
            devices=DeviceSocket(
                services=self._devices,
                pinger=self._device_pinger,
                run_token=self._run_token,
                max_frame=settings.device_frame_bytes,
                tally=self._tally,
            ),
            clients=clients,
            rpc=HttpRpc(
                identity=identity,
                dispatcher=self._dispatcher,
                relay=self._relay,
                destinations=destinations,
                tally=self._tally,
            ),
            pages=Pages(
                version=__version__,
                authenticator=self._authenticator,
                tokens=self._tokens,
                access=lambda: self._access,
                panels=self._panels,
            ),
            metrics=Metrics(
                Measured(
                    tally=self._tally,
                    fleet=self._fleet,
                    bus=self._bus,
                    dispatcher=self._dispatcher,
                    relay=self._relay,
                    store=self._store,
                    history=lambda: self.history.stats,
                    is_database_up=lambda: self._database.is_up,
                    plugins=lambda: {name: record.counters for name, record in self.host.records.items()},
                )
            ),
            identity=identity,
            allows=self._allows,
            routes=lambda: self.host.tables.routes,
            is_database_up=lambda: self._database.is_up,
            trusted_proxies=settings.trusted_proxies,
            tally=self._tally,
        )
        self._server = Server(front)
        return self._server.application()

    def _believe(self, settings: PlatformSettings) -> None:
        """Put in force what may change while the platform runs."""
        self._identity.allowed_origins = frozenset(settings.allowed_origins)
        if self._server is not None:
            self._server.trusted_proxies = settings.trusted_proxies

    def _panels(self) -> list[PanelSource]:
        return [
            PanelSource(plugin=plugin, package=self.host.records[plugin].package, panel=panel)
            for plugin, panel in self.host.tables.panels
        ]

    async def close_sockets(self) -> None:
        """Tell clients and devices that the platform stops, and wait for their sessions to end."""
        await asyncio.gather(
            self._client_pinger.close_all(CLOSE_SOCKETS_S), self._device_pinger.close_all(CLOSE_SOCKETS_S)
        )

    def platform(self) -> Platform:
        """What the outside gets."""
        return Platform(
            settings=self._settings,
            port=self.port,
            run_token=self._run_token,
            fleet=self._fleet,
            bus=self._bus,
            host=self.host,
            dispatcher=self._dispatcher,
            store=self._store,
            history=self.history,
            database=self._database,
            tally=self._tally,
        )


@asynccontextmanager
async def background(tasks: Mapping[str, Callable[[], Coroutine[Any, Any, None]]]) -> AsyncIterator[None]:
    """Run endless tasks; one that fails is logged and started again.

    No task group: it would wrap what happens inside in a group of its own, and start-up problems are told by type.
    """
    running = [asyncio.create_task(_for_ever(name, run), name=name) for name, run in tasks.items()]
    try:
        yield
    finally:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=STOP_TASKS_S)


async def _for_ever(name: str, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
    while True:
        try:
            await run()
        except Exception:  # a fault in one task of the core must not end the others
            logger.exception("the task %s failed and is started again", name)
        await asyncio.sleep(1)
