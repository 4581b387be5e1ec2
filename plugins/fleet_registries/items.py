"""Items of dashboards, from the two ways in which clients name what an item shows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet_registries.dashboards import ITEM_TYPES
from plugin_sdk import Devices, JSONObject
from plugin_sdk.errors import InvalidParams


def item_of(
    devices: Devices,
    kind: int | str,
    item: int | str | Mapping[str, Any],
    *,
    sub_item: int | str | None,
    order: int | None,
) -> JSONObject:
    """An item without its id: ``{type, data, order?}``.

    Args:
        kind: One of :data:`ITEM_TYPES`, or its number.
        item: Id of what is shown, or ``data`` as it is.

    Raises:
        InvalidParams: There is no such type, or no device of that number.
    """
    name = _type(kind)
    data = dict(item) if isinstance(item, Mapping) else _data(devices, name, item, sub_item)
    return {"type": name, "data": data, **({} if order is None else {"order": order})}


def _type(kind: int | str) -> str:
    name = str(kind).lower()
    if name.isdecimal() and 0 < int(name) <= len(ITEM_TYPES):
        return ITEM_TYPES[int(name) - 1]
    if name in ITEM_TYPES:
        return name
    raise InvalidParams.at("type", f"is one of {', '.join(ITEM_TYPES)}, or 1 to {len(ITEM_TYPES)}")


def _data(devices: Devices, name: str, item: int | str, sub_item: int | str | None) -> JSONObject:
    if name == "device":
        return {"shellyID": _device(devices, item)}
    if name == "entity":
        return {"id": str(item if sub_item is None else sub_item)}
    return {"id": item} if sub_item is None else {"id": item, "sub_item": sub_item}


def _device(devices: Devices, item: int | str) -> str:
    if isinstance(item, str) and not item.isdecimal():
        return item
    found = next((device.id for device in devices if device.number == int(item)), None)
    if found is None:
        raise InvalidParams.at("item", f"there is no device number {item}")
    return found
