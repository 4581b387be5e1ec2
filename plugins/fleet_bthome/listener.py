"""From what gateways send to beacons and events: listens, and tells the platform at most once a second."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from fleet_bthome.allowance import Allowance
from fleet_bthome.beacons import Beacons
from fleet_bthome.forwarded import read
from fleet_bthome.found import Found, FoundDevice, whole
from fleet_bthome.losses import MESSAGES, Losses
from fleet_bthome.measurements import BEACON
from fleet_bthome.settings import BTHomeSettings
from plugin_sdk import Event, Fleet, JSONObject, component_id, component_type
from plugin_sdk.errors import UnknownDevice

RESULT, DONE = "BTHome.DiscoveryResult", "BTHome.DiscoveryDone"
TELL_EVERY_S = 1.0
"""What a beacon says more often is told together."""
LOOK_EVERY_S = 60.0
"""How often beacons that are gone are looked for."""
QUEUE = 5_000
IN_A_TURN = 50
"""Messages that are taken before others get their turn."""
BYTES_A_SECOND, BYTES_AT_ONCE = 100_000.0, 300_000.0
"""How much of what one gateway sends is looked at: what the worst of it costs grows with its length."""
RESULTS_A_SECOND, RESULTS_AT_ONCE = 20.0, 200.0
"""How many found devices of one gateway, and ends of looking for them, are told."""
LOST = frozenset({"garbage", "too_many", "refused"})
JUMP_S = 5.0
"""A clock that is further off than that after a moment was set."""


class Listener:
    """Owns no task itself; the plugin's lifespan starts its loops.

    Args:
        tally: Counts what cannot be counted by the beacons: ``events``, ``missed``.
        losses: What was not read, by gateway and script.
        clock: UTC epoch seconds, which somebody may set.
        steady: Seconds that only grow.
    """

    def __init__(
        self,
        *,
        fleet: Fleet,
        beacons: Beacons,
        found: Found,
        settings: BTHomeSettings,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fleet = fleet
        self._beacons = beacons
        self._found = found
        self._settings = settings
        self._clock = clock
        self._steady = steady
        self._apart = clock() - steady()
        self._results = Allowance(RESULTS_A_SECOND, RESULTS_AT_ONCE, steady)
        self._bytes = Allowance(BYTES_A_SECOND, BYTES_AT_ONCE, steady)
        self.losses = Losses(self._lament)
        self._some = asyncio.Event()
        self.tally: Counter[str] = Counter()

    # ---- loops -------------------------------------------------------------------------------------------

    async def listen(self) -> None:
        """Take what gateways and their scripts tell."""
        async with self._fleet.subscribe("Shelly.Message", components=("bthome", "script"), queue_size=QUEUE) as events:
            while batch := await events.batch():
                for number, event in enumerate(batch):
                    if number % IN_A_TURN == IN_A_TURN - 1:
                        await asyncio.sleep(0)
                    self.take(event)
                self.tally["missed"] = events.missed
                if self._beacons.happened:
                    self.flush()
                elif self._beacons.changed:
                    self._some.set()
                # A flood of advertisements must not keep the others waiting.
                await asyncio.sleep(0)

    async def listen_for_ends(self) -> None:
        """Forget what belongs to gateways that are deleted."""
        async with self._fleet.subscribe("Shelly.Delete") as events:
            async for event in events:
                if event.device is not None:
                    self._beacons.gateway_is_gone(event.device)
                    self._found.forget(event.device)
                    self._results.forget(event.device)
                    self._bytes.forget(event.device)
                    self.losses.forget(event.device)

    async def tell(self) -> None:
        """Report changed beacons, together."""
        while True:
            await self._some.wait()
            self._some.clear()
            self.flush()
            await asyncio.sleep(TELL_EVERY_S)

    async def look_after(self) -> None:
        """Remove beacons that were not heard for long."""
        while True:
            if self._beacons.forget_older(self._now() - self._settings.keep_h * 3600):
                self.flush()
            await asyncio.sleep(LOOK_EVERY_S)

    # ---- steps -------------------------------------------------------------------------------------------

    def restore(self) -> None:
        """Take up what the devices showed before the platform, or the plugin, was stopped."""
        now = self._now()
        for device in self._fleet.devices:
            for key in device.components:
                index = component_id(key) if component_type(key) == BEACON else None
                if index is not None:
                    self._beacons.restore(device.id, index, device.read(key), now)
        self.flush()

    def take(self, event: Event) -> None:
        """Take one message of a device; only its notifications of events matter."""
        if event.device is None:
            return
        if not self._bytes.take(event.device, len(event.payload)):
            self._lose(event.device, MESSAGES, "too_much")
            return
        message = event.params.get("message")
        if not isinstance(message, dict) or message.get("method") != "NotifyEvent":
            return
        params = message.get("params")
        events = params.get("events") if isinstance(params, dict) else None
        for each in events if isinstance(events, list) else ():
            if isinstance(each, dict) and isinstance(each.get("event"), str):
                self._take(event.device, each)

    def _take(self, gateway: str, event: JSONObject) -> None:
        source = str(event.get("component", ""))[:40]
        kind = component_type(source)
        if kind == "script" and self._settings.wants(event["event"]):
            self.tally["events"] += 1
            packets, garbage = read(event.get("data"))
            if garbage:
                self._lose(gateway, source, "garbage", garbage)
            now = self._now()
            for packet in packets:
                outcome = self._beacons.hear(gateway, packet, now)
                if outcome in LOST:
                    self.losses.count(gateway, source, outcome)
        elif kind == "bthome" and event["event"] == "device_discovered":
            self._discovered(gateway, event)
        elif kind == "bthome" and event["event"] == "discovery_done":
            self._done(gateway, event)

    def _discovered(self, gateway: str, event: JSONObject) -> None:
        device = FoundDevice.read(event, int(self._now()))
        if device is None:
            return
        if not self._results.take(gateway):
            self._lose(gateway, "bthome", "too_many")
            return
        self._found.add(gateway, device)
        self._fleet.publish(RESULT, {"shellyID": gateway, **device.to_json()}, device=gateway)

    def _done(self, gateway: str, event: JSONObject) -> None:
        if not self._results.take(gateway):
            self._lose(gateway, "bthome", "too_many")
            return
        counted = whole(event.get("device_count"))
        count = counted if counted is not None else len(self._found.of(gateway))
        self._fleet.publish(DONE, {"shellyID": gateway, "discoveredDevicesCount": count}, device=gateway)

    def _lose(self, gateway: str, source: str, why: str, times: int = 1) -> None:
        self._beacons.tally[why] += times
        self.losses.count(gateway, source, why, times)

    def _lament(self, gateway: str, what: str) -> None:
        self._fleet.log.warning("%s %s; more of it is counted in BTHome.GetStatus and not told again", gateway, what)

    def _now(self) -> float:
        """UTC epoch seconds; when somebody has set the clock, what is remembered moves with it."""
        now = self._clock()
        before, self._apart = self._apart, now - self._steady()
        if abs(self._apart - before) > JUMP_S:
            self._beacons.shift(self._apart - before)
        return now

    def flush(self) -> None:
        """Report what changed, then tell what happened."""
        news, happenings = self._beacons.take()
        for gateway, components in news.items():
            try:
                self._fleet.report(gateway, components)
            except UnknownDevice:
                self._beacons.gateway_is_gone(gateway)
        for beacon, happening in happenings:
            try:
                data = {**happening.data, "idx": happening.idx}
                self._fleet.emit(beacon.home.gateway, beacon.key, happening.event, data)
            except UnknownDevice:
                continue
