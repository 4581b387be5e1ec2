"""Devices come, go, sleep, lie and return."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fleet_platform.app import Platform
from fleet_platform.client import Client, RpcError
from fleet_platform.simulator import Backoff, Simulator

from .conftest import StartPlatform, eventually, next_event, signed_in, simulated


async def test_a_toggle_comes_back_as_an_event_and_as_status(simulator: Simulator, client: Client) -> None:
    device = await simulator.add("Plus1PM", seed=1)
    await eventually(lambda: _online(client, device.id))
    async with client.subscribe(["Shelly.Status"], shellyIDs=[device.id]) as events:
        answer = await client.call("Switch.Set", {"id": 0, "on": True}, dst=device.id)
        assert answer == {"was_on": False}
        while not (await next_event(events)).params["status"]["switch:0"]["output"]:
            pass
    status = await client.call("Device.GetStatus", {"id": device.id})
    assert status["switch:0"]["output"] is True


async def test_settings_of_instance_0_are_read_again_when_they_change(simulator: Simulator, client: Client) -> None:
    device = await simulator.add("Plus1PM", seed=1)
    await eventually(lambda: _online(client, device.id))
    await client.call("Switch.SetConfig", {"id": 0, "config": {"name": "Boiler"}}, dst=device.id)

    async def named() -> bool:
        config = await client.call("Device.GetConfig", {"id": device.id})
        return bool(config["switch:0"]["name"] == "Boiler")

    await eventually(named)
    entity = await client.call("Entity.GetInfo", {"id": f"{device.id}_0:out"})
    assert entity["name"] == "Boiler"


async def test_a_device_that_returns_unchanged_is_asked_nothing(platform: Platform, simulator: Simulator) -> None:
    device = await simulator.add("Plus1PM", seed=1)
    twin = await eventually(lambda: platform.fleet.get(device.id))
    asked = list(device.requests)
    assert "Shelly.GetDeviceInfo" in asked
    await device.drop()
    await eventually(lambda: twin.presence == "offline")
    device.reconnect()
    await eventually(lambda: twin.presence == "online")
    await asyncio.sleep(0.2)
    assert list(device.requests) == asked


async def test_a_device_that_restarted_is_asked_who_it_is_and_nothing_else(
    platform: Platform, simulator: Simulator, client: Client
) -> None:
    device = await simulator.add("Plus1PM", seed=1)
    await eventually(lambda: platform.fleet.get(device.id))
    await asyncio.sleep(0)
    before = len(device.requests)
    await client.call("Shelly.Reboot", dst=device.id)
    await eventually(lambda: platform.tally["connects"] == 2)
    assert "Shelly.GetConfig" not in list(device.requests)[before:]


async def test_a_sleeper_counts_as_online_and_gets_its_queued_call_when_it_wakes(
    platform: Platform, client: Client
) -> None:
    async with simulated(platform) as simulator:
        device = await simulator.add("PlusHT", seed=1)
        await eventually(lambda: platform.fleet.get(device.id))
        twin = platform.fleet.find(device.id)
        await eventually(lambda: twin.asleep, timeout_s=25)
        assert twin.presence == "online"
        with pytest.raises(RpcError) as refused:
            await client.call("HT_UI.GetConfig", dst=device.id)
        assert (refused.value.code, refused.value.data["reason"]) == (-32900, "asleep")
        assert refused.value.data["wake_expected_ts"] > 0
        async with client.subscribe(["Device.CallResult"]) as results:
            call = {"shellyID": device.id, "method": "HT_UI.GetConfig", "queue": True}
            queued = await client.call("Device.Call", call)
            assert [entry["id"] for entry in await client.call("Device.ListQueued")] == [queued["queued"]]
            device.wake()
            result = await next_event(results)
        assert result.params["id"] == queued["queued"]
        assert "temperature_unit" in result.params["result"]
        assert await client.call("Device.ListQueued") == []


async def test_of_two_connections_of_a_device_the_newer_wins(
    platform: Platform, simulator: Simulator, client: Client
) -> None:
    device = await simulator.add("Plus1PM", seed=1)
    await eventually(lambda: platform.fleet.get(device.id))
    async with (
        client.subscribe(["Shelly.Connect", "Shelly.Disconnect", "Shelly.Presence"]) as events,
        simulated(platform) as second,
    ):
        twin = await second.add("Plus1PM", seed=1)
        assert twin.id == device.id
        assert [(await next_event(events)).method for _ in range(2)] == ["Shelly.Disconnect", "Shelly.Connect"]
        await eventually(lambda: device.closed is not None and device.closed[0] == 4009)
        assert platform.fleet.find(device.id).presence == "online"


async def test_a_device_whose_info_names_another_is_refused(platform: Platform, simulator: Simulator) -> None:
    device = await simulator.add("Plus1PM", seed=1, wait=False)
    device.reply("Shelly.GetDeviceInfo", {"id": "shellyplus1pm-ffffffffffff"})
    await eventually(lambda: device.closed is not None)
    assert device.closed is not None
    assert device.closed[0] == 4010
    assert platform.fleet.get(device.id) is None


async def test_garbage_from_one_device_is_counted_and_its_neighbours_notice_nothing(
    platform: Platform, simulator: Simulator, client: Client
) -> None:
    bad, good = [await simulator.add("Plus1PM", seed=seed) for seed in (1, 2)]
    await eventually(lambda: len(list(platform.fleet.online())) == 2)
    for text in ("{", "[" * 500, '{"method": 1}', '"text"', "null", '{"src":"x","method":"NotifyStatus","params":7}'):
        bad.send_text(text)
    bad.send_text('{"src":"x","method":"NotifyStatus","params":{"switch:0":{"apower":NaN}}}')
    bad.send_text('{"src":"x","method":"NotifyStatus","params":{"switch:0":{"deep":' + "[" * 99 + "]" * 99 + "}}}")
    bad.send_text('{"src":"x","method":"NotifyStatus","params":{"switch:0":{"big":123456789012345678901234567890}}}')
    bad.send_binary(b"\x00\xff")
    await eventually(lambda: platform.tally["bad_frames"] >= 7)
    assert await client.call("Switch.Toggle", {"id": 0}, dst=good.id) == {"was_on": False}
    status = await client.call("Device.GetStatus", {"id": bad.id})
    assert status["switch:0"]["big"] > 1e29
    assert "deep" not in status["switch:0"]
    bad.send_text("x" * (2 * 1024 * 1024))
    await eventually(lambda: bad.closed is not None and bad.closed[0] == 1009)
    assert await client.call("Switch.Toggle", {"id": 0}, dst=good.id) == {"was_on": True}


async def test_a_busy_device_answers_busy_and_a_silent_one_times_out(
    platform: Platform, simulator: Simulator, client: Client
) -> None:
    device = await simulator.add("Plus1PM", seed=1)
    await eventually(lambda: platform.fleet.get(device.id))
    device.freeze()
    calls = [client.call("Switch.GetStatus", {"id": 0}, dst=device.id, timeout_s=1.0) for _ in range(40)]
    codes = [
        error.code for error in await asyncio.gather(*calls, return_exceptions=True) if isinstance(error, RpcError)
    ]
    assert codes.count(-32011) == 40 - 35
    assert codes.count(-32800) == 35


async def test_a_stranger_waits_until_an_operator_decides(start: StartPlatform) -> None:
    async with start() as platform, signed_in(platform) as client, simulated(platform, token=None) as strangers:
        friend, foe = [await strangers.add("Plus1PM", seed=seed) for seed in (1, 2)]
        pending = await eventually(lambda: _pending(client, 2))
        assert {friend.id, foe.id} == {device["shellyID"] for device in pending.values()}
        assert len(platform.fleet) == 0
        assert await client.call("WaitingRoom.AcceptPending", {"shellyIDs": [friend.id, "nobody"]}) == {
            "success": [friend.id],
            "error": ["nobody"],
        }
        await eventually(lambda: platform.fleet.get(friend.id))
        numbers = [int(number) for number, device in pending.items() if device["shellyID"] == foe.id]
        assert (await client.call("WaitingRoom.RejectPending", {"ids": numbers}))["success"] == [foe.id]
        await eventually(lambda: "WS.SetConfig" in foe.requests or foe.closed is not None)
        assert list(foe.requests)[-2:] == ["WS.SetConfig", "Shelly.Reboot"]
        assert [device["shellyID"] for device in (await client.call("WaitingRoom.GetDenied")).values()] == [foe.id]
        assert platform.fleet.get(foe.id) is None


async def test_a_closed_door_sends_a_stranger_nothing(start: StartPlatform) -> None:
    async with (
        start(plugins={"admission": {"mode": "closed"}}) as platform,
        simulated(platform, token=None) as strangers,
    ):
        device = await strangers.add("Plus1PM", seed=1, wait=False)
        await eventually(lambda: device.closed is not None)
        assert device.closed is not None
        assert device.closed[0] == 1008
        assert list(device.requests) == []


async def test_an_open_door_lets_everybody_in(start: StartPlatform) -> None:
    async with start(plugins={"admission": {"mode": "open"}}) as platform, simulated(platform, token=None) as strangers:
        device = await strangers.add("Plus1PM", seed=1)
        await eventually(lambda: platform.fleet.get(device.id))


async def _online(client: Client, device: str) -> bool:
    devices = await client.call("Device.List", {"filters": {"shellyID": device}})
    return bool(devices and devices[0]["presence"] == "online")


async def _pending(client: Client, count: int) -> Any:
    pending = await client.call("WaitingRoom.GetPending")
    return pending if len(pending) == count and all(number.isdecimal() for number in pending) else None


async def test_a_deleted_device_is_gone_for_good_and_new_when_it_comes_again(
    start: StartPlatform,
) -> None:
    backoff = Backoff(first_s=0.05, longest_s=0.1)
    async with start() as platform, simulated(platform, backoff=backoff) as simulator, signed_in(platform) as client:
        device = await simulator.add("Plus1PM", seed=1)
        await eventually(lambda: _online(client, device.id))
        number = (await client.call("Device.Get", {"id": device.id}))["id"]
        async with client.subscribe(["Shelly.*"], shellyIDs=[device.id]) as events:
            assert await client.call("Device.Delete", {"shellyID": device.id}) == {"deleted": device.id}
            names = [(await next_event(events)).method for _ in range(3)]
            assert names == ["Shelly.Presence", "Shelly.Disconnect", "Shelly.Delete"]
            while (await next_event(events)).method != "Shelly.Connect":
                pass
        again = await eventually(lambda: platform.fleet.get(device.id))
        await eventually(lambda: again.internal_id not in (None, number))
        await device.drop()
        await eventually(lambda: again.presence == "offline")
        await client.call("Device.Delete", {"shellyID": device.id})
    async with start() as platform:
        assert len(platform.fleet) == 0
