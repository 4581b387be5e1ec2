"""Opens connections for a whole fleet: a few workers, so that a waiting device needs no task.

A worker stays with its device until the handshake is over. So at most ``workers`` handshakes are under way at once,
however many devices want to connect: the queue behind it holds each device at most once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from fleet_platform.simulator.outbound.channel import Channel, Peer, upgrade_request
from fleet_platform.simulator.outbound.trust import ANYBODY, context

_log = logging.getLogger(__name__)

WORKERS = 96
TIMEOUT_S = 15.0
_RESOLVED_FOR_S = 30.0


class BadUrl(ValueError):
    """A device URL that cannot be used; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where devices connect to.

    Attributes:
        host: As in the URL, for the ``Host`` header and for TLS.
        port: TCP port.
        path: With the query; never empty.
        secure: ``wss``.
        shown: The URL as the device's settings show it, without a token that was added.
        trust: Whose certificates are accepted with ``wss``, as :func:`~.trust.context` takes it.
    """

    host: str
    port: int
    path: str
    secure: bool
    shown: str
    trust: str | None = ANYBODY

    @property
    def authority(self) -> str:
        """For the ``Host`` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def read_url(url: str, token: str | None = None) -> Address:
    """The address in a device URL such as ``ws://localhost:7011/shelly``; a token is added to its path.

    Raises:
        BadUrl: Not a websocket URL.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as err:
        raise BadUrl(f"{url!r}: {err}") from err
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise BadUrl(f"{url!r} is not a websocket URL; expected ws://host:port/shelly")
    path = (parts.path or "/shelly").rstrip("/") or "/shelly"
    path = f"{path}/{token}" if token else path
    path = f"{path}?{parts.query}" if parts.query else path
    secure = parts.scheme == "wss"
    return Address(host=parts.hostname, port=port or (443 if secure else 80), path=path, secure=secure, shown=url)


class Caller(Peer, Protocol):
    """A device that wants a connection."""

    address: Address

    def unreachable(self, reason: str) -> None:
        """There is no TCP connection."""


class Dialler:
    """The workers. Owned by a simulator, which calls :meth:`run` in a task of its own and cancels it."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[Caller] = asyncio.Queue()
        self._resolved: dict[tuple[str, int], tuple[float, str]] = {}
        self._warned = False

    def dial(self, caller: Caller) -> None:
        """Put a device in the queue; it must not be there already."""
        self._waiting.put_nowait(caller)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as workers:
            for _ in range(WORKERS):
                workers.create_task(self._work())

    async def _work(self) -> None:
        while True:
            caller = await self._waiting.get()
            settled = asyncio.Event()
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    channel = await self._connect(caller, settled.set)
            except (OSError, TimeoutError) as err:
                caller.unreachable(str(err) or "no answer in time")
                continue
            except ValueError as err:
                # No name at all, such as ``a..b``: Python refuses to spell it for the resolver.
                self._warn(caller.address, err)
                caller.unreachable(f"no usable address: {err}")
                continue
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    await settled.wait()
            except TimeoutError:
                channel.abort()
            except asyncio.CancelledError:
                channel.abort()
                raise

    def _warn(self, address: Address, err: ValueError) -> None:
        """Say so once: it is tried again and again, by every device that was given such an address."""
        if not self._warned:
            self._warned = True
            _log.warning("simulated devices cannot connect to %r, which is no usable address: %s", address.host, err)

    async def _connect(self, caller: Caller, settled: Callable[[], None]) -> Channel:
        address = caller.address
        request = upgrade_request(address.authority, address.path)
        _, channel = await asyncio.get_running_loop().create_connection(
            lambda: Channel(caller, request, settled),
            await self._resolve(address.host, address.port),
            address.port,
            ssl=context(address.trust) if address.secure else None,
            server_hostname=address.host if address.secure else None,
        )
        return channel

    async def _resolve(self, host: str, port: int) -> str:
        """The host's address, looked up at most twice a minute: five thousand devices share one name."""
        loop = asyncio.get_running_loop()
        known = self._resolved.get((host, port))
        if known is None or known[0] < loop.time():
            found = await loop.getaddrinfo(host, port, type=1)
            known = (loop.time() + _RESOLVED_FOR_S, str(found[0][4][0]))
            self._resolved[host, port] = known
        return known[1]
