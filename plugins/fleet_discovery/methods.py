"""``Discovery.*`` and ``Mdns.*``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated

from pydantic import Field, SecretStr

from fleet_discovery.adoption import Adoptions, Order, failed
from fleet_discovery.book import Book, Entry
from fleet_discovery.server_url import read_server_url
from fleet_discovery.settings import DiscoverySettings, MdnsConfig
from fleet_discovery.whereabouts import may, states
from plugin_sdk import JSON, Call, Fleet, JSONObject, Method
from plugin_sdk.errors import FleetError, InvalidParams

MOST_HOSTS = 64
ADOPT_S = 900.0
"""Longer than so many devices can take, at the longest patience that is usual."""
PROBE_S = 60.0

Host = Annotated[str, Field(min_length=1, max_length=260)]
Hosts = Annotated[list[Host], Field(min_length=1, max_length=MOST_HOSTS)]
Password = Annotated[SecretStr, Field(max_length=256)]
Url = Annotated[str, Field(min_length=1, max_length=1_000)]


class DiscoveryMethods:
    """Handlers of both.

    Args:
        adoptions: While the plugin runs.
        settings: Those in force.
        running: Whether somebody listens to the network.
    """

    def __init__(
        self,
        book: Book,
        *,
        adoptions: Callable[[], Adoptions],
        settings: Callable[[], DiscoverySettings],
        running: Callable[[], bool],
    ) -> None:
        self._book = book
        self._adoptions = adoptions
        self._settings = settings
        self._running = running

    def methods(self) -> list[Method]:
        """Declare them."""
        return [
            Method(name="Discovery.List", handler=self.list, read_only=True),
            Method(name="Discovery.Probe", handler=self.probe, timeout_s=PROBE_S),
            Method(name="Discovery.Adopt", handler=self.adopt, timeout_s=ADOPT_S),
            Method(name="Mdns.GetStatus", handler=self.get_status, read_only=True),
            Method(name="Mdns.GetConfig", handler=self.get_config, read_only=True),
            Method(name="Mdns.SetConfig", handler=self.set_config),
        ]

    async def list(self, fleet: Fleet, call: Call) -> list[JSONObject]:
        """Devices that announce themselves: an array of `{id, name, host, address, port, gen, app, model, ver, …}`.

        `state` is `connected`, `offline` (a device of the fleet), `waiting`, `denied` or `new`. `ws` says where its
        websocket is pointed: `{server, here}`, or null until `Discovery.Probe` asked. `last_seen` is in UTC epoch
        milliseconds.
        """
        entries = [entry for entry in self._book.entries() if may(fleet, call.principal, entry.found.id)]
        found = await states(fleet, [entry.found.id for entry in entries])
        return [_line(fleet, entry, found[entry.found.id]) for entry in entries]

    async def probe(
        self,
        fleet: Fleet,
        call: Call,
        host: Host | None = None,
        id: Host | None = None,  # noqa: A002  # the wire's name
        password: Password | None = None,
    ) -> JSONObject:
        """Ask a device in the local network who it is and where its websocket is pointed, and change nothing.

        `{host, id, name, model, gen, app, ver, password_needed, ws, state}`; `ws` is `{enable, server, here}`, or null
        where the device has a password that is not known.
        """
        if (host is None) is (id is None):
            raise InvalidParams.at("host", "either host or id says which device")
        return await self._adoptions().probe(self._host(fleet, call, host, id), password, call.principal)

    async def adopt(
        self,
        fleet: Fleet,
        call: Call,
        host: Host | None = None,
        id: Host | None = None,  # noqa: A002  # the wire's name
        hosts: Hosts | None = None,
        password: Password | None = None,
        url: Url | None = None,
        replace: bool = False,
    ) -> JSONObject:
        """Have a device connect to this platform: set its websocket, restart it, and wait until it is there.

        `{host, id, steps: [{step, ok, detail}], outcome}`; the outcome is `connected`, `waiting` (in the waiting room)
        or `timeout`. With `hosts`: `{devices: [the same, or with outcome "failed" and an error]}`. `replace` takes it
        away from another server.
        """
        if sum(each is not None for each in (host, id, hosts)) != 1:
            raise InvalidParams.at("host", "one of host, id and hosts says which devices")
        server = None if url is None else read_server_url(url)

        def order(name: str) -> Order:
            return Order(host=name, asker=call.principal, password=password, url=server, replace=replace)

        if hosts is None:
            return await self._adoptions().adopt(order(self._host(fleet, call, host, id)))
        unique = list({name.lower(): name for name in hosts}.values())
        return {"devices": await self._adopt_all([order(name) for name in unique])}

    def get_status(self, fleet: Fleet, call: Call) -> JSONObject:
        """Whether devices are looked for, and which are found: `{running, devices: [{id, host, address, …}], refused}`.

        `refused` counts announcements for which there was no place.
        """
        found = [entry.found for entry in self._book.entries() if may(fleet, call.principal, entry.found.id)]
        return {
            "running": self._running(),
            "devices": [each.to_json() for each in found],
            "refused": self._book.refused,
        }

    def get_config(self) -> JSONObject:
        """Whether devices are looked for, and by which addresses of this machine: `{enable, interfaces}`."""
        settings = self._settings()
        return {"enable": settings.mdns, "interfaces": settings.interfaces}

    async def set_config(self, fleet: Fleet, config: MdnsConfig) -> JSONObject:
        """Start or stop looking for devices, for good: `{component, event}`."""
        patch: dict[str, JSON] = {}
        if config.enable is not None:
            patch["mdns"] = config.enable
        if config.interfaces is not None:
            patch["interfaces"] = config.interfaces
        if not patch:
            raise InvalidParams.at("config", "names at least one setting")
        await fleet.invoke("plugin:discovery.SetConfig", {"config": patch})
        return {"component": "mdns", "event": "config_changed"}

    # ---- inside -----------------------------------------------------------------------------------------

    def _host(self, fleet: Fleet, call: Call, host: str | None, device: str | None) -> str:
        if device is not None and (self._book.get(device) is None or not may(fleet, call.principal, device)):
            raise InvalidParams.at("id", "no device of this id announces itself; host says where it is")
        return host or device or ""

    async def _adopt_all(self, orders: Sequence[Order]) -> Sequence[JSONObject]:
        async def one(order: Order) -> JSONObject:
            try:
                return await self._adoptions().adopt(order)
            except FleetError as error:
                return failed(order.host, error)

        async with asyncio.TaskGroup() as tasks:
            adopting = [tasks.create_task(one(order)) for order in orders]
        return [task.result() for task in adopting]


def _line(fleet: Fleet, entry: Entry, state: str) -> JSONObject:
    known, asked = fleet.devices.get(entry.found.id), entry.asked
    info = known.info if known is not None else {}
    return {
        **entry.found.to_json(),
        "name": info.get("name") or (asked.name if asked is not None else None),
        "model": info.get("model") or (asked.model if asked is not None else None),
        "state": state,
        "ws": {"server": asked.server, "here": asked.here} if asked is not None and asked.known else None,
        "last_seen": entry.seen_ms,
    }
