"""``Storage.*`` and the registries of the web client (reference 3.5, 6.2, 11.3)."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import OldClient
from .shapes import ANY


@pytest.mark.parametrize("registry", [None, "memory", "MyThings"])
async def test_items_come_and_go(ui: OldClient, registry: str | None) -> None:
    where = {} if registry is None else {"registry": registry}
    values: list[Any] = [{"a": [1, None]}, 0, False, "", None, [], "text"]
    for value in values:
        assert await ui.call("Storage.SetItem", {**where, "key": "k", "value": value}) == {"updated": "k"}
        assert await ui.call("Storage.GetItem", {**where, "key": "k"}) == value
    await ui.call("Storage.SetItem", {**where, "key": "other", "value": 1})
    assert sorted(await ui.call("Storage.Keys", {"registry": registry or "memory"})) == ["k", "other"]
    assert await ui.call("Storage.GetAll", {"registry": registry or "memory"}) == {"k": "text", "other": 1}
    assert await ui.call("Storage.RemoveItem", {**where, "key": "k"}) == {"removed": "k"}
    assert await ui.call("Storage.GetItem", {**where, "key": "k"}) is None


async def test_a_registry_has_one_name_in_any_case(ui: OldClient) -> None:
    await ui.call("Storage.SetItem", {"registry": "UI2", "key": "k", "value": 1})
    assert await ui.call("Storage.GetItem", {"registry": "ui2", "key": "k"}) == 1


@pytest.mark.parametrize("name", ["../users", "a/b", "", "..", "a\x00b", "x" * 500])
async def test_names_cannot_leave_their_folder(ui: OldClient, name: Any) -> None:
    assert (await ui.refused("Storage.SetItem", {"registry": name, "key": "k", "value": 1}))["code"] == -32602
    assert (await ui.refused("Storage.GetAll", {"registry": name}))["code"] == -32602


async def test_the_default_dashboard_is_there(ui: OldClient) -> None:
    dashboards = await ui.call("Storage.GetItem", {"registry": "ui", "key": "dashboards"}, shape={...: ANY})
    assert dashboards["-1"] == {"name": "My Dashboard", "id": -1, "items": []}
    dashboards["5"] = {"name": "Lobby", "id": 5, "items": [{"type": "group", "data": {"id": 1, "name": "All"}}]}
    await ui.call("Storage.SetItem", {"registry": "ui", "key": "dashboards", "value": dashboards})
    assert (await ui.call("Storage.GetItem", {"registry": "ui", "key": "dashboards"}))["5"]["name"] == "Lobby"


async def test_widgets_of_a_dashboard_come_and_go(ui: OldClient) -> None:
    where = {"registry": "ui", "key": "dashboards", "dashboard": -1}
    added = await ui.call("Storage.AddItem", {**where, "type": 3, "item": 7}, shape={"id": int, ...: ANY})
    dashboards = await ui.call("Storage.GetItem", {"registry": "ui", "key": "dashboards"})
    assert len(dashboards["-1"]["items"]) == 1
    await ui.call("Storage.RemoveWidget", {**where, "itemId": added["id"]})
    dashboards = await ui.call("Storage.GetItem", {"registry": "ui", "key": "dashboards"})
    assert dashboards["-1"]["items"] == []


async def test_status_and_settings(ui: OldClient) -> None:
    answer = await ui.call("Storage.SetConfig", {"config": {"items": {"a": 1}}})
    assert answer == {"component": "storage", "event": "config_changed"}
    assert await ui.call("Storage.GetItem", {"key": "a"}) == 1
    await ui.call("Storage.GetStatus", shape={"length": int, ...: ANY})
    await ui.call("Storage.GetConfig", shape={"enable": bool, ...: ANY})
    await ui.call("Storage.GetUIConfig", shape={...: ANY})
