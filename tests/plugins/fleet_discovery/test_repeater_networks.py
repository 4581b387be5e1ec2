"""Messages carried between two networks with interfaces of their own, for real."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from tests.plugins.fleet_discovery.test_repeater import PATIENCE_S, SHELLY, carries

BROWSE = """
import asyncio, sys
from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

async def browse(address, wanted):
    found = asyncio.Event()
    def changed(zeroconf, service_type, name, state_change):
        if name == wanted:
            found.set()
    async with AsyncZeroconf(interfaces=[address]) as zeroconf:
        browser = AsyncServiceBrowser(zeroconf.zeroconf, ["_shelly._tcp.local."], handlers=[changed])
        async with asyncio.timeout(60):
            await found.wait()
        await browser.async_cancel()

asyncio.run(browse(*sys.argv[1:]))
"""

ANNOUNCE = """
import asyncio, sys
from fleet_platform.simulator import Simulator
from fleet_platform.simulator.local.options import LocalOptions

async def announce():
    async with Simulator("ws://127.0.0.1:9/shelly", local=LocalOptions(port=0)) as sim:
        device = await sim.add("Plus1PM", seed=51, wait=False)
        await sim.reachable()
        print(device.id, flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(announce())
"""

HEAR = """
import asyncio, sys
from fleet_discovery.repeater.links import find_interface, open_links

async def hear(*addresses):
    def heard(link, packet, official):
        print(link.name, packet.decode(), flush=True)
    for address in addresses:
        await open_links(find_interface(address), heard)
    print("hearing", flush=True)
    await asyncio.to_thread(sys.stdin.read)

asyncio.run(hear(*sys.argv[1:]))
"""

SAY = """
import socket, sys

for number in range(int(sys.argv[2])):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as speaker:
        speaker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(sys.argv[1]))
        speaker.sendto(b"%d" % number, ("224.0.0.251", 5353))
"""


def may_make_networks() -> bool:
    """Whether there are tools and rights for network namespaces."""
    if shutil.which("ip") is None or shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode == 0


@contextmanager
def two_networks() -> Iterator[tuple[str, str]]:
    """Two namespaces with a cable between them: 10.77.0.1 and 10.77.0.2 at its ends."""
    names = [f"fleet-{side}-{os.getpid()}" for side in ("near", "far")]
    ends = [f"fl{side}{os.getpid() % 10**7}" for side in ("n", "f")]

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)

    try:
        for name in names:
            ip("netns", "add", name)
        ip("link", "add", ends[0], "netns", names[0], "type", "veth", "peer", "name", ends[1], "netns", names[1])
        for number, (name, end) in enumerate(zip(names, ends, strict=True), 1):
            ip("-n", name, "address", "add", f"10.77.0.{number}/24", "dev", end)
            ip("-n", name, "link", "set", "lo", "up")
            ip("-n", name, "link", "set", "lo", "multicast", "on")
            ip("-n", name, "link", "set", end, "up")
        yield names[0], names[1]
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


@asynccontextmanager
async def started(space: str, *words: str) -> AsyncIterator[Process]:
    """A Python in one of the networks; it ends with the context."""
    command = ["ip", "netns", "exec", space, sys.executable, *words]
    root = Path(__file__).parents[3]
    process = await asyncio.create_subprocess_exec(*command, cwd=root, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()


async def line(process: Process) -> str:
    """The next one that a process says."""
    assert process.stdout is not None
    said = await process.stdout.readline()
    assert said, await process.communicate()
    return said.decode().strip()


if may_make_networks():  # elsewhere messages are carried between two ports alone

    async def test_each_network_is_heard_by_its_own_socket_whoever_speaks() -> None:
        """The system chooses among sockets by the port of who speaks, if it is let."""
        async with asyncio.timeout(PATIENCE_S):
            with two_networks() as (near, far):
                async with started(near, "-c", HEAR, "127.0.0.1", "10.77.0.1") as ears:
                    assert await line(ears) == "hearing"
                    async with started(far, "-c", SAY, "10.77.0.2", "32"):
                        heard = [await line(ears) for _ in range(32)]
                assert heard == [f"10.77.0.1 (IPv4) {number}" for number in range(32)]

    async def test_a_device_of_one_network_is_found_by_a_strangers_library_in_another() -> None:
        with two_networks() as (near, far):
            between = ("--listen", "127.0.0.1", "--repeat", "10.77.0.1", "--both")
            async with (
                asyncio.timeout(2 * PATIENCE_S),
                started(near, "-c", ANNOUNCE) as devices,
                started(near, "-m", "fleet_platform", "mdns-repeater", *between) as repeater,
            ):
                device = await line(devices)
                assert repeater.stderr is not None
                await carries(repeater.stderr)  # who browses asks a few times in its first seconds, and no more
                async with started(far, "-c", BROWSE, "10.77.0.2", f"{device}.{SHELLY}") as browser:
                    assert await browser.wait() == 0, await browser.communicate()
                repeater.terminate()
                assert await repeater.wait() == 0
