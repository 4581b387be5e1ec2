"""``Device.*``: what is known of devices, and calls to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from fleet_platform.devices.fleet import Fleet
from fleet_platform.devices.queued import QueuedCalls, describe
from fleet_platform.devices.twin import Twin
from fleet_platform.methods.slices import encode_list, encode_map
from fleet_platform.rpc.calls import caller
from fleet_platform.rpc.dispatch import Allows
from fleet_platform.rpc.relay import Relay
from plugin_sdk import JSON, Call, DeviceId, JSONObject, Method, Principal
from plugin_sdk.errors import InvalidParams, NotFound, UnknownDevice

SEE = "device.get"
"""Permission to know of a device."""

ShellyId = Annotated[str, Field(alias="shellyID", min_length=1, max_length=100)]
MaybeShellyId = Annotated[str | None, Field(alias="shellyID", min_length=1, max_length=100)]
Scalar = str | bool | float | int
Id = Annotated[str, Field(min_length=1, max_length=100)]


class DeviceMethods:
    """Handlers of ``Device.*``."""

    def __init__(self, *, fleet: Fleet, relay: Relay, queued: QueuedCalls, allows: Allows) -> None:
        self._fleet = fleet
        self._relay = relay
        self._queued = queued
        self._allows = allows

    def methods(self) -> list[Method]:
        """Declare them."""
        return [
            Method(name="Device.List", handler=self.list, read_only=True),
            Method(name="Device.Get", handler=self.get, read_only=True),
            Method(name="Device.GetInfo", handler=self.get_info, read_only=True),
            Method(name="Device.GetStatus", handler=self.get_status, read_only=True),
            Method(name="Device.GetConfig", handler=self.get_config, read_only=True),
            Method(name="Device.Call", handler=self.call, timeout_s=600.0),
            Method(name="Device.ListQueued", handler=self.list_queued, read_only=True),
            Method(name="Device.CancelQueued", handler=self.cancel_queued),
        ]

    async def list(
        self,
        call: Call,
        filters: dict[Literal["presence", "source", "shellyID", "id"], Scalar] | None = None,
        limit: Annotated[int, Field(ge=1, le=1000)] | None = None,
        cursor: Annotated[str, Field(max_length=100)] | None = None,
        shape: Literal["array", "map"] = "array",
    ) -> Any:
        """All devices the caller may see.

        An array of devices; with ``shape: "map"`` an object by device id; with ``limit`` a page
        ``{items, total, cursor}`` in order of device ids, where ``cursor`` is null on the last page.
        """
        twins = [twin for twin in self._seen(caller(call)) if _fits(twin, filters)]
        if limit is None and cursor is None:
            if shape == "map":
                return await encode_map((twin.id, twin.to_json()) for twin in twins)
            return await encode_list(twin.to_json() for twin in twins)
        twins.sort(key=lambda twin: twin.id.lower())
        rest = [twin for twin in twins if twin.id.lower() > cursor.lower()] if cursor else twins
        page = rest[: limit or 100]
        more = len(rest) > len(page)
        return {
            "items": await encode_list(twin.to_json() for twin in page),
            "total": len(twins),
            "cursor": page[-1].id if page and more else None,
        }

    def get(self, call: Call, id: Id | None = None, shelly_id: MaybeShellyId = None) -> JSONObject:  # noqa: A002  # the wire's name
        """One device: info, status, settings, presence, entities."""
        return self._see(call, shelly_id or id).to_json()

    def get_info(self, call: Call, id: Id | None = None, shelly_id: MaybeShellyId = None) -> JSONObject:  # noqa: A002
        """A device's answer to ``Shelly.GetDeviceInfo``, as last read."""
        return self._see(call, shelly_id or id).info()

    def get_status(self, call: Call, id: Id | None = None, shelly_id: MaybeShellyId = None) -> JSONObject:  # noqa: A002
        """A device's live status; without an id how many devices there are, and which."""
        if id is None and shelly_id is None:
            ids = [twin.id for twin in self._seen(caller(call))]
            return {"devices_size": len(ids), "devices": ids}
        return self._see(call, shelly_id or id).status

    def get_config(self, call: Call, id: Id | None = None, shelly_id: MaybeShellyId = None) -> JSONObject:  # noqa: A002
        """A device's settings, as last read."""
        return self._see(call, shelly_id or id).settings()

    async def call(
        self,
        call: Call,
        shelly_id: ShellyId,
        method: Annotated[str, Field(min_length=1, max_length=100)],
        params: dict[str, Any] | None = None,
        id: Any = None,  # noqa: A002, ARG002  # older clients send one; it has no meaning
        timeout_s: Annotated[float, Field(gt=0, le=600)] | None = None,
        queue: bool = False,
        expires_s: Annotated[float, Field(gt=0, le=30 * 86400)] = 7 * 86400,
    ) -> JSON:
        """Call a method of a device and answer with its result.

        With ``queue`` a call to a device that sleeps or is offline is stored and sent when it is back; the answer
        is ``{queued: id}`` at once, and the result comes as event ``Device.CallResult``.
        """
        principal = caller(call)
        if queue:
            twin = self._relay.authorise(shelly_id, method, principal)
            if twin.link is None:
                number = await self._queued.add(twin, method, params, principal=principal, expires_s=expires_s)
                # It may have come back while the call was being stored, and its twin be another by now.
                self._queued.send(self._fleet.get(twin.id) or twin)
                return {"queued": number}
        return await self._relay.call(shelly_id, method, params, principal=principal, timeout_s=timeout_s)

    def list_queued(self, call: Call, shelly_id: MaybeShellyId = None) -> Sequence[JSONObject]:
        """Calls that wait for their device to be back."""
        principal = caller(call)
        wanted = self._see(call, shelly_id).id if shelly_id is not None else None
        return [
            describe(entry)
            for entry in self._queued.entries()
            if (wanted is None or entry.device == wanted) and self._allows(principal, SEE, DeviceId(entry.device))
        ]

    async def cancel_queued(self, call: Call, id: int) -> JSONObject:  # noqa: A002
        """Cancel a waiting call, which needs the permission to make it."""
        entry = self._queued.find(id)
        if entry is None:
            raise NotFound(queued=id)
        self._relay.authorise(entry.device, entry.method, caller(call))
        return {"cancelled": await self._queued.cancel(id)}

    def _seen(self, principal: Principal) -> Iterator[Twin]:
        return (twin for twin in self._fleet if self._allows(principal, SEE, twin.id))

    def _see(self, call: Call, device: str | None) -> Twin:
        if device is None:
            raise InvalidParams.at("shellyID", "names the device")
        twin = self._fleet.find(device)
        if not self._allows(caller(call), SEE, twin.id):
            raise UnknownDevice(device)
        return twin


def _fits(twin: Twin, filters: dict[Literal["presence", "source", "shellyID", "id"], Scalar] | None) -> bool:
    if not filters:
        return True
    facts = {
        "presence": twin.presence,
        "source": "ws" if twin.link is not None else "offline",
        "shellyID": twin.id,
        "id": twin.internal_id,
    }
    return all(facts[name] == value for name, value in filters.items())
