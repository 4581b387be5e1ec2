"""``Entity.*`` (reference 3.3, 5.4, 11.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import OldClient
from .shapes import ANY

if TYPE_CHECKING:
    from fleet_platform.testing.platform import TestedFleet

ENTITY = {"id": str, "name": str, "type": str, "source": str, "properties": {"id": int, ...: ANY}, ...: ANY}


@pytest.mark.parametrize(
    ("model", "suffix", "kind"),
    [
        ("Plus1PM", "0:out", "switch"),
        ("Plus1PM", "0:input", "input"),
        ("Plus2PM-cover", "0:cover", "cover"),
        ("Pro3EM", "0:em", "em"),
        ("Pro3EM-monophase", "1:em1", "em1"),
        ("PlusRGBWPM-rgbw", "0:rgbw", "rgbw"),
        ("PlusRGBWPM-rgb", "0:rgb", "rgb"),
        ("Mini1PMG3", "0:out", "switch"),
        ("MiniPMG3", "0:pm1", "pm1"),
    ],
)
async def test_ids_and_types(fleet: TestedFleet, ui: OldClient, model: str, suffix: str, kind: str) -> None:
    name, _, profile = model.partition("-")
    device = await fleet.add_device(name, profile=profile or None)
    listed = await ui.call("Entity.List", shape={...: {**ENTITY, "properties": dict}})
    entity = f"{device.id}_{suffix}"
    assert listed[entity]["type"] == kind
    assert listed[entity]["source"] == device.id
    assert await ui.call("Entity.GetInfo", {"id": entity}, shape=ENTITY) == listed[entity]
    status = await ui.call("Device.GetStatus", {"id": device.id})
    key = f"{kind}:{suffix.partition(':')[0]}"
    assert (await ui.call("Entity.GetStatus", {"id": entity})).keys() == status[key].keys()
    assert (await ui.call("Entity.GetConfig", {"id": entity}))["id"] == status[key]["id"]


async def test_counts_and_unknown_entities(fleet: TestedFleet, ui: OldClient) -> None:
    device = await fleet.add_device("Plus1PM")
    answer = await ui.call("Entity.GetStatus", shape={"entities_count": int, "entities": [str]})
    assert answer["entities_count"] == len(answer["entities"])
    assert f"{device.id}_0:out" in answer["entities"]
    for method in ("Entity.GetInfo", "Entity.GetStatus", "Entity.GetConfig"):
        assert (await ui.refused(method, {"id": f"{device.id}_7:out"}))["code"] == -32004


async def test_actions_alone_and_in_bulk(fleet: TestedFleet, ui: OldClient) -> None:
    device, cover = await fleet.add_device("Plus1PM"), await fleet.add_device("Plus2PM", profile="cover")
    switch, blind = f"{device.id}_0:out", f"{cover.id}_0:cover"
    await ui.call("Entity.InvokeAction", {"id": switch, "action": "toggle"})
    assert (await ui.call("Entity.GetStatus", {"id": switch}))["output"] is True
    answer = await ui.call(
        "Entity.InvokeAction",
        {"ids": [switch, blind, "nobody_0:out"], "action": "toggle"},
        shape={switch: {"result": ANY}, blind: ANY, "nobody_0:out": {"error": {"code": int, "message": str, ...: ANY}}},
    )
    assert list(answer) == [switch, blind, "nobody_0:out"]
    assert (await ui.refused("Entity.InvokeAction", {"id": switch, "action": "fly"}))["code"] in (-32602, -32004)
