"""Devices that announce themselves."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
from zeroconf import ServiceListener, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from fleet_platform.simulator import Simulator
from fleet_platform.simulator.local import side
from fleet_platform.simulator.local.mdns import GROUP, PORT, SERVICES, Announcer
from fleet_platform.simulator.local.options import LocalOptions
from fleet_platform.simulator.local.side import MissingLibrary
from plugin_sdk import ComponentType
from tests.simulator.conftest import QUICK, Eventually, Home

SHELLY, HTTP = SERVICES


class Seen(ServiceListener):
    """What a browser knows."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self.names.add(name)

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self.names.discard(name)

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        pass


@pytest.fixture
async def loud(home: Home, types: Mapping[str, ComponentType]) -> AsyncIterator[Simulator]:
    """A simulator whose devices announce themselves."""
    async with Simulator(home.url, types=types, timing=QUICK, seed=1, local=LocalOptions(port=0)) as sim:
        yield sim


@pytest.fixture
async def browser() -> AsyncIterator[AsyncZeroconf]:
    """Somebody who looks for devices, by a library of others."""
    async with AsyncZeroconf(interfaces=["127.0.0.1"]) as zeroconf:
        yield zeroconf


async def test_a_device_that_comes_is_found_and_described(
    loud: Simulator, browser: AsyncZeroconf, eventually: Eventually
) -> None:
    seen = Seen()
    watching = AsyncServiceBrowser(browser.zeroconf, list(SERVICES), listener=seen)
    device = await loud.add("Plus1PM", seed=11)
    await eventually(lambda: {f"{device.id}.{service}" for service in SERVICES} <= seen.names)
    for service in SERVICES:
        info = AsyncServiceInfo(service, f"{device.id}.{service}")
        assert await info.async_request(browser.zeroconf, 5_000)
        host, port = loud.address(device)
        assert (info.parsed_addresses(), info.port) == ([host], port)
        assert info.server == f"{device.id}.local."
        assert info.decoded_properties == {
            "gen": "2",
            "app": "Plus1PM",
            "ver": device.state.info["ver"],
            "id": device.id,
            "arch": "esp32",
        }
    await watching.async_cancel()


async def test_devices_that_are_there_answer_whoever_looks(
    loud: Simulator, browser: AsyncZeroconf, eventually: Eventually
) -> None:
    devices = [await loud.add("S1PMG4", seed=100 + seed) for seed in range(40)]
    await loud.reachable()
    seen = Seen()
    watching = AsyncServiceBrowser(browser.zeroconf, SHELLY, listener=seen)
    await eventually(lambda: {f"{device.id}.{SHELLY}" for device in devices} <= seen.names)
    await watching.async_cancel()


async def test_a_device_that_goes_says_so_unless_it_has_no_power(
    loud: Simulator, browser: AsyncZeroconf, eventually: Eventually
) -> None:
    sleeper, lost, other = [await loud.add(model, seed=12) for model in ("PlusHT", "Plus1", "Plus1PM")]
    names = {device: f"{device.id}.{SHELLY}" for device in (sleeper, lost, other)}
    seen = Seen()
    watching = AsyncServiceBrowser(browser.zeroconf, SHELLY, listener=seen)
    await eventually(lambda: set(names.values()) <= seen.names)
    lost.power.switch_off()
    sleeper.power.sleep()
    await eventually(lambda: names[sleeper] not in seen.names)
    assert {names[lost], names[other]} <= seen.names
    await watching.async_cancel()


async def test_all_are_withdrawn_at_the_end(
    home: Home, types: Mapping[str, ComponentType], browser: AsyncZeroconf, eventually: Eventually
) -> None:
    seen = Seen()
    watching = AsyncServiceBrowser(browser.zeroconf, SHELLY, listener=seen)
    async with Simulator(home.url, types=types, timing=QUICK, local=LocalOptions(port=0)) as sim:
        names = {f"{(await sim.add('Plus1PM', seed=200 + seed)).id}.{SHELLY}" for seed in range(30)}
        await eventually(lambda: names <= seen.names)
    await eventually(lambda: not names & seen.names)
    await watching.async_cancel()


class Ear(asyncio.DatagramProtocol):
    """A client of the old style: it asks from a port of its own."""

    def __init__(self, arrived: Callable[[bytes], None]) -> None:
        self._arrived = arrived

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._arrived(data)


async def test_an_old_style_client_gets_an_answer_of_its_own(loud: Simulator, eventually: Eventually) -> None:
    device = await loud.add("Plus1PM", seed=13)
    await loud.reachable()
    heard: list[bytes] = []
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.bind(("127.0.0.1", 0))
    ear.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: Ear(heard.append), sock=ear)
    name = b"".join(bytes([len(part)]) + part for part in f"{device.id}.local".encode().split(b"."))
    transport.sendto(b"\x12\x34" + b"\0\0\0\1" + b"\0" * 6 + name + b"\0" + b"\0\1\0\1", (GROUP, PORT))
    await eventually(lambda: heard)
    assert heard[0][:2] == b"\x12\x34", "its number comes back"
    assert socket.inet_aton(loud.address(device)[0]) in heard[0]
    transport.sendto(b"rubbish", (GROUP, PORT))
    transport.close()


async def test_a_system_without_multicast_is_told_of_and_served_all_the_same(
    home: Home, types: Mapping[str, ComponentType], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> socket.socket:
        raise OSError(19, "No such device")

    monkeypatch.setattr("fleet_platform.simulator.local.mdns._join", refuse)
    async with Simulator(home.url, types=types, timing=QUICK, local=LocalOptions(port=0)) as sim:
        device = await sim.add("Plus1PM", seed=14)
        await sim.reachable()
        _, writer = await asyncio.open_connection(*sim.address(device))
        writer.close()
    assert "simulated devices are not announced: [Errno 19] No such device" in caplog.text


async def test_a_missing_library_is_named(
    home: Home, types: Mapping[str, ComponentType], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side, "find_spec", lambda _name: None)
    with pytest.raises(MissingLibrary, match=r"zeroconf, which is not installed: pip install 'fleet-platform\[simul"):
        async with Simulator(home.url, types=types, local=LocalOptions(port=0)):
            pass
    async with Simulator(home.url, types=types, local=LocalOptions(port=0, announce=False)) as sim:
        assert len(sim) == 0


async def test_what_waits_to_be_said_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fleet_platform.simulator.local.mdns._WAITING", 5)
    announcer = Announcer()
    await announcer.open()
    for number in range(20):
        announcer._queue(bytes([number]), (GROUP, PORT))
    assert len(announcer._waiting) == 5
    announcer._waiting.clear()
    await announcer.close()
