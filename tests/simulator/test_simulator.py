"""Many devices in one process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from fleet_platform.simulator import BadUrl, Simulator, UnknownModel
from fleet_platform.simulator.outbound.dialler import read_url
from fleet_platform.simulator.outbound.link import Backoff
from plugin_sdk import ComponentType

if TYPE_CHECKING:
    from tests.simulator.conftest import Home


async def test_a_thousand_devices_connect_and_come_back_in_one_process(home: Home, sim: Simulator) -> None:
    def ours() -> int:
        return sum("RequestHandler" not in repr(task.get_coro()) for task in asyncio.all_tasks())

    tasks = ours()
    devices = await sim.add_many(1000, models=["Plus1PM", "Plus2PM", "PlusI4"])
    assert sim.stats.connected == len({device.id for device in devices}) == 1000
    await home.until(lambda: sum(len(visit.frames) for visit in home.visits) >= 1000, timeout_s=30)
    assert ours() - tasks <= 2, "a device has no task of its own"
    for device in devices:
        device.session.link.cut()
    for device in devices:
        await device.disconnected()
        device.reconnect()
    for device in devices:
        await device.connected()
    assert sim.stats.connections == 2000


async def test_devices_go_by_their_id_in_any_case(sim: Simulator) -> None:
    device = await sim.add("WallDisplay", seed=3)
    assert sim[device.id.lower()] is sim[device.id.upper()] is device
    assert len(sim) == 1
    assert list(sim) == [device]


async def test_the_same_seed_gives_the_same_fleet(home: Home, types: Mapping[str, ComponentType]) -> None:
    fleets = []
    for _ in range(2):
        async with Simulator(home.url, types=types, seed=42) as sim:
            devices = await sim.add_many(5, models=["Plus1PM", "Pro3EM"])
            for _ in range(20):
                for device in devices:
                    device.vary()
            fleets.append([(device.id, device.state.status, device.state.config) for device in devices])
    for (_, first, _), (_, second, _) in zip(*fleets, strict=True):
        for status in (first, second):
            for name in ("uptime", "ram_free", "unixtime", "time"):
                status["sys"].pop(name, None)
    assert fleets[0] == fleets[1]


async def test_unknown_names_say_what_there_is(sim: Simulator) -> None:
    with pytest.raises(UnknownModel, match="did you mean Plus1PM"):
        await sim.add("Plus1PX")
    with pytest.raises(ValueError, match="Plus2PM has no profile 'rgb'; it has: switch, cover"):
        await sim.add("Plus2PM", profile="rgb")
    assert len(sim) == 0


async def test_leaving_closes_every_connection_in_order(home: Home, types: Mapping[str, ComponentType]) -> None:
    async with Simulator(home.url, types=types) as sim:
        await sim.add_many(20)
        await home.until(lambda: sum(len(visit.frames) for visit in home.visits) == 20)
    await home.until(lambda: all(visit.closed for visit in home.visits))
    assert {visit.closed[0] for visit in home.visits if visit.closed} == {1001}


async def test_without_component_types_devices_still_answer_the_generic_methods(home: Home) -> None:
    async with Simulator(home.url, types={}) as sim:
        device = await sim.add("Plus1PM")
        assert (await home.call(device.id, "Switch.GetStatus", id=0))["output"] is False
        assert (await home.ask(device.id, "Switch.Set", id=0, on=True))["error"]["code"] == 404


@pytest.mark.parametrize(
    ("url", "token", "host", "port", "path", "secure"),
    [
        ("ws://h:7011/shelly", None, "h", 7011, "/shelly", False),
        ("ws://h/shelly/", "t", "h", 80, "/shelly/t", False),
        ("wss://h", None, "h", 443, "/shelly", True),
        ("ws://[::1]:7/x?a=b", "t", "::1", 7, "/x/t?a=b", False),
    ],
)
def test_a_url_is_read(url: str, token: str | None, host: str, port: int, path: str, secure: bool) -> None:
    address = read_url(url, token)
    assert (address.host, address.port, address.path, address.secure) == (host, port, path, secure)


@pytest.mark.parametrize("url", ["http://h/shelly", "h:7011", "", "ws://", "ws://h:port/"])
def test_what_is_no_websocket_url_is_refused(url: str) -> None:
    with pytest.raises(BadUrl):
        Simulator(url)


def test_waits_double_up_to_the_longest_and_differ_between_devices() -> None:
    from random import Random

    backoff = Backoff(first_s=1, longest_s=60, jitter=0.25)
    random = Random(1)
    for failures in range(100):
        plain = min(60, 2**failures)
        assert plain * 0.75 <= backoff.delay_s(failures, random) <= plain * 1.25
    assert len({backoff.delay_s(3, random) for _ in range(50)}) == 50


async def test_one_device_can_connect_twice(home: Home, types: Mapping[str, ComponentType]) -> None:
    async with Simulator(home.url, types=types) as sim:
        first, second = await sim.add("Plus1PM", seed=1), await sim.add("Plus1PM", seed=1)
        assert first.id == second.id
        assert first is not second
        await home.until(lambda: len(home.frames(first.id)) == 2)
        assert list(sim) == [first, second]
    await home.until(lambda: all(visit.closed for visit in home.visits))


async def test_many_devices_are_all_different(types: Mapping[str, ComponentType]) -> None:
    async with Simulator("ws://127.0.0.1:9/shelly", types={}) as sim:
        await sim.add_many(3000, wait=False)
        await sim.add_many(3000, wait=False)
        assert len({device.id for device in sim}) == 6000


async def test_what_cannot_be_encoded_harms_nobody_else(
    home: Home, sim: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = await sim.add("Plus1PM", seed=1), await sim.add("Plus1PM", seed=2)
    one.report("switch:0", {"apower": {1, 2}})
    two.report("switch:0", {"apower": 5})
    await home.until(lambda: home.status(two.id, "switch:0"))
    assert "news are lost" in caplog.text
