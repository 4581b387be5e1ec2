"""What a device serves over HTTP."""

from __future__ import annotations

import asyncio
import io

import pytest

from fleet_platform.simulator import Simulator
from fleet_platform.simulator.local.host import MOST_CALLS
from plugin_sdk.simulation import Deferred
from tests.simulator.conftest import Eventually, Home
from tests.simulator.local.conftest import Client


async def test_a_device_tells_who_it_is(near: Simulator, client: Client) -> None:
    device = await near.add("Plus1PM", seed=1)
    answer = await client.get(device, "/shelly")
    assert answer.status == 200
    assert answer.json == device.state.info
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Server"] == "ShellyHTTP/1.0.0"
    assert answer.text.endswith("}\r\n")


async def test_each_device_answers_for_itself(near: Simulator, client: Client) -> None:
    devices = [await near.add("Plus1PM", seed=seed) for seed in range(5)]
    answers = [await client.get(device, "/shelly") for device in devices]
    assert [answer.json["id"] for answer in answers] == [device.id for device in devices]
    for device in devices:
        shown = (await client.get(device, "/rpc/WiFi.GetStatus")).json["sta_ip"]
        assert shown == near.address(device)[0]


async def test_a_method_in_the_path_gets_the_bare_result(near: Simulator, client: Client) -> None:
    device = await near.add("Plus1PM", seed=1)
    answer = await client.get(device, "/rpc/Switch.Set?id=0&on=true")
    assert (answer.status, answer.json) == (200, {"was_on": False})
    assert device.status("switch:0")["source"] == "HTTP_in"
    answer = await client.post(device, "/rpc/switch.toggle", json={"id": 0})
    assert (answer.status, answer.json) == (200, {"was_on": True})
    answer = await client.get(device, "/rpc/Shelly.Reboot?delay_ms=5000")
    assert (answer.status, answer.text) == (200, "null\r\n")


async def test_query_values_are_json_where_they_are(near: Simulator, client: Client) -> None:
    device = await near.add("Plus1PM", seed=1)
    for query in ("key=colour&value=blue", "key=%22colour%22&value=%22blue%22"):
        assert (await client.get(device, f"/rpc/KVS.Set?{query}")).status == 200
        assert (await client.get(device, "/rpc/KVS.Get?key=colour")).json["value"] == "blue"
    await client.get(device, "/rpc/KVS.Set?key=n&value=7")
    assert (await client.get(device, "/rpc/KVS.Get?key=n")).json["value"] == 7
    config = "%7B%22name%22%3A%22Desk%20lamp%22%7D"
    answer = await client.get(device, f"/rpc/Switch.SetConfig?id=0&config={config}")
    assert answer.json == {"restart_required": False}
    assert device.config("switch:0")["name"] == "Desk lamp"


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/rpc/No.Such", 404, {"code": 404, "message": "No handler for No.Such"}),
        ("/rpc/Switch.Set?id=0", 500, {"code": -103, "message": "Missing required 'on'"}),
        ("/rpc/Switch.Toggle?id=7", 500, {"code": -105, "message": "Bad id=7"}),
    ],
)
async def test_errors_have_the_firmwares_bodies_and_codes(
    near: Simulator, client: Client, path: str, status: int, error: dict[str, object]
) -> None:
    device = await near.add("Plus1PM", seed=1)
    answer = await client.get(device, path)
    assert (answer.status, answer.json["code"]) == (status, error["code"])
    if status != 500 or error["code"] == -105:
        assert answer.json == error


async def test_a_frame_gets_a_frame(near: Simulator, client: Client) -> None:
    device = await near.add("Plus1PM", seed=1)
    frame = {"id": "a", "src": "me", "method": "Switch.Set", "params": {"id": 0, "on": True}}
    answer = await client.post(device, "/rpc", json=frame)
    assert answer.json == {"id": "a", "src": device.id, "dst": "me", "result": {"was_on": False}}
    answer = await client.post(device, "/rpc", json={"id": 2, "method": "No.Such"})
    assert answer.status == 200
    assert answer.json == {"id": 2, "src": device.id, "error": {"code": 404, "message": "No handler for No.Such"}}
    answer = await client.post(device, "/rpc", json={"method": "Switch.Set", "params": {"id": 0, "on": False}})
    assert (answer.status, answer.text) == (200, "")
    assert device.status("switch:0")["output"] is False


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"id":1}'])
async def test_what_is_no_frame_is_an_invalid_request(near: Simulator, client: Client, body: bytes) -> None:
    device = await near.add("Plus1PM", seed=1)
    answer = await client.post(device, "/rpc", data=body)
    assert (answer.status, answer.text) == (400, "Invalid request")
    assert near.stats.unreadable == 1


async def test_other_paths_are_not_found_and_browsers_may_ask(near: Simulator, client: Client) -> None:
    device = await near.add("Plus1PM", seed=1)
    assert (await client.get(device, "/relay/0")).status == 404
    assert (await client.post(device, "/shelly")).status == 404
    answer = await client.send("OPTIONS", device, "/rpc/Switch.Set")
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert (await client.get(device, "/rpc")).status == 400


async def test_what_a_device_cannot_take_is_refused(near: Simulator, client: Client) -> None:
    device = await near.add("Plus1PM", seed=1)
    assert (await client.post(device, "/rpc", data=io.BytesIO(b" " * 2_000_000))).status == 413
    half = {"Upgrade": "websocket", "Connection": "upgrade"}
    assert (await client.get(device, "/rpc", headers=half)).status == 400
    assert (await client.post(device, "/rpc/Switch.Toggle", data=b"id=0")).json["code"] == -103


async def test_a_connection_is_kept_for_who_asks_for_it(near: Simulator, client: Client) -> None:
    device = await near.add("Plus1PM", seed=1)
    reader, writer = await asyncio.open_connection(*near.address(device))
    for _ in range(2):
        writer.write(b"GET /shelly HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"Connection: keep-alive" in head
        await reader.readuntil(b"}\r\n")
    writer.write(b"GET /shelly HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"Connection: close" in await reader.read()
    writer.close()


async def test_a_seventh_call_at_the_same_time_is_turned_away(
    home: Home, near: Simulator, client: Client, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = await near.add("Plus1PM", seed=1)
    waiting: list[Deferred] = []

    def never(method: str, params: object = None, *, source: str = "") -> Deferred:
        waiting.append(Deferred())
        return waiting[-1]

    monkeypatch.setattr(type(device), "call", lambda _self, *args, **named: never(*args, **named))
    async with asyncio.TaskGroup() as tasks:
        calls = [tasks.create_task(client.get(device, "/rpc/Switch.Toggle?id=0")) for _ in range(MOST_CALLS)]
        await eventually(lambda: len(waiting) == MOST_CALLS)
        answer = await client.get(device, "/rpc/Switch.Toggle?id=0")
        assert (answer.status, answer.json["code"]) == (503, -108)
        for each in waiting:
            each.answer({"was_on": True})
    assert [call.result().json for call in calls] == [{"was_on": True}] * MOST_CALLS
    waiting.clear()


async def test_faults_show_on_this_side_too(near: Simulator, client: Client) -> None:
    device = await near.add("Plus1PM", seed=1)
    device.fail("Switch.Toggle", -114, "no such luck")
    answer = await client.get(device, "/rpc/Switch.Toggle?id=0")
    assert (answer.status, answer.json) == (500, {"code": -114, "message": "no such luck"})
