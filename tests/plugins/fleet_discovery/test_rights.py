"""Somebody who may look for devices and adopt them, and sees only some of the fleet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import pytest_asyncio

from fleet_platform.simulator import Simulator
from tests.plugins.fleet_discovery.conftest import NOWHERE, host_of, next_event, stranger
from tests.plugins.fleet_discovery.test_adoption import ended, failure

if TYPE_CHECKING:
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet

NAME, WORD = "ann", "a word of hers"
MAY = ["discovery.*", "mdns.*", "job.*", "fleetmanager.*", "device.get.shellyplus1-000000000000"]
"""Not one device that there is."""


@pytest_asyncio.fixture
async def ann(fleet: TestedFleet, rpc: Rpc) -> AsyncIterator[Rpc]:
    """A client of that somebody."""
    from fleet_platform.testing.client import open_client

    await rpc("User.Create", {"username": NAME, "password": WORD, "permissions": MAY})
    async with (
        aiohttp.ClientSession(fleet.url) as http,
        http.post("/rpc/User.Authenticate", json={"username": NAME, "password": WORD}) as answer,
    ):
        token = (await answer.json())["access_token"]
    async with open_client(fleet.url, token) as opened:
        yield opened


async def of_the_fleet(fleet: TestedFleet, rpc: Rpc, sim: Simulator, seed: int) -> Any:
    """A device that was let in."""
    device = await stranger(sim, seed=seed)
    await rpc("Discovery.Adopt", {"host": host_of(sim, device)})
    await rpc("Device.AcceptPending", {"shellyIDs": [device.id]})
    return device


async def test_a_device_that_is_not_hers_is_neither_asked_nor_adopted_nor_told(
    fleet: TestedFleet, rpc: Rpc, ann: Rpc, network: Simulator
) -> None:
    device = await of_the_fleet(fleet, rpc, network, 61)
    other = await stranger(network, seed=62)
    host, before = host_of(network, device), dict(device.config("ws"))

    with pytest.raises(rpc.Error) as caught:
        await ann("Discovery.Probe", {"host": host})
    assert (caught.value.code, device.id in str(caught.value.data)) == (-32003, False)

    async with ann.events("Discovery.Adopting") as events:
        step, detail, error = await failure(ann, host=host, url=NOWHERE, replace=True)
        assert (step, detail, error.code) == ("identify", "the device that answers there is not yours", -32003)
        assert device.id not in str(error.data)
        job = await ann("Job.Start", {"type": "adopt", "devices": [host], "params": {"replace": True, "url": NOWHERE}})
        state = await fleet.until(lambda: ended(ann, job["id"]))
        assert (state["state"], state["failed"]) == ("failed", 1)
        assert device.config("ws") == before

        await rpc("Discovery.Adopt", {"host": host})
        await ann("Discovery.Adopt", {"host": host_of(network, other)})
        told = [await next_event(events)]
        while told[-1].params["step"] != "arrive":
            told.append(await next_event(events))
    assert told[-1].params["id"] == other.id
    assert device.id not in str([event.params for event in told])


async def test_a_found_device_that_is_not_hers_is_one_that_nobody_has_heard_of(
    fleet: TestedFleet, rpc: Rpc, ann: Rpc, loud: Simulator
) -> None:
    device = await of_the_fleet(fleet, rpc, loud, 63)
    async with ann.events("Discovery.Found", "Discovery.Adopting") as events:
        await rpc("Mdns.SetConfig", {"config": {"enable": True}})
        await fleet.until(lambda: is_listed(rpc, device.id))
        other = await stranger(loud, seed=64)
        await fleet.until(lambda: is_listed(ann, other.id))
        assert not await is_listed(ann, device.id)
        assert device.id not in str(await ann("Mdns.GetStatus"))
        refused = []
        for name in (device.id, "shellyplus1-00000000000f"):
            for method in ("Discovery.Probe", "Discovery.Adopt"):
                with pytest.raises(rpc.Error) as caught:
                    await ann(method, {"id": name})
                refused.append((caught.value.code, caught.value.data))
        assert refused[0] == refused[1] == refused[2] == refused[3]
        step, _, _ = await failure(ann, host=f"{device.id}.local")  # as if no device said that name
        assert step == "find"

        await rpc("Discovery.Adopt", {"id": device.id})
        await ann("Discovery.Adopt", {"id": other.id})
        told = [await next_event(events)]
        while told[-1].params.get("step") != "arrive":
            told.append(await next_event(events))
    addresses = [event.params for event in told if host_of(loud, device) in str(event.params)]
    assert addresses == []
    assert {event.params["id"] for event in told if event.method == "Discovery.Found"} >= {other.id}
    assert device.id not in {event.params["id"] for event in told}


async def is_listed(rpc: Rpc, device: str) -> bool:
    return any(each["id"] == device for each in await rpc("Discovery.List"))
