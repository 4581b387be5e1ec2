"""What the plugin contributes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from fleet_journal.entries import Question, entries
from fleet_journal.past import state_at
from plugin_sdk import Call, Device, Fleet, JSONObject, Method, hookimpl
from plugin_sdk.destinations import expand
from plugin_sdk.errors import InvalidParams, PermissionDenied, UnknownDevice

MAX_ENTRIES = 1_000


def _with_zone(at: datetime) -> datetime:
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(_with_zone)]
"""UTC epoch seconds, or ISO 8601; without a zone in UTC."""

ShellyId = Annotated[str | None, Field(alias="shellyID", min_length=1, max_length=100)]
Names = Annotated[list[Annotated[str, Field(min_length=1, max_length=100)]], Field(max_length=50)]
Destinations = Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=1_000)]


class Journal:
    """The plugin ``journal``."""

    @hookimpl
    def fleet_register_methods(self) -> list[Method]:
        """``Journal.List`` and ``Device.GetAt``."""
        return [
            Method(name="Journal.List", handler=self.list, read_only=True),
            Method(name="Device.GetAt", handler=self.get_at, read_only=True),
        ]

    async def list(
        self,
        fleet: Fleet,
        call: Call,
        devices: Destinations | None = None,
        names: Names | None = None,
        since: Annotated[Moment | None, Field(alias="from")] = None,
        till: Annotated[Moment | None, Field(alias="to")] = None,
        before: Annotated[int | None, Field(ge=0)] = None,
        limit: Annotated[int, Field(ge=1, le=MAX_ENTRIES)] = 100,
    ) -> JSONObject:
        """What happened, the newest first: `{entries: [{id, ts, shellyID, name, data}], before}`.

        `devices` are ids or sets such as `group:3`; `names` may end in a star. `before` of an answer asks for what is
        older, and is null when there is no more. Entries about devices that the caller may not see are left out.
        """
        if call.principal is None:
            raise PermissionDenied(reason="not_signed_in")
        chosen = None if devices is None else [each.lower() for each in expand(fleet, devices, call.principal)]
        question = Question(devices=chosen, names=names, since=since, till=till, limit=limit)
        return await entries(fleet, call.principal, question, before)

    async def get_at(
        self,
        fleet: Fleet,
        call: Call,
        ts: Moment,
        shelly_id: ShellyId = None,
        id: Annotated[str | None, Field(min_length=1, max_length=100)] = None,  # noqa: A002  # the wire's name
    ) -> JSONObject:
        """What a device was like: `{shellyID, ts, presence, status, measured, settings, settingsFrom}`.

        `status` has the numbers and states that are kept, `measured` the time of each by component and path.
        `presence` is null before the first entry about it. `settings` are as of then where nothing but what the
        journal knows changed since; `settingsFrom` is how far it reaches back, UTC epoch seconds.
        """
        device = _named(fleet, call, shelly_id or id)
        if ts > datetime.now(UTC):
            raise InvalidParams.at("ts", "is in the future")
        return await state_at(fleet, device, ts)


def _named(fleet: Fleet, call: Call, name: str | None) -> Device:
    if name is None:
        raise InvalidParams.at("shellyID", "names the device")
    if call.principal is None:
        raise PermissionDenied(reason="not_signed_in")
    device = fleet.devices.get(name)
    if device is None or not fleet.allows(call.principal, "device.get", device.id):
        raise UnknownDevice(name)
    return device
