"""``WaitingRoom.*``, and the older names of the same under ``Device``.

The two releases of the predecessor differ: one keys the lists by device id, the other by internal id, and each accepts
other parameters. Both spellings are served; ids of all three kinds are accepted everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, TypeAlias

from pydantic import Field

from fleet_platform.devices.door import Waiter, WaitingRoom
from fleet_platform.devices.fleet import Fleet
from fleet_platform.methods.device import SEE
from fleet_platform.methods.shapes import Decided, Like, Waiting
from fleet_platform.rpc.calls import caller
from fleet_platform.rpc.dispatch import Allows
from plugin_sdk import Call, JSONObject, Method, Principal
from plugin_sdk.errors import InvalidParams

Names = Annotated[list[str | int] | None, Field(max_length=10_000)]
ShellyIds = Annotated[list[str | int] | None, Field(alias="shellyIDs", max_length=10_000)]
Waiters: TypeAlias = Annotated[JSONObject, Like(dict[str, Waiting])]
Decision: TypeAlias = Annotated[JSONObject, Like(Decided)]
ExternalIds = Annotated[list[str | int] | None, Field(alias="externalIds", max_length=10_000)]


class WaitingRoomMethods:
    """Handlers of ``WaitingRoom.*`` and ``Device.*Pending``."""

    def __init__(self, room: WaitingRoom, *, fleet: Fleet, allows: Allows) -> None:
        self._room = room
        self._fleet = fleet
        self._allows = allows

    def methods(self) -> list[Method]:
        """Declare them."""
        accept = "waitingroom.accept"
        reject = "waitingroom.reject"
        return [
            Method(name="WaitingRoom.GetPending", handler=self.get_pending, read_only=True),
            Method(name="WaitingRoom.GetDenied", handler=self.get_denied, read_only=True),
            Method(
                name="WaitingRoom.AcceptPending",
                handler=self.accept,
                permission=accept,
                aliases=(
                    "WaitingRoom.AcceptPendingById",
                    "WaitingRoom.AcceptPendingByExternalId",
                    "Device.AcceptPending",
                    "Device.AcceptPendingById",
                    "Device.AcceptPendingByExternalId",
                ),
            ),
            Method(
                name="WaitingRoom.RejectPending",
                handler=self.reject,
                permission=reject,
                aliases=("Device.RejectPending",),
            ),
            Method(
                name="Device.GetPending",
                handler=self.get_pending_by_device,
                permission="waitingroom.getpending",
                read_only=True,
            ),
            Method(
                name="Device.GetDenied",
                handler=self.get_denied_by_device,
                permission="waitingroom.getdenied",
                read_only=True,
            ),
        ]

    def get_pending(self, shelly_ids: ShellyIds = None) -> Waiters:
        """Devices that wait for a decision, all or those that are named: an object by internal id."""
        return _by_number(_named(self._room.pending(), shelly_ids), "pending")

    def get_denied(self, shelly_ids: ShellyIds = None) -> Waiters:
        """Devices that were rejected, all or those that are named: an object by internal id."""
        return _by_number(_named(self._room.denied(), shelly_ids), "denied")

    def get_pending_by_device(self, shelly_ids: ShellyIds = None) -> Waiters:
        """Devices that wait for a decision, all or those that are named: an object by device id."""
        return {waiter.device: waiter.to_json() for waiter in _named(self._room.pending(), shelly_ids)}

    def get_denied_by_device(self, shelly_ids: ShellyIds = None) -> Waiters:
        """Devices that were rejected, all or those that are named: an object by device id."""
        return {waiter.device: waiter.to_json("denied") for waiter in _named(self._room.denied(), shelly_ids)}

    async def accept(
        self, shelly_ids: ShellyIds = None, ids: Names = None, external_ids: ExternalIds = None
    ) -> Decision:
        """Let devices in, now and whenever they come: ``{success: [id…], error: [id…]}``."""
        return await self._room.accept(self._named(shelly_ids, ids, external_ids))

    async def reject(
        self, call: Call, shelly_ids: ShellyIds = None, ids: Names = None, external_ids: ExternalIds = None
    ) -> Decision:
        """Keep devices out and switch their connection off: ``{success: [id…], error: [id…]}``.

        Of those that were let in already, only such as the caller may see.
        """
        named = self._named(shelly_ids, ids, external_ids)
        hidden = {name: None for name in named if self._is_hidden(name, caller(call))}
        outcome = await self._room.reject(name for name in named if name not in hidden)
        return {"success": outcome["success"], "error": [*outcome["error"], *hidden]}

    def _is_hidden(self, name: str, principal: Principal) -> bool:
        twin = self._fleet.get(name)
        return twin is not None and not self._allows(principal, SEE, twin.id)

    def _named(self, *lists: Iterable[str | int] | None) -> list[str]:
        given = [name for names in lists if names is not None for name in names]
        if all(names is None for names in lists):
            raise InvalidParams.at("shellyIDs", "names the devices")
        numbers = [name for name in given if not isinstance(name, str)]
        by_number = dict(zip(numbers, self._room.ids_of(numbers), strict=True))
        return [name if isinstance(name, str) else by_number[name] for name in given]


def _named(waiters: Iterable[Waiter], names: list[str | int] | None) -> Iterable[Waiter]:
    if names is None:
        return waiters
    wanted = {str(name).lower() for name in names}
    return [each for each in waiters if each.device.lower() in wanted or str(each.internal_id) in wanted]


def _by_number(waiters: Iterable[Waiter], presence: str) -> JSONObject:
    return {str(waiter.internal_id or waiter.device): waiter.to_json(presence) for waiter in waiters}
