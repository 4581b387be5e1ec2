"""Changing groups: what is asked is checked, stored, then in force. Each function is one turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fleet_groups.memberships import Group, cycle
from fleet_groups.query import Query, QueryError, compile_query
from fleet_groups.state import State
from plugin_sdk.errors import Conflict, InvalidParams, NotFound

MAX_GROUPS = 1_000
MAX_CHOSEN = 1_000_000_000
"""Numbers beyond are never given out; one that a caller chooses must leave room for those that follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a group should be; None leaves a part as it is."""

    name: str | None = None
    devices: Mapping[str, str] | None = None
    inner: Sequence[int] | None = None
    text: str | None = None


def readable(text: str) -> Query:
    """A query, ready.

    Raises:
        InvalidParams: It cannot be read; says where and why.
    """
    try:
        return compile_query(text)
    except QueryError as error:
        raise InvalidParams.at("query", str(error)) from error


async def create(state: State, wish: Wish, number: int | None = None) -> Group:
    """Make a group.

    Args:
        number: Its id, if it is chosen.

    Raises:
        InvalidParams: The wish cannot be.
        Conflict: There are too many groups.
    """
    if len(state.memberships.groups) >= MAX_GROUPS:
        raise Conflict(f"there are {MAX_GROUPS} groups, which is the most there may be")
    if wish.name is None:
        raise InvalidParams.at("name", "a new group needs a name")
    if number is not None and number > MAX_CHOSEN:
        raise InvalidParams.at("id", f"a new group has a number up to {MAX_CHOSEN}")
    group = _shaped(Group(id=number or 0, name=wish.name), wish)
    _check(state, group)
    group.id = await state.store.insert(number, group.name, group.text, list(group.devices.values()), list(group.inner))
    state.memberships.put(group)
    state.fleet.publish("Group.Created", {"id": group.id, "name": group.name})
    return group


async def change(state: State, group: Group, wish: Wish) -> None:
    """Change a group.

    Raises:
        InvalidParams: The wish cannot be.
    """
    wanted = _shaped(group, wish)
    _check(state, wanted)
    await state.store.replace(wanted)
    group.name, group.devices, group.inner = wanted.name, wanted.devices, wanted.inner
    group.text, group.query = wanted.text, wanted.query
    state.memberships.put(group)
    state.news.edited(group)


async def add(state: State, group: Group, key: str, spelt: str) -> bool:
    """Put a device into a group; whether it was not there."""
    if key in group.devices:
        return False
    await state.store.add(group.id, spelt)
    group.devices[key] = spelt
    state.memberships.settle(key, frozenset((group.id,)), "edited")
    state.news.flush()
    return True


async def remove(state: State, group: Group, key: str) -> bool:
    """Take a device out of a group; whether it was there."""
    if key not in group.devices:
        return False
    await state.store.remove(group.id, key)
    del group.devices[key]
    state.memberships.settle(key, frozenset((group.id,)), "edited")
    state.news.flush()
    return True


async def rename(state: State, group: Group, name: str) -> None:
    """Call a group differently."""
    await state.store.rename(group.id, name)
    group.name = name
    state.news.edited(group)
    state.news.flush()


async def delete(state: State, group: Group) -> list[int]:
    """Forget a group; returns the groups that it was within, which have to be looked at anew.

    Raises:
        Conflict: Queries of other groups name it.
    """
    asking = [
        other.id for other in state.memberships.groups.values() if other.query and group.id in other.query.needs.groups
    ]
    if asking:
        raise Conflict("queries of other groups name it", groups=asking)
    await state.store.delete(group.id)
    outer = state.memberships.outer(group.id)
    state.news.forget(group)
    state.memberships.drop(group)
    state.fleet.publish("Group.Deleted", {"id": group.id, "name": group.name})
    state.news.flush()
    return outer


def find(state: State, number: int) -> Group:
    """A group.

    Raises:
        NotFound: There is none of that number.
    """
    group = state.memberships.groups.get(number)
    if group is None:
        raise NotFound(group=number)
    return group


def _shaped(group: Group, wish: Wish) -> Group:
    text = group.text if wish.text is None else wish.text
    return Group(
        id=group.id,
        name=wish.name or group.name,
        devices=dict(group.devices if wish.devices is None else wish.devices),
        inner=group.inner if wish.inner is None else tuple(dict.fromkeys(wish.inner)),
        text=text,
        query=group.query if wish.text is None else readable(text) if text else None,
    )


def _check(state: State, group: Group) -> None:
    """What it is made of must be there, and nothing may be made of itself."""
    groups = state.memberships.groups
    for path, ids in (("groups", group.inner), ("query", group.query.needs.groups if group.query else ())):
        unknown = [number for number in ids if number not in groups and number != group.id]
        if unknown:
            raise InvalidParams.at(path, f"there is no group {unknown[0]}")
    way = cycle({**state.memberships.edges(), group.id: group.made_of})
    if way:
        names = {**{each.id: each.name for each in groups.values()}, group.id: group.name}
        path = "groups" if len(way) > 1 and way_is_nested(group, way) else "query"
        raise InvalidParams.at(path, f"a group cannot be within itself: {_told(way, names)}")


def way_is_nested(group: Group, way: Iterable[int]) -> bool:
    """Whether a cycle goes through the groups within a group, not through its query."""
    return any(number in group.inner for number in way)


def _told(way: Sequence[int], names: Mapping[int, str]) -> str:
    return " → ".join(f"{number} ({names[number]})" for number in way)
