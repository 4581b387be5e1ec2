"""A whole platform with a crew whose rights change under way, and a job type that does what a test wants."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from importlib_metadata import EntryPoint, entry_points
from pydantic import SecretStr

from fleet_platform.app import Platform, open_platform
from fleet_platform.client import Client, Token
from fleet_platform.client.subscription import Event, Subscription
from fleet_platform.host.discovery import GROUP
from fleet_platform.settings import PlatformSettings
from fleet_platform.simulator import Simulator, Timing
from fleet_platform.testing import tester
from plugin_sdk import (
    AuthProvider,
    Decision,
    DeviceId,
    JobStep,
    JobType,
    JSONObject,
    Policy,
    Principal,
    Service,
    hookimpl,
)
from plugin_sdk.errors import InvalidParams

RUN_TOKEN = "token-of-this-run"
ANN = "crew.ann"
BOB = "crew.bob"


class Crew:
    """Users ``ann`` and ``bob``, a set of devices, and the job types ``work`` and ``careful``.

    Attributes:
        names: Who is known.
        denied: Permissions that nobody has, as ``permission`` or ``permission device``.
        stamp: Of everybody's credentials.
        done: Devices that had their turn.
        act: What ``work`` does.
    """

    def __init__(self) -> None:
        self.names = {"ann", "bob"}
        self.stamp = "first"
        self.denied: set[str] = {"job.listall"}
        self.members: list[str] = []
        self.done: list[str] = []
        self.act: Callable[[JobStep], Awaitable[Any]] = self.nothing
        self.most = 0
        self.now = 0

    async def nothing(self, step: JobStep) -> JSONObject:
        """Take note of the device."""
        return {"device": step.device}

    @hookimpl
    def fleet_register_auth(self) -> list[AuthProvider]:
        return [AuthProvider(name="crew", verify_token=self._verify, find=self._find)]

    @hookimpl
    def fleet_register_policies(self) -> list[Policy]:
        return [Policy(name="crew", decide=self._decide)]

    @hookimpl
    def fleet_register_services(self) -> list[Service]:
        work = JobType(title="Work", run=self._run, permission=lambda _: "crew.work", check=self._check)
        careful = JobType(title="Careful", run=self._run, permission=lambda _: "crew.work", idempotent=True)
        return [
            Service(interface="destination", name="deck", implementation=self._members),
            Service(interface="job_type", name="work", implementation=work),
            Service(interface="job_type", name="careful", implementation=careful),
            Service(interface="job_type", name="none", implementation="not a job type"),
        ]

    async def _verify(self, token: str) -> Principal | None:
        return await self._find(token.removeprefix("crew.")) if token.startswith("crew.") else None

    async def _find(self, name: str) -> Principal | None:
        return Principal(name=name, provider="crew", stamp=self.stamp) if name in self.names else None

    def _decide(self, principal: Principal, permission: str, device: DeviceId | None) -> Decision:
        if principal.provider != "crew":
            return None
        return "deny" if {permission, f"{permission} {device}"} & self.denied else "allow"

    def _members(self, name: str, _principal: Principal) -> list[str] | None:
        return self.members if name == "upper" else None

    def _check(self, params: JSONObject) -> None:
        if "bad" in params:
            raise InvalidParams.at("bad", "is bad")

    async def _run(self, step: JobStep) -> Any:
        self.now += 1
        self.most = max(self.most, self.now)
        self.done.append(step.device)
        try:
            return await self.act(step)
        finally:
            self.now -= 1


Start = Callable[..., AbstractAsyncContextManager[Platform]]


@pytest.fixture
def crew(monkeypatch: pytest.MonkeyPatch) -> Crew:
    crew = Crew()
    module = ModuleType("crew_of_this_test")
    vars(module)["Crew"] = type("TheCrew", (), {"__new__": lambda _cls: crew})
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return crew


@pytest.fixture
def start(crew: Crew, database_dsn: str, tmp_path: Path) -> Start:
    """Starts a platform on the test's database, one after the other."""

    @asynccontextmanager
    async def started(dsn: str = database_dsn, **plugins: Any) -> AsyncIterator[Platform]:
        entries = [
            *entry_points(group=GROUP),
            tester.ENTRY_POINT,
            EntryPoint(name="crew", value="crew_of_this_test:Crew", group=GROUP),
        ]
        settings = PlatformSettings(
            data=tmp_path,
            dsn=SecretStr(dsn),
            host="127.0.0.1",
            port=0,
            plugins=plugins,
        )
        async with open_platform(
            settings, reveal=lambda _label, _secret: None, run_token=RUN_TOKEN, entry_points=entries
        ) as platform:
            assert await platform.host.settled(30)
            yield platform

    return started


@pytest.fixture
async def platform(start: Start) -> AsyncIterator[Platform]:
    async with start() as platform:
        yield platform


@pytest.fixture
async def simulator(platform: Platform) -> AsyncIterator[Simulator]:
    async with simulated(platform) as simulator:
        yield simulator


@pytest.fixture
async def ann(platform: Platform) -> AsyncIterator[Client]:
    """A user without the permission to see all jobs."""
    async with Client(platform.url, Token(access=ANN)) as client:
        yield client


def simulated(platform: Platform, *, token: str | None = RUN_TOKEN) -> Simulator:
    """Devices that boot fast."""
    timing = Timing(boot_s=0.2, clockless_s=0.2)
    return Simulator(platform.url.replace("http", "ws") + "/shelly", token=token, timing=timing)


async def add_devices(platform: Platform, simulator: Simulator, count: int) -> list[str]:
    """Ids of new devices that are connected."""
    devices = [(await simulator.add("Plus1PM", seed=seed)).id for seed in range(1, count + 1)]
    await eventually(lambda: all((twin := platform.fleet.get(each)) and twin.link for each in devices))
    return devices


async def next_event(events: Subscription) -> Event:
    """The next event of a subscription that loses none."""
    event = await anext(events)
    assert isinstance(event, Event)
    return event


async def eventually(question: Callable[[], Any]) -> Any:
    """Ask until the answer is truthy; returns it."""
    async with asyncio.timeout(30):
        while True:
            answer = question()
            if isinstance(answer, Awaitable):
                answer = await answer
            if answer:
                return answer
            await asyncio.sleep(0.02)


async def ended(client: Client, job: int, *states: str) -> Any:
    """A job, once it is in one of some states: finished, unless told otherwise."""
    wanted = states or ("done", "failed", "cancelled")

    async def look() -> Any:
        found = await client.call("Job.Get", {"id": job})
        return found if found["state"] in wanted and (states or found["left"] == 0) else None

    return await eventually(look)


async def rows(client: Client, job: int) -> list[Any]:
    """All results of a job."""
    page = await client.call("Job.GetResults", {"id": job, "limit": 1000})
    items = page["items"]
    assert isinstance(items, list)
    assert page["cursor"] is None or json.dumps(page["cursor"])
    return items
