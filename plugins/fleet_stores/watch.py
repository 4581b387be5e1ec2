"""Notices that a device's stored things changed, reads them, keeps them, and tells.

A report that may have to do with them costs a look at some numbers. Reading is done by a few tasks for the whole fleet;
a device that cannot be read now is looked at again when it connects.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import Final

from fleet_stores.kinds import COMPONENTS, KINDS, Kind
from fleet_stores.shelf import Shelf
from plugin_sdk import JSON, Device, DeviceId, Fleet, JSONObject
from plugin_sdk.errors import DeviceError, FleetError, Unavailable

READERS: Final = 4
"""Devices that are read at a time."""

_Wanted = tuple[DeviceId, Kind]


class Watch:
    """Looks after all devices."""

    def __init__(self, fleet: Fleet, shelf: Shelf) -> None:
        self._fleet = fleet
        self._shelf = shelf
        # Bounded by the number of devices: what waits already is not put in again.
        self._queue: asyncio.Queue[_Wanted] = asyncio.Queue()
        self._waiting: set[_Wanted] = set()

    def start(self) -> None:
        """Begin; the tasks end with the plugin."""
        for number in range(READERS):
            self._fleet.start(self._read_for_ever, name=f"reader {number + 1}")
        self._fleet.start(self._follow_reports, name="reports")
        self._fleet.start(self._follow_devices, name="devices")

    async def get(self, kind: Kind, device: Device, *, refresh: bool) -> JSONObject:
        """What a device stores: ``{shellyID, <kind>, current, read}``.

        Raises:
            FleetError: It was never read and cannot be read now.
        """
        stored = None if refresh else await self._shelf.get(device.id, kind.name)
        current = stored is not None and device.connected and stored.revision == kind.revision(device)
        if stored is None or (device.connected and not current):
            content = await self._read(device, kind)
            return {"shellyID": device.id, kind.name: content, "current": True, "read": time.time()}
        return {
            "shellyID": device.id,
            kind.name: stored.content,
            "current": current,
            "read": stored.read.timestamp(),
        }

    # ---- noticing -------------------------------------------------------------------------------------------

    async def _follow_reports(self) -> None:
        async with self._fleet.subscribe("Shelly.Status", components=COMPONENTS, queue_size=20_000) as events:
            missed = 0
            async for event in events:
                if events.missed != missed:
                    missed = events.missed
                    self._look_at_all()
                if event.device is not None:
                    self._look(event.device)

    async def _follow_devices(self) -> None:
        names = ("Shelly.Connect", "Shelly.Settings", "Shelly.Delete")
        async with self._fleet.subscribe(*names, queue_size=20_000) as events:
            self._look_at_all()
            async for event in events:
                if event.device is None:
                    continue
                if event.method == "Shelly.Delete":
                    await self._forget(event.device)
                else:
                    self._look(event.device)

    async def _forget(self, device: DeviceId) -> None:
        try:
            await self._shelf.forget(device)
        except Unavailable:
            self._fleet.log.info("what deleted device %s stored is forgotten at the next start", device)

    def _look_at_all(self) -> None:
        for device in self._fleet.devices:
            self._look(device.id)

    def _look(self, name: DeviceId) -> None:
        device = self._fleet.devices.get(name)
        if device is None or not device.connected:
            return
        for kind in KINDS:
            revision = kind.revision(device)
            known = self._shelf.revision(device.id, kind.name)
            if revision is None or revision == known:
                continue
            if known is None:
                # Seen for the first time: nothing changed yet, so nobody has to be asked.
                self._shelf.note(device.id, kind.name, revision)
            elif (device.id, kind) not in self._waiting:
                self._waiting.add((device.id, kind))
                self._queue.put_nowait((device.id, kind))

    # ---- reading --------------------------------------------------------------------------------------------

    async def _read_for_ever(self) -> None:
        while True:
            wanted = await self._queue.get()
            self._waiting.discard(wanted)
            name, kind = wanted
            device = self._fleet.devices.get(name)
            if device is None:
                continue
            try:
                await self._read(device, kind)
            except FleetError as error:
                # It is looked at again when it connects, or with its next report.
                self._fleet.log.info("%s of device %s cannot be read: %s", kind.name, name, error)

    async def _read(self, device: Device, kind: Kind) -> JSON:
        revision = kind.revision(device)
        try:
            content = await kind.read(partial(self._ask, device.id))
        except DeviceError:
            if revision is not None:
                # It has a revision and no such method: asking again would change nothing.
                self._shelf.note(device.id, kind.name, revision)
            raise
        try:
            await self._shelf.put(device.id, kind.name, revision or "", content)
        except Unavailable:
            self._fleet.log.warning("%s of device %s cannot be kept: the database is away", kind.name, device.id)
        self._fleet.publish(kind.event, {"shellyID": device.id, kind.name: content}, device=device.id)
        self._look(device.id)
        return content

    async def _ask(self, device: DeviceId, method: str, params: JSONObject | None) -> JSON:
        return await self._fleet.call(device, method, params)
