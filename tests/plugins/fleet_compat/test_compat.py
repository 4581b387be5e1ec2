"""The predecessor's addresses, every case of them answered."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

if TYPE_CHECKING:
    from fleet_platform.simulator import Device
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet


@pytest.fixture
async def http(fleet: TestedFleet) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Bearer {fleet.token}"}
    async with aiohttp.ClientSession(fleet.url, headers=headers, timeout=aiohttp.ClientTimeout(total=60)) as session:
        yield session


async def ask(http: aiohttp.ClientSession, **query: str) -> tuple[int, Any]:
    async with http.get("/api/switch", params=query) as answer:
        return answer.status, await answer.json()


async def test_variables_are_for_everybody(fleet: TestedFleet) -> None:
    async with aiohttp.ClientSession(fleet.url) as anybody, anybody.get("/api/variables") as answer:
        assert (answer.status, await answer.json()) == (200, {"login-strategy": "backend-jwt"})


async def test_an_output_is_switched_before_the_answer(http: aiohttp.ClientSession, rpc: Rpc, device: Device) -> None:
    for turn, output in (("on", True), ("TOGGLE", False), ("toggle", True), ("off", False)):
        assert await ask(http, turn=turn, shellyID=device.id) == (200, {"msg": "command queued"})
        assert (await rpc("Switch.GetStatus", {"id": 0}, dst=device.id))["output"] is output


async def test_what_cannot_be_done_is_told(
    fleet: TestedFleet, http: aiohttp.ClientSession, rpc: Rpc, device: Device
) -> None:
    for query, error in (
        ({}, "missing shellyID or turn query"),
        ({"turn": "on"}, "missing shellyID or turn query"),
        ({"shellyID": device.id}, "missing shellyID or turn query"),
        ({"turn": "fly", "shellyID": device.id}, "cmd not found"),
        ({"turn": "on", "shellyID": "nobody"}, "cannot find the specified shellyID"),
        *(
            ({"turn": "on", "shellyID": device.id, "channel": channel}, "cannot find the specified channel")
            for channel in ("1", "-1", "x", "", "9" * 5000)
        ),
    ):
        status, body = await ask(http, **query)
        assert (status, body["error"].startswith(error)) == (400, True), query
    await device.drop()

    async def is_away() -> bool:
        return bool((await rpc("Device.Get", {"id": device.id}))["presence"] == "offline")

    await fleet.until(is_away)
    status, body = await ask(http, turn="on", shellyID=device.id)
    assert (status, body["error"]["code"]) == (409, -32900)


async def test_it_is_done_with_the_rights_of_the_caller(
    fleet: TestedFleet, http: aiohttp.ClientSession, rpc: Rpc, device: Device
) -> None:
    cases: list[tuple[list[str], int]] = [
        (["switch.*", "device.list"], 403),
        (["api:/switch"], 400),
        (["api:*", "device.list"], 403),
        (["api:/switch", "device.list", "switch.set"], 200),
        (["*"], 200),
    ]
    for number, (permissions, expected) in enumerate(cases):
        user = {"username": f"u{number}", "password": "12345"}
        await rpc("User.Create", {**user, "group": "", "permissions": permissions})
        basic = b64encode(f"{user['username']}:{user['password']}".encode()).decode()
        async with aiohttp.ClientSession(fleet.url, headers={"Authorization": f"Basic {basic}"}) as caller:
            assert (await ask(caller, turn="on", shellyID=device.id))[0] == expected, permissions
    async with aiohttp.ClientSession(fleet.url) as anybody:
        assert (await ask(anybody, turn="on", shellyID=device.id))[0] == 401
