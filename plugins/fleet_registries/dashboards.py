"""Dashboards as both of the predecessor's releases know them. Pure.

Kept as the first release had them: an object by id, ``{"-1": {name, id, items: [{type, data}]}}``. The later one had
an array, and items with ids of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from plugin_sdk import JSON, JSONObject
from plugin_sdk.errors import InvalidParams, NotFound

FIRST: Final[JSONObject] = {"name": "My Dashboard", "id": -1, "items": []}
"""The dashboard that is always there."""

ITEM_TYPES: Final = ("device", "entity", "group", "action", "ui")
"""Types of items; the later release numbered them from 1 in this order."""

MAX_ITEMS = 500
MAX_ID = 2**53
"""Beyond it numbers are not exact for every client, or have no JSON form at all."""

_NUMBER = re.compile(r"-?[0-9]{1,15}")


def as_map(value: JSON) -> JSONObject:
    """Dashboards by id, from an object or an array of them.

    Raises:
        InvalidParams: It is neither, or one of them is no object with an id.
    """
    if isinstance(value, Mapping):
        if not all(isinstance(each, Mapping) for each in value.values()):
            raise InvalidParams.at("value", "has an object for each dashboard")
        return dict(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        if not all(isinstance(each, Mapping) and isinstance(each.get("id"), int | str) for each in value):
            raise InvalidParams.at("value", "has an object with an id for each dashboard")
        return {str(each["id"]): each for each in value}
    raise InvalidParams.at("value", "is an object of dashboards by their ids, or an array of them")


def as_array(value: JSON) -> list[Any]:
    """Dashboards as an array, each with its id and with ids for its items."""
    return [
        {"id": _id_of(key), **dashboard, "items": numbered(dashboard.get("items"))}
        for key, dashboard in as_map(value or {}).items()
    ]


def with_first(value: JSON) -> JSONObject:
    """Dashboards with the one that is always there."""
    dashboards = as_map(value or {})
    return dashboards if str(FIRST["id"]) in dashboards else {str(FIRST["id"]): dict(FIRST), **dashboards}


def add_item(value: JSON, dashboard: int | str, item: JSONObject) -> tuple[JSONObject, int]:
    """Dashboards with one more item, and the id that this got.

    Raises:
        NotFound: There is no such dashboard.
        InvalidParams: It is full.
    """
    dashboards, items = _find(value, dashboard)
    if len(items) >= MAX_ITEMS:
        raise InvalidParams.at("dashboard", f"has {MAX_ITEMS} items already")
    number = 1 + _highest(items)
    items.append({"id": number, **item})
    items.sort(key=_order)
    return dashboards, number


def remove_item(value: JSON, dashboard: int | str, item: int | str) -> JSONObject:
    """Dashboards without one item.

    Raises:
        NotFound: There is no such dashboard, or it has no such item.
    """
    dashboards, items = _find(value, dashboard)
    left = [each for each in items if str(each["id"]) != str(item)]
    if len(left) == len(items):
        raise NotFound(dashboard=dashboard, item=item)
    dashboards[str(dashboard)]["items"] = left
    return dashboards


def numbered(items: JSON) -> list[JSONObject]:
    """Items, where those that the first release made without an id get one."""
    known = [each for each in items if isinstance(each, Mapping)] if isinstance(items, Sequence) else []
    taken = _highest(known)
    found = []
    for each in known:
        if "id" not in each:
            taken += 1
        found.append({"id": taken, **each})
    return found


def _find(value: JSON, dashboard: int | str) -> tuple[JSONObject, list[JSONObject]]:
    dashboards = with_first(value)
    found = dashboards.get(str(dashboard))
    if found is None:
        raise NotFound(dashboard=dashboard)
    items = numbered(found.get("items"))
    dashboards[str(dashboard)] = {**found, "items": items}
    return dashboards, items


def _order(item: JSONObject) -> float:
    order = item.get("order")
    return order if isinstance(order, int | float) else 0


def _highest(items: Iterable[Mapping[str, JSON]]) -> int:
    """The highest number among ids of items, of those that every client can count on from."""
    ids = (item.get("id") for item in items)
    return max((number for number in ids if isinstance(number, int) and number < MAX_ID), default=0)


def _id_of(key: str) -> int | str:
    return int(key) if _NUMBER.fullmatch(key) else key
