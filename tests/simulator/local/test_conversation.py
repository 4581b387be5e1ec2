"""A client's websocket to a device."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import WSMsgType

from fleet_platform.simulator import Simulator
from fleet_platform.simulator.local.host import MOST_CONVERSATIONS
from tests.simulator.conftest import Eventually
from tests.simulator.local.conftest import Client


async def test_a_command_gets_its_reply_and_then_its_effect(near: Simulator, client: Client) -> None:
    device = await near.add("Plus1PM", seed=1)
    talk = await client.talk(device)
    reply = await talk.ask("Switch.Set", src="me", id=0, on=True)
    assert reply == {"id": 1, "src": device.id, "dst": "me", "result": {"was_on": False}}
    assert talk.news == []
    told = await talk.take()
    assert (told["src"], told["dst"], told["method"]) == (device.id, "me", "NotifyStatus")
    assert told["params"]["switch:0"]["output"] is True
    assert told["params"]["switch:0"]["source"] == "WS_in"
    await talk.ws.close()


async def test_nothing_is_told_before_a_request_that_names_its_source(near: Simulator, client: Client) -> None:
    device = await near.add("Plus1PM", seed=1)
    talk = await client.talk(device)
    device.report("switch:0", {"apower": 1.0})
    await talk.ask("Switch.GetStatus", src=None, id=0)
    device.report("switch:0", {"apower": 2.0})
    await talk.ask("Switch.GetStatus", src="me", id=0)
    device.report("switch:0", {"apower": 3.0})
    await talk.take()
    assert [frame["params"]["switch:0"] for frame in talk.news] == [{"apower": 3.0}]
    await talk.ask("Switch.GetStatus", src="other", id=0)
    device.report("switch:0", {"apower": 4.0})
    assert (await talk.take())["dst"] == "me", "the first name stays"
    await talk.ws.close()


async def test_every_client_is_told_under_its_own_name(near: Simulator, client: Client) -> None:
    device = await near.add("Plus1PM", seed=1)
    talks = [await client.talk(device) for _ in range(3)]
    for number, talk in enumerate(talks):
        await talk.ask("Sys.GetStatus", src=f"client-{number}")
    device.report("switch:0", {"apower": 5.0})
    device.emit("input:0", "single_push")
    for number, talk in enumerate(talks):
        status, event = await talk.take(), await talk.take()
        assert (status["dst"], event["dst"]) == (f"client-{number}", f"client-{number}")
        assert status["params"]["switch:0"] == {"apower": 5.0}
        assert event["params"]["events"][0]["event"] == "single_push"
        await talk.ws.close()


async def test_reports_of_one_moment_are_one_frame_and_of_two_are_two(near: Simulator, client: Client) -> None:
    device = await near.add("Plus1PM", seed=1)
    talk = await client.talk(device)
    await talk.ask("Sys.GetStatus", src="me")
    device.report("switch:0", {"apower": 1.0})
    device.report("switch:0", {"current": 0.1})
    assert (await talk.take())["params"]["switch:0"] == {"apower": 1.0, "current": 0.1}
    device.after(1.0, lambda: device.report("switch:0", {"apower": 2.0}))
    device.after(2.0, lambda: device.report("switch:0", {"apower": 3.0}))
    near.advance(5.0)
    first, second = await talk.take(), await talk.take()
    assert second["params"]["ts"] - first["params"]["ts"] == pytest.approx(1.0, abs=0.011)
    await talk.ws.close()


async def test_a_wall_display_tells_everybody_under_one_name(near: Simulator, client: Client) -> None:
    device = await near.add("WallDisplay", seed=1)
    talk = await client.talk(device)
    await talk.ask("Sys.GetStatus", src="me")
    device.report("switch:0", {"output": True})
    told = await talk.take()
    assert told["dst"] == "user_1"
    assert isinstance(told["params"]["ts"], int)
    await talk.ws.close()


async def test_pings_are_answered_and_what_is_no_request_is_ignored(near: Simulator, client: Client) -> None:
    device = await near.add("Plus1PM", seed=1)
    talk = await client.talk(device, autoping=False)
    await talk.ws.send_str("{")
    await talk.ws.send_json(["x"])
    await talk.ws.ping(b"there?")
    message = await talk.ws.receive(timeout=10)
    assert (message.type, bytes(message.data)) == (WSMsgType.PONG, b"there?")
    assert near.stats.unreadable == 2
    await talk.ws.close()


async def test_there_is_room_for_some_websockets(near: Simulator, client: Client, eventually: Eventually) -> None:
    device = await near.add("Plus1PM", seed=1)
    talks = [await client.talk(device) for _ in range(MOST_CONVERSATIONS)]
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await client.talk(device)
    assert refused.value.status == 503
    await talks.pop().ws.close()
    host = near._local.host(device)  # type: ignore[union-attr]  # the fixture gives it a local side
    await eventually(lambda: not host.crowded)
    talks.append(await client.talk(device))
    assert "result" in await talks[-1].ask("Sys.GetStatus")
    for talk in talks:
        await talk.ws.close()


async def test_a_client_that_does_not_read_costs_the_others_nothing(near: Simulator, client: Client) -> None:
    device = await near.add("Plus1PM", seed=1)
    idle, busy = await client.talk(device), await client.talk(device)
    await idle.ask("Sys.GetStatus", src="idle")
    await busy.ask("Sys.GetStatus", src="busy")
    for number in range(500):
        device.report("switch:0", {"apower": float(number)})
        near.advance(0.001)
        assert (await busy.take())["params"]["switch:0"]["apower"] == float(number)
    await idle.ws.close()
    await busy.ws.close()


async def test_a_sleeper_that_answers_late_stays_awake_until_then(near: Simulator, client: Client) -> None:
    device = await near.add("PlusHT", seed=1)
    await near.reachable()
    talk = await client.talk(device)
    device.faults.start("delay", seconds=30)
    asked = asyncio.create_task(talk.ask("Sys.GetStatus"))
    async with asyncio.timeout(10):
        while not near.stats.requests:  # a request announces itself to nobody
            await asyncio.sleep(0.005)
    near.advance(31)
    assert "result" in await asked
    near.advance(1)
    assert (await talk.take())["params"]["events"][0]["event"] == "sleep"
    await talk.ws.close()


async def test_too_big_a_message_ends_the_connection(near: Simulator, client: Client) -> None:
    device = await near.add("Plus1PM", seed=1)
    talk = await client.talk(device)
    await talk.ws.send_str("x" * 70_000)
    message = await talk.ws.receive(timeout=10)
    assert (message.type, message.data) == (WSMsgType.CLOSE, 1009)
    await talk.ws.close()
