"""The platform about itself: its parts, its plugins, its methods; and what of it anybody may know."""

from __future__ import annotations

import aiohttp
import pytest

from fleet_platform import __version__
from fleet_platform.app import Platform
from fleet_platform.client import Client, RpcError, sign_in
from fleet_platform.simulator import Simulator
from plugin_sdk import JSONObject
from tests.platform.conftest import PASSWORD, eventually, next_event
from tests.rpc.test_openrpc import validator


async def test_status_and_settings_come_from_every_part(client: Client, simulator: Simulator) -> None:
    await simulator.add("Plus1PM")
    await eventually(lambda: client.call("Entity.List"))
    status = await client.call("FleetManager.GetStatus")
    assert status["fleetmanager"]["version"] == __version__
    assert status["device"]["devices_size"] == 1
    assert status["entity"]["entities_count"] > 0
    assert status["plugin:greetings"]["state"] == "running"
    assert status["greetings"] == {"said": 0, "arrivals": status["greetings"]["arrivals"]}
    assert status["web"]["host"] == "127.0.0.1"
    settings = await client.call("FleetManager.GetConfig")
    assert settings["plugin:greetings"] == {"enable": True, "text": "Hello"}
    assert settings["web"]["host"] == "127.0.0.1"
    assert "correct horse" not in str(settings)


async def test_plugins_are_listed_as_the_predecessor_did_without_where_they_are(client: Client) -> None:
    await client.call("plugin:greetings.SetConfig", {"config": {"enable": False}})
    listed = await client.call("FleetManager.ListPlugins")
    assert listed["shelly"]["info"]["name"] == "shelly"
    assert listed["shelly"]["info"]["version"] == __version__
    assert len(listed["pages"]["info"]["description"]) > 10
    assert listed["greetings"]["config"] == {"name": "greetings", "enable": False}
    assert "/" not in "".join(str(plugin["config"]) for plugin in listed.values())


async def test_nobody_learns_more_than_how_to_sign_in(platform: Platform, client: Client) -> None:
    async with aiohttp.ClientSession(platform.url) as http:
        async with http.get("/rpc/FleetManager.GetVariables") as answer:
            assert await answer.json() == {"login-strategy": "backend-jwt"}
        for path in ("/rpc/openrpc.json", "/rpc/rpc.discover", "/rpc/Device.Describe", "/rpc/FleetManager.GetStatus"):
            async with http.get(path) as answer:
                assert answer.status == 401, path
    known = await client.call("FleetManager.GetVariables")
    assert known == {"login-strategy": "backend-jwt", "version": __version__}


async def test_the_whole_platform_is_described_in_valid_openrpc(platform: Platform, client: Client) -> None:
    document = await client.call("rpc.discover")
    validator().validate(document)
    names = [method["name"] for method in document["methods"]]
    assert len(names) == len(set(names))
    assert {name.lower() for name in names} == set(platform.dispatcher.methods)
    assert all(method["summary"] for method in document["methods"])
    events = {event["name"]: event for event in document["x-events"]}
    assert {"Shelly.Status", "NotifyEvent"} <= set(events)
    for noun in await client.call("FleetManager.ListCommands"):
        assert (await client.call(f"{noun}.Describe"))["methods"], noun
    await client.call("plugin:greetings.SetConfig", {"config": {"enable": False}})
    left = {method["name"] for method in (await client.call("rpc.discover"))["methods"]}
    assert "Greetings.SayHello" in names
    assert "Greetings.SayHello" not in left


async def test_the_description_has_an_address_of_its_own(platform: Platform) -> None:
    token = await sign_in(platform.url, "admin", PASSWORD)
    headers = {"Authorization": f"Bearer {token.access}"}
    async with aiohttp.ClientSession(platform.url, headers=headers) as http:
        async with http.get("/rpc/openrpc.json") as answer:
            document = await answer.json()
            assert document["openrpc"] == "1.3.2"
        async with http.get("/rpc/rpc.discover") as answer:
            assert await answer.json() == document


async def test_every_action_that_a_device_offers_can_be_invoked(client: Client, simulator: Simulator) -> None:
    device = await simulator.add("Plus2PM", profile="cover")
    listed = await eventually(lambda: client.call("Entity.List"))
    cover = next(entity for entity in listed.values() if entity["type"] == "cover")
    actions = {action["name"]: action for action in await client.call("Entity.ListActions", {"id": cover["id"]})}
    assert actions["open"]["allowed"] is True
    await client.call("Entity.InvokeAction", {"id": cover["id"], "action": "open"})
    assert "Cover.Open" in list(device.requests)
    with pytest.raises(RpcError) as caught:
        await client.call("Entity.InvokeAction", {"id": cover["id"], "action": "fly"})
    assert caught.value.code == -32004
    assert sorted(caught.value.data["available"]) == sorted(actions)


async def test_entities_come_and_go_with_the_plugin_that_knows_their_types(
    client: Client, simulator: Simulator, platform: Platform
) -> None:
    device = await simulator.add("Plus1PM")
    entity = f"{device.id}_0:out"
    await eventually(lambda: platform.fleet.get(device.id))
    async with client.subscribe(["Entity.*"]) as events:
        for enable, name in ((False, "Entity.Removed"), (True, "Entity.Added")):
            await client.call("plugin:shelly.SetConfig", {"config": {"enable": enable}})
            assert (entity in await client.call("Entity.List")) is enable
            while (event := await next_event(events)).method != name or event.params["entityId"] != entity:
                pass
            assert (entity in (await client.call("Device.Get", {"id": device.id}))["entities"]) is enable


async def test_what_the_main_methods_answer_is_described(client: Client) -> None:
    document = await client.call("rpc.discover")
    results = {method["name"]: method["result"]["schema"] for method in document["methods"]}
    schemas = document["components"]["schemas"]

    def members(schema: JSONObject) -> set[str]:
        referred = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        return set(referred["properties"])

    assert {"shellyID", "status", "presence", "entities", "meta"} <= members(results["Device.Get"])
    assert members(results["FleetManager.Subscribe"]) == {"ids", "epoch", "seq", "resync", "snapshot"}
    assert members(results["Entity.List"]["additionalProperties"]) == {"id", "name", "type", "source", "properties"}
    assert members(results["WaitingRoom.AcceptPending"]) == {"success", "error"}
    assert members(results["User.Authenticate"]) == {"access_token", "refresh_token"}
