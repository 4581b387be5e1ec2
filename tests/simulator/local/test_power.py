"""When a device can be reached, and when it cannot."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import ClientConnectionError, WSMsgType

from fleet_platform.simulator import Device, Simulator
from tests.simulator.conftest import Eventually, Home
from tests.simulator.local.conftest import Client


def state(device: Device) -> str:
    return device.power.state


async def refused(near: Simulator, device: Device) -> bool:
    try:
        _, writer = await asyncio.open_connection(*near.address(device))
    except ConnectionRefusedError:
        return True
    writer.close()
    return False


async def test_a_restart_ends_connections_and_the_address_stays(
    near: Simulator, client: Client, eventually: Eventually
) -> None:
    device = await near.add("Plus1PM", seed=1)
    address = near.address(device)
    talk = await client.talk(device)
    await talk.ask("Shelly.Reboot", delay_ms=500)
    near.advance(0.4)
    assert (await client.get(device, "/rpc/Sys.GetStatus")).json["code"] == -109
    near.advance(0.1)
    assert state(device) == "booting"
    assert await refused(near, device)
    message = await talk.ws.receive(timeout=10)
    assert (message.type, message.data) == (WSMsgType.CLOSE, 1001)
    near.advance(60)
    await near.reachable()
    assert near.address(device) == address
    assert (await client.get(device, "/shelly")).json["id"] == device.id
    assert device.status("wifi")["sta_ip"] == address[0]
    await talk.ws.close()


async def test_without_power_there_is_no_word(near: Simulator, client: Client) -> None:
    device = await near.add("Plus1PM", seed=1)
    talk = await client.talk(device)
    await talk.ask("Sys.GetStatus")
    device.power.switch_off()
    message = await talk.ws.receive(timeout=10)
    assert message.type in (WSMsgType.CLOSED, WSMsgType.ERROR)
    assert talk.ws.close_code == 1006
    assert await refused(near, device)
    device.power.switch_on()
    near.advance(60)
    await near.reachable()
    assert (await client.get(device, "/shelly")).status == 200
    await talk.ws.close()


async def test_a_sleeper_is_reached_while_it_is_awake(home: Home, near: Simulator, client: Client) -> None:
    device = await near.add("PlusHT", seed=1)
    talk = await client.talk(device)
    await talk.ask("Sys.GetStatus", src="me")
    near.advance(0.45)
    await client.get(device, "/rpc/Sys.GetStatus")
    near.advance(0.45)
    assert state(device) == "on", "each request puts sleep off"
    await talk.ask("Sys.GetStatus")
    near.advance(0.45)
    assert state(device) == "on"
    near.advance(0.1)
    assert state(device) == "asleep"
    told = [await talk.take()]
    while told[-1]["method"] != "NotifyEvent":
        told.append(await talk.take())
    assert told[-1]["params"]["events"][0]["event"] == "sleep"
    message = await talk.ws.receive(timeout=10)
    assert (message.type, message.data, message.extra) == (WSMsgType.CLOSE, 1000, "Bye")
    assert await refused(near, device)
    device.wake()
    near.advance(0.2)
    assert state(device) == "on"
    await near.reachable()
    assert (await client.get(device, "/shelly")).status == 200
    await talk.ws.close()


async def test_a_call_under_way_ends_with_its_device(near: Simulator, client: Client, eventually: Eventually) -> None:
    device = await near.add("Plus1PM", seed=1)
    device.delay("Switch.Toggle", 30.0)
    call = asyncio.create_task(client.get(device, "/rpc/Switch.Toggle?id=0"))
    await eventually(lambda: device.status("switch:0")["output"] is True)
    device.power.switch_off()
    with pytest.raises(ClientConnectionError):
        await call


async def test_a_device_of_another_profile_is_reached_where_it_was(near: Simulator, client: Client) -> None:
    device = await near.add("Plus2PM", seed=1)
    address = near.address(device)
    await client.get(device, "/rpc/Shelly.SetProfile?name=cover")
    near.advance(60)
    await near.reachable()
    assert near.address(device) == address
    status = (await client.get(device, "/rpc/Shelly.GetStatus")).json
    assert "cover:0" in status
    assert status["wifi"]["sta_ip"] == address[0]


async def test_a_device_without_power_from_the_start_can_be_switched_on(near: Simulator, client: Client) -> None:
    from fleet_platform.simulator.models import ModelOrigin, find_model

    device = near.take_in(ModelOrigin(find_model("Plus1PM"), 9), powered=False)
    await near.reachable()
    assert await refused(near, device)
    device.power.switch_on()
    near.advance(60)
    await near.reachable()
    assert (await client.get(device, "/shelly")).json["id"] == device.id


async def test_a_fleet_without_a_local_side_has_no_addresses(sim: Simulator) -> None:
    device = await sim.add("Plus1PM", seed=1)
    await sim.reachable()
    with pytest.raises(LookupError, match="without a local side"):
        sim.address(device)
