"""Virtual components: made at run time, kept or not, and refused where they do not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import Simulator
from tests.simulator.asking import error_code, restart

if TYPE_CHECKING:
    from tests.simulator.conftest import Home


@pytest.mark.parametrize(
    ("kind", "config", "good", "bad"),
    [
        ("boolean", {}, True, 1),
        ("number", {"min": 0, "max": 10}, 10, 11),
        ("text", {"max_len": 3}, "abc", "abcd"),
        ("enum", {"options": ["a", "b"]}, "b", "c"),
        ("group", {}, ["boolean:200"], "boolean:200"),
    ],
)
async def test_a_virtual_component_takes_only_what_fits(
    kind: str, config: dict[str, Any], good: Any, bad: Any, home: Home, sim: Simulator
) -> None:
    device = await sim.add("S1G3")
    await home.call(device.id, "Virtual.Add", type=kind, config=config)
    assert await home.call(device.id, f"{kind}.Set", id=200, value=good) is None
    status = device.status(f"{kind}:200")
    assert (status["value"], status["source"]) == (good, "rpc")
    assert status["last_update_ts"] > 1e9
    assert await error_code(home, device, f"{kind}.Set", id=200, value=bad) == -103
    assert device.status(f"{kind}:200")["value"] == good


async def test_a_value_that_is_not_kept_starts_from_its_default(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    for number, persisted in ((200, True), (201, False)):
        await home.call(device.id, "Virtual.Add", type="boolean", id=number, config={"persisted": persisted})
        await home.call(device.id, "Boolean.Set", id=number, value=True)
    await restart(sim, device)
    assert device.status("boolean:200")["value"] is True
    assert device.status("boolean:201")["value"] is False


async def test_a_virtual_button_emits_its_gesture(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    await home.call(device.id, "Virtual.Add", type="button")
    await home.call(device.id, "Button.Trigger", id=200, event="double_push")
    await home.until(lambda: any(event["event"] == "double_push" for event in home.events(device.id)))
    assert await error_code(home, device, "Button.Trigger", id=200, event="kick") == -103


async def test_there_is_room_for_ten_and_ids_are_from_200_to_299(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    assert await home.call(device.id, "Virtual.Add", type="number", id=250) == {"id": 250}
    assert await home.call(device.id, "Virtual.Add", type="number") == {"id": 200}
    assert await home.call(device.id, "Virtual.Add", type="text", id=250) == {"id": 250}
    assert await error_code(home, device, "Virtual.Add", type="number", id=250) == -103
    assert await error_code(home, device, "Virtual.Add", type="number", id=199) == -103
    assert await error_code(home, device, "Virtual.Add", type="number", id=300) == -103
    assert await error_code(home, device, "Virtual.Add", type="object") == -103
    for _ in range(7):
        await home.call(device.id, "Virtual.Add", type="boolean")
    assert await error_code(home, device, "Virtual.Add", type="boolean") == -108
    await home.call(device.id, "Virtual.Delete", key="number:250")
    assert await home.call(device.id, "Virtual.Add", type="boolean") == {"id": 207}
    assert await error_code(home, device, "Virtual.Delete", key="number:250") == -105
    assert await error_code(home, device, "Virtual.Delete", key="switch:0") == -105


async def test_a_component_comes_and_goes_with_an_event_and_a_revision(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    before = device.state.sys["cfg_rev"]
    await home.call(device.id, "Virtual.Add", type="text")
    await home.call(device.id, "Virtual.Delete", key="text:200")
    await home.until(lambda: len(home.events(device.id)) == 4)
    told = [(event["component"], event["event"], event.get("target")) for event in home.events(device.id)]
    assert told == [
        ("sys", "component_added", "text:200"),
        ("sys", "config_changed", None),
        ("sys", "component_removed", "text:200"),
        ("sys", "config_changed", None),
    ]
    assert device.state.sys["cfg_rev"] == before + 2


@pytest.mark.parametrize(
    ("kind", "config", "wrong"),
    [
        ("number", {"min": 5, "max": 1}, "min"),
        ("number", {"min": 5, "max": 9, "default_value": 4}, "default_value"),
        ("number", {"default_value": True}, "default_value"),
        ("boolean", {"default_value": 0}, "default_value"),
        ("text", {"max_len": 256}, "max_len"),
        ("text", {"max_len": 2, "default_value": "abc"}, "default_value"),
        ("enum", {"options": ["a", 1]}, "options"),
        ("enum", {"options": ["a"], "default_value": "b"}, "default_value"),
        ("button", {"name": 5}, "name"),
        ("group", {"meta": "x"}, "meta"),
    ],
)
async def test_settings_that_contradict_each_other_make_no_component(
    kind: str, config: dict[str, Any], wrong: str, home: Home, sim: Simulator
) -> None:
    device = await sim.add("S1G3")
    reply = await home.ask(device.id, "Virtual.Add", type=kind, config=config)
    assert reply["error"] == {"code": -103, "message": f"Invalid argument '{wrong}'!"}
    assert device.keys(kind) == []


async def test_a_number_without_a_default_starts_within_its_bounds(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    await home.call(device.id, "Virtual.Add", type="number", config={"min": 15, "max": 35})
    assert device.status("number:200")["value"] == 15


async def test_a_value_that_no_longer_fits_gives_way_to_the_default(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    await home.call(device.id, "Virtual.Add", type="enum", config={"options": ["a", "b"], "default_value": "a"})
    await home.call(device.id, "Enum.Set", id=200, value="b")
    assert await error_code(home, device, "Enum.SetConfig", id=200, config={"options": ["b"]}) == -103
    await home.call(device.id, "Enum.SetConfig", id=200, config={"options": ["a", "c"]})
    assert {name: device.status("enum:200")[name] for name in ("value", "source")} == {"value": "a", "source": "sys"}


async def test_a_group_loses_the_member_that_goes(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    for kind in ("boolean", "text", "group"):
        await home.call(device.id, "Virtual.Add", type=kind)
    await home.call(device.id, "Group.Set", id=200, value=["boolean:200", "text:200"])
    await home.call(device.id, "Virtual.Delete", key="boolean:200")
    status = device.status("group:200")
    assert (status["value"], status["source"]) == (["text:200"], "sys")


async def test_what_a_service_owns_is_written_by_nobody_else(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    for number, access in ((200, "cr"), (201, "crw")):
        config = {"owner": "service:0", "access": access}
        await home.call(device.id, "Virtual.Add", type="number", id=number, config=config)
    assert await error_code(home, device, "Number.Set", id=200, value=5) == -107
    assert await home.call(device.id, "Number.Set", id=201, value=5) is None
    assert await error_code(home, device, "Virtual.Delete", key="number:201") == -107


async def test_a_wall_display_counts_its_virtual_components(home: Home, sim: Simulator) -> None:
    device = await sim.add("WallDisplay")
    await home.call(device.id, "Virtual.Add", type="button")
    assert device.state.sys["virtual_rev"] == 1
    assert await home.call(device.id, "Virtual.List") == {"components": ["button:200"]}
