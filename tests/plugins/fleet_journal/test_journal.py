"""The journal of a real platform and a simulated device, and what the device was like."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from fleet_journal.past import undone

if TYPE_CHECKING:
    from fleet_platform.simulator import Device
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet


async def listed(rpc: Rpc, **params: Any) -> list[dict[str, Any]]:
    answer = await rpc("Journal.List", params)
    found: list[dict[str, Any]] = answer["entries"]
    return found


async def names(rpc: Rpc, **params: Any) -> list[str]:
    return [entry["name"] for entry in await listed(rpc, **params)]


async def test_connections_commands_and_settings_are_told(fleet: TestedFleet, device: Device, rpc: Rpc) -> None:
    await rpc("Switch.Set", {"id": 0, "on": True}, dst=device.id)
    await rpc("Switch.GetStatus", {"id": 0}, dst=device.id)
    with pytest.raises(rpc.Error):
        await rpc("Switch.Set", {"id": 7, "on": True}, dst=device.id)
    await rpc("Switch.SetConfig", {"id": 0, "config": {"name": "Lamp"}}, dst=device.id)

    async def told() -> bool:
        return "Shelly.Settings" in await names(rpc, devices=[device.id])

    await fleet.until(told)
    entries = await listed(rpc, devices=[device.id.upper()])
    assert [entry["name"] for entry in entries if entry["name"] != "Shelly.Update"] == [
        "Shelly.Settings",
        "Shelly.Command",
        "Shelly.Command",
        "Shelly.Command",
        "Shelly.Connect",
    ]
    by_name = {entry["name"]: entry for entry in entries}
    assert by_name["Shelly.Settings"]["data"]["changes"]["switch:0.name"] == [None, "Lamp"]
    commands = [entry["data"] for entry in entries if entry["name"] == "Shelly.Command"]
    assert [(each["method"], each["by"]) for each in commands] == [
        ("Switch.SetConfig", commands[0]["by"]),
        ("Switch.Set", commands[0]["by"]),
        ("Switch.Set", commands[0]["by"]),
    ]
    assert commands[1]["error"]["code"] == -105 or commands[1]["error"]["code"] < 0
    assert commands[2]["params"] == {"id": 0, "on": True}
    assert "error" not in commands[2]
    assert all(entry["shellyID"] == device.id and abs(entry["ts"] - time.time()) < 120 for entry in entries)


async def test_pages_names_and_times_choose(fleet: TestedFleet, device: Device, rpc: Rpc) -> None:
    for _ in range(5):
        await rpc("Switch.Toggle", {"id": 0}, dst=device.id)
    await fleet.until(lambda: _count(rpc, 5))
    first = await rpc("Journal.List", {"names": ["Shelly.Com*"], "limit": 2})
    second = await rpc("Journal.List", {"names": ["Shelly.Com*"], "limit": 10, "before": first["before"]})
    ids = [entry["id"] for entry in (*first["entries"], *second["entries"])]
    assert len(ids) == 5
    assert ids == sorted(ids, reverse=True)
    assert second["before"] is None
    assert await names(rpc, names=["Shelly.Connect"]) == ["Shelly.Connect"]
    assert await names(rpc, names=["Shelly.%"]) == []
    assert await names(rpc, to=first["entries"][0]["ts"] - 3600) == []
    assert await names(rpc, **{"from": time.time() + 60}) == []


async def _count(rpc: Rpc, wanted: int) -> bool:
    return len(await names(rpc, names=["Shelly.Command"])) == wanted


async def test_a_device_is_told_as_it_was(fleet: TestedFleet, device: Device, rpc: Rpc) -> None:
    await rpc("Switch.Set", {"id": 0, "on": False}, dst=device.id)
    await rpc("Switch.SetConfig", {"id": 0, "config": {"name": "Before"}}, dst=device.id)

    async def told(name: str) -> bool:
        found = await listed(rpc, devices=[device.id], names=["Shelly.Settings"])
        return any(entry["data"]["changes"].get("switch:0.name", [0, 0])[1] == name for entry in found)

    await fleet.until(lambda: told("Before"))

    async def is_off() -> bool:
        state = await rpc("Device.GetAt", {"shellyID": device.id, "ts": time.time()})
        return state["status"].get("switch:0", {}).get("output") is False

    await fleet.until(is_off)
    moment = time.time()
    await rpc("Switch.Set", {"id": 0, "on": True}, dst=device.id)
    await rpc("Switch.SetConfig", {"id": 0, "config": {"name": "After"}}, dst=device.id)
    await fleet.until(lambda: told("After"))

    async def is_on() -> bool:
        state = await rpc("Device.GetAt", {"shellyID": device.id, "ts": time.time()})
        return state["status"]["switch:0"]["output"] is True and state["settings"]["switch:0"]["name"] == "After"

    await fleet.until(is_on)
    then = await rpc("Device.GetAt", {"shellyID": device.id, "ts": moment})
    assert then["status"]["switch:0"]["output"] is False
    assert then["settings"]["switch:0"]["name"] == "Before"
    assert then["presence"] == "online"
    assert then["measured"]["switch:0.output"] <= moment
    assert then["settingsFrom"] <= moment
    early = await rpc("Device.GetAt", {"id": device.id, "ts": "2020-01-01T00:00:00"})
    assert (early["presence"], early["status"]) == (None, {})


@pytest.mark.parametrize(
    "params", [{"ts": 4_000_000_000}, {"ts": "yesterday"}, {"ts": 1}, {"shellyID": "nobody", "ts": 1}]
)
async def test_what_cannot_be_asked_is_refused(rpc: Rpc, params: dict[str, Any], device: Device) -> None:
    if "shellyID" not in params and params["ts"] != 1:
        params = {"shellyID": device.id, **params}
    with pytest.raises(rpc.Error):
        await rpc("Device.GetAt", params)


def test_changes_are_undone_from_the_newest_on() -> None:
    now: dict[str, Any] = {"a": {"b": 3, "new": {"x": 1}}, "c": 1}
    changes: list[dict[str, list[Any]]] = [{"a.b": [2, 3], "a.new.x": [None, 1]}, {"a.b": [1, 2], "d.e": [5, None]}]
    assert undone(now, changes) == {"a": {"b": 1, "new": {}}, "c": 1, "d": {"e": 5}}
