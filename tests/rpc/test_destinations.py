"""Destinations: ids, MACs and groups become devices, each once and in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_platform.rpc.destinations import Destinations, sets_of
from plugin_sdk import Principal, Service
from plugin_sdk.errors import InternalError, NotFound

if TYPE_CHECKING:
    from tests.rpc.conftest import World

A, B = "ShellyX-00000000000A", "shellyx-00000000000b"


@pytest.fixture
async def destinations(world: World) -> Destinations:
    for device in (A, B):
        world.shelly(device)
    groups = {"1": [B, A], "2": []}
    return Destinations(world.fleet, sets=lambda: {"group": lambda group, _principal: groups.get(group)})


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ([], []),
        ([A.lower()], [A]),
        (["00000000000b", "00:00:00:00:00:0A"], [B, A]),
        ([B, A, B.upper(), "00000000000A"], [B, A]),
        (["nobody", "Nobody", A], ["nobody", A]),
        (["group:1"], [B, A]),
        ([A, "group:1", B], [A, B]),
        (["group:2"], []),
        (["FLEET_MANAGER", A], ["FLEET_MANAGER", A]),
    ],
)
async def test_each_device_counts_once_in_order(
    destinations: Destinations, admin: Principal, written: list[str], meant: list[str]
) -> None:
    assert list(destinations.expand(written, admin)) == meant


async def test_a_group_that_does_not_exist_is_told(destinations: Destinations, admin: Principal) -> None:
    with pytest.raises(NotFound) as caught:
        destinations.expand([A, "group:7"], admin)
    assert caught.value.data == {"group": "7"}


async def test_without_sets_every_name_is_a_device_s(world: World, admin: Principal) -> None:
    assert list(Destinations(world.fleet).expand(["group:1"], admin)) == ["group:1"]


@pytest.mark.parametrize(
    ("written", "device"),
    [
        ([A.lower()], A),
        (["nobody"], "nobody"),
        (["00:00:00:00:00:0a"], A),
        (["group:1"], None),
        ([A, B], None),
        ([], None),
    ],
)
async def test_one_device_is_known_at_once(destinations: Destinations, written: list[str], device: str | None) -> None:
    assert destinations.one(written) == device


async def test_a_list_or_a_set_may_stand_for_many(destinations: Destinations) -> None:
    assert destinations.is_many([A])
    assert destinations.is_many("group:1")
    assert not any(map(destinations.is_many, [A, None, "tag:1", "00:00:00:00:00:0a", "group"]))


def test_a_plugin_s_fault_is_an_error_of_the_caller_alone(admin: Principal) -> None:
    def broken(name: str, principal: Principal) -> list[str]:
        raise ZeroDivisionError

    def picky(name: str, principal: Principal) -> list[str]:
        raise NotFound(room=name)

    services = [
        ("a", Service(interface="destination", name="room", implementation=broken)),
        ("b", Service(interface="destination", name="floor", implementation=picky)),
        ("c", Service(interface="job_type", name="call", implementation=None)),
    ]
    sets = sets_of(services)
    assert sorted(sets) == ["floor", "room"]
    with pytest.raises(InternalError):
        sets["room"]("1", admin)
    with pytest.raises(NotFound):
        sets["floor"]("1", admin)
