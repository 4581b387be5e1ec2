"""Clients, devices and methods in memory around the real dispatcher, relay and client session."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any, TypeAlias

import pytest

from fleet_platform.devices.fleet import Fleet
from fleet_platform.devices.link import Link, LinkLimits
from fleet_platform.devices.twin import Twin
from fleet_platform.events.bus import Bus
from fleet_platform.events.outbox import Outbox
from fleet_platform.rpc.destinations import Destinations
from fleet_platform.rpc.dispatch import Dispatcher
from fleet_platform.rpc.methods import BoundMethod, bind
from fleet_platform.rpc.relay import Relay, RelayTimes
from fleet_platform.rpc.session import ClientSession
from plugin_sdk import JSON, Call, ComponentType, DeviceId, Method, Principal
from tests.frames import read_frames

Frame: TypeAlias = dict[str, Any]
Until: TypeAlias = Callable[[Callable[[], bool]], Any]

ADMIN = Principal(name="admin", provider="test")
GUEST = Principal(name="guest", provider="test")

TRV = ComponentType(type="blutrv", namespace="BluTrv", title="", slow_methods=("BluTrv.Call",))


class Shelly:
    """A connected device that answers each method with what ``answers`` holds, or with the request itself.

    Attributes:
        held: Requests that are not answered until :meth:`release`, if ``holds`` is set.
    """

    def __init__(self, device: str) -> None:
        self.twin = Twin(DeviceId(device), {"sys": {}})
        self.got: list[Frame] = []
        self.answers: dict[str, JSON] = {}
        self.holds = False
        self.connect()

    def connect(self, **limits: int) -> None:
        self.link = Link(write=self._write, close=lambda _code, _reason: None, limits=LinkLimits(**limits))
        self.twin.link = self.link

    def release(self) -> None:
        self.holds = False
        for frame in self.got:
            self._answer(frame)

    def _write(self, data: bytes) -> None:
        for frame in read_frames(data):
            self.got.append(frame)
            if not self.holds:
                asyncio.get_running_loop().call_soon(self._answer, frame)

    def _answer(self, frame: Frame) -> None:
        result = {"method": frame["method"], "params": frame.get("params")}
        answer = self.answers.get(frame["method"], {"result": result})
        self.link.on_reply({"id": frame["id"], "src": self.twin.id, **answer})


class Client:
    """A websocket client of the platform.

    Attributes:
        received: All frames it got.
        closed: Code and reason, once the platform closed the connection.
    """

    def __init__(self, world: World, principal: Principal, **bounds: int) -> None:
        self.received: list[Frame] = []
        self.closed: tuple[int, str] | None = None
        self.reads = True
        self.unread = b""
        self.taken = 0
        self._inbox: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self.outbox = Outbox(
            write=self._write,
            buffered=lambda: len(self.unread),
            overflow=lambda: self.session.cut_off("events are read too slowly"),
            **bounds,
        )
        self.session = ClientSession(
            principal=principal,
            remote="192.0.2.7",
            receive=self._receive,
            close=self._close,
            outbox=self.outbox,
            dispatcher=world.dispatcher,
            relay=world.relay,
            destinations=Destinations(
                world.fleet, sets=lambda: {"group": lambda group, _principal: world.groups.get(group)}
            ),
            tally=world.tally,
        )

    def say(self, frame: JSON) -> None:
        self._inbox.put_nowait(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    def hang_up(self) -> None:
        self._inbox.put_nowait(None)

    def read(self) -> None:
        self.reads = True
        self.received.extend(read_frames(self.unread))
        self.unread = b""

    async def ask(self, frame: JSON, replies: int = 1) -> list[Frame]:
        """Say something and return so many frames that come next."""
        before = len(self.received)
        self.say(frame)
        while len(self.received) < before + replies:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0)
        assert len(self.received) == before + replies, self.received[before:]
        return self.received[before:]

    def _write(self, data: bytes) -> None:
        self.unread += data
        if self.reads:
            self.read()

    async def _receive(self) -> str | bytes | None:
        text = await self._inbox.get()
        self.taken += 1
        return text

    async def _close(self, code: int, reason: str) -> None:
        if self.closed is None:
            self.closed = (code, reason)
        self.hang_up()


class World:
    """Everything between a client's text and a device's.

    Attributes:
        denied: ``(principal name, permission)`` and ``(principal name, permission, device)`` that are not allowed.
        log: What handlers want to tell a test.
    """

    def __init__(self) -> None:
        self.fleet = Fleet()
        self.bus = Bus()
        self.tally: Counter[str] = Counter()
        self.groups: dict[str, list[str]] = {}
        self.denied: set[tuple[str, ...]] = set()
        self.types = {TRV.type: TRV}
        self.log: list[Any] = []
        self.dispatcher = Dispatcher(self.allows)
        self.relay = Relay(
            fleet=self.fleet,
            allows=self.allows,
            types=lambda: self.types,
            times=RelayTimes(call_s=5, slow_call_s=60),
        )
        self.sessions: list[tuple[Client, asyncio.Task[None]]] = []

    def allows(self, principal: Principal, permission: str, device: DeviceId | None) -> bool:
        asked = (principal.name, permission) if device is None else (principal.name, permission, device)
        return asked not in self.denied and (principal.name, permission) not in self.denied

    def method(self, handler: Callable[..., Any], name: str = "Test.Do", **declaration: Any) -> BoundMethod:
        """Put a method in force."""
        bound = bind(Method(name=name, handler=handler, **declaration), plugin="test")
        names = (bound.name, *bound.aliases)
        self.dispatcher.methods = {**self.dispatcher.methods, **{name.lower(): bound for name in names}}
        return bound

    def shelly(self, device: str = "shellyx-a8032abb995c") -> Shelly:
        shelly = Shelly(device)
        self.fleet.add(shelly.twin)
        return shelly

    def client(self, principal: Principal = ADMIN, **bounds: int) -> Client:
        client = Client(self, principal, **bounds)
        self.sessions.append((client, asyncio.create_task(client.session.run())))
        return client

    def call(self, principal: Principal | None = ADMIN, **more: Any) -> Call:
        return replace(Call(principal=principal, request_id="r1"), **more)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    yield world
    for client, _ in world.sessions:
        client.hang_up()
        client.read()
    for client, task in world.sessions:
        await asyncio.wait([task], timeout=5)
        assert task.done(), "the session ends with the connection"
        task.cancelled() or task.exception()
        client.outbox.close()


@pytest.fixture
async def client(world: World) -> Client:
    return world.client()


@pytest.fixture
async def shelly(world: World) -> Shelly:
    return world.shelly()


@pytest.fixture(scope="session")
def guest() -> Principal:
    return GUEST


@pytest.fixture(scope="session")
def admin() -> Principal:
    return ADMIN


@pytest.fixture(scope="session")
def until() -> Until:
    """Wait until something has become true; the test's own time-out bounds it."""

    async def wait(condition: Callable[[], bool]) -> None:
        while not condition():
            await asyncio.sleep(0.001)

    return wait
