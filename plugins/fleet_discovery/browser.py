"""Listening for devices that announce themselves by multicast DNS, and asking who is there now and then.

The library keeps what it hears in a cache with a bound of its own (since 0.154 at the latest); what comes of it
goes into the book, which has another. A name whose records are not complete is asked about, a few at a time.

Source: RFC 6762 and 6763; Shelly Gen2+ API, "mDNS".
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from ipaddress import IPv6Address, ip_address

from zeroconf import (  # type: ignore[attr-defined]  # its ``__all__`` leaves DNSPointer out
    BadTypeInNameException,
    DNSPointer,
    InterfaceChoice,
    IPVersion,
    RecordUpdate,
    RecordUpdateListener,
    ServiceStateChange,
    Zeroconf,
)
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from fleet_discovery.book import Book
from fleet_discovery.found import SERVICES, device_of, read_found
from plugin_sdk.errors import Unavailable

ASKED_AT_A_TIME = 4
MOST_WAITING = 256
ASK_MS = 2_000

WATCH_S, MOST_HEARD = 10.0, 50_000
"""So many records in so many seconds are more than two thousand devices say at once: somebody floods the network."""


class Browser(RecordUpdateListener):
    """Fills the book with what it hears.

    Args:
        book: Where devices are written.
        allowed: Whether a device at an address may be called.
        flooded: Called when so much is heard that it is better not to listen.
    """

    def __init__(self, book: Book, allowed: Callable[[str], bool], flooded: Callable[[], None]) -> None:
        self._book = book
        self._allowed = allowed
        self._flooded = flooded
        self._heard = 0
        self._waiting: dict[tuple[str, str], None] = {}
        self._wake = asyncio.Event()

    @asynccontextmanager
    async def listening(self, interfaces: Sequence[str]) -> AsyncIterator[Browser]:
        """Listen while this is entered.

        Args:
            interfaces: Addresses of this machine; all if empty.

        Raises:
            Unavailable: An address is none of this machine.
            OSError: Multicast DNS cannot be received.
        """
        _check(interfaces)
        async with (
            AsyncZeroconf(
                interfaces=[_plain(each) for each in interfaces] or InterfaceChoice.All,
                ip_version=_version(interfaces),
            ) as zeroconf,
            asyncio.TaskGroup() as tasks,
        ):
            zeroconf.zeroconf.async_add_listener(self, None)
            browser = AsyncServiceBrowser(zeroconf.zeroconf, list(SERVICES), handlers=[self._changed])
            working = [tasks.create_task(self._ask(zeroconf.zeroconf)) for _ in range(ASKED_AT_A_TIME)]
            working.append(tasks.create_task(self._watch()))
            try:
                yield self
            finally:
                for task in working:
                    task.cancel()
                await browser.async_cancel()
                self._book.clear()

    def async_update_records(self, zc: Zeroconf, now: float, records: list[RecordUpdate]) -> None:  # noqa: ARG002
        """Records came, known ones too: their devices were heard of."""
        self._heard += len(records)
        for update in records:
            record = update.new
            self._book.heard(record.alias if isinstance(record, DNSPointer) else record.name)

    # ---- inside -----------------------------------------------------------------------------------------

    def _changed(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if device_of(name) is None:
            return
        if state_change is ServiceStateChange.Removed:
            self._waiting.pop((service_type, name), None)
            self._book.remove(name, service_type)
            return
        info = _info(service_type, name)
        if info is None:
            return
        if info.load_from_cache(zeroconf):
            self._take(info)
        elif len(self._waiting) < MOST_WAITING:
            self._waiting[service_type, name] = None
            self._wake.set()

    def _take(self, info: AsyncServiceInfo) -> None:
        self._waiting.pop((info.type, info.name), None)
        found = read_found(
            info.name,
            addresses=info.parsed_addresses(),
            port=info.port,
            host=info.server,
            text=info.properties,
            allowed=self._allowed,
        )
        if found is not None:
            self._book.put(found, info.type)

    async def _watch(self) -> None:
        while True:
            before = self._heard
            await asyncio.sleep(WATCH_S)
            if self._heard - before > MOST_HEARD:
                self._flooded()

    async def _ask(self, zeroconf: Zeroconf) -> None:
        while True:
            while not self._waiting:
                self._wake.clear()
                await self._wake.wait()
            service_type, name = next(iter(self._waiting))
            del self._waiting[service_type, name]
            info = _info(service_type, name)
            if info is not None and await info.async_request(zeroconf, ASK_MS):
                self._take(info)


def _info(service_type: str, name: str) -> AsyncServiceInfo | None:
    try:
        return AsyncServiceInfo(service_type, name)
    except BadTypeInNameException:
        return None


def _check(interfaces: Iterable[str]) -> None:
    """Before the library does, which leaves a socket open when it finds out."""
    for address in interfaces:
        if not _is_of_one(address):
            raise _foreign(address)
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                numeric = socket.getaddrinfo(address, 0, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)
                probe.bind(numeric[0][4])  # with the interface of a link-local address
            except OSError as error:
                raise _foreign(address) from error


def _foreign(address: str) -> Unavailable:
    return Unavailable(f"{address} is no address of this machine", part="network")


def _is_of_one(address: str) -> bool:
    """Whether it is the kind of address that one machine has, or all of IPv4."""
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address) and (parsed.is_unspecified or parsed.ipv4_mapped is not None):
        return False
    return not parsed.is_multicast


def _plain(address: str) -> str:
    """Without the interface of a link-local address, which the library finds by itself."""
    return address.partition("%")[0]


def _version(interfaces: Iterable[str]) -> IPVersion:
    """Both only where somebody asked for both: machines without IPv6 are many."""
    six = [":" in each for each in interfaces]
    return IPVersion.V4Only if not any(six) else IPVersion.V6Only if all(six) else IPVersion.All
