"""Keeping memberships true while devices change.

Two tasks listen, and only note which device may have changed in which groups; a third one works that off, a slice at a
time. Who listens takes what came in a tenth of a second at once, so that it costs less. Of status events only those are
listened to that change a component some query looks at, and only groups are looked at that ask for a changed value.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable

from fleet_groups.announcements import Announcements
from fleet_groups.memberships import Memberships
from fleet_groups.query import Fact
from fleet_groups.slices import sliced
from plugin_sdk import Event, EventStream, Fleet

REST_S = 0.1
"""Between two looks at what came; how late a member may join or leave."""

QUEUE_SIZE = 10_000
FEW = 100
"""So many devices are settled at once, without waiting for a round."""

_LIFE = ("Shelly.Connect", "Shelly.Disconnect", "Shelly.Presence", "Shelly.Info", "Shelly.Settings", "Shelly.Delete")
_FACTS: dict[str, tuple[Fact, ...]] = {
    "Shelly.Presence": ("presence",),
    "Shelly.Disconnect": ("presence",),
    "Shelly.Info": ("info",),
    "Shelly.Settings": ("settings",),
}


class Watch:
    """Listens and settles.

    Args:
        forget: A device's info or settings changed.
        deleted: A device was deleted.
    """

    def __init__(
        self,
        fleet: Fleet,
        memberships: Memberships,
        news: Announcements,
        *,
        forget: Callable[[str], None],
        deleted: Callable[[str], None],
    ) -> None:
        self._fleet = fleet
        self._memberships = memberships
        self._news = news
        self._forget = forget
        self._deleted = deleted
        self._dirty: dict[str, frozenset[int]] = {}
        self._stale: set[int] = set()
        self._stale_reason = "live"
        self._some = asyncio.Event()
        self._asked = 0
        self._done = 0
        self._round = asyncio.Condition()
        self._waiting: asyncio.Timeout | None = None
        self._listened: frozenset[str] = frozenset()

    # ---- asking ---------------------------------------------------------------------------------------------

    async def evaluate(self, ids: Iterable[int], reason: str = "edited") -> None:
        """Find out anew who belongs to some groups; true for all devices when this returns."""
        self._note_groups(ids, reason)
        self._listen_anew()
        await self._settled()

    async def consider(self, devices: Collection[str], fact: Fact) -> None:
        """Something about devices changed; their groups are right when this returns."""
        self._news.renew(devices)
        ids = self._memberships.about(fact)
        if len(devices) <= FEW:
            for device in devices:
                self._memberships.settle(device, ids, "live")
            self._news.flush()
            return
        for device in devices:
            self._note(device, ids)
        await self._settled()

    async def _settled(self) -> None:
        self._asked += 1
        mine = self._asked
        self._some.set()
        async with self._round:
            await self._round.wait_for(lambda: self._done >= mine)

    # ---- listening ------------------------------------------------------------------------------------------

    async def listen_to_life(self) -> None:
        """Connections, info, settings, ends."""
        async with self._fleet.subscribe(*_LIFE, queue_size=QUEUE_SIZE) as events:
            await self._follow(events, self._on_life)

    async def listen_to_status(self) -> None:
        """Status of the components that queries look at; anew whenever these change."""
        while True:
            self._listened = self._memberships.components
            try:
                async with asyncio.timeout(None) as self._waiting:
                    if not self._listened:
                        await asyncio.get_running_loop().create_future()  # until the time-out is set
                    async with self._fleet.subscribe(
                        "Shelly.Status", components=self._listened, queue_size=QUEUE_SIZE
                    ) as events:
                        # What changed while nobody listened is not known.
                        self._note_groups(self._memberships.groups, "live")
                        await self._follow(events, self._on_status)
            except TimeoutError:
                continue
            finally:
                self._waiting = None

    def _listen_anew(self) -> None:
        waiting = self._waiting
        if waiting is not None and not waiting.expired() and self._listened != self._memberships.components:
            waiting.reschedule(0)

    async def _follow(self, events: EventStream, take: Callable[[Event], None]) -> None:
        missed = events.missed
        while batch := await events.batch():
            async for event in sliced(batch):
                take(event)
            if events.missed != missed:
                missed = events.missed
                self._note_groups(self._memberships.groups, "live")
            self._some.set()
            # Status events come one by one; taking them one by one would cost more than looking at them.
            await asyncio.sleep(REST_S)

    def _on_status(self, event: Event) -> None:
        if event.device is None:
            return
        about = self._memberships.about_status
        for key, names in event.changes.items():
            if ids := about(key, names):
                self._note(event.device.lower(), ids)

    def _on_life(self, event: Event) -> None:
        if event.device is None:
            return
        device = event.device.lower()
        facts = _FACTS.get(event.method)
        if facts is None or "presence" not in facts:
            self._forget(device)
        if event.method == "Shelly.Delete":
            self._deleted(device)
        ids = self._memberships.concerned(device) if facts is None else self._memberships.about(facts[0])
        self._note(device, ids)

    # ---- settling -------------------------------------------------------------------------------------------

    def _note(self, device: str, ids: frozenset[int]) -> None:
        noted = self._dirty.get(device)
        if noted is None:
            self._dirty[device] = ids
        elif noted is not ids:
            self._dirty[device] = noted | ids

    def _note_groups(self, ids: Iterable[int], reason: str) -> None:
        self._stale.update(ids)
        if reason == "edited":
            self._stale_reason = reason
        self._some.set()

    async def settle(self) -> None:
        """Work off what was noted, for ever; at first everything."""
        self._note_groups(self._memberships.groups, "live")
        while True:
            await self._woken()
            self._some.clear()
            asked = self._asked
            await self._settle_groups()
            await self._settle_devices()
            self._news.silent = False
            self._news.flush()
            async with self._round:
                self._done = asked
                self._round.notify_all()

    async def _woken(self) -> None:
        """Wait until something was noted, or until more news may be told than one flush takes."""
        try:
            async with asyncio.timeout(REST_S if self._news.waiting else None):
                await self._some.wait()
        except TimeoutError:
            pass

    async def _settle_groups(self) -> None:
        if not self._stale:
            return
        ids, self._stale = self._stale, set()
        reason, self._stale_reason = self._stale_reason, "live"
        devices: dict[str, None] = {}
        async for device in sliced(self._fleet.devices):
            devices[device.id.lower()] = None
        devices.update(dict.fromkeys(self._memberships.of))
        for number in ids:
            group = self._memberships.groups.get(number)
            devices.update(dict.fromkeys(group.devices if group else ()))
        stale = frozenset(ids)
        await self._settle_all([(device, stale) for device in devices], reason)

    async def _settle_devices(self) -> None:
        dirty, self._dirty = self._dirty, {}
        await self._settle_all(list(dirty.items()), "live")

    async def _settle_all(self, work: list[tuple[str, frozenset[int]]], reason: str) -> None:
        settle = self._memberships.settle
        async for device, ids in sliced(work):
            settle(device, ids, reason)
