"""``Device.*``: what is known of devices, and calls to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import islice
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from fleet_platform.devices.door import WaitingRoom
from fleet_platform.devices.fleet import Fleet
from fleet_platform.devices.queued import QueuedCalls, describe
from fleet_platform.devices.twin import Twin
from fleet_platform.methods.shapes import (
    ADevice,
    Cancelled,
    ConfigChanged,
    Deleted,
    Device,
    DeviceCount,
    DevicePage,
    Like,
    QueuedCall,
)
from fleet_platform.methods.slices import encode_list, encode_map, in_slices
from fleet_platform.rpc.calls import caller
from fleet_platform.rpc.dispatch import Allows
from fleet_platform.rpc.relay import Relay
from plugin_sdk import JSON, Call, DeviceId, JSONObject, Method, Principal
from plugin_sdk.errors import InvalidParams, NotFound, PermissionDenied, UnknownDevice

SEE = "device.get"
"""Permission to know of a device."""

ShellyId = Annotated[str, Field(alias="shellyID", min_length=1, max_length=100)]
MaybeShellyId = Annotated[str | None, Field(alias="shellyID", min_length=1, max_length=100)]
Id = Annotated[str, Field(min_length=1, max_length=100)]
MaybeId = Id | Annotated[int, Field(ge=0, strict=True)] | None


class Filters(BaseModel):
    """What devices are filtered by; all that is given must fit."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    presence: Literal["online", "offline", "pending"] | None = None
    source: Literal["ws", "offline"] | None = None
    shelly_id: Annotated[str | None, Field(alias="shellyID")] = None
    id: int | None = None

    @model_validator(mode="before")
    @classmethod
    def _check_names(cls, given: Any) -> Any:
        """The predecessor compared with any member of a device, and found nothing for most."""
        strays = sorted(set(given) - {"presence", "source", "shellyID", "id"}) if isinstance(given, dict) else ()
        if strays:
            message = f"devices are filtered by presence, source, shellyID and id, not by {', '.join(strays)[:100]}"
            raise ValueError(message)
        return given

    def fit(self, twin: Twin) -> bool:
        """Whether a device is one of those wanted."""
        return (
            (self.presence is None or twin.presence == self.presence)
            and (self.source is None or twin.source == self.source)
            and (self.shelly_id is None or twin.id.lower() == self.shelly_id.lower())
            and (self.id is None or twin.internal_id == self.id)
        )


class DeviceMethods:
    """Handlers of ``Device.*``.

    Args:
        delete: Deletes a device that was let in.
        room: Deletes one that waits or was rejected.
    """

    def __init__(
        self,
        *,
        fleet: Fleet,
        relay: Relay,
        queued: QueuedCalls,
        allows: Allows,
        delete: Callable[[Twin], Awaitable[None]],
        room: WaitingRoom,
    ) -> None:
        self._fleet = fleet
        self._room = room
        self._delete = delete
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
            Method(name="Device.SetConfig", handler=self.set_config),
            Method(name="Device.Call", handler=self.call, timeout_s=600.0),
            Method(name="Device.Delete", handler=self.delete),
            Method(name="Device.ListQueued", handler=self.list_queued, read_only=True),
            Method(name="Device.CancelQueued", handler=self.cancel_queued),
        ]

    async def list(
        self,
        call: Call,
        filters: Filters | None = None,
        limit: Annotated[int, Field(ge=1, le=1000)] | None = None,
        cursor: Annotated[str, Field(max_length=100)] | None = None,
        shape: Literal["array", "map"] = "array",
    ) -> Annotated[Any, Like(list[Device] | dict[str, Device] | DevicePage)]:
        """All devices the caller may see.

        An array of devices; with ``shape: "map"`` an object by device id; with ``limit`` a page
        ``{items, total, cursor}`` in order of device ids, where ``cursor`` is null on the last page.
        """
        principal = caller(call)
        wanted = (
            twin
            async for twin in in_slices(self._fleet)
            if (filters is None or filters.fit(twin)) and self._allows(principal, SEE, twin.id)
        )
        if limit is None and cursor is None:
            if shape == "map":
                return await encode_map((twin.id, twin.to_json()) async for twin in wanted)
            return await encode_list(twin.to_json() async for twin in wanted)
        found = {twin.id.lower(): twin async for twin in wanted}
        rest = (twin for key in self._fleet.after(cursor or "") if (twin := found.get(key)) is not None)
        page = list(islice(rest, limit or 100))
        more = next(rest, None) is not None
        return {
            "items": [twin.to_json() for twin in page],
            "total": len(found),
            "cursor": page[-1].id if more else None,
        }

    def get(self, call: Call, id: MaybeId = None, shelly_id: MaybeShellyId = None) -> ADevice:  # noqa: A002  # the wire's name
        """One device: info, status, settings, presence, entities. `id` is its id or its number."""
        return self._see(call, shelly_id, id).to_json()

    def get_info(self, call: Call, id: MaybeId = None, shelly_id: MaybeShellyId = None) -> JSONObject:  # noqa: A002
        """A device's answer to ``Shelly.GetDeviceInfo``, as last read."""
        return self._see(call, shelly_id, id).info()

    async def get_status(
        self,
        call: Call,
        id: MaybeId = None,  # noqa: A002
        shelly_id: MaybeShellyId = None,
    ) -> Annotated[JSONObject, Like(DeviceCount | dict[str, Any])]:
        """A device's live status; without an id how many devices there are, and which."""
        if id is None and shelly_id is None:
            ids = [twin.id async for twin in in_slices(self._seen(caller(call)))]
            return {"devices_size": len(ids), "devices": ids}
        return self._see(call, shelly_id, id).status

    def get_config(self, call: Call, id: MaybeId = None, shelly_id: MaybeShellyId = None) -> JSONObject:  # noqa: A002
        """A device's settings, as last read."""
        return self._see(call, shelly_id, id).settings()

    def set_config(self, config: dict[str, JSON]) -> Annotated[JSONObject, Like(ConfigChanged)]:
        """Nothing: the list of devices has no settings. Kept for older clients; whatever is set is refused.

        Settings of a device are changed by calling the device: `Switch.SetConfig` with `dst`.
        """
        if config:
            path = f"config.{next(iter(config))[:100]}"
            message = "there is no such setting; settings of a device are changed by a call to it (dst, Device.Call)"
            raise InvalidParams.at(path, message)
        return {"component": "device", "event": "config_changed"}

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

    async def delete(
        self,
        call: Call,
        shelly_id: MaybeShellyId = None,
        id: MaybeId = None,  # noqa: A002
    ) -> Annotated[JSONObject, Like(Deleted)]:
        """Forget a device with all that is known of it: ``{deleted: id}``.

        It may also be one that waits or was rejected. Its connection is closed; should it come again it is new, and
        the admission rules decide.
        """
        twin = self._find(shelly_id, id)
        named = id if shelly_id is None else shelly_id
        waiter = self._room.find(twin.id if twin is not None else named or "")
        device = twin.id if twin is not None else waiter.device if waiter is not None else None
        principal = caller(call)
        if device is None or not self._allows(principal, SEE, device):
            raise UnknownDevice(str(named)[:100])
        if not self._allows(principal, "device.delete", device):
            raise PermissionDenied(permission="device.delete", device=device)
        if waiter is not None:
            await self._room.forget(waiter)
        if twin is not None:
            await self._delete(twin)
        return {"deleted": device}

    def list_queued(
        self, call: Call, shelly_id: MaybeShellyId = None
    ) -> Annotated[Sequence[JSONObject], Like(list[QueuedCall])]:
        """Calls that wait for their device to be back."""
        principal = caller(call)
        wanted = self._see(call, shelly_id, None).id if shelly_id is not None else None
        return [
            describe(entry)
            for entry in self._queued.entries()
            if (wanted is None or entry.device == wanted) and self._allows(principal, SEE, DeviceId(entry.device))
        ]

    async def cancel_queued(self, call: Call, id: int) -> Annotated[JSONObject, Like(Cancelled)]:  # noqa: A002
        """Cancel a waiting call, which needs the permission to make it."""
        entry = self._queued.find(id)
        if entry is None:
            raise NotFound(queued=id)
        self._relay.authorise(entry.device, entry.method, caller(call))
        return {"cancelled": await self._queued.cancel(id)}

    def _seen(self, principal: Principal) -> Iterator[Twin]:
        return (twin for twin in self._fleet if self._allows(principal, SEE, twin.id))

    def _find(self, shelly_id: str | None, number: str | int | None) -> Twin | None:
        """The device of an id, a MAC, or a number on this platform, which HTTP GET gives as text.

        Raises:
            InvalidParams: No device is named.
        """
        wanted = number if shelly_id is None else shelly_id
        if wanted is None:
            raise InvalidParams.at("shellyID", "names the device")
        twin = self._fleet.get(wanted) if isinstance(wanted, str) else None
        if twin is None and (isinstance(wanted, int) or wanted.isdecimal()):
            twin = next((each for each in self._fleet if each.internal_id == int(wanted)), None)
        return twin

    def _see(self, call: Call, shelly_id: str | None, number: str | int | None) -> Twin:
        twin = self._find(shelly_id, number)
        if twin is None or not self._allows(caller(call), SEE, twin.id):
            raise UnknownDevice(str(number if shelly_id is None else shelly_id)[:100])
        return twin
