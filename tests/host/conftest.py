"""A host with plugins that are written in the test itself, on the real bus, registry, relay and dispatcher."""

from __future__ import annotations

import asyncio
import sys
import types
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import pytest
from importlib_metadata import EntryPoint

from fleet_platform.devices.composer import Composer
from fleet_platform.devices.fleet import Fleet
from fleet_platform.devices.notifications import Notifications
from fleet_platform.devices.voice import Voice
from fleet_platform.events.bus import Bus
from fleet_platform.host import Host, HostServices, Timing
from fleet_platform.migrations.platform import core_migrations, migrate
from fleet_platform.rpc.dispatch import Dispatcher
from fleet_platform.rpc.relay import Relay
from fleet_platform.storage.database import Database
from fleet_platform.storage.kv import KeyValueStore
from plugin_sdk import Principal

QUICK = Timing(start_s=0.3, stop_s=0.3, first_pause_s=0.02, longest_pause_s=0.1)
PATIENCE_S = 20.0

Entry: TypeAlias = Callable[..., EntryPoint]


@pytest.fixture
def entry(monkeypatch: pytest.MonkeyPatch) -> Entry:
    """Makes the entry point of an object, as if the object were installed in a module of its own."""

    def make(name: str, target: object) -> EntryPoint:
        module = types.ModuleType(f"plugin_{name}_{uuid4().hex}")
        vars(module)["plugin"] = target
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return EntryPoint(name=name, value=f"{module.__name__}:plugin", group="fleet_platform.plugins")

    return make


@pytest.fixture
def services(tmp_path: Path) -> HostServices:
    """The rest of a platform whose database is away."""
    fleet = Fleet()
    database = Database("postgresql://nobody@localhost/nowhere")  # never entered, so it is never up
    bus = Bus()

    async def find_principal(name: str, provider: str) -> Principal | None:
        return Principal(name=name, provider=provider) if name == "ann" else None

    notifications = Notifications(voice=Voice(bus), stored=lambda _twin: None, types=dict, composer=Composer(dict))
    return HostServices(
        bus=bus,
        devices=fleet,
        relay=Relay(fleet=fleet, allows=lambda *_: True, types=dict),
        allows=lambda principal, permission, _device: (principal.name, permission) != ("bob", "switch.set"),
        find_principal=find_principal,
        principal_changed=lambda _name, _provider: None,
        contributed=lambda: (),
        renew_metadata=lambda _devices: None,
        report=notifications.report,
        emit=notifications.entity_event,
        invoke=Dispatcher(lambda *_: True).invoke,
        database=database,
        kv=KeyValueStore(database),
        data=tmp_path,
        reveal=lambda _label, _secret: None,
    )


@pytest.fixture
async def stored(services: HostServices, database_dsn: str) -> AsyncIterator[HostServices]:
    """The same with a database."""
    async with Database(database_dsn) as database:
        await migrate(database, [core_migrations()])
        yield replace(services, database=database, kv=KeyValueStore(database))


@pytest.fixture
def open_host(services: HostServices, entry: Entry) -> Any:
    """Opens a host with plugins given by name: ``async with open_host(echo=Echo) as host``."""

    @asynccontextmanager
    async def open_it(
        services: HostServices = services,
        *,
        disabled: tuple[str, ...] = (),
        overrides: dict[str, dict[str, Any]] | None = None,
        reserved: tuple[str, ...] = (),
        timing: Timing = QUICK,
        **plugins: object,
    ) -> AsyncIterator[Host]:
        entries = [entry(name, target) for name, target in plugins.items()]
        host = Host(
            services=services,
            disabled=disabled,
            overrides=overrides,
            entry_points=entries,
            reserved_methods=lambda: reserved,
            timing=timing,
        )
        async with host:
            await host.settled(PATIENCE_S)
            yield host

    return open_it


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], Any]:
    """Waits until something holds; how long it takes is not tested."""

    async def wait(holds: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():  # what is waited for announces nothing
                await asyncio.sleep(0.005)

    return wait


@pytest.fixture(autouse=True)
async def no_task_is_left() -> AsyncIterator[None]:
    """A host takes all its tasks with it."""
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    if left:
        _, left = await asyncio.wait(left, timeout=1)
    assert not left, [task.get_name() for task in left]


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Writes import packages that tests name in entry points."""
    monkeypatch.syspath_prepend(str(tmp_path))
    written: list[str] = []

    def write(name: str, text: str) -> None:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").write_text(text)
        written.append(name)

    yield write
    for name in written:
        sys.modules.pop(name, None)
