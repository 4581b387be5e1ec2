"""A whole platform per test, on a database of its own, with simulated devices and a signed-in client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from fleet_platform.app import Platform, open_platform
from fleet_platform.client import Client, sign_in
from fleet_platform.client.subscription import Event, Subscription
from fleet_platform.settings import PlatformSettings
from fleet_platform.simulator import Simulator, Timing

PASSWORD = "correct horse battery"
RUN_TOKEN = "token-of-this-run"

StartPlatform = Callable[..., AbstractAsyncContextManager[Platform]]


@pytest.fixture
def start(database_dsn: str, tmp_path: Path) -> StartPlatform:
    """Starts a platform on the test's database; several times, one after the other, if wanted."""

    @asynccontextmanager
    async def started(**settings: Any) -> AsyncIterator[Platform]:
        plugins = {"local_users": {"admin_password": PASSWORD}, **settings.pop("plugins", {})}
        sources = settings.pop("sources", {})
        values = {"data": tmp_path, "dsn": database_dsn, "host": "127.0.0.1", "port": 0, **settings}
        async with open_platform(
            PlatformSettings(**values, plugins=plugins),
            reveal=lambda _label, _secret: None,
            sources=sources,
            run_token=RUN_TOKEN,
        ) as platform:
            assert await platform.host.settled(20)
            yield platform

    return started


@pytest.fixture
async def platform(start: StartPlatform) -> AsyncIterator[Platform]:
    """A running platform whose door is open to devices with the run's token."""
    async with start() as platform:
        yield platform


@pytest.fixture
async def simulator(platform: Platform) -> AsyncIterator[Simulator]:
    """Devices that the platform admits."""
    async with simulated(platform) as simulator:
        yield simulator


@pytest.fixture
async def client(platform: Platform) -> AsyncIterator[Client]:
    """An administrator's websocket."""
    async with signed_in(platform) as client:
        yield client


def simulated(platform: Platform, *, token: str | None = RUN_TOKEN, **timing: Any) -> Simulator:
    """Simulated devices of a platform."""
    return Simulator(platform.url.replace("http", "ws") + "/shelly", token=token, timing=Timing(**timing))


@asynccontextmanager
async def signed_in(platform: Platform) -> AsyncIterator[Client]:
    """An administrator's websocket."""
    token = await sign_in(platform.url, "admin", PASSWORD)
    async with Client(platform.url, token) as client:
        yield client


async def next_event(events: Subscription) -> Event:
    """The next event of a subscription that loses none."""
    event = await anext(events)
    assert isinstance(event, Event)
    return event


async def eventually(question: Callable[[], Awaitable[Any] | Any], *, timeout_s: float = 15.0) -> Any:
    """Ask until the answer is truthy; returns it."""
    async with asyncio.timeout(timeout_s):
        while True:
            answer = question()
            if isinstance(answer, Awaitable):
                answer = await answer
            if answer:
                return answer
            await asyncio.sleep(0.02)
