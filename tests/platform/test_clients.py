"""What clients get: answers to everything, events in order, and what they missed."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import aiohttp
import pytest

from fleet_platform.app import Platform
from fleet_platform.client import Client, sign_in
from fleet_platform.simulator import Simulator

from .conftest import PASSWORD, eventually, next_event


class Wire:
    """A websocket on which every frame is looked at."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self.events: list[dict[str, Any]] = []

    async def send(self, frame: Any) -> None:
        await self._socket.send_str(frame if isinstance(frame, str) else json.dumps(frame))

    async def reply(self) -> dict[str, Any]:
        """The next frame that is no event."""
        while True:
            frame = await self._socket.receive_json(timeout=10)
            if "method" not in frame:
                return dict(frame)
            self.events.append(frame)

    async def event(self) -> dict[str, Any]:
        """The next event."""
        return self.events.pop(0) if self.events else dict(await self._socket.receive_json(timeout=10))

    async def ask(self, method: str, params: Any = None, **more: Any) -> dict[str, Any]:
        await self.send({"id": 1, "method": method, "params": params, **more})
        return await self.reply()


@pytest.fixture
async def token(platform: Platform) -> str:
    return (await sign_in(platform.url, "admin", PASSWORD)).access


@pytest.fixture
async def http(platform: Platform) -> Any:
    async with aiohttp.ClientSession(platform.url) as session:
        yield session


@pytest.fixture
async def wire(http: aiohttp.ClientSession, token: str) -> Any:
    async with http.ws_connect("/", protocols=(token,)) as socket:
        assert socket.protocol == token
        yield Wire(socket)


async def test_the_websocket_wants_a_credential_before_the_upgrade(http: aiohttp.ClientSession) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Sec-WebSocket-Protocol": "nonsense"}):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect("/rpc", headers=headers)
        assert refused.value.status == 401
    basic = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
    async with http.ws_connect("/rpc", headers={"Authorization": f"Basic {basic}"}) as socket:
        await socket.send_json({"id": "x", "method": "FleetManager.ListCommands"})
        assert (await socket.receive_json())["id"] == "x"


async def test_every_request_is_answered(wire: Wire) -> None:
    for frame, code in (
        ("{", -32700),
        ("[]", -32600),
        ("7", -32600),
        ({"id": 1}, -32600),
        ({"id": True, "method": "Device.List"}, -32600),
        ({"id": 1, "method": "Device.List", "dst": 7}, -32600),
        ({"id": 1, "method": "Device.Lisst"}, -32601),
        ({"id": 1, "method": "Device.List", "params": {"nonsense": 1}}, -32602),
        ({"id": 1, "method": "Device.Get", "params": {"id": "nobody"}}, -32600),
        ({"id": 1, "method": "Switch.Toggle", "dst": "nobody"}, -32600),
    ):
        await wire.send(frame)
        reply = await wire.reply()
        assert reply["error"]["code"] == code, frame
        assert "Traceback" not in json.dumps(reply)
    await wire.send({"method": "Device.List"})
    assert "result" in await wire.ask("FleetManager.ListCommands")


async def test_an_unknown_field_is_named(wire: Wire) -> None:
    reply = await wire.ask("Device.List", {"limit": 0, "nonsense": 1})
    assert {fault["path"] for fault in reply["error"]["data"]["errors"]} == {"limit", "nonsense"}


async def test_a_batch_and_a_list_of_destinations_are_answered_one_frame_each(
    wire: Wire, simulator: Simulator, platform: Platform
) -> None:
    devices = [await simulator.add("Plus1PM", seed=seed) for seed in (1, 2)]
    await eventually(lambda: len(list(platform.fleet.online())) == 2)
    await wire.send([{"id": 1, "method": "FleetManager.ListCommands"}, {"id": 2, "method": "No.Such"}, 7])
    replies = [await wire.reply() for _ in range(3)]
    assert sorted(str(reply["id"]) for reply in replies) == ["1", "2", "None"]
    names = [devices[0].id, devices[0].id.upper(), devices[1].id.rpartition("-")[2], "nobody"]
    await wire.send({"id": "many", "src": "me", "method": "Switch.GetStatus", "params": {"id": 0}, "dst": names})
    replies = [await wire.reply() for _ in range(3)]
    assert {reply["src"] for reply in replies} == {devices[0].id, devices[1].id, "nobody"}
    assert {reply["dst"] for reply in replies} == {"me"}
    assert [reply["error"]["data"]["reason"] for reply in replies if "error" in reply] == ["unknown_device"]


async def test_a_devices_own_error_and_a_null_result_come_unchanged(
    wire: Wire, simulator: Simulator, platform: Platform
) -> None:
    device = await simulator.add("Plus2PM", seed=1, profile="cover")
    await eventually(lambda: platform.fleet.get(device.id))
    assert (await wire.ask("Cover.Open", {"id": 0}, dst=device.id))["result"] is None
    assert (await wire.ask("Cover.Open", {"id": 7}, dst=device.id))["error"]["code"] == -105
    assert (await wire.ask("No.Such", dst=device.id))["error"]["code"] == 404
    await device.drop()
    await eventually(lambda: platform.fleet.find(device.id).presence == "offline")
    error = (await wire.ask("Cover.Open", {"id": 0}, dst=device.id))["error"]
    assert (error["code"], error["data"]) == (-32900, {"reason": "offline"})


async def test_one_status_event_per_notification_full_or_changed(
    http: aiohttp.ClientSession, token: str, simulator: Simulator, platform: Platform
) -> None:
    device = await simulator.add("Plus2PM", seed=1, profile="switch")
    await eventually(lambda: platform.fleet.get(device.id))
    found = {}
    async with (
        http.ws_connect("/", protocols=(token,)) as one,
        http.ws_connect("/", protocols=(token,)) as two,
    ):
        wires = {"full": Wire(one), "changed": Wire(two)}
        rules = {"Shelly.Status": {"deny": ["*:aenergy"]}}
        for status, wire in wires.items():
            reply = await wire.ask(
                "FleetManager.Subscribe",
                {"events": ["Shelly.Status", "Shelly.*"], "options": {"status": status, "events": rules}},
            )
            assert len(reply["result"]["ids"]) == 2
        device.report("switch:1", {"aenergy": {"total": 5.0}})
        device.report("switch:0", {"output": True})
        for status, wire in wires.items():
            while True:
                event = await wire.event()
                if event["method"] == "Shelly.Status" and event["params"]["status"]["switch:0"]["output"]:
                    found[status] = event
                    break
    assert found["full"]["seq"] == found["changed"]["seq"]
    assert {"sys", "wifi", "switch:1"} <= found["full"]["params"]["status"].keys()
    assert found["changed"]["params"]["status"].keys() == {"switch:0"}
    assert found["changed"]["params"]["metadata"]["groups"] == []


async def test_a_client_resumes_without_a_gap_and_an_unknown_epoch_starts_afresh(
    http: aiohttp.ClientSession, token: str, simulator: Simulator, platform: Platform
) -> None:
    device = await simulator.add("PlusI4", seed=1)
    await eventually(lambda: platform.fleet.get(device.id))
    names = {"events": ["Entity.Event"]}
    async with http.ws_connect("/", protocols=(token,)) as socket:
        start = (await Wire(socket).ask("FleetManager.Subscribe", names))["result"]
    device.press("input:0", "single_push")
    await eventually(lambda: platform.bus.published["Entity.Event"] >= 3)
    async with http.ws_connect("/", protocols=(token,)) as socket:
        wire = Wire(socket)
        since = {"epoch": start["epoch"], "seq": start["seq"]}
        resumed = await wire.ask("FleetManager.Subscribe", {**names, "since": since})
        assert "resync" not in resumed["result"]
        missed = [await wire.event() for _ in range(3)]
        assert [event["params"]["event"] for event in missed] == ["btn_down", "btn_up", "single_push"]
        afresh = await wire.ask(
            "FleetManager.Subscribe",
            {**names, "options": {"snapshot": True}, "since": {"epoch": "another", "seq": 1}},
        )
        assert afresh["result"]["resync"] is True
        assert [found["shellyID"] for found in afresh["result"]["snapshot"]["devices"]] == [device.id]


async def test_a_client_can_only_end_its_own_subscriptions(
    http: aiohttp.ClientSession, token: str, simulator: Simulator, platform: Platform
) -> None:
    async with (
        http.ws_connect("/", protocols=(token,)) as one,
        http.ws_connect("/", protocols=(token,)) as two,
    ):
        mine, other = Wire(one), Wire(two)
        ids = (await mine.ask("FleetManager.Subscribe", {"events": ["Shelly.Connect"]}))["result"]["ids"]
        assert (await other.ask("FleetManager.Unsubscribe", {"ids": ids}))["result"] is None
        await simulator.add("Plus1PM", seed=1)
        assert (await mine.event())["method"] == "Shelly.Connect"


async def test_a_client_that_never_reads_costs_the_others_nothing(
    http: aiohttp.ClientSession, token: str, simulator: Simulator, platform: Platform, client: Client
) -> None:
    devices = await simulator.add_many(20)
    await eventually(lambda: len(list(platform.fleet.online())) == 20)
    deaf = await http.ws_connect("/", protocols=(token,), max_msg_size=0)
    await deaf.send_json({"id": 1, "method": "FleetManager.Subscribe", "params": {"events": ["Shelly.Status"]}})
    transport = deaf._conn.transport if deaf._conn is not None else None  # to stop reading for real
    assert transport is not None
    transport.pause_reading()
    rounds = 300
    async with client.subscribe(["Shelly.Status"], status="changed") as events:
        for number in range(rounds):
            for device in devices:
                device.report("switch:0", {"apower": 1000.0 + number})
            await asyncio.sleep(0.002)
        last: dict[str, float] = {}
        while True:
            event = await next_event(events)
            last[event.params["shellyID"]] = event.params["status"]["switch:0"]["apower"]
            if len(last) == 20 and set(last.values()) == {1000.0 + rounds - 1}:
                break
    transport.resume_reading()
    await deaf.close()


async def test_http_answers_with_envelopes_and_with_bare_results(
    http: aiohttp.ClientSession, token: str, simulator: Simulator, platform: Platform
) -> None:
    device = await simulator.add("Plus1PM", seed=1)
    await eventually(lambda: platform.fleet.get(device.id))
    headers = {"Authorization": f"Bearer {token}"}

    async def post(path: str, body: Any, **more: Any) -> tuple[int, Any]:
        async with http.post(path, json=body, **more) as response:
            return response.status, await response.json()

    status, body = await post("/rpc", {"id": 1, "method": "FleetManager.ListCommands"}, headers=headers)
    assert (status, body["id"]) == (200, 1)
    status, body = await post("/rpc", [{"id": 1, "method": "No.Such"}, {"method": "Device.List"}], headers=headers)
    assert (status, [reply["error"]["code"] for reply in body]) == (200, [-32601])
    call = {"id": 1, "method": "Switch.GetStatus", "params": {"id": 0}, "dst": [device.id, "nobody"]}
    status, body = await post("/rpc", call, headers=headers)
    assert [reply["src"] for reply in body] == [device.id, "nobody"]
    assert (await post("/rpc/No.Such", {}, headers=headers))[0] == 404
    assert (await post("/rpc/Device.List", {"limit": 0}, headers=headers))[0] == 400
    assert (await post("/rpc/Device.List", {}))[0] == 401
    toggle = {"shellyID": device.id, "method": "Switch.Toggle", "params": {"id": 0}}
    assert await post("/rpc/Device.Call", toggle, headers=headers) == (200, {"was_on": False})
    async with http.get("/rpc/Device.List?limit=1", headers=headers) as response:
        assert (response.status, (await response.json())["total"]) == (200, 1)
    async with http.get("/rpc/FleetManager.Unsubscribe", headers=headers) as response:
        assert response.status == 403
    assert await post("/auth/login", {"username": "admin", "password": "wrong"}) == (400, {"isok": False})
    status, body = await post("/auth/login", {"username": "admin", "password": PASSWORD})
    assert (status, body["isok"]) == (200, True)
    async with http.get("/health") as response:
        assert await response.json() == {"online": True, "database": "up"}
    async with http.get("/metrics") as response:
        assert response.status == 401
    async with http.get("/metrics", headers=headers) as response:
        assert 'fleet_device_calls_total{outcome="ok"}' in await response.text()


async def test_plugins_are_listed_configured_and_switched_at_run_time(client: Client, platform: Platform) -> None:
    listed = {plugin["name"]: plugin for plugin in await client.call("Plugin.List")}
    assert {plugin["state"] for plugin in listed.values()} == {"running"}
    assert await client.call("Greetings.SayHello", {"name": "Ada"})
    await client.call("plugin:greetings.SetConfig", {"config": {"enable": False}})
    assert (await client.call("plugin:greetings.GetStatus"))["state"] == "disabled"
    assert "greetings.sayhello" not in platform.dispatcher.methods
    await client.call("plugin:greetings.SetConfig", {"config": {"enable": True}})
    await eventually(lambda: "greetings.sayhello" in platform.dispatcher.methods)
    assert "admin_password" in (config := await client.call("plugin:local_users.GetConfig"))
    assert PASSWORD not in json.dumps(config)
