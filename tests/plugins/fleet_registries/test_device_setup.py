"""Setups of devices: who gets them, and what of them fits a device."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fleet_registries.setups import calls_for

if TYPE_CHECKING:
    from fleet_platform.simulator import Device
    from fleet_platform.testing.client import Rpc

PROFILES: dict[str, Any] = {
    "Rooms": {
        "hotel": {
            "ws": {"enable": True, "server": "ws://x"},
            "wifi": {"sta": {"ssid": "s", "pass": "canary"}},
            "em:0": {"name": "no such component"},
            "switch:0": {"name": "Lamp"},
        },
        "meters only": {"em:0": {"name": "x"}},
    },
    "Odd": [1],
    "Odder": {"a": None},
}


async def test_setups_are_given_for_a_device_that_is_there(rpc: Rpc, device: Device) -> None:
    for profile, configurations in PROFILES.items():
        await rpc("Storage.SetItem", {"registry": "configs", "key": profile, "value": configurations})
    assert await rpc("Device.GetSetup", {"shellyID": device.id}) == PROFILES
    found = await rpc("Device.GetSetup", {"shellyID": device.id.upper(), "mode": "rpc"})
    assert list(found) == ["Rooms"]
    assert list(found["Rooms"]) == ["hotel"]
    calls = [json.loads(text) for text in found["Rooms"]["hotel"]]
    assert [(call["id"], call["method"], call["params"].get("id")) for call in calls] == [
        (1000, "ws.setconfig", None),
        (1001, "wifi.setconfig", None),
        (1002, "switch.setconfig", 0),
    ]
    assert await rpc(calls[2]["method"], calls[2]["params"], dst=device.id) is not None  # the device takes it
    with pytest.raises(rpc.Error) as unknown:
        await rpc("Device.GetSetup", {"shellyID": "shellyplus1-000000000000"})
    assert unknown.value.data["reason"] == "unknown_device"
    with pytest.raises(rpc.Error) as bad:
        await rpc("Device.GetSetup", {"shellyID": device.id, "mode": "xml"})
    assert bad.value.code == -32602


async def test_passwords_are_in_no_log_and_no_event(rpc: Rpc, device: Device, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        async with rpc.events("*") as events:
            await rpc("Storage.SetItem", {"registry": "configs", "key": "Rooms", "value": PROFILES["Rooms"]})
            event: Any = await anext(events)
        await rpc("Device.GetSetup", {"shellyID": device.id, "mode": "rpc"})
    assert "canary" not in json.dumps(event.params)
    assert "canary" not in caplog.text


def test_nothing_fits_a_device_without_components() -> None:
    assert calls_for(PROFILES, ()) == {}
