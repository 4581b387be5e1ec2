"""Destinations: ids, MACs and groups become devices, each once and in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_platform.rpc.destinations import Destinations
from plugin_sdk import Principal
from plugin_sdk.errors import NotFound

if TYPE_CHECKING:
    from tests.rpc.conftest import World

A, B = "ShellyX-00000000000A", "shellyx-00000000000b"


@pytest.fixture
async def destinations(world: World) -> Destinations:
    for device in (A, B):
        world.shelly(device)
    groups = {"1": [B, A], "2": []}
    return Destinations(world.fleet, members=lambda group, _principal: groups.get(group))


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


async def test_without_groups_none_exists(world: World, admin: Principal) -> None:
    with pytest.raises(NotFound):
        Destinations(world.fleet).expand(["group:1"], admin)
