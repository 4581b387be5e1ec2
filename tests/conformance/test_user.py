"""``User.*`` in both releases' spelling (reference 3.6, 11.2, 11.3)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import OldClient
from .shapes import ANY

if TYPE_CHECKING:
    import aiohttp

ALPHA = {"username": "reader", "password": "correct horse", "group": "user", "permissions": ["device.list"]}
DECEMBER = {
    "name": "reader",
    "password": "correct horse",
    "fullName": "A Reader",
    "email": "reader@example.org",
    "group": "user",
    "permissions": ["device.list"],
}


@pytest.mark.parametrize("record", [ALPHA, DECEMBER])
async def test_the_life_of_a_user(ui: OldClient, http: aiohttp.ClientSession, record: dict[str, Any]) -> None:
    assert await ui.call("User.Create", record) == {"created": "reader"}
    assert (await ui.refused("User.Create", record))["code"] == -32009
    listed = await ui.call("User.List")
    (reader,) = [user for user in listed if "reader" in (user.get("username"), user.get("name"))]
    assert "correct horse" not in json.dumps(listed)
    assert (await _sign_in(http, "reader", "correct horse"))["access_token"]
    changed = await ui.call("User.Update", {"username": "reader", "permissions": ["device.list", "entity.list"]})
    assert changed["updated"] == "reader"
    changed = await ui.call("User.Update", {"id": reader["id"], "password": "battery staple"})
    assert "battery staple" not in json.dumps(changed)
    assert "error" in await _sign_in(http, "reader", "correct horse")
    tokens = await _sign_in(http, "reader", "battery staple")
    renewed = await (await http.post("/rpc/User.Refresh", json={"refresh_token": tokens["refresh_token"]})).json()
    assert renewed["access_token"]
    assert await ui.call("User.Find", {"id": reader["id"]})
    assert await ui.call("User.Delete", {"username": "reader"}) == {"deleted": "reader"}
    assert "error" in await _sign_in(http, "reader", "battery staple")


async def test_a_user_can_do_what_its_permissions_name_and_no_more(ui: OldClient, http: aiohttp.ClientSession) -> None:
    await ui.call("User.Create", {**ALPHA, "permissions": ["fleetmanager.subscribe", "device.list"]})
    token = (await _sign_in(http, "reader", "correct horse"))["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    async with http.get("/rpc/Device.List", headers=headers) as answer:
        assert answer.status == 200
    async with http.get("/rpc/Group.List", headers=headers) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (403, -32003)


async def test_settings_have_no_secret_and_no_back_door(ui: OldClient) -> None:
    await ui.call("User.GetConfig", shape={"allowDebugUser": False, ...: ANY})
    await ui.call("User.GetStatus", shape={...: ANY})
    assert "error" in await ui.ask("User.SetConfig", {"config": {"allowDebugUser": True}})
    assert "error" in await ui.ask("User.SetConfig", {"config": {"users": {"x": {}}}})


async def _sign_in(http: aiohttp.ClientSession, name: str, password: str) -> dict[str, Any]:
    async with http.post("/rpc/User.Authenticate", json={"username": name, "password": password}) as answer:
        return dict(await answer.json())
