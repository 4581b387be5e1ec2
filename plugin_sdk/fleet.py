"""What the platform offers to a running plugin.

Every plugin gets a ``Fleet`` of its own, so that each call, event and row is attributed to it and counted.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, runtime_checkable

from plugin_sdk.values import JSON, DeviceId, Entity, Event, JSONObject, Presence


class Device(Protocol):
    """A live device. Its values are copies, free to keep and change."""

    @property
    def id(self) -> DeviceId:
        """The device's id."""

    @property
    def presence(self) -> Presence:
        """``online``, ``offline`` or ``pending``."""

    @property
    def info(self) -> JSONObject:
        """Answer of ``Shelly.GetDeviceInfo``; empty until it was asked."""

    @property
    def status(self) -> JSONObject:
        """Component key to status. A null value means the same as an absent key."""

    @property
    def settings(self) -> JSONObject:
        """Component key to settings."""

    @property
    def entities(self) -> tuple[Entity, ...]:
        """Its entities, in the order of its components."""


class Devices(Protocol):
    """All devices that were ever admitted."""

    def get(self, device: str) -> Device | None:
        """A device by its id in any case, or by its MAC; None if there is none."""

    def __iter__(self) -> Iterator[Device]:
        """All devices, in order of first admission."""

    def __len__(self) -> int:
        """How many there are."""


class KeyValue(Protocol):
    """Small values of the plugin's own, kept in the database; a value may have up to 1 MiB as JSON."""

    async def get(self, key: str, default: JSON = None) -> JSON:
        """The value of a key, or the default.

        Raises:
            Unavailable: The database is away.
        """

    async def set(self, key: str, value: JSON) -> None:
        """Store a value; durable when this returns."""

    async def delete(self, key: str) -> bool:
        """Remove a key; returns whether it was there."""

    async def keys(self, prefix: str = "") -> list[str]:
        """All keys that start with a prefix, sorted."""


class Sql(Protocol):
    """The database, with the plugin's own schema first in the search path.

    Arguments are passed as ``$1, $2, …`` and never become part of the text.
    """

    async def fetch(self, query: str, *args: Any) -> list[Mapping[str, Any]]:
        """All rows of a query.

        Raises:
            Unavailable: The database is away.
        """

    async def execute(self, query: str, *args: Any) -> str:
        """Run a statement; returns its command tag (``INSERT 0 1``)."""

    async def execute_many(self, query: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement for many rows in one transaction."""


class HttpResponse(Protocol):
    """Answer to a request made by :class:`HttpClient`."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> JSON:
        """The body, decoded."""


class HttpClient(Protocol):
    """Outgoing HTTP, with deadlines and bounded bodies; closed with the plugin."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        json: JSON = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 10.0,
        max_bytes: int = 4 * 1024 * 1024,
    ) -> HttpResponse:
        """Make one request.

        Raises:
            Unavailable: No answer in time, no connection, or a body over ``max_bytes``.
        """


@runtime_checkable
class Fleet(Protocol):
    """The platform, as one plugin sees it."""

    @property
    def plugin(self) -> str:
        """The plugin's own name."""

    @property
    def log(self) -> logging.Logger:
        """Logger ``fleet.plugin.<name>``."""

    @property
    def settings(self) -> Any:
        """The plugin's settings: an instance of the model it registered, or None."""

    @property
    def devices(self) -> Devices:
        """All devices."""

    @property
    def kv(self) -> KeyValue:
        """The plugin's key-value store."""

    @property
    def sql(self) -> Sql:
        """The plugin's schema in the database."""

    @property
    def http(self) -> HttpClient:
        """Outgoing HTTP."""

    async def call(
        self, device: str, method: str, params: Mapping[str, JSON] | None = None, *, timeout_s: float | None = None
    ) -> JSON:
        """Call a method of a device and return its result, which may be null or false.

        Raises:
            UnknownDevice: There is no such device.
            DeviceOffline: It is not connected.
            DeviceBusy: Its queue is full.
            CallTimeout: It did not answer in time.
            DeviceError: It answered with an error.
        """

    async def invoke(self, method: str, params: Mapping[str, JSON] | None = None) -> JSON:
        """Call a method of the platform with the plugin's own authority."""

    def publish(self, method: str, params: Mapping[str, JSON], *, device: str | None = None) -> None:
        """Publish an event. Its name must start with the plugin's name or a component it registered.

        Publishing faster than the platform's limit (1,000 events a second and plugin, bursts of 5,000) drops
        the event, counts it and marks the plugin ``degraded``.
        """

    def subscribe(self, *events: str, queue_size: int = 1_000) -> AbstractAsyncContextManager[AsyncIterator[Event]]:
        """Receive events from now on: ``async with fleet.subscribe("Shelly.Connect") as events: …``.

        When more than ``queue_size`` wait, the oldest are dropped and counted.
        """

    def reveal(self, label: str, secret: str) -> None:
        """Show a secret once to whoever runs the platform, and to nobody else.

        Printed where the platform runs on a terminal; otherwise written to a file of mode 0600 in the data
        folder, whose path is printed. Never logged.
        """

    def start(self, task: Callable[[], Awaitable[None]], *, name: str) -> None:
        """Run a task for as long as the plugin lives.

        It is restarted with back-off when it fails; a task that returns is done. May be called within
        ``fleet_lifespan`` and later; cancelled when the plugin stops.
        """
