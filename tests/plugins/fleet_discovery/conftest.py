"""A platform, and devices in its local network that know nothing of it yet."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from fleet_platform.client.subscription import Event, Subscription
from fleet_platform.simulator import Backoff, Device, Simulator, Timing
from fleet_platform.simulator.local.options import LocalOptions

PASSWORD = "a long enough secret"
QUICK = Timing(backoff=Backoff(first_s=0.05, longest_s=0.2), boot_s=0.05, clockless_s=0.0)
CERTIFICATE = Path(__file__).parents[2] / "simulator" / "outbound" / "cert.pem"
"""Of a server on the loopback address, signed by itself."""
NOWHERE = "ws://127.0.0.1:9/shelly"
"""Nobody listens there (RFC 863's port is not served)."""


@pytest.fixture
def fleet_settings() -> dict[str, Any]:
    return {"plugins": {"discovery": {"interfaces": ["127.0.0.1"]}}}


@pytest_asyncio.fixture
async def network() -> AsyncIterator[Simulator]:
    """Devices that can be called and do not announce themselves."""
    async with Simulator(NOWHERE, timing=QUICK, seed=1, local=LocalOptions(port=0, announce=False)) as sim:
        yield sim


@pytest_asyncio.fixture
async def loud() -> AsyncIterator[Simulator]:
    """Devices that can be called and announce themselves."""
    async with Simulator(NOWHERE, timing=QUICK, seed=2, local=LocalOptions(port=0)) as sim:
        yield sim


async def stranger(
    sim: Simulator, model: str = "Plus1PM", *, seed: int, password: str | None = None, **more: Any
) -> Device:
    """A device that was never pointed anywhere."""
    device = await sim.add(model, seed=seed, wait=False, **more)
    await sim.reachable()
    device.call("WS.SetConfig", {"config": {"enable": False, "server": None}})
    if password is not None:
        ha1 = hashlib.sha256(f"admin:{device.id}:{password}".encode()).hexdigest()
        device.call("Shelly.SetAuth", {"user": "admin", "realm": device.id, "ha1": ha1})
    return device


async def next_event(events: Subscription) -> Event:
    """The next event of a subscription that loses none."""
    event = await anext(events)
    assert isinstance(event, Event)
    return event


def host_of(sim: Simulator, device: Device) -> str:
    address, port = sim.address(device)
    return f"{address}:{port}"


@asynccontextmanager
async def behind_tls(url: str) -> AsyncIterator[str]:
    """What a platform looks like behind a proxy that speaks TLS: the address for devices.

    Args:
        url: The platform's own address.
    """
    there = urlsplit(url)

    async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                sink.write(data)
                await sink.drain()
        sink.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection(there.hostname, there.port)
        await asyncio.gather(carry(reader, inner_writer), carry(inner_reader, writer))

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, CERTIFICATE.with_name("key.pem"))
    async with await asyncio.start_server(forward, "127.0.0.1", 0, ssl=context) as server:
        yield f"wss://127.0.0.1:{server.sockets[0].getsockname()[1]}/shelly"
