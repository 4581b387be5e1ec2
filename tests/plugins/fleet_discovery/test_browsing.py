"""Devices that announce themselves, seen by the platform."""

from __future__ import annotations

import socket
from contextlib import suppress
from ipaddress import IPv6Address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from zeroconf import DNSOutgoing, DNSPointer, DNSText  # type: ignore[attr-defined]  # not in __all__

from fleet_discovery.book import Book
from fleet_discovery.browser import Browser
from fleet_discovery.settings import MdnsConfig
from fleet_platform.simulator import Simulator
from plugin_sdk.errors import Unavailable
from tests.plugins.fleet_discovery.conftest import next_event, stranger

if TYPE_CHECKING:
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet


async def listed(rpc: Rpc, device: str) -> Any:
    return next((each for each in await rpc("Discovery.List") if each["id"] == device), None)


async def running(rpc: Rpc) -> bool:
    return bool((await rpc("Mdns.GetStatus"))["running"])


async def test_nobody_is_looked_for_unless_it_is_asked_for(rpc: Rpc) -> None:
    assert await rpc("Mdns.GetConfig") == {"enable": False, "interfaces": ["127.0.0.1"]}
    assert await rpc("Mdns.GetStatus") == {"running": False, "devices": [], "refused": 0}
    assert {"getstatus", "getconfig", "setconfig", "listmethods"} <= set(await rpc("Mdns.ListMethods"))


async def test_a_device_is_found_adopted_by_its_id_and_lost(fleet: TestedFleet, rpc: Rpc, loud: Simulator) -> None:
    device = await stranger(loud, seed=31)
    async with rpc.events("Discovery.Found", "Discovery.Lost") as events:
        answer = await rpc("Mdns.SetConfig", {"config": {"enable": True}})
        assert answer == {"component": "mdns", "event": "config_changed"}
        found = await next_event(events)
        while found.params["id"] != device.id:  # other tests have devices in the same network
            found = await next_event(events)
    address, port = loud.address(device)
    about = {
        "id": device.id,
        "host": f"{device.id}.local",
        "address": address,
        "port": port,
        "gen": 2,
        "app": "Plus1PM",
        "ver": device.state.info["ver"],
    }
    assert (found.method, found.params) == ("Discovery.Found", about)
    line = await listed(rpc, device.id)
    assert line["last_seen"] > 1_700_000_000_000
    del line["last_seen"]
    assert line == {**about, "name": None, "model": None, "state": "new", "ws": None}
    assert about in (await rpc("Mdns.GetStatus"))["devices"]

    await rpc("Discovery.Probe", {"id": device.id})
    line = await listed(rpc, device.id)
    assert (line["model"], line["ws"]) == (device.state.info["model"], {"server": None, "here": False})

    async with rpc.events("Discovery.Found", "Discovery.Lost") as events:
        assert (await rpc("Discovery.Adopt", {"id": device.id.upper()}))["outcome"] == "waiting"
        assert (await fleet.until(lambda: listed(rpc, device.id)))["state"] == "waiting"
        await rpc("Mdns.SetConfig", {"config": {"enable": False}})
        lost = await next_event(events)
        while (lost.method, lost.params) != ("Discovery.Lost", {"id": device.id}):
            lost = await next_event(events)
    assert await rpc("Discovery.List") == []
    await fleet.until(lambda: is_stopped(rpc))


async def is_stopped(rpc: Rpc) -> bool:
    return not await running(rpc)


async def test_what_was_asked_for_is_kept(rpc: Rpc, fleet: TestedFleet) -> None:
    await rpc("Mdns.SetConfig", {"config": {"enable": True, "interfaces": ["127.0.0.1"]}})
    assert await rpc("Mdns.GetConfig") == {"enable": True, "interfaces": ["127.0.0.1"]}
    assert (await rpc("plugin:discovery.GetConfig"))["mdns"] is True
    await fleet.until(lambda: running(rpc))


@pytest.mark.parametrize("config", [{}, {"enable": "perhaps"}, {"interfaces": ["eth0"]}, {"other": 1}])
async def test_what_cannot_be_set_is_refused(rpc: Rpc, config: dict[str, Any]) -> None:
    with pytest.raises(rpc.Error) as caught:
        await rpc("Mdns.SetConfig", {"config": config})
    assert caught.value.code == -32602


async def test_an_address_of_another_machine_is_a_fault_of_the_plugin_alone(fleet: TestedFleet, rpc: Rpc) -> None:
    await rpc("Mdns.SetConfig", {"config": {"enable": True, "interfaces": ["192.0.2.1"]}})
    await fleet.until(lambda: fleet.plugin("discovery").state == "degraded")
    assert await rpc("Discovery.List") == []
    await rpc("Mdns.SetConfig", {"config": {"interfaces": ["127.0.0.1"]}})
    await fleet.until(lambda: running(rpc))


@pytest.mark.parametrize("address", ["192.0.2.1", "::", "::ffff:127.0.0.1", "224.0.0.251", "ff02::fb", "fe80::1%nope"])
async def test_what_is_no_address_of_this_machine_is_said_to_be_none(address: str) -> None:
    with pytest.raises(Unavailable, match="is no address of this machine"):
        await listen_at(address)


TENTATIVE = 0x40
"""Not yet this machine's (``IFA_F_TENTATIVE`` of Linux)."""


def addresses_6() -> list[str]:
    """This machine's addresses of IPv6; a link-local one with its interface."""
    found = []
    for line in (
        Path("/proc/net/if_inet6").read_text("ascii").splitlines() if Path("/proc/net/if_inet6").exists() else ()
    ):
        digits, _index, _length, _scope, flags, name = line.split()
        if int(flags, 16) & TENTATIVE:
            continue
        address = IPv6Address(int(digits, 16))
        found.append(f"{address}%{name}" if address.is_link_local else str(address))
    return found


@pytest.mark.parametrize("address", addresses_6())
async def test_each_address_of_this_machine_can_be_listened_at(address: str) -> None:
    await listen_at(address)


async def listen_at(address: str) -> None:
    book = Book(clock_ms=lambda: 0, changed=lambda _key: None)
    async with Browser(book, lambda _address: True, lambda: None).listening(
        MdnsConfig(interfaces=[address]).interfaces or []
    ):
        pass


def udp_sockets() -> int:
    """How many this process has open, of IPv4."""
    known = {line.split()[9] for line in Path("/proc/self/net/udp").read_text("ascii").splitlines()[1:]}
    count = 0
    for each in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            count += str(each.readlink()).removeprefix("socket:[").removesuffix("]") in known
    return count


async def test_switched_off_and_on_it_leaves_nothing_open_and_finds_devices_again(
    fleet: TestedFleet, rpc: Rpc, loud: Simulator
) -> None:
    device = await stranger(loud, seed=34)
    before = udp_sockets()
    for _ in range(3):
        await rpc("plugin:discovery.SetConfig", {"config": {"enable": True, "mdns": True}})
        await fleet.until(lambda: listed(rpc, device.id))
        assert udp_sockets() > before
        await rpc("plugin:discovery.SetConfig", {"config": {"enable": False}})
        await fleet.until(lambda: udp_sockets() == before)


async def test_a_flood_is_not_listened_to(
    fleet: TestedFleet, rpc: Rpc, loud: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fleet_discovery.browser.WATCH_S", 0.05)
    monkeypatch.setattr("fleet_discovery.browser.MOST_HEARD", 0)
    await stranger(loud, seed=33)
    await rpc("Mdns.SetConfig", {"config": {"enable": True}})
    await fleet.until(lambda: "announces too much" in (fleet.plugin("discovery").reason or ""))


async def test_a_hostile_network_is_listened_to_without_harm(fleet: TestedFleet, rpc: Rpc, loud: Simulator) -> None:
    await rpc("Mdns.SetConfig", {"config": {"enable": True}})
    await fleet.until(lambda: running(rpc))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as shouter:
        shouter.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        for number in range(400):
            name = f"shellyplus1pm-{number:012x}._shelly._tcp.local."
            message = DNSOutgoing(0x8400)
            message.add_answer_at_time(DNSPointer("_shelly._tcp.local.", 12, 1, 4500, name), 0)
            message.add_answer_at_time(DNSText(name, 16, 1, 4500, bytes([200, *range(90)])), 0)
            shouter.sendto(message.packets()[0], ("224.0.0.251", 5353))
            shouter.sendto(bytes([number % 256]) * 40, ("224.0.0.251", 5353))
    device = await stranger(loud, seed=32)
    await fleet.until(lambda: listed(rpc, device.id))
    assert not any(each["id"].startswith("shellyplus1pm-000000000") for each in await rpc("Discovery.List"))
    assert fleet.plugin("discovery").state == "running"
