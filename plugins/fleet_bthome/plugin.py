"""What the plugin contributes, and when it is alive."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fleet_bthome.allowance import Allowance
from fleet_bthome.beacons import Beacons, Codec
from fleet_bthome.found import Found
from fleet_bthome.listener import DONE, RESULT, Listener
from fleet_bthome.losses import Losses
from fleet_bthome.managing import ManagingMethods
from fleet_bthome.measurements import COMPONENT
from fleet_bthome.observing import ObservingMethods, stored_keys
from fleet_bthome.settings import BTHomeSettings
from plugin_sdk import ComponentType, EventType, Fleet, JSONObject, Method, Panel, Settings, hookimpl
from plugin_sdk.errors import Unavailable

DECODED_A_SECOND, DECODED_AT_ONCE = 100.0, 200.0
"""Advertisements of one gateway, without repetitions; garbage costs no less than what can be read."""


class BTHome:
    """The plugin ``bthome``."""

    def __init__(self) -> None:
        self._found = Found()
        self._fleet: Fleet | None = None
        self._beacons: Beacons | None = None
        self._listener: Listener | None = None
        self._codec = _codec()

    @hookimpl
    def fleet_register_settings(self) -> Settings:
        """Which events carry advertisements, and how many beacons there may be, how long."""
        return Settings(model=BTHomeSettings)

    @hookimpl
    def fleet_register_components(self) -> list[ComponentType]:
        """Beacons."""
        return [COMPONENT]

    @hookimpl
    def fleet_register_methods(self) -> list[Method]:
        """``Device.*BTHome*`` and ``BTHome.*``."""
        observing = ObservingMethods(
            fleet=self._running,
            beacons=self._observed,
            found=self._found,
            counters=self._counters,
            losses=self._losses,
            flush=self._flush,
        )
        return [*ManagingMethods(self._running, self._found).methods(), *observing.methods()]

    @hookimpl
    def fleet_register_events(self) -> list[EventType]:
        """What gateways find."""
        gateway = {"shellyID": "the gateway's id"}
        return [
            EventType(
                name=RESULT,
                summary="A gateway that looks for Bluetooth devices found one.",
                params={
                    **gateway,
                    "mac": "address of the device",
                    "type": "what it calls itself: `SBHT-003C`; or `unknown`",
                    "model": "what people call it, or null",
                    "model_id": "number of its model, or null",
                    "rssi": "strength in dBm, or null",
                    "encryption": "whether it encrypts, or null",
                    "ts": "when, UTC epoch seconds",
                },
                device=True,
            ),
            EventType(
                name=DONE,
                summary="A gateway looks for Bluetooth devices no more.",
                params={**gateway, "discoveredDevicesCount": "how many it found"},
                device=True,
            ),
        ]

    @hookimpl
    def fleet_register_panels(self) -> list[Panel]:
        """One tab of a device."""
        return [
            Panel(
                name="bluetooth",
                kind="device_tab",
                title="Bluetooth",
                module="bluetooth.js",
                element="fleet-bluetooth",
                order=40,
                permission="bthome.listobserved",
                components=("bthome", "bthomedevice", "bluadv", "blutrv"),
            )
        ]

    @hookimpl
    @asynccontextmanager
    async def fleet_lifespan(self, fleet: Fleet) -> AsyncIterator[None]:
        """Gateways are listened to while this is entered."""
        settings: BTHomeSettings = fleet.settings
        beacons = Beacons(
            self._codec,
            per_gateway=settings.beacons_per_gateway,
            in_all=settings.beacons,
            allowance=Allowance(DECODED_A_SECOND, DECODED_AT_ONCE, time.monotonic),
        )
        beacons.keys = await stored_keys(fleet)
        listener = Listener(fleet=fleet, beacons=beacons, found=self._found, settings=settings)
        listener.restore()
        self._fleet, self._beacons, self._listener = fleet, beacons, listener
        if self._codec is None:
            fleet.log.info("raw advertisements are not decoded: install fleet-platform[bthome]")
        for task in (listener.listen, listener.listen_for_ends, listener.tell, listener.look_after):
            fleet.start(task, name=task.__name__)
        try:
            yield
        finally:
            listener.flush()
            self._fleet = self._beacons = self._listener = None

    def _running(self) -> Fleet:
        if self._fleet is None:
            raise Unavailable(part="Bluetooth")
        return self._fleet

    def _observed(self) -> Beacons:
        if self._beacons is None:
            raise Unavailable(part="Bluetooth")
        return self._beacons

    def _flush(self) -> None:
        if self._listener is not None:
            self._listener.flush()

    def _losses(self) -> Losses | None:
        return None if self._listener is None else self._listener.losses

    def _counters(self) -> JSONObject:
        tally = self._listener.tally if self._listener is not None else {}
        return {
            "decoder": None if self._codec is None else "bthome-ble",
            "events": tally.get("events", 0),
            "missed": tally.get("missed", 0),
        }


def _codec() -> Codec | None:
    """What decodes raw advertisements; None without the extra ``bthome``, and then all else still works."""
    try:
        from fleet_bthome.decoder import Library  # noqa: PLC0415  # it is an extra
    except ImportError:
        return None
    return Library()
