"""Dashboards in the shapes of both releases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleet_registries import dashboards
from plugin_sdk.errors import InvalidParams, NotFound

if TYPE_CHECKING:
    from fleet_platform.simulator import Device
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet

UI = {"registry": "ui", "key": "dashboards"}
FIRST = {"name": "My Dashboard", "id": -1, "items": []}


async def test_there_is_a_first_dashboard_in_both_shapes(rpc: Rpc) -> None:
    assert await rpc("Storage.GetItem", UI) == {"-1": FIRST}
    assert await rpc("Storage.GetItem", {**UI, "shape": "array"}) == [FIRST]
    assert await rpc("Storage.GetAll", {"registry": "ui"}) == {"dashboards": {"-1": FIRST}}


async def test_an_array_of_dashboards_is_kept_as_an_object(rpc: Rpc) -> None:
    home: dict[str, Any] = {"id": 7, "name": "Home", "items": [{"type": "entity", "data": {"id": "x_0:out"}}]}
    await rpc("Storage.SetItem", {**UI, "value": [FIRST, home]})
    assert await rpc("Storage.GetItem", UI) == {"-1": FIRST, "7": home}
    [_, shown] = await rpc("Storage.GetItem", {**UI, "shape": "array"})
    assert shown == {**home, "items": [{"id": 1, **home["items"][0]}]}
    assert await rpc("Storage.RemoveWidget", {**UI, "dashboard": 7, "itemId": 1}) == {"removed": 1}
    assert (await rpc("Storage.GetItem", UI))["7"]["items"] == []


async def test_what_is_no_dashboards_is_refused(rpc: Rpc) -> None:
    for value in (None, 1, "x", [1], [{"name": "no id"}], {"-1": "x"}):
        with pytest.raises(rpc.Error) as refused:
            await rpc("Storage.SetItem", {**UI, "value": value})
        assert refused.value.code == -32602
    assert await rpc("Storage.GetItem", UI) == {"-1": FIRST}


async def test_items_are_added_and_removed(rpc: Rpc) -> None:
    async def add(kind: Any, item: Any, **more: Any) -> Any:
        return (await rpc("Storage.AddItem", {**UI, "dashboard": "-1", "type": kind, "item": item, **more}))["id"]

    assert [
        await add(1, "shellyx-1"),
        await add("entity", 12, sub_item="x_0:out"),
        await add("Group", {"id": 4, "name": "Hall"}),
        await add(5, "clock", order=-1),
    ] == [1, 2, 3, 4]
    items = (await rpc("Storage.GetItem", UI))["-1"]["items"]
    assert items == [
        {"id": 4, "type": "ui", "data": {"id": "clock"}, "order": -1},
        {"id": 1, "type": "device", "data": {"shellyID": "shellyx-1"}},
        {"id": 2, "type": "entity", "data": {"id": "x_0:out"}},
        {"id": 3, "type": "group", "data": {"id": 4, "name": "Hall"}},
    ]
    await rpc("Storage.RemoveWidget", {**UI, "dashboard": -1, "itemId": "2"})
    assert [item["id"] for item in (await rpc("Storage.GetItem", UI))["-1"]["items"]] == [4, 1, 3]
    for params in ({"dashboard": 99, "itemId": 1}, {"dashboard": -1, "itemId": 99}):
        with pytest.raises(rpc.Error) as refused:
            await rpc("Storage.RemoveWidget", {**UI, **params})
        assert refused.value.code == -32004


async def test_a_device_is_named_by_its_number_too(fleet: TestedFleet, rpc: Rpc, device: Device) -> None:
    async def is_stored() -> bool:
        return bool((await rpc("Device.Get", {"id": device.id}))["id"] == 1)

    await fleet.until(is_stored)
    await rpc("Storage.AddItem", {**UI, "dashboard": -1, "type": 1, "item": 1})
    assert (await rpc("Storage.GetItem", UI))["-1"]["items"][0]["data"] == {"shellyID": device.id}
    for params in ({"type": 1, "item": 99}, {"type": 9, "item": 1}, {"type": "x", "item": 1}):
        with pytest.raises(rpc.Error) as refused:
            await rpc("Storage.AddItem", {**UI, "dashboard": -1, **params})
        assert refused.value.code == -32602
    with pytest.raises(rpc.Error):
        await rpc("Storage.AddItem", {"registry": "actions", "key": "rpc", "dashboard": 1, "type": 1, "item": 1})


async def test_settings_of_pages(rpc: Rpc) -> None:
    assert await rpc("Storage.GetUIConfig") == {"node_red_enable": False}
    await rpc("Storage.SetItem", {"registry": "ui", "key": "config", "value": {"node_red_enable": True, "x": 1}})
    assert await rpc("Storage.GetUIConfig") == {"node_red_enable": True, "x": 1}


def test_a_dashboard_has_a_bound() -> None:
    full = {"-1": {**FIRST, "items": [{"id": n} for n in range(dashboards.MAX_ITEMS)]}}
    with pytest.raises(InvalidParams):
        dashboards.add_item(full, -1, {"type": "ui", "data": {}})
    with pytest.raises(NotFound):
        dashboards.add_item(full, 5, {"type": "ui", "data": {}})


def test_what_somebody_wrote_by_hand_is_read_as_far_as_it_goes() -> None:
    strange = {"-1": {"items": "none"}, "a": {"items": [1, {"id": "x"}, {"type": "ui"}]}}
    assert dashboards.as_array(strange) == [
        {"id": -1, "items": []},
        {"id": "a", "items": [{"id": "x"}, {"id": 1, "type": "ui"}]},
    ]
    assert dashboards.as_array(None) == []


@pytest.mark.parametrize("number", [2**53, 2**63 - 1, 2**64 - 1])
async def test_a_number_that_leaves_no_next_one_is_not_counted_on_from(rpc: Rpc, number: int) -> None:
    huge = "9" * 5_000
    await rpc("Storage.SetItem", {**UI, "value": {"-1": {"items": [{"id": number}]}, huge: {"items": [{}]}}})
    assert await rpc("Storage.AddItem", {"dashboard": -1, "type": "group", "item": 4}) == {"id": 1}
    assert [item["id"] for item in (await rpc("Storage.GetItem", UI))["-1"]["items"]] == [number, 1]
    [_, other] = await rpc("Storage.GetItem", {**UI, "shape": "array"})
    assert (other["id"], other["items"]) == (huge, [{"id": 1}])
