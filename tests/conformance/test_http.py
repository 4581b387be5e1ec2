"""HTTP of both releases (reference 1.4, 1.5, 11.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest

from .shapes import ANY, check

if TYPE_CHECKING:
    from fleet_platform.testing.platform import TestedFleet


async def test_health_and_variables_are_open(fleet: TestedFleet) -> None:
    async with aiohttp.ClientSession(fleet.url) as anybody:
        check(await (await anybody.get("/health")).json(), {"online": True, ...: ANY})
        check(await (await anybody.get("/api/variables")).json(), {"login-strategy": "backend-jwt", ...: ANY})


async def test_login_info_and_their_failures(fleet: TestedFleet, http: aiohttp.ClientSession) -> None:
    user = {"username": "reader", "password": "correct horse", "group": "admin", "permissions": ["*"]}
    assert (await http.post("/rpc/User.Create", json=user)).status == 200
    async with aiohttp.ClientSession(fleet.url) as anybody:
        login = await anybody.post("/auth/login", json={"username": "reader", "password": "correct horse"})
        answer = check(await login.json(), {"isok": True, "token": str})
        refused = await anybody.post("/auth/login", json={"username": "reader", "password": "wrong"})
        assert (refused.status, await refused.json()) == (400, {"isok": False})
        headers = {"Authorization": f"Bearer {answer['token']}"}
        info = await anybody.post("/auth/info", headers=headers)
        assert check(await info.json(), {"isok": True, "token": {"username": "reader", ...: ANY}})
        assert (await anybody.post("/auth/info", headers={"Authorization": "Bearer nonsense"})).status == 400
        assert (await anybody.post("/auth/info")).status == 403


async def test_rpc_by_address_and_by_envelope(http: aiohttp.ClientSession) -> None:
    for answer in (await http.get("/rpc/Device.List"), await http.post("/rpc/Device.List")):
        assert (answer.status, await answer.json()) == (200, [])
    by_envelope = await http.post("/rpc", json={"jsonrpc": "2.0", "id": 7, "method": "FleetManager.ListCommands"})
    check(await by_envelope.json(), {"jsonrpc": "2.0", "id": 7, "src": "FLEET_MANAGER", "result": [str]})
    bare = await http.post("/rpc", json={"method": "FleetManager.ListCommands"})
    check(await bare.json(), [str])
    empty = await http.post("/rpc", json={"method": "Device.List", "params": {}})
    assert await empty.json() == []
    falsy = await http.post("/rpc", json={"method": "Group.Get", "params": {"id": 4711}})
    check(await falsy.json(), {"jsonrpc": "2.0", "id": None, "src": "FLEET_MANAGER", "result": None})
    failed = await http.post("/rpc", json={"method": "Nothing.List"})
    assert failed.status == 200
    check(await failed.json(), {"code": -32601, "message": str, "data": dict})
    failed = await http.post("/rpc/Group.Create", json={})
    check(
        await failed.json(),
        {"jsonrpc": "2.0", "id": None, "src": "FLEET_MANAGER", "error": {"code": -32602, "message": str, "data": dict}},
    )
    assert failed.status == 400


async def test_rpc_without_a_token(fleet: TestedFleet) -> None:
    async with aiohttp.ClientSession(fleet.url) as anybody:
        assert (await anybody.get("/rpc/Device.List")).status == 401
        assert (await anybody.get("/rpc/Device.List", headers={"Authorization": "Bearer x"})).status == 401


@pytest.mark.parametrize(("turn", "output"), [("on", True), ("toggle", True), ("off", False)])
async def test_switch_by_address(fleet: TestedFleet, http: aiohttp.ClientSession, turn: str, output: bool) -> None:
    device = await fleet.add_device("Plus1PM")
    answer = await http.get("/api/switch", params={"turn": turn, "shellyID": device.id})
    assert (answer.status, await answer.json()) == (200, {"msg": "command queued"})

    async def turned() -> bool:
        status = await (await http.get("/rpc/Device.GetStatus", params={"id": device.id})).json()
        return bool(status["switch:0"]["output"] is output)

    await fleet.until(turned)


async def test_switch_by_address_refuses_in_the_predecessor_s_words(
    fleet: TestedFleet, http: aiohttp.ClientSession
) -> None:
    device = await fleet.add_device("Plus1PM")
    for params, error in (
        ({}, "missing shellyID or turn query"),
        ({"turn": "fly", "shellyID": device.id}, "cmd not found"),
        ({"turn": "on", "shellyID": "nobody"}, "cannot find the specified shellyID"),
        (
            {"turn": "on", "shellyID": device.id, "channel": "7"},
            "cannot find the specified channel of the switch component",
        ),
    ):
        answer = await http.get("/api/switch", params=params)
        assert (answer.status, await answer.json()) == (400, {"error": error})
    async with aiohttp.ClientSession(fleet.url) as anybody:
        assert (await anybody.get("/api/switch")).status == 401
