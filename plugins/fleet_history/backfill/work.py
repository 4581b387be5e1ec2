"""When meters are read: after an outage, when they are new, and when somebody asks. Bounded, each device once."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from fleet_history.backfill.meters import Meters
from fleet_history.backfill.reader import METHODS, Filled, Reader
from fleet_history.backfill.records import BadRecordsError
from fleet_history.names import caller
from fleet_history.settings import HistorySettings
from plugin_sdk import Call, Device, Event, EventType, Fleet, JSONObject, component_type
from plugin_sdk.errors import DeviceOffline, FleetError, InvalidParams, PermissionDenied, UnknownDevice

AWAY_S: Final = 120.0
"""An outage that is shorter leaves no gap."""

SETTLE_S: Final = 75.0
"""A meter tells its counters once a minute; by then what it told after it connected is written."""

TRIES: Final = 5
PAUSE_S: Final = 60.0
MAX_WAITING: Final = 50_000

DONE = EventType(
    name="Energy.Backfilled",
    summary="Records of a meter were put into the history, where samples were missing.",
    params={
        "shellyID": "the device",
        "component": "the meter",
        "added": "how many samples were added",
        "from": "from when on, UTC epoch seconds, or null",
        "to": "up to when, or null",
        "problem": "why not all was read, or null",
    },
    device=True,
    permission="energy.backfill",
)


class Work:
    """What is to be read, in order of when it is due."""

    def __init__(self, fleet: Fleet) -> None:
        settings: HistorySettings = fleet.settings
        self._fleet = fleet
        self._meters = Meters(fleet)
        self._days = settings.backfill_days
        self._at_once = settings.backfill_at_once
        self._reader = Reader(fleet, self._meters, days=settings.backfill_days, rate_per_s=settings.backfill_rate_per_s)
        # Device to when it is due, whether it was asked for, and how often it was tried.
        self._due: dict[str, tuple[float, bool, int]] = {}
        self._wake = 0.0
        self._busy: set[str] = set()
        self._news = asyncio.Event()

    def start(self) -> None:
        """Begin; the tasks end with the plugin."""
        if self._days <= 0:
            return
        for number in range(self._at_once):
            self._fleet.start(self._read_for_ever, name=f"meters {number + 1}")
        self._fleet.start(self._follow, name="meters that connect")

    async def ask(self, call: Call, shelly_id: str) -> JSONObject:
        """Read a device's meters soon, wherever samples are missing, and say how far they were read before.

        Raises:
            FleetError: The device is not there, has no such meter, or the caller may not ask for it.
        """
        fleet = self._fleet
        principal = caller(call)
        device = fleet.devices.get(shelly_id)
        if device is None or not fleet.allows(principal, "device.get", device.id):
            raise UnknownDevice(shelly_id)
        if not fleet.allows(principal, "energy.backfill", device.id):
            raise PermissionDenied(permission="energy.backfill", device=device.id)
        meters = meters_of(device)
        if not meters:
            raise InvalidParams.at("shellyID", "has no energy meter with records of its own")
        if self._days <= 0:
            raise InvalidParams.at("shellyID", "records are not read: the setting backfill_days is 0")
        if not device.connected:
            raise DeviceOffline
        known = await self._meters.progress(device)
        self._put(device.id, 0.0, asked=True)
        return {"shellyID": device.id, "meters": [_told(component, known.get(component)) for component in meters]}

    # ---- when -------------------------------------------------------------------------------------------------

    async def _follow(self) -> None:
        async with self._fleet.subscribe("Shelly.Connect", queue_size=20_000) as events:
            self._look_at_all()
            missed = 0
            async for event in events:
                if events.missed != missed:
                    missed = events.missed
                    self._look_at_all()
                self._connected(event)

    def _look_at_all(self) -> None:
        for device in self._fleet.devices:
            if device.connected and meters_of(device):
                self._put(device.id, SETTLE_S, asked=False)

    def _connected(self, event: Event) -> None:
        device = None if event.device is None else self._fleet.devices.get(event.device)
        if device is not None and meters_of(device):
            # Whether it was away for long is told by its samples: looking at them costs one statement.
            self._put(device.id, SETTLE_S, asked=False)

    def _put(self, device: str, in_s: float, *, asked: bool, tried: int = 0) -> None:
        former = self._due.get(device)
        if former is None and len(self._due) >= MAX_WAITING:
            self._fleet.log.warning("too many meters wait to be read; %s is not", device)
            return
        due = time.monotonic() + in_s
        if former is not None:
            due, asked = min(due, former[0]), asked or former[1]
        self._due[device] = (due, asked, tried)
        if due < self._wake:
            self._news.set()

    # ---- reading ----------------------------------------------------------------------------------------------

    async def _read_for_ever(self) -> None:
        while True:
            name, asked, tried = await self._next()
            self._busy.add(name)
            try:
                device = self._fleet.devices.get(name)
                if device is not None and device.connected:
                    await self._read(device, asked=asked, tried=tried)
            finally:
                self._busy.discard(name)
                self._news.set()

    async def _next(self) -> tuple[str, bool, int]:
        while True:
            now = time.monotonic()
            ready = [(due, name) for name, (due, _, _) in self._due.items() if name not in self._busy]
            due, name = min(ready, default=(now + 3_600, ""))
            if name and due <= now:
                _, asked, tried = self._due.pop(name)
                return name, asked, tried
            self._wake = due
            self._news.clear()
            try:
                async with asyncio.timeout(due - now):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def _read(self, device: Device, *, asked: bool, tried: int) -> None:
        if device.number is None:
            self._again(device, asked=asked, tried=tried)
            return
        for component in meters_of(device):
            problem: str | None = None
            filled: Filled | None = Filled()
            try:
                filled = await self._reader.fill(device, component, again=asked)
            except (FleetError, BadRecordsError) as error:
                problem = str(error) or type(error).__name__
                self._fleet.log.info("records of %s of %s cannot be read: %s", component, device.id, problem)
                await self._note(device, component, problem)
            if filled is None and tried < TRIES:
                self._again(device, asked=asked, tried=tried)
                return
            self._tell(device, component, filled or Filled(), problem, asked=asked)

    def _again(self, device: Device, *, asked: bool, tried: int) -> None:
        """It is not stored yet, or has told no counter yet."""
        if tried < TRIES:
            self._put(device.id, PAUSE_S, asked=asked, tried=tried + 1)

    async def _note(self, device: Device, component: str, problem: str) -> None:
        try:
            await self._meters.note(device, component, problem=problem)
        except FleetError:
            self._fleet.log.info("the database is away: it is looked at again when %s connects", device.id)

    def _tell(self, device: Device, component: str, filled: Filled, problem: str | None, *, asked: bool) -> None:
        if not asked and not filled.added and problem is None:
            return  # nothing was missing
        self._fleet.publish(
            DONE.name,
            {
                "shellyID": device.id,
                "component": component,
                "added": filled.added,
                "from": None if filled.since is None else filled.since.timestamp(),
                "to": None if filled.till is None else filled.till.timestamp(),
                "problem": problem,
            },
            device=device.id,
        )


def meters_of(device: Device) -> list[str]:
    """Components of a device that record energy."""
    return [key for key in device.components if component_type(key) in METHODS]


def _told(component: str, progress: object) -> JSONObject:
    told: JSONObject = {"component": component}
    for name in ("looked", "oldest"):
        at = getattr(progress, name, None)
        told[name] = None if at is None else at.timestamp()
    return {**told, "added": getattr(progress, "added", 0), "problem": getattr(progress, "problem", None)}
