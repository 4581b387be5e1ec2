"""``Device.*`` (reference 3.2, 5.1, 11.3)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import OldClient
from .shapes import ANY, Either, check

if TYPE_CHECKING:
    from fleet_platform.simulator import Device
    from fleet_platform.testing.platform import TestedFleet

DEVICE = {
    "shellyID": str,
    "id": int,
    "source": Either("ws", "offline"),
    "info": dict,
    "status": {...: Either(dict, None)},
    "presence": Either("online", "offline"),
    "settings": {...: dict},
    "entities": [str],
    "meta": {"lastReportTs": int, ...: ANY},
}


@pytest.fixture
async def stored(fleet: TestedFleet, ui: OldClient, device: Device) -> Device:
    """A device that has its number."""

    async def has_number() -> bool:
        return bool((await ui.call("Device.Get", {"id": device.id}))["id"])

    await fleet.until(has_number)
    return device


async def test_list_in_both_shapes(ui: OldClient, stored: Device) -> None:
    listed = await ui.call("Device.List", shape=[DEVICE])
    assert [each["shellyID"] for each in listed] == [stored.id]
    assert (await ui.call("Device.List", {"shape": "map"}, shape={...: DEVICE})).keys() == {stored.id}
    page = await ui.call("Device.List", {"limit": 1}, shape={"items": [DEVICE], "total": 1, "cursor": None})
    assert page["items"] == listed


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"presence": "online"}, 1),
        ({"presence": "offline"}, 0),
        ({"source": "ws"}, 1),
        ({"shellyID": "nobody"}, 0),
        ({}, 1),
    ],
)
async def test_list_with_filters(ui: OldClient, stored: Device, filters: dict[str, Any], found: int) -> None:
    assert len(await ui.call("Device.List", {"filters": filters})) == found


async def test_a_device_by_itself_and_its_parts(ui: OldClient, stored: Device) -> None:
    for name in ({"id": stored.id}, {"shellyID": stored.id.upper()}):
        one = await ui.call("Device.Get", name, shape=DEVICE)
        assert await ui.call("Device.GetInfo", name) == one["info"]
        assert (await ui.call("Device.GetStatus", name)).keys() == one["status"].keys()
        assert await ui.call("Device.GetConfig", name) == one["settings"]
    number = (await ui.call("Device.Get", {"id": stored.id}))["id"]
    assert (await ui.call("Device.Get", {"id": number}))["shellyID"] == stored.id
    await ui.call("Device.GetStatus", shape={"devices_size": 1, "devices": [stored.id]})


async def test_call_answers_what_the_device_answers(ui: OldClient, stored: Device) -> None:
    params = {"shellyID": stored.id, "method": "Switch.Set", "params": {"id": 0, "on": True}}
    assert await ui.call("Device.Call", params) == {"was_on": False}
    error = await ui.refused("Device.Call", {"shellyID": stored.id, "method": "Switch.Nothing"})
    assert error["code"] == 404


async def test_setup_in_both_modes(ui: OldClient, stored: Device) -> None:
    profile = {
        "hotel": {
            "ws": {"enable": True, "server": "ws://192.0.2.1:7011/shelly"},
            "wifi": {"sta": {"enable": True, "ssid": "Lobby", "pass": "correct horse"}},
        }
    }
    await ui.call("Storage.SetItem", {"registry": "configs", "key": "Rooms", "value": profile})
    as_json = await ui.call("Device.GetSetup", {"shellyID": stored.id})
    assert as_json == {"Rooms": profile}
    assert await ui.call("Device.GetSetup", {"shellyID": stored.id, "mode": "json"}) == as_json
    as_rpc = await ui.call("Device.GetSetup", {"shellyID": stored.id, "mode": "rpc"}, shape={"Rooms": {"hotel": [str]}})
    requests = [json.loads(text) for text in as_rpc["Rooms"]["hotel"]]
    for number, request in enumerate(requests, start=1000):
        check(
            request, {"jsonrpc": "2.0", "id": number, "src": "FLEET_MANAGER", "method": str, "params": {"config": dict}}
        )
    assert [request["method"].lower() for request in requests] == ["ws.setconfig", "wifi.setconfig"]


async def test_there_are_no_settings_of_all_devices(ui: OldClient) -> None:
    assert await ui.call("Device.SetConfig", {"config": {}}) == {"component": "device", "event": "config_changed"}
    assert (await ui.refused("Device.SetConfig", {"config": {"x": 1}}))["code"] == -32602


async def test_delete(ui: OldClient, stored: Device) -> None:
    await ui.subscribe("Shelly.Delete")
    await ui.call("Device.Delete", {"shellyID": stored.id})
    assert (await ui.event("Shelly.Delete"))["shellyID"] == stored.id
    assert (await ui.refused("Device.Get", {"id": stored.id}))["data"]["reason"] == "unknown_device"
