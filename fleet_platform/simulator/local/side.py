"""The local side of a whole simulated fleet: one web server for all devices, each on an address of its own.

The server finds out by the address a connection came to which device is meant, so a device costs one listening socket
and a small object.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from aiohttp import web

from fleet_platform.simulator.local import doors
from fleet_platform.simulator.local.addresses import Address, Addresses, listen
from fleet_platform.simulator.local.host import Host
from fleet_platform.simulator.local.options import LocalOptions

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine
    from fleet_platform.simulator.local.mdns import Announcer

_log = logging.getLogger(__name__)

_SHUTDOWN_S = 2.0
_IDLE_S = 75.0


class LocalSide:
    """Serves what devices have to say to their own network; owned by a simulator, which starts and stops it.

    Args:
        options: What it is like.
    """

    def __init__(self, options: LocalOptions) -> None:
        self._options = options
        self._addresses = Addresses(options.port, own=options.own_addresses)
        self._hosts: dict[Address, Host] = {}
        self._by_device: dict[Machine, Host] = {}
        self._opening: asyncio.Queue[tuple[Host, socket.socket | None]] = asyncio.Queue()
        self._announcer: Announcer | None = None
        self._task: asyncio.Task[None] | None = None
        self._server: web.Server | None = None

    async def start(self) -> None:
        """Get ready."""
        if self._options.announce:
            self._announcer = _announcer()
            await self._announcer.open()
        self._server = web.Server(self._serve, keepalive_timeout=_IDLE_S, access_log=None)
        self._task = asyncio.create_task(self._open_all(), name="simulated local side")

    async def stop(self) -> None:
        """Withdraw all devices and end all connections."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        while not self._opening.empty():
            _, listener = self._opening.get_nowait()
            if listener is not None:
                listener.close()
        if self._announcer is not None:
            await self._announcer.close()
            self._announcer = None
        for host in self._hosts.values():
            host.device.ignore(host)
            host.hang_up("")
        if self._server is not None:
            await self._server.shutdown(_SHUTDOWN_S)

    def take(self, device: Machine, *, powered: bool = True) -> None:
        """Give a device an address and have it served, once it has power.

        Raises:
            NoAddress: No address is free.
        """
        listener = self._addresses.take()
        address: Address = listener.getsockname()
        host = Host(device, address, self, self._options)
        self._hosts[address] = self._by_device[device] = host
        device.listen(host)
        host.show_address()
        if powered:
            host.up = True
            self._opening.put_nowait((host, listener))
        else:
            listener.close()

    def host(self, device: Machine) -> Host:
        """A device as its network sees it."""
        return self._by_device[device]

    async def settled(self) -> None:
        """Return once all devices that are up are listening."""
        await self._opening.join()

    # ---- called by hosts --------------------------------------------------------------------------------

    def open(self, host: Host) -> None:
        """Have it listen again."""
        self._opening.put_nowait((host, None))

    def left(self, host: Host, *, orderly: bool) -> None:
        """It is gone: end its connections and, where it can still say so, have its neighbours know."""
        if self._announcer is not None:
            self._announcer.withdraw(host, orderly=orderly)
        talking = host.talking
        for connection in self._server.connections if self._server is not None else ():
            transport = connection.transport
            if transport is None or transport in talking or transport.get_extra_info("sockname") != host.address:
                continue
            transport.abort()

    # ---- inside -----------------------------------------------------------------------------------------

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        transport = request.transport
        host = self._hosts.get(transport.get_extra_info("sockname")) if transport is not None else None
        return await doors.serve(host if host is not None and host.up else None, request)

    async def _open_all(self) -> None:
        while True:
            host, listener = await self._opening.get()
            try:
                await self._open(host, listener)
            except OSError as err:
                _log.warning("simulated %s cannot be reached at %s:%s: %s", host.device.id, *host.address, err)
            finally:
                self._opening.task_done()

    async def _open(self, host: Host, listener: socket.socket | None) -> None:
        if host.up and host.server is None:
            listener = listener or listen(host.address)
            server = await asyncio.get_running_loop().create_server(self._web(), sock=listener)
            if host.opened(server) and self._announcer is not None:
                self._announcer.announce(host)
        elif listener is not None:
            listener.close()

    def _web(self) -> web.Server:
        assert self._server is not None
        return self._server


def _announcer() -> Announcer:
    from fleet_platform.simulator.local.mdns import Announcer  # noqa: PLC0415 - its library takes long to load

    return Announcer()
