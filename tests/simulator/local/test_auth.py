"""A device with a password."""

from __future__ import annotations

import json
import logging
from typing import Any

import aiohttp
import pytest

from fleet_platform.simulator import Device, Simulator
from fleet_platform.simulator.local.nonces import SLOTS
from fleet_platform.simulator.local.options import LocalOptions
from plugin_sdk.simulation import DeviceFault
from tests.simulator.conftest import QUICK, Home
from tests.simulator.local.conftest import PASSWORD, Answer, Client, auth, lock, sha256


async def locked(near: Simulator, version: str | None = None, model: str = "Plus1PM") -> Device:
    device = await near.add(model, seed=1)
    if version is not None:
        device.state.info["ver"] = version
    lock(device)
    return device


def challenge(answer: Answer) -> dict[str, str]:
    """The parts of a challenge: ``{"realm": …, "nonce": …}``."""
    scheme, _, rest = answer.headers["WWW-Authenticate"].partition(" ")
    assert scheme == "Digest"
    pairs = (part.split("=", 1) for part in rest.split(", "))
    return {name: value.strip('"') for name, value in pairs}


def proof(device: Device, path: str, nonce: str, count: int = 1, password: str = PASSWORD) -> dict[str, str]:
    """The header that answers a challenge."""
    ha1, ha2 = sha256(f"admin:{device.id}:{password}"), sha256(f"GET:{path}")
    response = sha256(f"{ha1}:{nonce}:{count:08x}:c0:auth:{ha2}")
    return {
        "Authorization": f'Digest username="admin", realm="{device.id}", nonce="{nonce}", uri="{path}", cnonce="c0", '
        f'nc={count:08x}, qop=auth, response="{response}", algorithm=SHA-256'
    }


PATH = "/rpc/Switch.GetStatus?id=0"


async def test_only_its_identity_is_open(near: Simulator, client: Client) -> None:
    device = await locked(near)
    for path in ("/shelly", "/rpc/Shelly.GetDeviceInfo", "/rpc/shelly.getdeviceinfo"):
        answer = await client.get(device, path)
        assert (answer.status, answer.json["auth_en"], answer.json["auth_domain"]) == (200, True, device.id)
    for path in (PATH, "/rpc/Shelly.ListMethods", "/rpc/No.Such"):
        answer = await client.get(device, path)
        assert (answer.status, answer.text, answer.headers["Connection"]) == (401, "", "close")
    answer = await client.post(device, "/rpc", json={"id": 1, "method": "Switch.GetStatus", "params": {"id": 0}})
    assert answer.status == 401


async def test_the_server_needs_no_password(home: Home, near: Simulator) -> None:
    device = await locked(near)
    assert (await home.call(device.id, "Switch.Set", id=0, on=True)) == {"was_on": False}


async def test_old_firmware_names_the_time_and_takes_it_for_an_hour(near: Simulator, client: Client) -> None:
    device = await locked(near)
    asked = challenge(await client.get(device, PATH))
    assert asked == {"qop": "auth", "realm": device.id, "nonce": asked["nonce"], "algorithm": "SHA-256"}
    assert 0 <= device.now() - int(asked["nonce"], 16) < 5
    for count in (1, 1, 7):
        answer = await client.get(device, PATH, headers=proof(device, PATH, asked["nonce"], count))
        assert (answer.status, answer.json["id"]) == (200, 0)
    near.advance(3_590)
    assert (await client.get(device, PATH, headers=proof(device, PATH, asked["nonce"]))).status == 200
    near.advance(20)
    answer = await client.get(device, PATH, headers=proof(device, PATH, asked["nonce"]))
    assert answer.status == 401
    assert "stale" not in challenge(answer)


async def test_wrong_credentials_get_another_challenge(near: Simulator, client: Client) -> None:
    device = await locked(near)
    nonce = challenge(await client.get(device, PATH))["nonce"]
    good = proof(device, PATH, nonce)["Authorization"]
    for wrong in (
        proof(device, PATH, nonce, password="wrong")["Authorization"],
        proof(device, "/rpc/Switch.GetStatus?id=1", nonce)["Authorization"],
        good.replace("admin", "root"),
        good.replace(device.id, "shelly-x"),
        good.replace("SHA-256", "MD5").replace("auth,", "none,"),
        "Basic YWRtaW46eA==",
        "Digest username=",
        "Digest =",
        "Digest ,,,",
        'Digest username="',
        good.replace("c0", "\udcff"),
        proof(device, PATH, "f" * 400)["Authorization"],
    ):
        assert (await client.get(device, PATH, headers={"Authorization": wrong})).status == 401


async def test_modern_nonces_are_opaque_and_counted(near: Simulator, client: Client) -> None:
    device = await locked(near, "2.0.0")
    nonce = challenge(await client.get(device, PATH))["nonce"]
    assert nonce.endswith("=")
    answer = await client.get(device, PATH, headers=proof(device, PATH, nonce, 2))
    assert (answer.status, challenge(answer)["stale"]) == (401, "true")
    nonce = challenge(answer)["nonce"]
    for count in (1, 2, 3):
        assert (await client.get(device, PATH, headers=proof(device, PATH, nonce, count))).status == 200
    answer = await client.get(device, PATH, headers=proof(device, PATH, nonce, 3))
    assert (answer.status, challenge(answer)["stale"]) == (401, "true")
    near.advance(3_601)
    answer = await client.get(device, PATH, headers=proof(device, PATH, nonce, 4))
    assert (answer.status, challenge(answer)["stale"]) == (401, "true")
    answer = await client.get(device, PATH, headers=proof(device, PATH, nonce, 4, password="wrong"))
    assert (answer.status, challenge(answer).get("stale")) == (401, None)


async def test_a_modern_device_without_a_free_nonce_turns_away_for_two_seconds(near: Simulator, client: Client) -> None:
    device = await locked(near, "2.0.1")
    issued = [challenge(await client.get(device, PATH))["nonce"] for _ in range(SLOTS)]
    assert (await client.get(device, PATH, headers=proof(device, PATH, issued[5]))).status == 200
    answer = await client.get(device, PATH)
    assert answer.status == 429
    assert answer.json == {"code": 429, "message": "Too many failed authentication attempts"}
    assert (await client.get(device, PATH, headers=proof(device, PATH, issued[5], 2))).status == 200
    near.advance(2.0)
    assert challenge(await client.get(device, PATH))["nonce"] not in issued
    assert (await client.get(device, PATH)).status == 429


async def test_frames_carry_the_challenge_as_text_in_an_error(near: Simulator, client: Client) -> None:
    device = await locked(near)
    talk = await client.talk(device)
    assert "result" in await talk.ask("Shelly.GetDeviceInfo")
    error = (await talk.ask("Switch.Toggle", id=0))["error"]
    assert error["code"] == 401
    asked = json.loads(error["message"])
    assert asked == {
        "auth_type": "digest",
        "nonce": asked["nonce"],
        "nc": 1,
        "realm": device.id,
        "algorithm": "SHA-256",
    }
    assert isinstance(asked["nonce"], int)
    reply = await talk.ask("Switch.Toggle", auth=auth(device, asked["nonce"]), id=0)
    assert reply["result"] == {"was_on": False}
    assert "result" in await talk.ask("Sys.GetStatus", auth=auth(device, 1)), "old firmware takes any nonce in a frame"
    assert "error" in await talk.ask("Sys.GetStatus", auth=auth(device, asked["nonce"], password="wrong"))
    assert "error" in await talk.ask("Sys.GetStatus", auth="admin")
    await talk.ws.close()


async def test_modern_frames_count_and_grow_stale(near: Simulator, client: Client) -> None:
    device = await locked(near, "2.0.0")
    talk = await client.talk(device)
    asked = json.loads((await talk.ask("Sys.GetStatus"))["error"]["message"])
    assert isinstance(asked["nonce"], str)
    for count in (1, 2):
        assert "result" in await talk.ask("Sys.GetStatus", auth=auth(device, asked["nonce"], count))
    again = json.loads((await talk.ask("Sys.GetStatus", auth=auth(device, asked["nonce"], 2)))["error"]["message"])
    assert again["stale"] is True
    assert again["nonce"] != asked["nonce"]
    assert "result" in await talk.ask("Sys.GetStatus", auth=auth(device, again["nonce"]))
    for _ in range(SLOTS):
        refused = (await talk.ask("Sys.GetStatus"))["error"]
    assert refused == {"code": 429, "message": "Too many failed authentication attempts"}
    await talk.ws.close()


async def test_a_wall_display_spells_the_count_as_text_and_has_old_nonces(near: Simulator, client: Client) -> None:
    device = await locked(near, model="WallDisplay")
    assert device.state.info["ver"].startswith("2.")
    talk = await client.talk(device)
    asked = json.loads((await talk.ask("Sys.GetStatus"))["error"]["message"])
    assert asked["nc"] == "1"
    assert isinstance(asked["nonce"], int)
    assert "result" in await talk.ask("Sys.GetStatus", auth=auth(device, asked["nonce"]))
    await talk.ws.close()


async def test_a_frame_over_http_may_prove_itself_either_way(near: Simulator, client: Client) -> None:
    device = await locked(near)
    frame = {"id": 1, "method": "Switch.GetStatus", "params": {"id": 0}, "auth": auth(device, 7)}
    answer = await client.post(device, "/rpc", json=frame)
    assert (answer.status, answer.json["result"]["id"]) == (200, 0)


async def test_who_has_not_shown_the_password_is_told_nothing(near: Simulator, client: Client) -> None:
    device = await locked(near)
    talk = await client.talk(device)
    await talk.ask("Shelly.GetDeviceInfo", src="me")
    device.report("switch:0", {"apower": 1.0})
    await talk.ask("Sys.GetStatus", src="me", auth=auth(device, 7))
    device.report("switch:0", {"apower": 2.0})
    await talk.take()
    assert [frame["params"]["switch:0"] for frame in talk.news] == [{"apower": 2.0}]
    await talk.ws.close()


@pytest.mark.parametrize("version", ["1.7.5", "2.0.0"])
async def test_what_anybody_may_ask_proves_nothing_by_itself(near: Simulator, client: Client, version: str) -> None:
    device = await locked(near, version)
    guess, known = await client.talk(device), await client.talk(device)
    nonce = json.loads((await known.ask("Sys.GetStatus", src=None))["error"]["message"])["nonce"]
    for wrong in (auth(device, nonce, password="wrong"), {}, "admin", auth(device, nonce) | {"realm": "shelly-x"}):
        assert "result" in await guess.ask("Shelly.GetDeviceInfo", src="guess", auth=wrong)
    assert "result" in await known.ask("Shelly.GetDeviceInfo", src="known", auth=auth(device, nonce))
    device.report("switch:0", {"apower": 1.0})
    assert (await known.take())["dst"] == "known"
    assert "result" in await known.ask("Sys.GetStatus", auth=auth(device, nonce, 2)), "its count goes on"
    assert "result" in await guess.ask("Shelly.GetDeviceInfo")
    assert guess.news == []
    await guess.ws.close()
    await known.ws.close()


@pytest.mark.parametrize("version", ["1.7.5", "2.0.0"])
async def test_a_client_library_signs_in(near: Simulator, version: str) -> None:
    device = await locked(near, version)
    host, port = near.address(device)
    middleware = aiohttp.DigestAuthMiddleware("admin", PASSWORD)
    async with aiohttp.ClientSession(middlewares=(middleware,)) as session:
        for _ in range(3):
            async with session.get(f"http://{host}:{port}{PATH}") as response:
                assert (response.status, (await response.json())["id"]) == (200, 0)


async def test_a_password_is_changed_and_removed_by_who_knows_it(near: Simulator, client: Client) -> None:
    device = await locked(near)
    talk = await client.talk(device)
    params: dict[str, Any] = {"user": "admin", "realm": device.id, "ha1": None}
    assert "error" in await talk.ask("Shelly.SetAuth", **params)
    assert "result" in await talk.ask("Shelly.SetAuth", auth=auth(device, 7), **params)
    answer = await client.get(device, "/shelly")
    assert (answer.json["auth_en"], answer.json["auth_domain"]) == (False, None)
    assert (await client.get(device, PATH)).status == 200
    await talk.ws.close()


async def test_a_password_outlives_a_restart_and_not_a_factory_reset(near: Simulator, client: Client) -> None:
    device = await locked(near)
    device.power.restart(0.0)
    near.advance(60)
    await near.reachable()
    assert (await client.get(device, PATH)).status == 401
    device.call("Shelly.FactoryReset")
    near.advance(60)
    await near.reachable()
    assert (await client.get(device, "/shelly")).json["auth_en"] is False
    assert (await client.get(device, PATH)).status == 200


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"user": "root"}, "user"),
        ({"realm": "shelly-x"}, "realm"),
        ({"ha1": "secret"}, "ha1"),
        ({"ha1": 1}, "ha1"),
        ({"ha1": "g" * 64}, "ha1"),
    ],
)
async def test_what_is_no_hash_of_this_device_is_refused(near: Simulator, changed: dict[str, Any], name: str) -> None:
    device = await near.add("Plus1PM", seed=1)
    with pytest.raises(DeviceFault, match=name) as refused:
        device.call("Shelly.SetAuth", {"user": "admin", "realm": device.id, "ha1": "0" * 64} | changed)
    assert refused.value.code == -103
    assert device.state.info["auth_en"] is False


async def test_the_hash_is_never_shown(
    home: Home, near: Simulator, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    device = await near.add("Plus1PM", seed=1)
    ha1 = lock(device)
    talk = await client.talk(device)
    methods = (await talk.ask("Shelly.ListMethods", auth=auth(device, 7)))["result"]["methods"]
    for method in methods:
        if method.rpartition(".")[2].startswith(("Get", "List", "Check", "Create", "Download")):
            answer = json.dumps(await talk.ask(method, auth=auth(device, 7), id=0))
            assert ha1 not in answer, method
    await talk.ask("Shelly.SetAuth", auth=auth(device, 7), user="admin", realm=device.id, ha1=ha1)
    await client.get(device, PATH)
    assert ha1 not in caplog.text
    assert ha1 not in repr(home.frames(device.id))
    assert ha1 not in repr(device)
    await talk.ws.close()


async def test_the_setup_window_closes_on_a_device_without_a_password(home: Home, types: Any) -> None:
    options = LocalOptions(port=0, announce=False, setup_window_s=900)
    async with (
        Simulator(home.url, types=types, timing=QUICK, local=options) as sim,
        aiohttp.ClientSession() as session,
    ):
        client = Client(sim, session)
        old, new = await sim.add("Plus1PM", seed=1), await sim.add("Plus1PM", seed=2)
        new.state.info["ver"] = "1.8.0"
        for device in (old, new):
            device.power.switch_off()
            device.power.switch_on()
        sim.advance(60)
        await sim.reachable()
        assert (await client.get(new, PATH)).status == 200
        sim.advance(900)
        assert (await client.get(old, PATH)).status == 200, "firmware before 1.8 has no such rule"
        answer = await client.get(new, PATH)
        assert (answer.status, answer.json) == (403, {"code": 403, "message": "unauthorized"})
        assert (await client.get(new, "/shelly")).status == 200
        assert "result" in await home.ask(new.id, "Sys.GetStatus"), "its server is let in"
        lock(new)
        assert (await client.get(new, PATH)).status == 401
