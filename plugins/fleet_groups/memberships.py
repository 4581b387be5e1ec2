"""Who belongs to which group, kept true device by device.

A group's members are the devices put into it by hand, the members of the groups within it, and the devices that fit
its query. Groups are looked at in an order in which each comes after those it is made of: one pass settles a device.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import TypeAlias

from fleet_groups.query import Fact, Query, Subject
from plugin_sdk import component_type

_NO_GROUPS: frozenset[int] = frozenset()

MAX_PLANS = 1_000
"""Sets of groups whose order is remembered, and kinds of changes whose groups are."""


@dataclass(slots=True, kw_only=True, eq=False)
class Group:
    """One group.

    Attributes:
        devices: Put into it by hand: lower-case id to the id as it was spelt, in order.
        inner: Ids of the groups within it.
        text: Its query as it was written; empty for none.
        query: The query made ready; None where there is none, or it cannot be read any more.
        members: All members, as lower-case ids.
    """

    id: int
    name: str
    devices: dict[str, str] = field(default_factory=dict)
    inner: tuple[int, ...] = ()
    text: str = ""
    query: Query | None = None
    members: set[str] = field(default_factory=set)

    @property
    def made_of(self) -> frozenset[int]:
        """Groups that its members depend on."""
        return frozenset(self.inner) | (self.query.needs.groups if self.query else _NO_GROUPS)


_Step: TypeAlias = tuple[Group, int, Mapping[str, str], tuple[int, ...] | None, Query | None]
"""A group with what is looked at for each device; good until the group is put again."""


def _step(group: Group) -> _Step:
    return group, group.id, group.devices, group.inner or None, group.query


def cycle(edges: Mapping[int, Collection[int]]) -> list[int]:
    """Ids along a way from a group to itself, from the outer to the inner; empty if there is none."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


class Memberships:
    """All groups.

    Args:
        subject: A device by its lower-case id, and the ids of its groups; None if it is not known.
        changed: Told of each device that joined or left: ``(group, device, joined, reason)``.

    Attributes:
        groups: By id.
        of: Lower-case device id to the ids of its groups.
    """

    def __init__(
        self,
        subject: Callable[[str, AbstractSet[int]], Subject | None],
        changed: Callable[[Group, str, bool, str], None],
    ) -> None:
        self.groups: dict[int, Group] = {}
        self.of: dict[str, set[int]] = {}
        self._subject = subject
        self._changed = changed
        self._order: list[Group] = []
        self._rank: dict[int, int] = {}
        self._above: dict[int, frozenset[int]] = {}
        self._plans: dict[frozenset[int], list[_Step]] = {}
        self._by_fact: dict[Fact, frozenset[int]] = {}
        self._by_path: dict[str, dict[str, frozenset[int]]] = {}
        self._by_component: dict[str, frozenset[int]] = {}
        self._by_change: dict[tuple[str, tuple[str, ...] | None], frozenset[int]] = {}
        self._dynamic = _NO_GROUPS

    # ---- groups ---------------------------------------------------------------------------------------------

    def put(self, *groups: Group) -> None:
        """Add groups, or take note that they changed; what they are made of must be there and free of cycles."""
        self.groups.update((group.id, group) for group in groups)
        self._compile()

    def drop(self, group: Group) -> None:
        """Forget a group; nobody is told about its members."""
        del self.groups[group.id]
        for device in group.members:
            self._leave(device, group.id)
        for outer in self.groups.values():
            if group.id in outer.inner:
                outer.inner = tuple(inner for inner in outer.inner if inner != group.id)
        self._compile()

    def outer(self, number: int) -> list[int]:
        """Ids of the groups that a group is within."""
        return [group.id for group in self.groups.values() if number in group.inner]

    def edges(self) -> dict[int, Collection[int]]:
        """What each group is made of."""
        return {group.id: group.made_of for group in self.groups.values()}

    @property
    def components(self) -> frozenset[str]:
        """Types of components that some query looks at."""
        return frozenset(self._by_component).union(map(component_type, self._by_path))

    def about(self, fact: Fact) -> frozenset[int]:
        """Groups whose query looks at a fact."""
        return self._by_fact.get(fact, _NO_GROUPS)

    def about_status(self, key: str, names: tuple[str, ...] | None) -> frozenset[int]:
        """Groups whose query looks at these names in the status of a component; None for the component as a whole."""
        change = (key, names)
        found = self._by_change.get(change)
        if found is None:
            if len(self._by_change) >= MAX_PLANS:
                self._by_change.clear()
            found = self._by_change[change] = self._find_about(key, names)
        return found

    def _find_about(self, key: str, names: tuple[str, ...] | None) -> frozenset[int]:
        paths = self._by_path.get(key, {})
        if names is None:
            return self._by_component.get(component_type(key).lower(), _NO_GROUPS).union(*paths.values())
        return _NO_GROUPS.union(*(paths.get(name, _NO_GROUPS) for name in names))

    def concerned(self, device: str) -> frozenset[int]:
        """Groups that a device may belong to, as far as can be told without asking."""
        by_hand = [group.id for group in self._order if device in group.devices]
        return self._dynamic.union(by_hand, self.of.get(device, ()))

    def _compile(self) -> None:
        edges = self.edges()
        order = [self.groups[number] for number in TopologicalSorter(edges).static_order() if number in self.groups]
        above: dict[int, set[int]] = defaultdict(set)
        by_fact: dict[Fact, set[int]] = defaultdict(set)
        by_path: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        by_component: dict[str, set[int]] = defaultdict(set)
        for group in order:
            for number in group.made_of:
                above[number].add(group.id)
            if group.query is not None:
                for fact in group.query.needs.facts:
                    by_fact[fact].add(group.id)
                for key, name in group.query.needs.paths:
                    by_path[key][name].add(group.id)
                for kind in group.query.needs.components:
                    by_component[kind].add(group.id)
        self._order = order
        self._rank = {group.id: rank for rank, group in enumerate(order)}
        self._above = {number: frozenset(ids) for number, ids in above.items()}
        self._plans.clear()
        self._dynamic = frozenset([group.id for group in order if group.query is not None])
        self._by_fact = {fact: frozenset(ids) for fact, ids in by_fact.items()}
        self._by_path = {key: {name: frozenset(ids) for name, ids in names.items()} for key, names in by_path.items()}
        self._by_component = {kind: frozenset(ids) for kind, ids in by_component.items()}
        self._by_change.clear()

    # ---- members --------------------------------------------------------------------------------------------

    def settle(self, device: str, ids: frozenset[int], reason: str) -> None:
        """Find out anew whether a device belongs to some groups, and to those that are made of them.

        Args:
            device: Lower-case id.
            reason: Told with each change.
        """
        mine: AbstractSet[int] = self.of.get(device, _NO_GROUPS)
        subject: Subject | None = None
        looked = False
        plan = self._plan(ids)
        place = 0
        while place < len(plan):
            group, number, devices, inner, query = plan[place]
            place += 1
            joined = device in devices or (inner is not None and not mine.isdisjoint(inner))
            if not joined and query is not None:
                if not looked:
                    subject, looked = self._subject(device, mine), True
                joined = subject is not None and query.test(subject)
            if joined == (number in mine):
                continue
            mine = self._change(group, device, joined)
            if subject is not None:
                subject.groups = mine
            self._changed(group, device, joined, reason)
            if above := self._above.get(number):
                # What is made of the group comes later in the order than the group itself.
                later = frozenset([each[1] for each in plan[place:]])
                plan, place = self._plan(later | above), 0

    def _plan(self, ids: frozenset[int]) -> list[_Step]:
        """Groups in the order in which they are looked at; the same sets are asked for again and again."""
        plan = self._plans.get(ids)
        if plan is None:
            if len(self._plans) >= MAX_PLANS:
                self._plans.clear()
            ranks = sorted([self._rank[number] for number in ids if number in self._rank])
            plan = self._plans[ids] = [_step(self._order[rank]) for rank in ranks]
        return plan

    def _change(self, group: Group, device: str, joined: bool) -> AbstractSet[int]:
        if joined:
            group.members.add(device)
            self.of.setdefault(device, set()).add(group.id)
        else:
            group.members.discard(device)
            self._leave(device, group.id)
        return self.of.get(device, _NO_GROUPS)

    def _leave(self, device: str, number: int) -> None:
        mine = self.of.get(device)
        if mine is not None:
            mine.discard(number)
            if not mine:
                del self.of[device]
