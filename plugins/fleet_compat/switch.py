"""What ``/api/switch`` is asked to do. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from plugin_sdk import Device, JSONObject

TURNS = {"on": True, "off": False, "toggle": None}


class BadQueryError(Exception):
    """The query cannot be followed; the text is the predecessor's, which programs may look for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A call to make: of ``Switch.Set`` or ``Switch.Toggle``."""

    device: str
    method: str
    params: JSONObject


def order_of(query: Mapping[str, str], find: Callable[[str], Device | None]) -> Order:
    """Read a query: ``turn=on|off|toggle``, ``shellyID``, ``channel`` (0 if missing).

    Args:
        find: The device of an id, if the caller may know of it.

    Raises:
        BadQueryError: Something is missing or does not exist.
    """
    turn, name = query.get("turn", ""), query.get("shellyID", "")
    if not turn or not name:
        raise BadQueryError("missing shellyID or turn query")
    if turn.lower() not in TURNS:
        raise BadQueryError("cmd not found")
    device = find(name)
    if device is None:
        raise BadQueryError("cannot find the specified shellyID")
    return _order(device, turn.lower(), query.get("channel", "0"))


def _order(device: Device, turn: str, channel: str) -> Order:
    if not channel.isdecimal() or len(channel) > 3 or f"switch:{int(channel)}" not in device.status:
        raise BadQueryError("cannot find the specified channel of the switch component")
    on = TURNS[turn]
    if on is None:
        return Order(device=device.id, method="Switch.Toggle", params={"id": int(channel)})
    return Order(device=device.id, method="Switch.Set", params={"id": int(channel), "on": on})
