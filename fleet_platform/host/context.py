"""The platform as one plugin sees it: everything it does through this is done, and counted, in its name."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping
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
from plugin_sdk import (
    JSON,
    Call,
    DeviceId,
    Devices,
    EventStream,
    HttpClient,
    JSONObject,
    KeyValue,
    Principal,
    component_type,
)
from plugin_sdk.errors import Conflict, PluginError, Unavailable

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
        self.reports: frozenset[str] = frozenset()
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
    def sql(self) -> OwnSchema:
        """The plugin's schema."""
        return self._sql

    @property
    def http(self) -> HttpClient:
        """Outgoing HTTP."""
        return self._http

    async def call(
        self,
        device: str,
        method: str,
        params: Mapping[str, JSON] | None = None,
        *,
        timeout_s: float | None = None,
        on_behalf_of: Principal | None = None,
    ) -> JSON:
        """Call a method of a device."""
        principal = on_behalf_of or self._principal
        return await self._services.relay.call(device, method, params, principal=principal, timeout_s=timeout_s)

    async def invoke(
        self, method: str, params: Mapping[str, JSON] | None = None, *, on_behalf_of: Principal | None = None
    ) -> JSON:
        """Call a method of the platform."""
        principal = on_behalf_of or self._principal
        call = Call(principal=principal, request_id=secrets.token_hex(6), src=f"plugin:{self.plugin}")
        result = await self._services.invoke(method, params, call=call)
        return decode(encode(result))

    def allows(self, principal: Principal, permission: str, device: str | None = None) -> bool:
        """Whether somebody may do something."""
        return self._services.allows(principal, permission, None if device is None else DeviceId(device))

    async def find_principal(self, name: str, provider: str) -> Principal | None:
        """Somebody as its auth provider knows it now."""
        if provider == PROVIDER:
            return Principal(name=name, provider=PROVIDER)
        return await self._services.find_principal(name, provider)

    def principal_changed(self, name: str, provider: str) -> None:
        """Somebody changed, or is gone."""
        self._services.principal_changed(name, provider)

    def services(self, interface: str) -> Mapping[str, Any]:
        """Implementations of an interface."""
        return {
            each.name: each.implementation for _, each in self._services.contributed() if each.interface == interface
        }

    def publish(self, method: str, params: Mapping[str, JSON], *, device: str | None = None) -> None:
        """Publish an event."""
        self._check_open()
        self.publisher.publish(method, params, device=device)

    def subscribe(
        self, *events: str, components: Collection[str] = (), queue_size: int = 1_000
    ) -> AbstractAsyncContextManager[EventStream]:
        """Receive events."""
        return Subscription(
            self._services.bus, events, components=components, queue_size=queue_size, tally=self.record.tally
        )

    def renew_metadata(self, *devices: str) -> None:
        """Ask for metadata anew."""
        self._services.renew_metadata(devices)

    def report(self, device: str, components: Mapping[str, JSONObject | None]) -> None:
        """Report components of the plugin's own types."""
        self._check_reported(*components)
        self._services.report(self._services.devices.find(device), components)

    def emit(self, device: str, component: str, event: str, data: Mapping[str, JSON] | None = None) -> None:
        """Tell of something that happened to such a component."""
        self._check_reported(component)
        self._services.emit(self._services.devices.find(device), component, {**(data or {}), "event": event})

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

    def _check_reported(self, *keys: str) -> None:
        self._check_open()
        for key in keys:
            if component_type(key) not in self.reports:
                raise PluginError(
                    f"{self.plugin} may not report {key}: the type is not its own, or not marked reported"
                )

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable("the plugin has stopped", part=f"plugin {self.plugin}")
