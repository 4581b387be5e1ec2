"""A real platform in a thread of its own, so that the program runs in the test's thread as it runs for people."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from fleet_platform.app import open_platform
from fleet_platform.cli import main
from fleet_platform.client import RpcError, sign_in
from fleet_platform.settings import PlatformSettings
from fleet_platform.simulator import Device, Simulator

PASSWORD = "canary-5a1f-secret"
PATIENCE_S = 50


@dataclass(frozen=True)
class Ran:
    """How a run of the program ended."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def quiet_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable, no file and no stored sign-in of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("FLEET_") and not name.startswith("FLEET_TEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FLEET_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs the program: ``run("rpc", "Device.List")``."""

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        code = main(arguments)
        captured = capsys.readouterr()
        return Ran(code=code, out=captured.out, err=captured.err)

    return run


class Running:
    """A platform with one device.

    Attributes:
        url: Where it is.
        device: A simulated device that is online.
    """

    url: str
    device: Device

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def report(self, apower: float) -> None:
        """Have the device report its power, soon."""
        self._loop.call_soon_threadsafe(self.device.report, "switch:0", {"apower": apower})

    async def serve(self, dsn: str, data: Path, ready: threading.Event, stop: asyncio.Event) -> None:
        settings = PlatformSettings.model_validate({"dsn": dsn, "data": data, "host": "127.0.0.1", "port": 0})
        async with open_platform(settings, reveal=lambda _label, _secret: None, run_token="run") as platform:
            self.url = platform.url
            await self._until_anybody_can_sign_in()
            async with Simulator(f"{self.url.replace('http', 'ws')}/shelly", token="run") as simulator:
                known = asyncio.Event()
                platform.bus.tap(("Shelly.Connect",), lambda _event: known.set())
                self.device = await simulator.add("Plus1PM", seed=1, name="Lamp")
                await known.wait()
                ready.set()
                await stop.wait()

    async def _until_anybody_can_sign_in(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    await sign_in(self.url, "admin", PASSWORD)
                except RpcError:
                    await asyncio.sleep(0.05)
                else:
                    return


@pytest.fixture(scope="session")
def platform(postgres_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One platform for all tests of the program that talk to one."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    stop, running = asyncio.Event(), Running(loop)
    data = tmp_path_factory.mktemp("platform")

    async def serve() -> None:
        await running.serve(await new_database(postgres_dsn), data, ready, stop)

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FLEET_ADMIN_PASSWORD", PASSWORD)
        thread = threading.Thread(target=in_loop, args=(loop, serve()), name="platform for tests")
        thread.start()
        try:
            assert ready.wait(PATIENCE_S), "the platform does not start"
            yield running
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(PATIENCE_S)


def in_loop(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in a loop and close it."""
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(work)


async def new_database(dsn: str) -> str:
    """Address of a new, empty database."""
    name = f"cli_{uuid4().hex}"
    connection = await asyncpg.connect(dsn)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return urlsplit(dsn)._replace(path=f"/{name}").geturl()


@pytest.fixture
def signed_in(platform: Running, monkeypatch: pytest.MonkeyPatch) -> Running:
    """The platform, found and signed in to through the environment."""
    token = asyncio.run(sign_in(platform.url, "admin", PASSWORD))
    monkeypatch.setenv("FLEET_URL", platform.url)
    monkeypatch.setenv("FLEET_TOKEN", token.access)
    return platform
