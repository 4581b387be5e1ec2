"""Calls for devices that sleep or are offline: stored, sent when the device is back, told as an event.

A call is removed from the store after its result is known, so a crash in between sends it again: it arrives at least
once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from fleet_platform.devices.twin import Twin
from fleet_platform.events.bus import Bus
from fleet_platform.redaction import mask
from fleet_platform.storage.calls import QueuedCall, QueuedCallStore
from plugin_sdk import JSON, DeviceId, JSONObject, Principal
from plugin_sdk.errors import CallTimeout, DeviceOffline, FleetError, Unavailable, UnknownDevice

_UPKEEP_EVERY_S = 1.0


def describe(call: QueuedCall) -> JSONObject:
    """``{id, shellyID, method, params, principal, created, expires}``: without secrets, times in UTC epoch seconds."""
    return {
        "id": call.id,
        "shellyID": call.device,
        "method": call.method,
        "params": mask(call.params),
        "principal": call.principal,
        "created": call.created.timestamp(),
        "expires": call.expires.timestamp(),
    }


class QueuedCalls:
    """Keeps waiting calls and sends them.

    Args:
        timeout_of: Deadline of a device's method, in seconds.
    """

    def __init__(self, *, store: QueuedCallStore, bus: Bus, timeout_of: Callable[[str], tuple[float, bool]]) -> None:
        self._store = store
        self._bus = bus
        self._timeout_of = timeout_of
        self._entries: dict[int, QueuedCall] = {}
        self._sent: set[int] = set()
        self._finished: set[int] = set()

    async def load(self) -> None:
        """Read what was stored, and drop what expired meanwhile."""
        await self._store.expire()
        for entry in await self._store.list():
            self._entries[entry.id] = entry

    def entries(self) -> list[QueuedCall]:
        """All waiting calls, oldest first."""
        return list(self._entries.values())

    def find(self, number: int) -> QueuedCall | None:
        """A waiting call by its id."""
        return self._entries.get(number)

    async def add(self, twin: Twin, method: str, params: JSON, *, principal: Principal, expires_s: float) -> int:
        """Store a call; returns its id.

        Raises:
            DeviceBusy: The device has too many waiting calls.
            Unavailable: The database is away.
        """
        entry = await self._store.add(
            twin.id,
            method,
            params,
            principal=principal.name,
            expires=datetime.now(UTC) + timedelta(seconds=expires_s),
        )
        self._entries[entry.id] = entry
        return entry.id

    async def cancel(self, number: int) -> bool:
        """Remove a waiting call; False if it is gone, or with the device already."""
        if number in self._sent or self._entries.pop(number, None) is None:
            return False
        self._finished.add(number)
        await self._forget()
        return True

    def drop(self, device: DeviceId) -> None:
        """Give up the waiting calls of a device that was deleted, rows and all."""
        for entry in [entry for entry in self._entries.values() if entry.device == device]:
            self._finish(entry, None, UnknownDevice(device))

    def send(self, twin: Twin) -> None:
        """Send a device's waiting calls; its connection is ready."""
        device = twin.id.lower()
        for entry in [entry for entry in self._entries.values() if entry.device.lower() == device]:
            if twin.link is None:
                return
            if entry.id in self._sent:
                continue
            timeout_s, slow = self._timeout_of(entry.method)
            self._sent.add(entry.id)
            try:
                twin.link.submit(
                    entry.method, entry.params, timeout_s=timeout_s, slow=slow, done=self._done(entry, twin)
                )
            except FleetError:
                # Its queue is full; the rest goes as it answers, or at the next wake.
                self._sent.discard(entry.id)
                return

    async def run(self) -> None:
        """Remove finished and expired calls, for ever."""
        while True:
            await asyncio.sleep(_UPKEEP_EVERY_S)
            now = datetime.now(UTC)
            for entry in [entry for entry in self._entries.values() if entry.expires < now]:
                if entry.id not in self._sent:
                    self._finish(entry, None, CallTimeout("the call expired before the device was back"))
            await self._forget()

    async def _forget(self) -> None:
        """Remove finished calls from the store; what fails while the database is away is tried again."""
        for number in sorted(self._finished):
            try:
                await self._store.remove(number)
            except Unavailable:
                return
            self._finished.discard(number)

    def _done(self, entry: QueuedCall, twin: Twin) -> Callable[[JSON, FleetError | None], None]:
        def done(result: JSON, error: FleetError | None) -> None:
            self._sent.discard(entry.id)
            if isinstance(error, DeviceOffline):
                # It went away before it answered: the call waits for the next time.
                return
            self._finish(entry, result, error)
            self.send(twin)

        return done

    def _finish(self, entry: QueuedCall, result: JSON, error: FleetError | None) -> None:
        if self._entries.pop(entry.id, None) is None:
            return
        self._finished.add(entry.id)
        outcome: JSONObject = {"result": result} if error is None else {"error": error.to_json()}
        self._bus.publish(
            "Device.CallResult",
            {"shellyID": entry.device, "id": entry.id, "method": entry.method, **outcome},
            device=DeviceId(entry.device),
        )
