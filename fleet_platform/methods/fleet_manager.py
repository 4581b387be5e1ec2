"""``FleetManager.Subscribe`` and ``Unsubscribe``: a client's subscriptions to events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from fleet_platform.devices.fleet import Fleet
from fleet_platform.events.bus import Bus
from fleet_platform.events.channel import Audience
from fleet_platform.events.filters import decode_filters
from fleet_platform.methods.device import SEE
from fleet_platform.methods.shapes import Like, Subscribed
from fleet_platform.methods.slices import SLICE, in_slices
from fleet_platform.rpc.calls import caller, outbox_of
from fleet_platform.rpc.dispatch import Allows
from fleet_platform.text import Fragment, encode, encode_to_keep
from plugin_sdk import JSON, Call, DeviceId, JSONObject, Method
from plugin_sdk.errors import InvalidParams

MAX_SUBSCRIPTIONS = 2_000
"""Subscriptions of one connection."""

_ROUNDS = 5
"""How often at most devices that changed meanwhile are encoded in slices; each round there are fewer of them."""

EventName = Annotated[str, Field(min_length=1, max_length=100)]


class Since(BaseModel):
    """Where a client left off."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epoch: Annotated[str, Field(max_length=64)]
    seq: Annotated[int, Field(ge=0)]


class FleetManagerMethods:
    """Handlers of the two."""

    def __init__(self, *, bus: Bus, fleet: Fleet, allows: Allows) -> None:
        self._bus = bus
        self._fleet = fleet
        self._allows = allows

    def methods(self) -> list[Method]:
        """Declare them."""
        return [
            Method(name="FleetManager.Subscribe", handler=self.subscribe),
            Method(name="FleetManager.Unsubscribe", handler=self.unsubscribe, permission="fleetmanager.subscribe"),
        ]

    async def subscribe(
        self,
        call: Call,
        events: Annotated[list[EventName], Field(min_length=1, max_length=200)],
        options: dict[str, JSON] | None = None,
        since: Since | None = None,
    ) -> Annotated[JSONObject, Like(Subscribed)]:
        """Receive events from now on: ``{ids, epoch, seq}``.

        With ``since`` what was missed follows; where some of it is gone the answer says ``resync: true``. With
        ``options.snapshot`` the devices as they are now come with it, whenever there is no gapless resume.
        """
        outbox, principal = outbox_of(call), caller(call)
        if len(outbox.subscriptions) + len(events) > MAX_SUBSCRIPTIONS:
            message = f"this connection would have more than {MAX_SUBSCRIPTIONS:,} subscriptions; unsubscribe from some"
            raise InvalidParams.at("events", message)
        filters = decode_filters(events, options)
        audience = Audience(
            key=(principal.provider, principal.name, principal.groups, encode(dict(principal.claims))),
            sees=lambda device: self._allows(principal, SEE, device),
            may=lambda permission: self._allows(principal, permission, None),
        )
        # No await between subscribing and replaying: no gap and no duplicate.
        seq = self._bus.seq
        answer: JSONObject = {
            "ids": self._bus.subscribe(outbox, filters, audience),
            "epoch": self._bus.epoch,
            "seq": seq,
        }
        resumed = False
        if since is not None:
            resumed = since.epoch == self._bus.epoch and self._bus.replay(
                outbox, since.seq, self._fleet.status_of, filters
            )
            if not resumed:
                answer["resync"] = True
        if (options or {}).get("snapshot") and not resumed:
            wanted = filters[0].devices
            answer["snapshot"] = {
                "devices": await self._snapshot(
                    lambda device: (wanted is None or device.lower() in wanted) and audience.sees(device)
                )
            }
        return answer

    async def _snapshot(self, shows: Callable[[DeviceId], bool]) -> Fragment:
        """Devices as they are when this returns.

        They are encoded in slices, while events go on; those of which there was one are encoded once more, the last few
        of them at the end, for the client has these events before the snapshot.
        """
        changed: set[str] = set()
        pieces: dict[str, bytes] = {}

        def look(device: str) -> None:
            twin = self._fleet.get(device)
            if twin is None:
                pieces.pop(device, None)
            elif shows(twin.id):
                pieces[twin.id] = encode_to_keep(twin.to_json())

        forget = self._bus.tap(("Shelly.*",), lambda event: changed.add(str(event.device)))
        try:
            waiting = [str(twin.id) for twin in self._fleet]
            for _ in range(_ROUNDS):
                async for device in in_slices(waiting):
                    look(device)
                if len(changed) <= SLICE:
                    break
                waiting = list(changed)
                changed.clear()
        finally:
            forget()
        for device in changed:
            look(device)
        return Fragment(b"[" + b",".join(pieces.values()) + b"]")

    def unsubscribe(self, call: Call, ids: Annotated[list[int], Field(max_length=10_000)]) -> None:
        """Receive no more of these subscriptions; ids that are not the caller's own are passed over."""
        self._bus.unsubscribe(outbox_of(call), ids)
