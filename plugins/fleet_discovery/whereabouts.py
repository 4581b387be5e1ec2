"""What the platform knows of devices: connected, waiting to be let in, rejected, or strangers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from plugin_sdk import EventStream, Fleet, JSONObject, Principal
from plugin_sdk.errors import Unavailable

State: TypeAlias = Literal["connected", "offline", "waiting", "denied", "new"]
Outcome: TypeAlias = Literal["connected", "waiting", "timeout"]


def known_id(fleet: Fleet, device: str | None) -> str | None:
    """The id of a device that is in the fleet, for an event that only who may see it is to get; None of a stranger."""
    known = None if device is None else fleet.devices.get(device)
    return None if known is None else known.id


def may(fleet: Fleet, who: Principal | None, device: str, permission: str = "device.get") -> bool:
    """Whether somebody may do something about a device: a stranger is for all, one of the fleet for who may see it."""
    known = known_id(fleet, device)
    if known is None:
        return True
    return who is not None and all(fleet.allows(who, each, known) for each in ("device.get", permission))


async def states(fleet: Fleet, devices: Sequence[str]) -> Mapping[str, State]:
    """The state of each device, by the ids as they were given.

    ``offline`` is a device of the fleet that is not connected; ``waiting`` one that is connected and not let in.
    """
    found: dict[str, State] = {}
    for device in devices:
        known = fleet.devices.get(device)
        if known is not None:
            found[device] = "connected" if known.connected else "offline"
    strangers = [device for device in devices if device not in found]
    if strangers:
        waiting = await _waiters(fleet, "Device.GetPending", strangers)
        denied = await _waiters(fleet, "Device.GetDenied", strangers)
        for device in strangers:
            here = waiting.get(device.lower(), {}).get("connected")
            found[device] = "waiting" if here else "denied" if device.lower() in denied else "new"
    return found


async def arrival(fleet: Fleet, device: str, patience_s: float) -> Outcome:
    """Wait until a device is connected, or waits to be let in."""
    async with fleet.subscribe("Shelly.Connect", "NotifyEvent") as events:
        try:
            async with asyncio.timeout(patience_s):
                while True:
                    match (await states(fleet, [device]))[device]:
                        case "connected" | "waiting" as here:
                            return here
                        case _:
                            await _news_of(events, device)
        except TimeoutError:
            return "timeout"


async def _news_of(events: EventStream, device: str) -> None:
    """Return once something happened that may be about a device."""
    missed = events.missed
    while batch := await events.batch():
        if events.missed != missed:
            return
        for event in batch:
            about = [event.device, *(each.get("shellyID") for each in event.params.get("events", ()))]
            if any(isinstance(name, str) and name.lower() == device.lower() for name in about):
                return
    raise Unavailable("the plugin stops", part="discovery")


async def _waiters(fleet: Fleet, method: str, devices: Sequence[str]) -> Mapping[str, JSONObject]:
    found: JSONObject = await fleet.invoke(method, {"shellyIDs": list(devices)})
    return {device.lower(): waiter for device, waiter in found.items()}
