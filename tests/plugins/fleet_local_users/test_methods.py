"""Users made, changed and deleted on a real platform, and what they can do with it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from fleet_platform.testing.client import open_client

if TYPE_CHECKING:
    from fleet_platform.simulator import Device
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet

PASSWORD = "correct horse"
USER: dict[str, Any] = {"username": "ann", "password": PASSWORD, "group": "staff", "permissions": ["device.list"]}


@pytest.fixture
def fleet_settings() -> dict[str, Any]:
    return {"plugins": {"local_users": {"admin_password": PASSWORD}}}


class Door:
    """Signing in over HTTP, and calls with what one gets there."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def sign_in(self, name: str = "ann", password: str = PASSWORD) -> dict[str, str] | None:
        async with self._http.post("/rpc/User.Authenticate", json={"username": name, "password": password}) as answer:
            return dict(await answer.json()) if answer.status == 200 else None

    async def status(self, token: str, method: str = "Device.List") -> int:
        headers = {"Authorization": f"Bearer {token}"}
        async with self._http.post(f"/rpc/{method}", headers=headers) as answer:
            return answer.status


@pytest.fixture
async def door(fleet: TestedFleet) -> AsyncIterator[Door]:
    async with aiohttp.ClientSession(fleet.url) as http:
        yield Door(http)


@asynccontextmanager
async def client_of(fleet: TestedFleet, door: Door, name: str = "ann") -> AsyncIterator[Rpc]:
    tokens = await door.sign_in(name)
    assert tokens is not None
    async with open_client(fleet.url, tokens["access_token"]) as client:
        yield client


async def refused(rpc: Rpc, method: str, params: dict[str, Any]) -> Any:
    with pytest.raises(rpc.Error) as error:
        await rpc(method, params)
    assert PASSWORD not in str(error.value.data)
    return error.value


async def test_a_user_is_made_found_changed_and_deleted_without_its_password_being_told(rpc: Rpc) -> None:
    async with rpc.events("User.*") as events:
        assert await rpc("User.Create", USER) == {"created": "ann"}
        [admin, ann] = await rpc("User.List")
        assert admin["group"] == "admin"
        assert {name: ann[name] for name in ("username", "name", "group", "groups", "permissions", "enabled")} == {
            "username": "ann",
            "name": "ann",
            "group": "staff",
            "groups": ["staff"],
            "permissions": ["device.list"],
            "enabled": True,
        }
        assert await rpc("User.Find", {"id": ann["id"]}) == await rpc("User.Find", {"name": "ANN"}) == ann
        changed = await rpc(
            "User.Update",
            {
                "id": ann["id"],
                "name": "Ann",
                "password": "battery staple",
                "fullName": "Ann",
                "group": "",
                "email": "a@b",
            },
        )
        assert changed == {"updated": "ann", "fields": {"group": "", "fullName": "Ann", "email": "a@b"}}
        assert await rpc("User.Update", {"username": "ann", "password": PASSWORD}) == {"updated": "ann", "fields": {}}
        assert await rpc("User.GetStatus") == {"users": 2, "enabled": 2, "administrators": 1}
        assert await rpc("User.Delete", {"id": ann["id"]}) == {"deleted": "ann"}
        told: list[Any] = [await anext(events) for _ in range(4)]
    assert [event.params["what"] for event in told] == ["created", "updated", "password", "deleted"]
    everything = json.dumps([admin, ann, changed, [event.params for event in told]])
    assert not any(secret in everything for secret in (PASSWORD, "battery", "argon2"))
    assert (await refused(rpc, "User.Find", {"name": "ann"})).code == -32004


async def test_what_does_not_fit_is_refused_with_a_reason(rpc: Rpc) -> None:
    await rpc("User.Create", USER)
    assert (await refused(rpc, "User.Create", {**USER, "username": "ANN"})).code == -32009
    for changed in (
        {"username": "DEBUG"},
        {"username": "node_red"},
        {"username": "a:b"},
        {"username": " a"},
        {"username": "a\n"},
        {"username": ""},
        {"password": "four"},
        {"password": "x" * 1025},
        {"permissions": ["a b"]},
        {"permissions": ["*.x"]},
        {"permissions": [""]},
        {"group": "a\n"},
        {"stray": 1},
    ):
        assert (await refused(rpc, "User.Create", {**USER, "username": "bob", **changed})).code == -32602, changed
    calls: list[tuple[str, dict[str, Any]]] = [
        ("User.Create", {"password": PASSWORD}),
        ("User.Update", {"username": "ann"}),
        ("User.Update", {"username": "ann", "name": "bob", "enabled": True}),
        ("User.Find", {"name": "ann", "password": PASSWORD}),
        ("User.SetConfig", {"config": {}}),
        ("User.SetConfig", {"config": {"allowDebugUser": True}}),
        ("User.SetConfig", {"config": {"users": {}}}),
        ("User.SetPassword", {"old_password": PASSWORD, "new_password": "four"}),
    ]
    for method, params in calls:
        assert (await refused(rpc, method, params)).code == -32602, (method, params)
    nobody: list[dict[str, Any]] = [{"username": "bob"}, {"id": 999}, {"id": 999, "username": "ann"}, {}]
    for params in nobody:
        assert (await refused(rpc, "User.Delete", params)).code == -32004
    assert await rpc("User.GetConfig") == {"allowDebugUser": False}
    await rpc("User.SetConfig", {"config": {"allowDebugUser": False}})
    assert "other_provider" in str(
        (await refused(rpc, "User.SetPassword", {"old_password": "x", "new_password": "12345"})).data
    )


async def test_there_is_always_an_administrator_and_nobody_locks_itself_out(
    fleet: TestedFleet, rpc: Rpc, door: Door
) -> None:
    changes: list[dict[str, Any]] = [{"enabled": False}, {"group": "staff"}, {"groups": []}]
    for change in changes:
        assert (await refused(rpc, "User.Update", {"username": "admin", **change})).code == -32009
    assert (await refused(rpc, "User.Delete", {"username": "admin"})).code == -32009
    await rpc("User.Create", {**USER, "group": "admin"})
    async with client_of(fleet, door) as ann:
        assert (await refused(ann, "User.Delete", {"username": "ann"})).code == -32009
        assert (await refused(ann, "User.Update", {"username": "ann", "enabled": False})).code == -32009
        await ann("User.Delete", {"username": "admin"})
        assert (await refused(ann, "User.Update", {"username": "ann", "groups": ["staff"]})).code == -32009
    assert [user["username"] for user in await rpc("User.List")] == ["ann"]


async def test_nobody_gives_away_what_it_has_not(fleet: TestedFleet, rpc: Rpc, door: Door) -> None:
    permissions = ["user.*", "device.list", "switch.*"]
    await rpc("User.Create", {**USER, "permissions": permissions})
    async with client_of(fleet, door) as ann:
        bob = {"username": "bob", "password": PASSWORD}
        await ann("User.Create", {**bob, "group": "staff", "permissions": ["switch.set", "user.list"]})
        for more in ({"permissions": ["*"]}, {"permissions": ["light.set"]}, {"group": "admin"}, {"group": "other"}):
            assert (await refused(ann, "User.Create", {**bob, "username": "eve", **more})).code == -32003
            assert (await refused(ann, "User.Update", {"username": "bob", **more})).code == -32003
        for method, params in (
            ("User.Update", {"username": "admin", "password": "taken over"}),
            ("User.Update", {"username": "ann", "groups": ["admin"]}),
            ("User.Delete", {"username": "admin"}),
        ):
            assert (await refused(ann, method, params)).code == -32003
        await ann("User.Delete", {"username": "bob"})


@pytest.mark.parametrize("given", [["device.list"], ["device.get"], ["device.get.*"], ["device.list", "device.get"]])
async def test_who_sees_some_devices_makes_nobody_who_sees_all(
    fleet: TestedFleet, rpc: Rpc, door: Door, given: list[str]
) -> None:
    seen = "device.get.shellyx-1"
    await rpc("User.Create", {**USER, "permissions": ["user.create", "user.update", "device.list", seen]})
    async with client_of(fleet, door) as ann:
        bob = {"username": "bob", "password": PASSWORD}
        assert (await refused(ann, "User.Create", {**bob, "permissions": given})).code == -32003
        await ann("User.Create", {**bob, "permissions": ["device.list", seen]})
        assert (await refused(ann, "User.Update", {"username": "bob", "permissions": given})).code == -32003


async def test_users_are_told_of_to_those_who_may_list_them(fleet: TestedFleet, rpc: Rpc, door: Door) -> None:
    permissions = ["fleetmanager.subscribe", "device.list", "storage.setitem"]
    await rpc("User.Create", {**USER, "permissions": permissions})
    await rpc("User.Create", {**USER, "username": "ben", "permissions": [*permissions, "user.list", "storage.keys"]})
    async with client_of(fleet, door) as ann, client_of(fleet, door, "ben") as ben:
        for client, told in ((ben, ["Storage.Changed", "User.Changed", "Greetings.Said"]), (ann, ["Greetings.Said"])):
            async with client.events("Storage.*", "User.*", "Greetings.*") as events:
                await rpc("Storage.SetItem", {"key": "k", "value": 1})
                await rpc("User.Update", {"username": "admin", "fullName": "Ada"})
                await rpc("Greetings.SayHello")
                found: list[Any] = [await anext(events) for _ in told]
            assert [event.method for event in found] == told


async def test_a_user_can_do_what_its_permissions_name(
    fleet: TestedFleet, rpc: Rpc, door: Door, device: Device
) -> None:
    await rpc("User.Create", {**USER, "permissions": ["fleetmanager.subscribe", "device.list"]})
    async with client_of(fleet, door) as ann:
        [found] = await ann("Device.List")
        assert found["shellyID"] == device.id
        async with ann.events("Shelly.Status") as events:
            device.report("switch:0", {"output": True})
            event: Any = await anext(events)
            assert event.params["shellyID"] == device.id
        for method, params in (("Switch.Set", {"id": 0, "on": True}), ("Shelly.FactoryReset", {})):
            with pytest.raises(ann.Error) as denied:
                await ann(method, params, dst=device.id)
            assert denied.value.code == -32003
        assert (await refused(ann, "Entity.List", {})).code == -32003
        assert (await refused(ann, "User.List", {})).code == -32003


async def test_who_changed_is_out_at_once(fleet: TestedFleet, rpc: Rpc, door: Door) -> None:
    await rpc("User.Create", USER)
    for change in ({"password": "battery staple"}, {"password": PASSWORD}, {"enabled": False}):
        await rpc("User.Update", {"username": "ann", "enabled": True})
        [user] = [each for each in await rpc("User.List") if each["username"] == "ann"]
        assert user["enabled"]
        tokens = await door.sign_in() or await door.sign_in(password="battery staple")
        assert tokens is not None
        assert await door.status(tokens["access_token"]) == 200
        async with (
            aiohttp.ClientSession(fleet.url) as http,
            http.ws_connect("/rpc", protocols=(tokens["access_token"],)) as socket,
        ):
            await rpc("User.Update", {"username": "ann", **change})
            message = await socket.receive(timeout=20)
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1013)
        assert await door.status(tokens["access_token"]) == 401
    assert await door.sign_in() is None


async def test_a_new_user_of_an_old_name_is_somebody_else(rpc: Rpc, door: Door) -> None:
    await rpc("User.Create", USER)
    tokens = await door.sign_in()
    assert tokens is not None
    await rpc("User.Delete", {"username": "ann"})
    assert await door.status(tokens["access_token"]) == 401
    await rpc("User.Create", USER)
    assert await door.status(tokens["access_token"]) == 401


async def test_a_right_that_changes_reaches_who_is_connected(fleet: TestedFleet, rpc: Rpc, door: Door) -> None:
    await rpc("User.Create", {**USER, "permissions": []})
    tokens = await door.sign_in()
    assert tokens is not None
    assert await door.status(tokens["access_token"]) == 403
    await rpc("User.Update", {"username": "ann", "permissions": ["device.list"]})
    assert await door.status(tokens["access_token"]) == 200


async def test_everybody_changes_its_own_password_who_knows_the_old_one(
    fleet: TestedFleet, rpc: Rpc, door: Door
) -> None:
    await rpc("User.Create", {**USER, "permissions": []})
    tokens = await door.sign_in()
    assert tokens is not None
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    async with aiohttp.ClientSession(fleet.url, headers=headers) as http, http.ws_connect("/rpc") as socket:

        async def ask(old: str) -> Any:
            params = {"old_password": old, "new_password": "battery staple"}
            await socket.send_json({"id": 1, "method": "User.SetPassword", "params": params})
            return await socket.receive_json(timeout=20)

        assert (await ask("wrong"))["error"]["code"] == -32003
        assert (await ask(PASSWORD))["result"] == {"updated": "ann"}
        assert (await socket.receive(timeout=20)).type is aiohttp.WSMsgType.CLOSE
    assert await door.status(tokens["access_token"]) == 401
    assert await door.sign_in() is None
    assert await door.sign_in(password="battery staple")


async def test_guessing_the_old_password_is_slowed_down(fleet: TestedFleet, rpc: Rpc, door: Door) -> None:
    await rpc("User.Create", USER)
    async with client_of(fleet, door) as ann:
        guess = {"old_password": "wrong", "new_password": "12345"}
        codes = [(await refused(ann, "User.SetPassword", guess)).code for _ in range(6)]
    assert codes[0] == -32003
    assert codes[-1] == -32029


async def test_the_given_password_of_the_administrator_keeps_its_tokens_over_restarts(
    fleet: TestedFleet, rpc: Rpc, door: Door
) -> None:
    tokens = await door.sign_in("admin")
    assert tokens is not None
    await rpc("plugin:local_users.SetConfig", {"config": {"enable": False}})
    await rpc("plugin:local_users.SetConfig", {"config": {"enable": True}})
    await fleet.until(lambda: fleet.plugin("local_users").state == "running")
    assert await door.status(tokens["access_token"]) == 200
