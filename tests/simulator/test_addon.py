"""A sensor add-on on a device's back: what is plugged in shows after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import Device, Simulator
from tests.simulator.asking import error_code, late, restart
from tests.simulator.conftest import DUMPS

if TYPE_CHECKING:
    from tests.simulator.conftest import Home


async def code(home: Home, device: Device, verb: str, **params: Any) -> int:
    """The error code that a call of the add-on answers."""
    return await error_code(home, device, f"SensorAddon.{verb}", **params)


async def scan(home: Home, sim: Simulator, device: Device) -> list[dict[str, Any]]:
    """Probes on the wire."""
    found: list[dict[str, Any]] = (await late(home, sim, device, "SensorAddon.OneWireScan"))["result"]["devices"]
    return found


@pytest.fixture
async def device(sim: Simulator) -> Device:
    """A device that was started with an add-on."""
    device = await sim.add("S1G3")
    device.set_config("sys", {"device": {"addon_type": "sensor"}})
    await restart(sim, device)
    return device


async def test_an_add_on_is_there_from_the_next_start(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    result = await home.call(device.id, "Sys.SetConfig", config={"device": {"addon_type": "sensor"}})
    assert result == {"restart_required": True}
    assert await code(home, device, "GetPeripherals") == 404
    await restart(sim, device)
    assert "SensorAddon.GetPeripherals" in device.call("Shelly.ListMethods")["methods"]
    empty: dict[str, Any] = {kind: {} for kind in ("ds18b20", "dht22", "digital_in", "analog_in", "voltmeter")}
    assert await home.call(device.id, "SensorAddon.GetPeripherals") == empty
    await home.call(device.id, "Sys.SetConfig", config={"device": {"addon_type": None}})
    await restart(sim, device)
    assert await code(home, device, "GetPeripherals") == 404


async def test_a_probe_is_found_added_moved_and_removed(home: Home, sim: Simulator, device: Device) -> None:
    probes = await scan(home, sim, device)
    assert [(each["type"], each["component"]) for each in probes] == [("ds18b20", None)] * 3
    attrs = {"cid": 105, "addr": probes[0]["addr"]}
    added = await home.call(device.id, "SensorAddon.AddPeripheral", type="ds18b20", attrs=attrs)
    assert added == {"temperature:105": {}}
    assert "temperature:105" not in device.state.config
    assert device.state.sys["restart_required"] is True
    await restart(sim, device)
    assert set(await home.call(device.id, "Temperature.GetStatus", id=105)) == {"id", "tC", "tF"}
    await home.call(device.id, "Temperature.SetConfig", id=105, config={"name": "Tank"})
    assert (await scan(home, sim, device))[0]["component"] == "temperature:105"
    moved = {"component": "temperature:105", "attrs": {"addr": probes[1]["addr"]}}
    await home.call(device.id, "SensorAddon.UpdatePeripheral", **moved)
    plugged = (await home.call(device.id, "SensorAddon.GetPeripherals"))["ds18b20"]
    assert plugged == {"temperature:105": {"addr": probes[1]["addr"]}}
    await restart(sim, device)
    assert device.config("temperature:105")["name"] == "Tank"
    await home.call(device.id, "SensorAddon.RemovePeripheral", component="temperature:105")
    assert "temperature:105" in device.state.status
    await restart(sim, device)
    assert "temperature:105" not in device.state.status


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("dht22", {"temperature:100", "humidity:100"}),
        ("digital_in", {"input:100"}),
        ("analog_in", {"input:100"}),
        ("voltmeter", {"voltmeter:100"}),
    ],
)
async def test_each_kind_becomes_its_components(
    kind: str, keys: set[str], home: Home, sim: Simulator, device: Device
) -> None:
    assert set(await home.call(device.id, "SensorAddon.AddPeripheral", type=kind)) == keys
    assert await code(home, device, "AddPeripheral", type=kind) == -108
    await restart(sim, device)
    assert keys <= set(await home.call(device.id, "Shelly.GetStatus"))
    assert keys <= set(await home.call(device.id, "Shelly.GetConfig"))
    await home.call(device.id, "SensorAddon.RemovePeripheral", component=next(iter(keys)))
    await restart(sim, device)
    assert not keys & set(device.state.status)


async def test_a_dht22_has_the_wire_for_itself(home: Home, device: Device) -> None:
    await home.call(device.id, "SensorAddon.AddPeripheral", type="dht22")
    assert await code(home, device, "OneWireScan") == -109
    assert await code(home, device, "AddPeripheral", type="ds18b20") == -109


@pytest.mark.parametrize(
    ("verb", "params", "error"),
    [
        ("AddPeripheral", {}, -103),
        ("AddPeripheral", {"type": "lamp"}, -103),
        ("AddPeripheral", {"type": "ds18b20", "attrs": {"cid": 99}}, -103),
        ("AddPeripheral", {"type": "ds18b20", "attrs": {"addr": "40:1"}}, -103),
        ("RemovePeripheral", {"component": "temperature:100"}, -105),
        ("UpdatePeripheral", {"component": "temperature:100", "attrs": {}}, -105),
    ],
)
async def test_what_does_not_fit_is_refused(
    verb: str, params: dict[str, Any], error: int, home: Home, device: Device
) -> None:
    assert await code(home, device, verb, **params) == error


async def test_what_is_plugged_in_survives_a_change_of_profile(home: Home, sim: Simulator) -> None:
    device = await sim.add("S2PMG3")
    device.set_config("sys", {"device": {"addon_type": "sensor"}})
    await restart(sim, device)
    await home.call(device.id, "SensorAddon.AddPeripheral", type="digital_in")
    await home.call(device.id, "Shelly.SetProfile", name="cover")
    sim.advance(2)
    await device.disconnected()
    await device.connected()
    assert {"input:100", "cover:0"} <= set(device.state.status)


@pytest.mark.skipif(not DUMPS.is_dir(), reason="the real dumps are not beside the project")
async def test_a_dump_with_an_add_on_tells_what_is_plugged_in(home: Home, sim: Simulator) -> None:
    device = await sim.add_dump(DUMPS / "S3SW-001X16EU__S1G3__61DFCD.json")
    plugged = await home.call(device.id, "SensorAddon.GetPeripherals")
    assert set(plugged["ds18b20"]) == {"temperature:100", "temperature:101"}
    assert plugged["digital_in"] == {"input:100": {}}
