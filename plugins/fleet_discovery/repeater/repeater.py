"""Carries messages between networks, and counts what it carries and what it does not."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from fleet_discovery.repeater.caution import Limit, Recent
from fleet_discovery.repeater.links import PORT, Interface, Link, open_links
from fleet_discovery.repeater.packets import carried, is_answer


class Repeater:
    """Carries what is heard in some networks to others.

    Args:
        listen: Networks that are heard.
        repeat: Networks where it is said again.
        both: The other way as well.
        port: Of each interface by its text, where it is not that of multicast DNS.
        clock: Seconds that only grow.

    Attributes:
        tally: ``carried``, ``known`` (seen just now, or our own), ``too_many``, ``unreadable`` and ``unofficial``
            (answers from another port than that of multicast DNS).
    """

    def __init__(
        self,
        listen: Sequence[Interface],
        repeat: Sequence[Interface],
        *,
        both: bool = False,
        port: Callable[[Interface], int] = lambda _interface: PORT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._listen = listen
        self._repeat = repeat
        self._both = both
        self._port = port
        self._recent = Recent(clock)
        self._clock = clock
        self._limits: dict[int, Limit] = {}
        self._links: list[Link] = []
        self.tally: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        """Open all networks.

        Raises:
            OSError: One cannot be used.
        """
        try:
            sources = [link for each in self._listen for link in await self._open(each)]
            sinks = [link for each in self._repeat for link in await self._open(each)]
        except BaseException:
            self._close()
            raise
        self._introduce(sources, sinks)
        if self._both:
            self._introduce(sinks, sources)
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _exc: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._close()

    @property
    def routes(self) -> list[str]:
        """What is carried where, for people: ``eth0 (IPv4) → vlan20 (IPv4)``."""
        return [f"{link.name} → {target.name}" for link in self._links for target in link.targets]

    # ---- inside -----------------------------------------------------------------------------------------

    async def _open(self, interface: Interface) -> Sequence[Link]:
        links = list(await open_links(interface, self._take, port=self._port(interface)))
        self._links.extend(links)
        return links

    @staticmethod
    def _introduce(sources: Sequence[Link], sinks: Sequence[Link]) -> None:
        for link in sources:
            link.targets.extend(sink for sink in sinks if sink.family == link.family)

    def _close(self) -> None:
        for link in self._links:
            if link.transport is not None:
                with suppress(OSError):
                    link.transport.close()
        self._links.clear()

    def _take(self, link: Link, packet: bytes, official: bool) -> None:
        if not link.targets:
            return
        if not self._limits.setdefault(id(link), Limit(self._clock)).take():
            self.tally["too_many"] += 1
            return
        message = carried(packet)
        if message is not None and is_answer(message) and not official:
            # Nobody believes it where it was said (RFC 6762 section 6), and from here everybody would.
            self.tally["unofficial"] += 1
        elif message is None:
            self.tally["unreadable"] += 1
        elif not self._recent.is_new(message):
            self.tally["known"] += 1
        else:
            self.tally["carried"] += 1
            for target in link.targets:
                target.send(message)
