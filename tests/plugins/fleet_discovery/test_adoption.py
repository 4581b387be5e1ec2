"""Devices that are told to come, and come."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from fleet_platform.simulator import Simulator
from tests.plugins.fleet_discovery.conftest import (
    CERTIFICATE,
    NOWHERE,
    PASSWORD,
    behind_tls,
    host_of,
    next_event,
    stranger,
)

if TYPE_CHECKING:
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet


async def is_connected(rpc: Rpc, host: str, **given: str) -> bool:
    return bool((await rpc("Discovery.Probe", {"host": host, **given}))["state"] == "connected")


@pytest.mark.parametrize("version", ["1.4.4", "2.0.0"])
@pytest.mark.parametrize("password", [None, PASSWORD])
async def test_a_device_is_pointed_here_and_waits_to_be_let_in(
    fleet: TestedFleet,
    rpc: Rpc,
    network: Simulator,
    version: str,
    password: str | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    device = await stranger(network, seed=1, version=version, password=password)
    host = host_of(network, device)
    async with rpc.events("Discovery.Adopting") as events:
        given = {} if password is None else {"password": password}
        answer = await rpc("Discovery.Adopt", {"host": host, **given})
        told = [(await next_event(events)).params for _ in answer["steps"]]
    assert (answer["id"], answer["outcome"]) == (device.id, "waiting")
    steps = ["find", "identify", "read", "configure", "restart", "arrive"]
    assert [step["step"] for step in answer["steps"]] == steps
    assert all(step["ok"] for step in answer["steps"])
    assert [(each["host"], each["step"]) for each in told] == [(host, step) for step in steps]
    assert device.config("ws")["server"] == f"{fleet.url.replace('http', 'ws')}/shelly"
    assert device.id in await rpc("Device.GetPending", {"shellyIDs": [device.id]})
    assert PASSWORD not in f"{answer} {told} {caplog.text}"
    await rpc("Device.AcceptPending", {"shellyIDs": [device.id]})
    await fleet.until(lambda: is_connected(rpc, host, **given))
    again = await rpc("Discovery.Adopt", {"host": host, **given})
    assert again["outcome"] == "connected"
    assert [step["step"] for step in again["steps"]] == ["find", "identify", "arrive"]


# ---- what is refused -----------------------------------------------------------------------------------------


async def failure(rpc: Rpc, **params: Any) -> tuple[str, str, Any]:
    """The step that failed, what it said, and the error."""
    with pytest.raises(rpc.Error) as caught:
        await rpc("Discovery.Adopt", params)
    data = caught.value.data
    assert data["steps"][-1]["ok"] is False
    assert data["steps"][-1]["step"] == data["step"]
    return data["step"], data["steps"][-1]["detail"], caught.value


@pytest.mark.parametrize("version", ["1.4.4", "2.0.0"])
async def test_a_wrong_or_missing_password_is_said_to_be_so_and_changes_nothing(
    rpc: Rpc, network: Simulator, version: str
) -> None:
    device = await stranger(network, seed=2, version=version, password=PASSWORD)
    host = host_of(network, device)
    step, detail, error = await failure(rpc, host=host, password="not this one")
    assert (step, detail) == ("read", "the device does not accept this password")
    assert error.data["errors"][0]["path"] == "password"
    assert "not this one" not in str(error.data)
    step, detail, _ = await failure(rpc, host=host)
    assert (step, detail) == ("read", "the device has a password, and none was given")
    assert device.config("ws")["enable"] is False


class TestPasswordOfTheSettings:
    @pytest.fixture
    def fleet_settings(self) -> dict[str, Any]:
        return {"plugins": {"discovery": {"password": PASSWORD}}}

    async def test_it_is_used_where_none_is_given_and_never_shown(
        self, fleet: TestedFleet, rpc: Rpc, network: Simulator
    ) -> None:
        device = await stranger(network, seed=3, password=PASSWORD)
        assert (await rpc("Discovery.Adopt", {"host": host_of(network, device)}))["outcome"] == "waiting"
        assert (await rpc("plugin:discovery.GetConfig"))["password"] is None


async def test_a_device_of_another_server_is_left_there_unless_it_is_to_be_replaced(
    rpc: Rpc, network: Simulator
) -> None:
    device = await stranger(network, seed=4)
    other = "ws://198.51.100.7:8123/shelly/its-token?key=1"
    device.call("WS.SetConfig", {"config": {"enable": True, "server": other}})
    host = host_of(network, device)
    step, detail, error = await failure(rpc, host=host)
    assert step == "read"
    assert "ws://198.51.100.7:8123/shelly/***?***" in detail
    assert error.data["server"] == "ws://198.51.100.7:8123/shelly/***?***"
    assert "its-token" not in str(error.data)
    assert device.config("ws")["server"] == other
    answer = await rpc("Discovery.Adopt", {"host": host, "replace": True})
    assert answer["outcome"] == "waiting"
    assert "taken away from ws://198.51.100.7:8123" in answer["steps"][2]["detail"]


async def test_a_device_that_an_operator_rejected_is_not_made_to_knock_again(
    fleet: TestedFleet, rpc: Rpc, network: Simulator
) -> None:
    device = await stranger(network, seed=5)
    host = host_of(network, device)
    await rpc("Discovery.Adopt", {"host": host})
    await rpc("Device.RejectPending", {"shellyIDs": [device.id]})
    await fleet.until(lambda: not device.config("ws")["enable"] and not device.state.sys["restart_required"])
    await fleet.until(lambda: is_denied(rpc, host))
    step, detail, _ = await failure(rpc, host=host)
    assert (step, detail) == ("identify", "an operator rejected this device; accept it in the waiting room first")
    assert device.config("ws")["enable"] is False


async def is_denied(rpc: Rpc, host: str) -> bool:
    try:
        return bool((await rpc("Discovery.Probe", {"host": host}))["state"] == "denied")
    except rpc.Error:
        return False  # it restarts


class TestPatience:
    @pytest.fixture
    def fleet_settings(self) -> dict[str, Any]:
        return {"plugins": {"discovery": {"arrive_s": 0.2}}}

    async def test_a_device_that_does_not_arrive_is_an_outcome(self, rpc: Rpc, network: Simulator) -> None:
        device = await stranger(network, seed=6)
        answer = await rpc("Discovery.Adopt", {"host": host_of(network, device), "url": NOWHERE})
        assert answer["outcome"] == "timeout"
        assert answer["steps"][-1]["ok"] is False
        assert device.config("ws")["server"] == NOWHERE


class TestTls:
    @pytest.fixture
    def fleet_settings(self) -> dict[str, Any]:
        return {"plugins": {"discovery": {"arrive_s": 3, "ssl_ca": "ca.pem"}}}

    async def test_a_device_comes_over_tls_once_it_is_told_whom_to_trust(
        self, fleet: TestedFleet, rpc: Rpc, network: Simulator
    ) -> None:
        device = await stranger(network, seed=8)
        device.call("Shelly.PutUserCA", {"data": CERTIFICATE.read_text()})
        async with behind_tls(fleet.url) as url:
            wanted = {"host": host_of(network, device), "url": url}
            answer = await rpc("Discovery.Adopt", wanted)
            assert answer["outcome"] == "timeout"  # no authority that it knows has signed the certificate
            assert device.config("ws")["ssl_ca"] == "ca.pem"

            await rpc("plugin:discovery.SetConfig", {"config": {"ssl_ca": "user_ca.pem", "arrive_s": 60}})
            answer = await fleet.until(lambda: adopted(rpc, wanted))  # it may still be restarting
            assert answer["outcome"] == "waiting"
            assert device.config("ws")["ssl_ca"] == "user_ca.pem"
            assert device.id in await rpc("Device.GetPending", {"shellyIDs": [device.id]})
            probed = await rpc("Discovery.Probe", {"host": wanted["host"]})
            assert (probed["ws"]["server"], probed["state"]) == (url, "waiting")


async def adopted(rpc: Rpc, params: dict[str, Any]) -> Any:
    try:
        return await rpc("Discovery.Adopt", params)
    except rpc.Error:
        return None


async def test_a_device_whose_nonces_are_all_taken_is_adopted_when_one_is_free(rpc: Rpc, network: Simulator) -> None:
    device = await stranger(network, seed=9, version="2.0.0", password=PASSWORD)
    host = host_of(network, device)
    async with aiohttp.ClientSession(f"http://{host}") as http:
        statuses = set()
        while 429 not in statuses:
            async with http.get("/rpc/Sys.GetStatus") as response:
                statuses.add(response.status)
    answer = await rpc("Discovery.Adopt", {"host": host, "password": PASSWORD})
    assert (statuses, answer["outcome"]) == ({401, 429}, "waiting")


async def test_who_waits_for_arrivals_keeps_nobody_from_a_turn(
    rpc: Rpc, network: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fleet_discovery.adoption.AT_ONCE", 1)
    await rpc("plugin:discovery.SetConfig", {"config": {"enable": False}})
    await rpc("plugin:discovery.SetConfig", {"config": {"enable": True, "arrive_s": 600}})
    away, here = [await stranger(network, seed=seed) for seed in (17, 18)]
    async with rpc.events("Discovery.Adopting") as events:
        adopting = asyncio.create_task(rpc("Discovery.Adopt", {"host": host_of(network, away), "url": NOWHERE}))
        while (await next_event(events)).params["step"] != "restart":
            pass
        assert (await rpc("Discovery.Adopt", {"host": host_of(network, here)}))["outcome"] == "waiting"
    assert not adopting.done()
    adopting.cancel()
    await asyncio.gather(adopting, return_exceptions=True)


async def test_a_host_that_is_called_after_a_device_is_that_device(
    rpc: Rpc, network: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a name service says."""
    device = await stranger(network, seed=19)
    address, port = network.address(device)

    async def look_up(_name: str) -> list[str]:
        return [address]

    monkeypatch.setattr("fleet_discovery.addresses._look_up", look_up)
    step, detail, _ = await failure(rpc, host=f"shellyplus1pm-0123456789ab.lan:{port}")
    assert (step, detail) == ("identify", f"another device answers there: {device.id}")
    assert device.config("ws")["enable"] is False


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({}, "host"),
        ({"host": "127.0.0.1", "id": "shellyplus1pm-0123456789ab"}, "host"),
        ({"id": "shellyplus1pm-0123456789ab"}, "id"),
        ({"host": "127.0.0.1", "url": "http://fleet.example"}, "url"),
        ({"host": "127.0.0.1", "url": "ws://user:secret@fleet.example"}, "url"),
    ],
)
async def test_what_cannot_be_meant_is_refused(rpc: Rpc, params: dict[str, Any], path: str) -> None:
    with pytest.raises(rpc.Error) as caught:
        await rpc("Discovery.Adopt", params)
    assert (caught.value.code, caught.value.data["errors"][0]["path"]) == (-32602, path)


async def test_where_nobody_is_and_where_nobody_may_be_called_is_told_apart(rpc: Rpc) -> None:
    step, detail, _ = await failure(rpc, host="127.0.0.1:9")
    assert (step, detail) == ("identify", "127.0.0.1:9 cannot be reached: connection refused")
    step, detail, _ = await failure(rpc, host="198.51.100.7")
    assert step == "find"
    assert "198.51.100.7 is not in a private network" in detail
    step, detail, _ = await failure(rpc, host="no-such-name.invalid")
    assert step == "find"


# ---- many, and asking ----------------------------------------------------------------------------------------


async def test_of_many_each_gets_its_own_answer(rpc: Rpc, network: Simulator) -> None:
    devices = [await stranger(network, seed=seed) for seed in range(10, 14)]
    hosts = [host_of(network, device) for device in devices]
    answer = await rpc("Discovery.Adopt", {"hosts": [*hosts, hosts[0], "127.0.0.1:9"]})
    assert [each["outcome"] for each in answer["devices"]] == ["waiting"] * 4 + ["failed"]
    assert [each["id"] for each in answer["devices"]] == [*(device.id for device in devices), None]
    error = answer["devices"][-1]["error"]
    assert (error["code"], error["data"]["step"]) == (-32050, "identify")


async def test_a_job_adopts(fleet: TestedFleet, rpc: Rpc, network: Simulator) -> None:
    device = await stranger(network, seed=15)
    job = await rpc("Job.Start", {"type": "adopt", "devices": [host_of(network, device)]})
    state = await fleet.until(lambda: ended(rpc, job["id"]))
    assert state["state"] == "done"
    assert device.id in await rpc("Device.GetPending", {"shellyIDs": [device.id]})


async def ended(rpc: Rpc, job: int) -> Any:
    found = await rpc("Job.Get", {"id": job})
    return found if found["state"] not in ("queued", "running", "waiting") else None


@pytest.mark.parametrize("password", [None, PASSWORD])
async def test_asking_changes_nothing(rpc: Rpc, network: Simulator, password: str | None) -> None:
    device = await stranger(network, seed=16, password=password)
    before = dict(device.config("ws"))
    answer = await rpc("Discovery.Probe", {"host": host_of(network, device)})
    assert (answer["id"], answer["gen"], answer["state"]) == (device.id, 2, "new")
    assert answer["password_needed"] is (password is not None)
    assert answer["ws"] == (None if password else {"enable": False, "server": None, "here": False})
    if password is not None:
        answer = await rpc("Discovery.Probe", {"host": host_of(network, device), "password": password})
        assert answer["ws"] == {"enable": False, "server": None, "here": False}
    assert device.config("ws") == before
