"""Who belongs to which group: by hand, through other groups, by queries about groups."""

from __future__ import annotations

import random
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_groups.memberships import Group, Memberships, cycle
from fleet_groups.query import Known, Subject, compile_query
from plugin_sdk import Device

DEVICES = [f"device-{number}" for number in range(6)]


class Plain:
    presence = "online"
    components = ()

    def __init__(self, name: str, level: int) -> None:
        self.id = name
        self.level = level

    def read(self, _path: str) -> Any:
        return self.level


class World:
    """Devices with one value each, and groups."""

    def __init__(self) -> None:
        self.level = dict.fromkeys(DEVICES, 0)
        self.told: list[tuple[int, str, bool, str]] = []
        self.memberships = Memberships(self.subject, self.changed)

    def subject(self, device: str, groups: AbstractSet[int]) -> Subject | None:
        if device not in self.level:
            return None
        plain = cast(Device, Plain(device, self.level[device]))
        return Subject(plain, Known(), tags=frozenset(), places=frozenset(), groups=groups)

    def changed(self, group: Group, device: str, joined: bool, reason: str) -> None:
        self.told.append((group.id, device, joined, reason))

    def put(self, number: int, devices: Iterable[str] = (), inner: tuple[int, ...] = (), text: str = "") -> Group:
        group = Group(
            id=number,
            name=f"group {number}",
            devices={device: device for device in devices},
            inner=inner,
            text=text,
            query=compile_query(text) if text else None,
        )
        self.memberships.put(group)
        self.settle([number])
        return group

    def settle(self, ids: Iterable[int] | None = None) -> None:
        for device in DEVICES:
            self.memberships.settle(device, frozenset(self.memberships.groups if ids is None else ids), "test")


def test_members_come_by_hand_through_groups_and_by_query() -> None:
    world = World()
    world.put(1, DEVICES[:2])
    world.put(2, DEVICES[1:3], inner=(1,))
    group = world.put(3, DEVICES[5:], inner=(2,), text="status.x.level > 5")
    assert group.members == {*DEVICES[:3], DEVICES[5]}
    world.level[DEVICES[4]] = 9
    world.memberships.settle(DEVICES[4], frozenset({3}), "live")
    assert DEVICES[4] in group.members
    assert world.memberships.of[DEVICES[1]] == {1, 2, 3}
    assert world.told[-1] == (3, DEVICES[4], True, "live")


def test_a_change_goes_through_to_the_groups_made_of_a_group() -> None:
    world = World()
    world.put(9, text="status.x.level > 5")
    world.put(1, inner=(9,))
    opposite = world.put(5, text="not group = 1")
    world.put(3, inner=(5,))
    device = DEVICES[0]
    assert world.memberships.of[device] == {5, 3}
    world.level[device] = 9
    world.memberships.settle(device, world.memberships.about_status("x", ("level",)), "live")
    assert world.memberships.of[device] == {9, 1}
    assert device not in opposite.members
    world.memberships.settle(device, world.memberships.about_status("x", ("level",)), "live")
    assert len([entry for entry in world.told if entry[1] == device and entry[3] == "live"]) == 4


def test_only_queries_that_name_what_changed_are_asked() -> None:
    world = World()
    world.put(1, text="status.wifi.rssi < -75")
    world.put(2, text="status.switch:0.output = true and presence = online")
    world.put(3, text="component = switch")
    world.put(4, text="status.switch:1 exists")
    world.put(5, text="status.switch:0.aenergy.total > 5")
    about = world.memberships.about_status
    assert about("switch:0", ("apower", "output")) == {2}
    assert about("switch:0", ("apower", "aenergy")) == {5}
    assert about("switch:1", ("output",)) == frozenset()
    assert about("switch:0", None) == {2, 3, 5}
    assert about("switch:1", None) == {3, 4}
    assert about("wifi", ("rssi",)) == {1}
    assert world.memberships.components == {"switch", "wifi"}
    for number in range(5_000):  # names are the devices' choice
        assert not about("wifi", (f"x{number}",))
    assert len(world.memberships._by_change) <= 1_000


def test_a_dropped_group_leaves_no_trace() -> None:
    world = World()
    inner = world.put(1, DEVICES)
    outer = world.put(2, inner=(1,))
    world.memberships.drop(inner)
    world.settle([2])
    assert outer.inner == ()
    assert not outer.members
    assert world.memberships.of == {}


def test_a_device_that_is_not_known_yet_is_a_member_by_hand_and_by_no_query() -> None:
    world = World()
    world.put(1, ["stranger"])
    world.put(2, text="not group = 7")
    world.memberships.settle("stranger", frozenset({1, 2}), "edited")
    assert world.memberships.of["stranger"] == {1}


def test_a_cycle_is_told_as_a_way_from_the_outer_to_the_inner() -> None:
    assert cycle({1: [2], 2: [3], 3: []}) == []
    way = cycle({1: [2], 2: [3], 3: [1]})
    assert way[0] == way[-1]
    assert all((outer, inner) in {(1, 2), (2, 3), (3, 1)} for outer, inner in pairwise(way))
    assert cycle({4: [4]}) == [4, 4]


@settings(deadline=None)
@given(st.randoms(use_true_random=False))
def test_settling_device_by_device_gives_what_the_definition_says(chance: random.Random) -> None:
    """Groups made of earlier ones, in any order of numbers; levels change one by one."""
    world = World()
    numbers = chance.sample(range(1, 100), 8)
    for place, number in enumerate(numbers):
        text = ""
        if chance.random() < 0.5:
            text = f"status.x.level > {chance.randrange(5)}"
        if place and chance.random() < 0.4:
            asked = chance.choice(numbers[:place])
            text = f"{text} and not group = {asked}" if text else f"group = {asked}"
        inner = tuple(chance.sample(numbers[:place], chance.randrange(min(place, 2) + 1)))
        world.put(number, chance.sample(DEVICES, chance.randrange(2)), inner, text)
    for _ in range(20):
        device = chance.choice(DEVICES)
        world.level[device] = chance.randrange(6)
        world.memberships.settle(device, world.memberships.about_status("x", ("level",)), "live")
    before = {number: set(group.members) for number, group in world.memberships.groups.items()}
    for number in numbers:
        group = world.memberships.groups[number]
        for device in DEVICES:
            mine = {each for each in numbers if device in before[each]}
            subject = world.subject(device, mine)
            assert subject is not None
            fits = group.query is not None and group.query.test(subject)
            expected = device in group.devices or any(device in before[inner] for inner in group.inner) or fits
            assert (device in group.members) == expected
