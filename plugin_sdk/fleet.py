"""What the platform offers to a running plugin.

Every plugin gets a ``Fleet`` of its own, so that each call, event and row is attributed to it and counted.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, runtime_checkable

from plugin_sdk.values import JSON, DeviceId, Entity, Event, JSONObject, Presence, Principal


class Device(Protocol):
    """A live device. Its values are copies, free to keep and change."""

    @property
    def id(self) -> DeviceId:
        """The device's id."""

    @property
    def number(self) -> int | None:
        """Its number on this platform; None until it is stored."""

    @property
    def presence(self) -> Presence:
        """``online``, ``offline`` or ``pending``."""

    @property
    def connected(self) -> bool:
        """Whether it can be called now. A sleeper is online while it sleeps, and not connected."""

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

    @property
    def components(self) -> tuple[str, ...]:
        """Keys of the components in its status; copies nothing else."""

    def read(self, path: str) -> JSON:
        """One value of its status by component key and dotted path (``switch:0.output``), or None.

        Costs next to nothing for a number, text or boolean, where :attr:`status` copies everything.
        """


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


class EventStream(Protocol):
    """Events that wait for a plugin, oldest first: ``async for event in events``, or a batch at a time."""

    @property
    def missed(self) -> int:
        """How many events were dropped so far, because too many waited."""

    def __aiter__(self) -> AsyncIterator[Event]:
        """Itself."""

    async def __anext__(self) -> Event:
        """The next event."""

    async def batch(self) -> list[Event]:
        """All events that wait, once there is one; empty when the subscription has ended."""


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
        self,
        device: str,
        method: str,
        params: Mapping[str, JSON] | None = None,
        *,
        timeout_s: float | None = None,
        on_behalf_of: Principal | None = None,
    ) -> JSON:
        """Call a method of a device and return its result, which may be null or false.

        Args:
            on_behalf_of: Who must be allowed to make the call; the plugin itself if nobody is named.

        Raises:
            UnknownDevice: There is no such device, or whoever is named may not know of it.
            PermissionDenied: Whoever is named may not call that.
            DeviceOffline: It is not connected.
            DeviceBusy: Its queue is full.
            CallTimeout: It did not answer in time.
            DeviceError: It answered with an error.
        """

    async def invoke(
        self, method: str, params: Mapping[str, JSON] | None = None, *, on_behalf_of: Principal | None = None
    ) -> JSON:
        """Call a method of the platform with the plugin's own authority, or with that of whoever is named."""

    def allows(self, principal: Principal, permission: str, device: str | None = None) -> bool:
        """Whether somebody may do something, as the policies in force see it.

        Args:
            permission: Lower case: ``device.get``, ``switch.set``.
            device: Id of the device it is about.
        """

    async def find_principal(self, name: str, provider: str) -> Principal | None:
        """Somebody as its auth provider knows it now; None if it is not known any more, or disabled.

        For work that goes on after its request: what a user may do is asked when it is done.

        Raises:
            Unavailable: The provider could not answer.
        """

    def principal_changed(self, name: str, provider: str) -> None:
        """Somebody's groups, claims or credentials changed, or it is gone: call this when the change is durable.

        What the platform remembers of it is forgotten, and its websockets are closed with 1013 after what waits to be
        sent; whoever comes back is looked at anew.
        """

    def services(self, interface: str) -> Mapping[str, Any]:
        """Implementations of an interface that plugins in force contribute, by their names."""

    def publish(self, method: str, params: Mapping[str, JSON], *, device: str | None = None) -> None:
        """Publish an event.

        The plugin must have declared it, or its name start with the plugin's name, or with the noun of a method or
        component type of the plugin.

        Publishing faster than the platform's limit (1,000 events a second and plugin, bursts of 5,000) drops
        the event, counts it and marks the plugin ``degraded``.
        """

    def subscribe(
        self, *events: str, components: Collection[str] = (), queue_size: int = 1_000
    ) -> AbstractAsyncContextManager[EventStream]:
        """Receive events from now on: ``async with fleet.subscribe("Shelly.Connect") as events: …``.

        When more than ``queue_size`` wait, the oldest are dropped and counted.

        Args:
            components: Of status events only those where a component of one of these types changed (``wifi``), and of
                ``Shelly.Message`` only notifications about one of them. Nothing is built or queued for the others.
        """

    def renew_metadata(self, *devices: str) -> None:
        """Ask for the ``metadata`` of devices anew, because what describes them changed; of all if none is named."""

    def report(self, device: str, components: Mapping[str, JSONObject | None]) -> None:
        """Report the status of components of a device that this plugin knows of and the device does not.

        They become part of its twin as if it had reported them itself: events, entities, history. Their types must
        be the plugin's own and marked ``reported``. A status is merged like any notification; None removes a component.

        Raises:
            UnknownDevice: There is no such device.
            PluginError: A component is of a type that is not the plugin's own.
        """

    def emit(self, device: str, component: str, event: str, data: Mapping[str, JSON] | None = None) -> None:
        """Tell of something that happened to a component that this plugin reports, such as a button being pushed.

        It becomes an ``Entity.Event`` as if the device had sent it; of an event that the type does not name, or a
        component that has no entity (yet), nothing comes.

        Raises:
            UnknownDevice: There is no such device.
            PluginError: The component is of a type that is not the plugin's own.
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
