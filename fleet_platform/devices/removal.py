"""Devices that leave for good: deleted by an operator, or rejected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fleet_platform.devices.fleet import Fleet
from fleet_platform.devices.frames import CLOSE_POLICY, CLOSE_TRY_LATER, DENY_FRAMES
from fleet_platform.devices.queued import QueuedCalls
from fleet_platform.devices.twin import Twin
from fleet_platform.devices.voice import Voice
from plugin_sdk.errors import DeviceOffline


class Store(Protocol):
    """Where devices are kept (``storage.twins.TwinStore``)."""

    async def delete(self, device: str) -> bool:
        """Remove a device with all that is stored of it."""


class Removal:
    """Takes devices out of the fleet."""

    def __init__(self, *, fleet: Fleet, store: Store, queued: QueuedCalls, voice: Voice) -> None:
        self._fleet = fleet
        self._store = store
        self._queued = queued
        self._voice = voice

    async def delete(self, twin: Twin) -> None:
        """Delete a device with all that is known of it; one that is connected is closed, and is new if it comes again.

        Raises:
            Unavailable: The database is away; nothing was deleted.
        """
        await self._store.delete(twin.id)
        self._queued.drop(twin.id)
        self._fleet.access.pop(twin.id.lower(), None)
        self._detach(twin, "deleted by an operator", CLOSE_TRY_LATER)
        self._voice.deleted(twin)

    def expel(self, device: str) -> None:
        """Send a rejected device away and forget its twin; it is kept in the list of denied devices."""
        twin = self._fleet.get(device)
        if twin is not None:
            self._detach(twin, "rejected by an operator", CLOSE_POLICY, last=DENY_FRAMES)

    def _detach(self, twin: Twin, reason: str, code: int, *, last: Sequence[bytes] = ()) -> None:
        """Take a twin out of the fleet and end its connection, if it has one, with some last frames."""
        link, twin.link, twin.asleep = twin.link, None, False
        self._fleet.remove(twin)
        if link is not None:
            self._voice.disconnected(twin, reason)
            link.fail(DeviceOffline())
            for frame in last:
                link.send(frame)
            link.close(code, reason)
