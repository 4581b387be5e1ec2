"""Who is let in: admission rules for devices at the door, and the waiting room for those an operator decides about.

Deny frames, which switch a device's websocket off, go only to a device that an operator rejected. A rule that
fails, a full waiting room or an absent database close the connection and send nothing: strangers' hardware is
never reconfigured.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from fleet_platform.devices.fleet import AccessState, Fleet
from fleet_platform.devices.voice import Voice
from plugin_sdk import AdmissionRule, Candidate, DeviceId, JSONObject, Verdict
from plugin_sdk.errors import Conflict, Unavailable

logger = logging.getLogger(__name__)

MAX_WAITING = 10_000


class AccessStore(Protocol):
    """Where decisions are kept (``storage.twins.TwinStore``)."""

    async def set_access(
        self, ids: Sequence[str], access: AccessState, status: bytes | None = None
    ) -> list[tuple[str, int]]:
        """Store a decision; returns external and internal ids. Durable when it returns."""

    async def delete(self, device: str) -> bool:
        """Remove a device with all that is stored of it. Durable when it returns."""


class TryLaterError(Exception):
    """The door cannot decide now; the device should come again."""


@dataclass(slots=True, eq=False)
class Waiter:
    """A device somebody has to decide about, or has rejected.

    Attributes:
        device: Its id.
        internal_id: Number in the database, once stored.
        status: Its last full report.
        reason: Why it waits.
        decision: Resolved with True or False when an operator decides; None while it is not connected.
    """

    device: DeviceId
    internal_id: int | None = None
    status: JSONObject = field(default_factory=dict)
    reason: str = ""
    decision: asyncio.Future[bool] | None = None

    def to_json(self, presence: str = "pending") -> JSONObject:
        """``{shellyID, id, presence, status, reason, connected}``."""
        return {
            "shellyID": self.device,
            "id": self.internal_id,
            "presence": presence,
            "status": self.status,
            "reason": self.reason,
            "connected": self.decision is not None,
        }


async def judge(rules: Iterable[tuple[str, AdmissionRule]], candidate: Candidate) -> Verdict:
    """Ask all rules: ``refuse`` beats ``wait``, ``wait`` beats ``admit``, no opinion means ``wait``.

    Raises:
        TryLaterError: A rule failed or did not answer in time.
    """
    found: Verdict | None = None
    weight, heaviest = {"admit": 1, "wait": 2, "refuse": 3}, 0
    for plugin, rule in rules:
        try:
            async with asyncio.timeout(rule.timeout_s):
                verdict = await rule.decide(candidate)
            if verdict is not None and weight[verdict.action] > heaviest:
                found, heaviest = verdict, weight[verdict.action]
        except Exception as error:  # a rule may be anybody's code; whatever it does, only this device is turned away
            logger.exception("admission rule %s of plugin %s failed", rule.name, plugin)
            message = f"admission rule {rule.name} failed"
            raise TryLaterError(message) from error
    return found or Verdict(action="wait", reason="no admission rule has an opinion; an operator decides")


class WaitingRoom:
    """Devices that wait for an operator, and those that one rejected.

    Args:
        fleet: Holds the decisions in memory.
        store: Keeps them.
        voice: Told when the room changes.
        expel: Called with the id of each device that was rejected while connected.
    """

    def __init__(
        self, *, fleet: Fleet, store: AccessStore, voice: Voice, expel: Callable[[str], None], tally: Counter[str]
    ) -> None:
        self._fleet = fleet
        self._store = store
        self._voice = voice
        self._expel = expel
        self._tally = tally
        self._waiters: dict[str, Waiter] = {}
        # Of two operators who decide at once about a device, the second decides about what the first left.
        self._turn = asyncio.Lock()

    def load(self, waiter: Waiter, access: AccessState) -> None:
        """Take a device that was stored as pending or denied."""
        self._fleet.access[waiter.device.lower()] = access
        self._waiters[waiter.device.lower()] = waiter

    def pending(self) -> list[Waiter]:
        """Devices that wait, connected or not."""
        return self._of("pending")

    def denied(self) -> list[Waiter]:
        """Devices that were rejected."""
        return self._of("denied")

    async def enter(
        self, device: DeviceId, status: JSONObject, reason: str, encoded: bytes
    ) -> tuple[Waiter, asyncio.Future[bool]]:
        """Let a device wait.

        Returns:
            Its place and the decision about it, cancelled if a newer connection of the device comes to wait.

        Raises:
            TryLaterError: The room is full.
        """
        key = device.lower()
        waiter = self._waiters.get(key)
        if waiter is None:
            self._make_room()
            waiter = self._waiters[key] = Waiter(device)
        if waiter.decision is not None and not waiter.decision.done():
            waiter.decision.cancel()
        decision = waiter.decision = asyncio.get_running_loop().create_future()
        waiter.status, waiter.reason = status, reason
        self._fleet.access[key] = "pending"
        await self._remember(waiter, encoded)
        self._voice.notify("device", "waiting_room_updated", device=device)
        return waiter, decision

    def _make_room(self) -> None:
        """Forget the device that has waited longest and is not connected any more; its row stays.

        Raises:
            TryLaterError: All that wait are connected.
        """
        if len(self._waiters) < MAX_WAITING:
            return
        self._tally["waiting_room_full"] += 1
        gone = (key for key, waiter in self._waiters.items() if waiter.decision is None)
        oldest = next((key for key in gone if self._fleet.access.get(key) == "pending"), None)
        if oldest is None:
            raise TryLaterError("the waiting room is full")
        del self._waiters[oldest]
        del self._fleet.access[oldest]

    def leave(self, waiter: Waiter, decision: asyncio.Future[bool]) -> None:
        """A waiting device's connection ended. It stays listed; a newer connection of it is not disturbed."""
        if waiter.decision is decision:
            waiter.decision = None

    async def admit(self, device: DeviceId) -> None:
        """A rule lets in a device that waited before; kept, so that it does not wait again after a restart."""
        waiter = self._waiters.pop(device.lower(), None)
        if waiter is not None and waiter.decision is not None:
            waiter.decision.cancel()
        self._fleet.access[device.lower()] = "allowed"
        self._voice.notify("device", "waiting_room_updated", device=device)
        try:
            await self._store.set_access([device], "allowed")
        except Unavailable:
            logger.warning("it cannot be stored that %s waits no more: the database is away", device)

    async def accept(self, ids: Iterable[str]) -> JSONObject:
        """Let devices in, now and from now on.

        Returns:
            ``{success: [id…], error: [id…]}``; an id nobody has seen is an error.

        Raises:
            Unavailable: The decision cannot be stored, so it was not taken.
        """
        async with self._turn:
            known, unknown = self._split(ids, also_connected=False)
            names = await self._decide(known, "allowed")
            for key in known:
                waiter = self._waiters.pop(key, None)
                if waiter is not None and waiter.decision is not None and not waiter.decision.done():
                    waiter.decision.set_result(True)
        return {"success": names, "error": unknown}

    async def reject(self, ids: Iterable[str]) -> JSONObject:
        """Keep devices out, now and from now on; connected ones are sent away.

        Returns:
            ``{success: [id…], error: [id…]}``.

        Raises:
            Unavailable: The decision cannot be stored, so it was not taken.
        """
        async with self._turn:
            known, unknown = self._split(ids, also_connected=True)
            names = await self._decide(known, "denied")
            for key in known:
                self._send_away(key)
        return {"success": names, "error": unknown}

    def _send_away(self, key: str) -> None:
        waiter = self._waiters.get(key)
        if waiter is None:
            twin = self._fleet.get(key)
            status = dict(twin.status) if twin is not None else {}
            waiter = self._waiters[key] = Waiter(self._spelt(key), status=status)
        waiter.reason = "an operator rejected it"
        if waiter.decision is not None and not waiter.decision.done():
            waiter.decision.set_result(False)
        self._expel(key)

    def find(self, device: str | int) -> Waiter | None:
        """A device that waits or was rejected, by its id in any case or by its number."""
        if isinstance(device, str) and (waiter := self._waiters.get(device.lower())) is not None:
            return waiter
        number = str(device)
        return next((waiter for waiter in self._waiters.values() if str(waiter.internal_id) == number), None)

    async def forget(self, waiter: Waiter) -> None:
        """Delete a device that waits or was rejected; it is new if it comes again. Its connection is closed.

        Raises:
            Unavailable: The database is away; nothing was deleted.
            Conflict: Somebody else decided about it meanwhile; nothing was deleted.
        """
        key = waiter.device.lower()
        async with self._turn:
            if self._waiters.get(key) is not waiter:
                raise Conflict("somebody else decided about it at the same time", device=waiter.device)
            await self._store.delete(waiter.device)
            # A rule may have let it in while it was deleted; then it is one of the fleet, and is stored anew.
            if self._waiters.get(key) is not waiter:
                return
            del self._waiters[key]
        self._fleet.access.pop(key, None)
        if waiter.decision is not None and not waiter.decision.done():
            waiter.decision.set_exception(TryLaterError("deleted by an operator"))
            waiter.decision.exception()  # its connection may be ending, and then nobody asks
        self._voice.notify("device", "waiting_room_updated", device=waiter.device)

    def ids_of(self, numbers: Iterable[int]) -> list[str]:
        """Device ids of internal ids; an unknown number becomes its text, which no device has."""
        by_number = {twin.internal_id: twin.id for twin in self._fleet}
        by_number.update((waiter.internal_id, waiter.device) for waiter in self._waiters.values())
        return [by_number.get(number, DeviceId(str(number))) for number in numbers]

    def _of(self, access: AccessState) -> list[Waiter]:
        return [waiter for key, waiter in self._waiters.items() if self._fleet.access.get(key) == access]

    def _split(self, ids: Iterable[str], *, also_connected: bool) -> tuple[list[str], list[str]]:
        """Lower-case ids of known devices, each once, and what names none."""
        known: dict[str, None] = {}
        unknown: dict[str, None] = {}
        for device in ids:
            twin = self._fleet.get(device) if also_connected else None
            if device.lower() in self._waiters or (also_connected and device.lower() in self._fleet.access):
                # The latter also for one that was let in and is still being introduced.
                known[device.lower()] = None
            elif twin is not None:
                known[twin.id.lower()] = None
            else:
                unknown[device] = None
        return list(known), list(unknown)

    async def _decide(self, keys: list[str], access: Literal["allowed", "denied"]) -> list[str]:
        """Store and remember a decision; returns the ids as the devices spell them."""
        if not keys:
            return []
        names = [self._spelt(key) for key in keys]
        stored = await self._store.set_access(names, access)
        numbers = {external.lower(): internal for external, internal in stored}
        for key in keys:
            self._fleet.access[key] = access
            if key in self._waiters:
                self._waiters[key].internal_id = numbers.get(key)
        self._voice.notify("device", "waiting_room_updated")
        for key, name in zip(keys, names, strict=True):
            self._voice.decided(name, numbers.get(key), access)
        return [str(name) for name in names]

    def _spelt(self, key: str) -> DeviceId:
        """An id as the device spells it, as far as that is known."""
        if key in self._waiters:
            return self._waiters[key].device
        twin = self._fleet.get(key)
        return DeviceId(key) if twin is None else twin.id

    async def _remember(self, waiter: Waiter, encoded: bytes) -> None:
        try:
            stored = await self._store.set_access([waiter.device], "pending", encoded)
        except Unavailable:
            # It waits in memory; the row is written when it comes again.
            logger.warning("a waiting device cannot be stored: the database is away")
            return
        waiter.internal_id = stored[0][1] if stored else None
