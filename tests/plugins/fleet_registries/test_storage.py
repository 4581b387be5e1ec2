"""Registries on a real platform and a real database."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from fleet_registries import registries

if TYPE_CHECKING:
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet

VALUES = [False, 0, "", None, [], {}, "x", 1.5, [1, {"z": 1, "a": None}], "Zürich\u0000 🙂"]
BAD_NAMES = ["../x", "a/b", "a\\b", ".hidden", "a..b", "", "a\nb", "a\0b", "x" * 51, "a.", " a"]


async def test_a_value_comes_back_as_it_was(rpc: Rpc) -> None:
    for value in VALUES:
        assert await rpc("Storage.SetItem", {"key": "k", "value": value}) == {"updated": "k"}
        found = await rpc("Storage.GetItem", {"key": "k"})
        assert (found, type(found)) == (value, type(value))
        assert await rpc("Storage.GetAll", {"registry": "memory"}) == {"k": value}
    await rpc("Storage.SetItem", {"key": "k", "value": {"zz": 1, "b": 2, "a": 3}})
    assert list(await rpc("Storage.GetItem", {"key": "k"})) == ["zz", "b", "a"]


async def test_a_registry_is_the_same_in_any_case_and_a_key_is_not(rpc: Rpc) -> None:
    await rpc("Storage.SetItem", {"registry": "My-Registry", "key": "K", "value": 1})
    for name in ("my-registry", "MY-REGISTRY"):
        assert await rpc("Storage.GetItem", {"registry": name, "key": "K"}) == 1
        assert await rpc("Storage.GetItem", {"registry": name, "key": "k"}) is None
        assert await rpc("Storage.Keys", {"registry": name}) == ["K"]
    assert await rpc("Storage.RemoveItem", {"registry": "my-REGISTRY", "key": "K"}) == {"removed": "K"}
    assert await rpc("Storage.GetAll", {"registry": "My-Registry"}) == {}


async def test_what_is_not_there_is_null(rpc: Rpc) -> None:
    assert await rpc("Storage.GetItem", {"key": "nothing"}) is None
    assert await rpc("Storage.Keys") == []
    assert await rpc("Storage.RemoveItem", {"key": "nothing"}) == {"removed": "nothing"}


async def test_a_name_that_could_be_no_file_is_refused_by_every_method(rpc: Rpc) -> None:
    methods: dict[str, dict[str, Any]] = {
        "SetItem": {"key": "k", "value": 1},
        "GetItem": {"key": "k"},
        "RemoveItem": {"key": "k"},
        "Keys": {},
        "GetAll": {},
    }
    for name in BAD_NAMES:
        for method, params in methods.items():
            with pytest.raises(rpc.Error) as refused:
                await rpc(f"Storage.{method}", {"registry": name, **params})
            assert refused.value.code == -32602
            assert refused.value.data["errors"][0]["path"] == "registry"
    for key in ("", "a\nb", "a\0b", "x" * 201):
        with pytest.raises(rpc.Error) as refused:
            await rpc("Storage.SetItem", {"key": key, "value": 1})
        assert refused.value.code == -32602


async def refusal(rpc: Rpc, item: dict[str, Any]) -> str:
    """What ``Storage.SetItem`` says against a value."""
    with pytest.raises(rpc.Error) as refused:
        await rpc("Storage.SetItem", item)
    return str(refused.value.data)


async def test_a_value_has_a_bound(rpc: Rpc) -> None:
    largest = "x" * (registries.MAX_VALUE_BYTES - 2)
    await rpc("Storage.SetItem", {"key": "k", "value": largest})
    assert "1 MiB" in await refusal(rpc, {"key": "k", "value": largest + "x"})
    assert await rpc("Storage.GetItem", {"key": "k"}) == largest


async def test_a_registry_has_bounds_and_its_values_can_still_be_replaced(
    rpc: Rpc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registries, "MAX_KEYS", 2)
    monkeypatch.setattr(registries, "MAX_REGISTRY_BYTES", 20)
    monkeypatch.setattr(registries, "MAX_REGISTRIES", 2)  # the registry ui is there from the start
    await rpc("Storage.SetItem", {"key": "a", "value": "x" * 8})
    await rpc("Storage.SetItem", {"key": "b", "value": 1})
    assert "keys" in await refusal(rpc, {"key": "c", "value": 1})
    await rpc("Storage.SetItem", {"key": "b", "value": "x" * 8})
    assert "MiB" in await refusal(rpc, {"key": "b", "value": "x" * 9})
    assert "registries" in await refusal(rpc, {"registry": "third", "key": "a", "value": 1})
    await rpc("Storage.RemoveItem", {"key": "a"})
    await rpc("Storage.SetItem", {"key": "c", "value": 1})


async def test_a_change_is_told_without_the_value(rpc: Rpc) -> None:
    async with rpc.events("Storage.*") as events:
        await rpc("Storage.SetItem", {"registry": "Actions", "key": "rpc", "value": ["canary"]})
        event: Any = await anext(events)
        assert (event.method, event.params) == ("Storage.Changed", {"registry": "actions", "key": "rpc"})
        await rpc("Storage.RemoveItem", {"registry": "actions", "key": "nothing"})
        await rpc("Storage.RemoveItem", {"registry": "actions", "key": "rpc", "value": "canary"})
        event = await anext(events)
        assert event.params == {"registry": "actions", "key": "rpc"}
    assert await rpc("Storage.GetItem", {"registry": "actions", "key": "rpc"}) == []


async def test_one_entry_of_a_value_can_be_removed(rpc: Rpc) -> None:
    async def left(value: Any, entry: Any) -> Any:
        await rpc("Storage.SetItem", {"key": "k", "value": value})
        await rpc("Storage.RemoveItem", {"key": "k", "value": entry})
        return await rpc("Storage.GetItem", {"key": "k"})

    assert await left({"1": "a", "2": "b"}, 1) == {"2": "b"}
    assert await left([{"id": "a"}, {"id": "b"}], "a") == [{"id": "b"}]
    assert await left([{"id": "a", "name": "x"}], {"id": "a"}) == []
    assert await left(["x", "y"], "z") == ["x", "y"]
    assert await left("x", "x") == "x"


async def test_status_and_settings(rpc: Rpc) -> None:
    await rpc("Storage.SetConfig", {"config": {"enable": True, "items": {"a": 1, "b": False}}})
    assert await rpc("Storage.GetAll") == {"a": 1, "b": False}
    status = await rpc("Storage.GetStatus")
    assert status["length"] == len('{"a":1,"b":false}')
    assert status["registries"]["memory"] == {"keys": 2, "bytes": 6}
    assert await rpc("Storage.GetConfig") == {"enable": True}
    for config in ({}, {"enable": False}, {"items": {"": 1}}, {"stray": 1}):
        with pytest.raises(rpc.Error) as refused:
            await rpc("Storage.SetConfig", {"config": config})
        assert refused.value.code == -32602


async def test_settings_of_which_one_is_no_good_are_not_taken_at_all(rpc: Rpc) -> None:
    items = {"good": 1, "large": "x" * registries.MAX_VALUE_BYTES}
    with pytest.raises(rpc.Error) as refused:
        await rpc("Storage.SetConfig", {"config": {"items": items}})
    assert refused.value.data["errors"][0]["path"] == "config.items.large"
    assert await rpc("Storage.Keys") == []


async def test_the_length_is_that_of_the_whole_registry_as_json(rpc: Rpc) -> None:
    for values in ({}, {"a": None}, {'ü"\\ b': [1, "é"], "k": {"z": 1.5}}):
        for key, value in values.items():
            await rpc("Storage.SetItem", {"key": key, "value": value})
        found = await rpc("Storage.GetAll")
        text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
        assert (await rpc("Storage.GetStatus"))["length"] == len(text.encode())


async def test_values_outlive_the_plugin(fleet: TestedFleet, rpc: Rpc) -> None:
    await rpc("Storage.SetItem", {"key": "k", "value": 1})
    await rpc("plugin:registries.SetConfig", {"config": {"enable": False}})
    with pytest.raises(rpc.Error) as gone:
        await rpc("Storage.GetItem", {"key": "k"})
    assert gone.value.code == -32601
    await rpc("plugin:registries.SetConfig", {"config": {"enable": True}})
    await fleet.until(lambda: fleet.plugin("registries").state == "running")
    assert await rpc("Storage.GetItem", {"key": "k"}) == 1


async def test_those_who_add_items_at_once_lose_none(rpc: Rpc) -> None:
    asked = [
        rpc("Storage.AddItem", {"registry": "ui", "key": "dashboards", "dashboard": -1, "type": 3, "item": number})
        for number in range(40)
    ]
    ids = [answer["id"] for answer in await asyncio.gather(*asked)]
    assert sorted(ids) == list(range(1, 41))
    items = (await rpc("Storage.GetItem", {"registry": "ui", "key": "dashboards"}))["-1"]["items"]
    assert sorted(item["data"]["id"] for item in items) == list(range(40))
