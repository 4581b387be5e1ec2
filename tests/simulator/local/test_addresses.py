"""Loopback addresses."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from fleet_platform.simulator.local.addresses import Addresses, NoAddress, has_own_addresses


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.skipif(not has_own_addresses(), reason="this system answers to 127.0.0.1 only")
def test_each_device_has_an_address_of_its_own_and_all_share_the_port(opened: ExitStack) -> None:
    port = free_port()
    addresses = Addresses(port)
    given = [opened.enter_context(addresses.take()).getsockname() for _ in range(300)]
    assert len(set(given)) == 300
    assert {number for _, number in given} == {port}
    assert given[0][0] == "127.1.0.1"
    assert all(host.startswith("127.1.") and not host.endswith((".0", ".255")) for host, _ in given)


@pytest.mark.skipif(not has_own_addresses(), reason="this system answers to 127.0.0.1 only")
def test_what_somebody_else_has_is_passed_over(opened: ExitStack) -> None:
    port = free_port()
    first = opened.enter_context(Addresses(port).take()).getsockname()
    second = opened.enter_context(Addresses(port).take()).getsockname()
    assert (first, second) == (("127.1.0.1", port), ("127.1.0.2", port))


def test_where_there_is_one_address_the_ports_count_up(opened: ExitStack) -> None:
    port = free_port()
    addresses = Addresses(port, own=False)
    given = [opened.enter_context(addresses.take()).getsockname() for _ in range(3)]
    assert {host for host, _ in given} == {"127.0.0.1"}
    ports = [number for _, number in given]
    assert ports == sorted(set(ports))
    assert ports[0] >= port


def test_none_left_is_said_with_what_to_do(opened: ExitStack) -> None:
    addresses = Addresses(65_535, own=False)
    for _ in range(1):
        try:
            opened.enter_context(addresses.take())
        except NoAddress:  # somebody on this machine has the last port
            break
    with pytest.raises(NoAddress, match=r"no free loopback address for port 65535 .*; choose another .* --local-port"):
        addresses.take()
