"""A radiator valve behind a gateway is told what to do like any other entity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fleet_platform.simulator import Device
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet

VALVE = "blutrv:200"


@pytest.fixture
async def gateway(fleet: TestedFleet) -> Device:
    device = await fleet.add_device("BluGwG3")
    device.report(VALVE, {"rssi": -50})
    return device


async def test_it_is_regulated_boosted_and_overridden(fleet: TestedFleet, rpc: Rpc, gateway: Device) -> None:
    entity = f"{gateway.id}_200:blutrv"

    async def do(action: str, **params: Any) -> Any:
        return await rpc("Entity.InvokeAction", {"id": entity, "action": action, "params": {"params": params}})

    async def offered() -> set[str]:
        return {each["name"] for each in await rpc("Entity.ListActions", {"id": entity})}

    assert {"set_target", "boost", "override", "calibrate", "set_external_temperature"} <= await offered()
    assert not {"stop_boost", "stop_override"} & await offered()

    await do("set_target", target_C=23.5)
    assert gateway.status(VALVE)["target_C"] == 23.5
    await do("set_external_temperature", t_C=18.5)
    assert gateway.status(VALVE)["current_C"] == 18.5
    await do("boost", duration=600)
    assert gateway.status(VALVE)["boost"]["duration"] == 600
    await do("override", target_C=8, duration=900)
    assert gateway.status(VALVE)["override"]["duration"] == 900

    async def can_stop() -> bool:
        return {"stop_boost", "stop_override"} <= await offered()

    await fleet.until(can_stop)
    for action, shown in (("stop_boost", "boost"), ("stop_override", "override")):
        await do(action)
        assert gateway.status(VALVE).get(shown) is None

    with pytest.raises(rpc.Error) as error:
        await do("set_target", target_C=99)
    assert error.value.code == -32602
