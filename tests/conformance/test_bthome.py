"""Bluetooth devices of a gateway (reference 11.3, 11.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .conftest import OldClient
from .shapes import ANY

if TYPE_CHECKING:
    from fleet_platform.testing.platform import TestedFleet

MAC = "3c:2e:f5:71:d5:2a"


async def test_a_device_is_discovered_added_and_removed(fleet: TestedFleet, ui: OldClient) -> None:
    gateway = await fleet.add_device("BluGwG3")
    await ui.subscribe("BTHome.DiscoveryResult", "BTHome.DiscoveryDone")
    await ui.call("Device.StartDeviceDiscovery", {"shellyIds": [gateway.id], "duration": 10})
    gateway.emit(
        "bthome",
        "device_discovered",
        device={
            "local_name": "SBBT-002C",
            "mfd_id": 2985,
            "addr": MAC,
            "type": "BTHome",
            "rssi": -60,
            "shelly_mfdata": {},
        },
    )
    found = await ui.event("BTHome.DiscoveryResult")
    assert (found["mac"].lower(), found["shellyID"]) == (MAC, gateway.id)
    gateway.emit("bthome", "discovery_done", device_count=1)
    done = await ui.event("BTHome.DiscoveryDone")
    assert (done["shellyID"], done["discoveredDevicesCount"]) == (gateway.id, 1)
    before = await ui.call("Device.GetStatus", {"id": gateway.id})
    await ui.call("Device.AddBTHomeDeviceManual", {"shellyID": gateway.id, "mac": MAC, "name": "Door"})

    async def added() -> list[str]:
        now = await ui.call("Device.GetStatus", {"id": gateway.id})
        return [key for key in now.keys() - before.keys() if key.startswith("bthomedevice:")]

    (key,) = await fleet.until(added)
    number = int(key.partition(":")[2])
    known = await ui.call(
        "Device.GetBTHomeDeviceKnownObjects",
        {"shellyID": gateway.id, "mac": MAC},
        shape=[{"obj_id": int, "idx": int, ...: ANY}],
    )
    assert isinstance(known, list)
    sensor = {"shellyID": gateway.id, "id": 250, "addr": MAC, "obj_id": 1, "idx": 0, "name": "Battery"}
    await ui.call("Device.AddBTHomeSensor", sensor)

    async def named() -> bool:
        entities = await ui.call("Entity.List")
        return any(entity["name"] == "Battery" for entity in entities.values())

    await fleet.until(named)
    await ui.call("Device.RemoveBTHomeDevice", {"shellyID": gateway.id, "id": number})
    await ui.call("Device.AddBTHomeDevices", {"devices": [{"mac": MAC, "shellyID": gateway.id, "type": "SBBT-002C"}]})
