"""``WaitingRoom.*``, and the older names of the same under ``Device``.

The two releases of the predecessor differ: one keys the lists by device id, the other by internal id, and each accepts
other parameters. Both spellings are served; ids of all three kinds are accepted everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from fleet_platform.devices.door import Waiter, WaitingRoom
from plugin_sdk import JSONObject, Method
from plugin_sdk.errors import InvalidParams

Names = Annotated[list[str | int] | None, Field(max_length=10_000)]
ShellyIds = Annotated[list[str | int] | None, Field(alias="shellyIDs", max_length=10_000)]
ExternalIds = Annotated[list[str | int] | None, Field(alias="externalIds", max_length=10_000)]


class WaitingRoomMethods:
    """Handlers of ``WaitingRoom.*`` and ``Device.*Pending``."""

    def __init__(self, room: WaitingRoom) -> None:
        self._room = room

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

    def get_pending(self) -> JSONObject:
        """Devices that wait for a decision: an object by internal id."""
        return _by_number(self._room.pending(), "pending")

    def get_denied(self) -> JSONObject:
        """Devices that were rejected: an object by internal id."""
        return _by_number(self._room.denied(), "denied")

    def get_pending_by_device(self) -> JSONObject:
        """Devices that wait for a decision: an object by device id."""
        return {waiter.device: waiter.to_json() for waiter in self._room.pending()}

    def get_denied_by_device(self) -> JSONObject:
        """Devices that were rejected: an object by device id."""
        return {waiter.device: waiter.to_json("denied") for waiter in self._room.denied()}

    async def accept(
        self, shelly_ids: ShellyIds = None, ids: Names = None, external_ids: ExternalIds = None
    ) -> JSONObject:
        """Let devices in, now and whenever they come: ``{success: [id…], error: [id…]}``."""
        return await self._room.accept(self._named(shelly_ids, ids, external_ids))

    async def reject(
        self, shelly_ids: ShellyIds = None, ids: Names = None, external_ids: ExternalIds = None
    ) -> JSONObject:
        """Keep devices out and switch their connection off: ``{success: [id…], error: [id…]}``."""
        return await self._room.reject(self._named(shelly_ids, ids, external_ids))

    def _named(self, *lists: Iterable[str | int] | None) -> list[str]:
        given = [name for names in lists if names is not None for name in names]
        if all(names is None for names in lists):
            raise InvalidParams.at("shellyIDs", "names the devices")
        numbers = [name for name in given if not isinstance(name, str)]
        by_number = dict(zip(numbers, self._room.ids_of(numbers), strict=True))
        return [name if isinstance(name, str) else by_number[name] for name in given]


def _by_number(waiters: Iterable[Waiter], presence: str) -> JSONObject:
    return {str(waiter.internal_id or waiter.device): waiter.to_json(presence) for waiter in waiters}
