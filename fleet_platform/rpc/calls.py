"""The call as the core's own methods see it: with the client's connection, where there is one."""

from __future__ import annotations

from dataclasses import dataclass

from fleet_platform.events.outbox import Outbox
from plugin_sdk import Call, Principal
from plugin_sdk.errors import InvalidRequest, PermissionDenied


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketCall(Call):
    """A call that came over a websocket, whose outbox events can be sent to."""

    outbox: Outbox


def outbox_of(call: Call) -> Outbox:
    """The caller's connection.

    Raises:
        InvalidRequest: It called over HTTP.
    """
    if not isinstance(call, SocketCall):
        raise InvalidRequest("events are delivered over a websocket; call this method there")
    return call.outbox


def caller(call: Call) -> Principal:
    """Who calls a method that is not anonymous."""
    if call.principal is None:
        raise PermissionDenied(reason="not_signed_in")
    return call.principal
