"""The platform as one plugin sees it: everything it does through this is done, and counted, in its name."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from fleet_platform.devices.composer import Composer
from fleet_platform.host.devices import DevicesView
from fleet_platform.host.http import Outgoing
from fleet_platform.host.publishing import Publisher
from fleet_platform.host.records import PluginRecord
from fleet_platform.host.services import HostServices
from fleet_platform.host.storage import OwnKeys, OwnSchema
from fleet_platform.host.subscription import Subscription
from fleet_platform.host.supervisor import Part, Supervisor
from fleet_platform.text import decode, encode
from plugin_sdk import JSON, Call, Devices, Event, HttpClient, KeyValue, Principal, Sql
from plugin_sdk.errors import Conflict, Unavailable

PROVIDER = "plugin"
"""Provider of the principals that plugins are; policies know them by it."""


class PluginFleet:
    """Satisfies ``plugin_sdk.Fleet``.

    Args:
        record: Of the plugin.
        supervisor: Runs its tasks.
        settings: Gives its settings as they are now.
        composer: Makes entities.
    """

    def __init__(
        self,
        *,
        services: HostServices,
        record: PluginRecord,
        supervisor: Supervisor,
        settings: Callable[[], Any],
        composer: Composer,
    ) -> None:
        self.record = record
        self.supervisor = supervisor
        self.publisher = Publisher(services.bus, services.devices, record, clock=asyncio.get_running_loop().time)
        self._services = services
        self._settings = settings
        self._principal = Principal(name=record.name, provider=PROVIDER)
        self._log = logging.getLogger(f"fleet.plugin.{record.name}")
        self._devices = DevicesView(services.devices, composer)
        self._kv = OwnKeys(services.kv, record.name)
        self._sql = OwnSchema(services.database, record.name)
        self._http = Outgoing()
        self._closed = False

    @property
    def plugin(self) -> str:
        """The plugin's name."""
        return self.record.name

    @property
    def log(self) -> logging.Logger:
        """The plugin's logger."""
        return self._log

    @property
    def settings(self) -> Any:
        """The plugin's settings, or None."""
        return self._settings()

    @property
    def devices(self) -> Devices:
        """All devices."""
        return self._devices

    @property
    def kv(self) -> KeyValue:
        """The plugin's key-value store."""
        return self._kv

    @property
    def sql(self) -> Sql:
        """The plugin's schema."""
        return self._sql

    @property
    def http(self) -> HttpClient:
        """Outgoing HTTP."""
        return self._http

    async def call(
        self, device: str, method: str, params: Mapping[str, JSON] | None = None, *, timeout_s: float | None = None
    ) -> JSON:
        """Call a method of a device."""
        return await self._services.relay.call(device, method, params, principal=self._principal, timeout_s=timeout_s)

    async def invoke(self, method: str, params: Mapping[str, JSON] | None = None) -> JSON:
        """Call a method of the platform."""
        call = Call(principal=self._principal, request_id=secrets.token_hex(6), src=f"plugin:{self.plugin}")
        result = await self._services.invoke(method, params, call=call)
        return decode(encode(result))

    def publish(self, method: str, params: Mapping[str, JSON], *, device: str | None = None) -> None:
        """Publish an event."""
        self._check_open()
        self.publisher.publish(method, params, device=device)

    def subscribe(self, *events: str, queue_size: int = 1_000) -> AbstractAsyncContextManager[AsyncIterator[Event]]:
        """Receive events."""
        return Subscription(self._services.bus, events, queue_size=queue_size, tally=self.record.tally)

    def reveal(self, label: str, secret: str) -> None:
        """Show a secret."""
        self._services.reveal(label, secret)

    def start(self, task: Callable[[], Awaitable[None]], *, name: str) -> None:
        """Run a task for as long as the plugin lives.

        Raises:
            Conflict: A task of that name runs already.
            Unavailable: The plugin has stopped.
        """
        self._check_open()

        async def run(started: Callable[[], None], _stopping: asyncio.Future[None]) -> None:
            started()
            await task()

        if not self.supervisor.keep(Part(kind="task", name=name, run=run)):
            raise Conflict("a task of this name is running", task=name)

    async def close(self) -> None:
        """Let go of what was opened for the plugin."""
        self._closed = True
        self.publisher.close()
        await self._http.close()

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable("the plugin has stopped", part=f"plugin {self.plugin}")
