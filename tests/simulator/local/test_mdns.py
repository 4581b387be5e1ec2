"""Devices that announce themselves."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Mapping

import pytest
from zeroconf import ServiceListener, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from fleet_platform.simulator import Device, Simulator
from fleet_platform.simulator.local.mdns import GROUP, PORT, SERVICES, Announcer
from fleet_platform.simulator.local.options import LocalOptions
from plugin_sdk import ComponentType
from tests.simulator.conftest import QUICK, Eventually, Home

SHELLY, HTTP = SERVICES
_A, _PTR, _ANY = 1, 12, 255


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


class Asker(asyncio.DatagramProtocol):
    """A client of the old style: it asks from a port of its own. What is said to all it hears by the way, as number 0."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.transport: asyncio.DatagramTransport | None = None

    def datagram_received(self, data: bytes, addr: object) -> None:
        if data[2] & 0x80:  # an answer: questions to all come back too
            self.heard.append(data)

    def ask(self, number: int, *questions: tuple[str, int]) -> None:
        """Put questions, of a name and a type each, in one message; a name is spelled out once."""
        packed, known = bytearray(struct.pack(">6H", number, 0, len(questions), 0, 0, 0)), dict[str, int]()
        for name, kind in questions:
            if name in known:
                packed += struct.pack(">H", 0xC000 | known[name])
            else:
                known[name] = len(packed)
                packed += b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
            packed += struct.pack(">2H", kind, 1)
        self.send(bytes(packed))

    def send(self, data: bytes) -> None:
        """Send anything to all who listen."""
        assert self.transport is not None
        self.transport.sendto(data, (GROUP, PORT))

    def heard_of(self, number: int, device: Device) -> int:
        """How many answers with a number said something of a device."""
        name = device.id.encode()
        return sum(data[:2] == number.to_bytes(2, "big") and name in data for data in self.heard)


@pytest.fixture
async def client() -> AsyncIterator[Asker]:
    """A client of the old style."""
    asker, loopback = Asker(), socket.inet_aton("127.0.0.1")
    loop = asyncio.get_running_loop()
    asking, listening = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    asking.bind(("127.0.0.1", 0))
    asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, loopback)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind((GROUP, PORT))
    listening.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + loopback)
    ear, _ = await loop.create_datagram_endpoint(lambda: asker, sock=listening)
    asker.transport, _ = await loop.create_datagram_endpoint(lambda: asker, sock=asking)
    yield asker
    asker.transport.close()
    ear.close()


async def test_an_old_style_client_gets_an_answer_of_its_own(
    loud: Simulator, client: Asker, eventually: Eventually
) -> None:
    device = await loud.add("Plus1PM", seed=13)
    await loud.reachable()
    client.ask(0x1234, (f"{device.id}.local.", _A))
    await eventually(lambda: client.heard_of(0x1234, device))
    answer = next(data for data in client.heard if data[:2] == b"\x12\x34")
    assert socket.inet_aton(loud.address(device)[0]) in answer
    client.send(b"rubbish")


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


async def test_what_waits_to_be_said_is_bounded(
    loud: Simulator, client: Asker, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = [await loud.add("S1PMG4", seed=340 + seed) for seed in range(20)]
    await loud.reachable()
    monkeypatch.setattr("fleet_platform.simulator.local.mdns._WAITING", 5)
    client.ask(1, (SHELLY, _PTR))

    def answered() -> int:
        client.ask(2, (f"{devices[-1].id}.local.", _ANY))  # whoever asks again is answered some time
        return client.heard_of(2, devices[-1])

    await eventually(answered)
    assert sum(client.heard_of(1, device) for device in devices) <= 5


async def test_nothing_is_said_of_a_device_that_goes_before_its_turn(
    near: Simulator, client: Asker, eventually: Eventually
) -> None:
    first, gone, last = [await near.add("S1PMG4", seed=360 + seed) for seed in range(3)]
    await near.reachable()
    hosts = {device: near._local.host(device) for device in (first, gone, last)}  # type: ignore[union-attr]
    announcer = Announcer()
    await announcer.open()
    for host in hosts.values():
        announcer.announce(host)
    announcer.withdraw(hosts[gone])
    await eventually(lambda: client.heard_of(0, last))
    assert client.heard_of(0, first)
    assert client.heard_of(0, gone) == 1, "its goodbye"
    await announcer.close()
