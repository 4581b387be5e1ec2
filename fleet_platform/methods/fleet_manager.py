"""``FleetManager.*``: subscriptions, and the platform about itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from fleet_platform import __version__
from fleet_platform.devices.fleet import Fleet
from fleet_platform.events.bus import Bus
from fleet_platform.events.channel import Audience
from fleet_platform.events.filters import decode_filters
from fleet_platform.methods.device import SEE
from fleet_platform.methods.slices import in_slices
from fleet_platform.rpc.calls import caller, outbox_of
from fleet_platform.rpc.dispatch import Allows
from fleet_platform.rpc.methods import BoundMethod
from fleet_platform.text import Fragment, encode
from plugin_sdk import JSON, Call, DeviceId, JSONObject, Method

EventName = Annotated[str, Field(min_length=1, max_length=100)]


class Since(BaseModel):
    """Where a client left off."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epoch: Annotated[str, Field(max_length=64)]
    seq: Annotated[int, Field(ge=0)]


class FleetManagerMethods:
    """Handlers of ``FleetManager.*``.

    Args:
        methods_in_force: All methods by lower-case name.
        parts: Further parts that have a status or settings of their own: name to ``(status, config)``.
    """

    def __init__(
        self,
        *,
        bus: Bus,
        fleet: Fleet,
        allows: Allows,
        methods_in_force: Callable[[], Mapping[str, BoundMethod]],
        parts: Callable[[], Mapping[str, tuple[JSONObject, JSONObject]]],
    ) -> None:
        self._bus = bus
        self._fleet = fleet
        self._allows = allows
        self._methods_in_force = methods_in_force
        self._parts = parts
        self._started = time.time()

    def methods(self) -> list[Method]:
        """Declare them."""
        return [
            Method(name="FleetManager.Subscribe", handler=self.subscribe),
            Method(name="FleetManager.Unsubscribe", handler=self.unsubscribe, permission="fleetmanager.subscribe"),
            Method(name="FleetManager.ListCommands", handler=self.list_commands, read_only=True),
            Method(name="FleetManager.GetStatus", handler=self.get_status, read_only=True),
            Method(name="FleetManager.GetConfig", handler=self.get_config, read_only=True),
        ]

    async def subscribe(
        self,
        call: Call,
        events: Annotated[list[EventName], Field(min_length=1, max_length=200)],
        options: dict[str, JSON] | None = None,
        since: Since | None = None,
    ) -> JSONObject:
        """Receive events from now on: ``{ids, epoch, seq}``.

        With ``since`` what was missed follows; where some of it is gone the answer says ``resync: true``. With
        ``options.snapshot`` the devices as they are now come with it, whenever there is no gapless resume.
        """
        outbox, principal = outbox_of(call), caller(call)
        filters = decode_filters(events, options)
        audience = Audience(
            key=(principal.provider, principal.name, principal.groups, encode(dict(principal.claims))),
            sees=lambda device: self._allows(principal, SEE, device),
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

        They are encoded in slices, while events go on; those of which there was one are encoded once more at the end,
        for the client has these events before the snapshot.
        """
        changed: set[str] = set()
        forget = self._bus.tap(("Shelly.*",), lambda event: changed.add(str(event.device)))
        try:
            pieces = {twin.id: encode(twin.to_json()) async for twin in in_slices(self._fleet) if shows(twin.id)}
        finally:
            forget()
        for device in changed:
            twin = self._fleet.get(device)
            if twin is None:
                pieces.pop(DeviceId(device), None)
            elif shows(twin.id):
                pieces[twin.id] = encode(twin.to_json())
        return Fragment(b"[" + b",".join(pieces.values()) + b"]")

    def unsubscribe(self, call: Call, ids: Annotated[list[int], Field(max_length=10_000)]) -> JSON:
        """Receive no more of these subscriptions; ids that are not the caller's own are passed over."""
        self._bus.unsubscribe(outbox_of(call), ids)

    def list_commands(self) -> Any:
        """Names of all components that have methods, in lower case."""
        return sorted({name.partition(".")[0] for name in self._methods_in_force()})

    def get_status(self) -> JSONObject:
        """Status of the platform and of each of its parts that has one."""
        parts = {name: status for name, (status, _) in self._parts().items() if status}
        return {
            "fleetmanager": {
                "version": __version__,
                "uptime_s": round(time.time() - self._started),
                "epoch": self._bus.epoch,
                "seq": self._bus.seq,
                "subscribers": self._bus.clients,
            },
            "device": {"devices_size": len(self._fleet), "online": len(list(self._fleet.online()))},
            **parts,
        }

    def get_config(self) -> JSONObject:
        """Settings of each part that has some; secrets are never among them."""
        return {name: config for name, (_, config) in self._parts().items() if config}
