"""Simulated devices that serve their own network, and a client in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from fleet_platform.simulator import Device, Simulator
from fleet_platform.simulator.local.options import LocalOptions
from plugin_sdk import ComponentType
from tests.simulator.conftest import QUICK, Home

PASSWORD = "a long enough secret"
FRAME_HA2 = hashlib.sha256(b"dummy_method:dummy_uri").hexdigest()


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def lock(device: Device, password: str = PASSWORD) -> str:
    """Set a device's password; returns the hash of it."""
    ha1 = sha256(f"admin:{device.id}:{password}")
    device.call("Shelly.SetAuth", {"user": "admin", "realm": device.id, "ha1": ha1})
    return ha1


def auth(device: Device, nonce: int | str, count: int = 1, password: str = PASSWORD) -> dict[str, Any]:
    """What a frame carries to prove that its sender knows the password."""
    ha1 = sha256(f"admin:{device.id}:{password}")
    return {
        "realm": device.id,
        "username": "admin",
        "nonce": nonce,
        "nc": count,
        "cnonce": 4711,
        "response": sha256(f"{ha1}:{nonce}:{count}:4711:auth:{FRAME_HA2}"),
        "algorithm": "SHA-256",
    }


@dataclass
class Answer:
    """What a device answered over HTTP."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Talk:
    """A websocket to a device. What comes in is sorted by what it is."""

    ws: aiohttp.ClientWebSocketResponse
    news: list[dict[str, Any]] = field(default_factory=list)
    replies: dict[Any, dict[str, Any]] = field(default_factory=dict)
    sent: int = 0

    async def ask(self, method: str, /, *, src: str | None = "client", auth: Any = None, **params: Any) -> Any:
        """Call a method; returns the whole reply."""
        self.sent += 1
        frame = {"id": self.sent, "method": method, **({"params": params} if params else {})}
        frame |= {} if src is None else {"src": src}
        await self.ws.send_json(frame | ({} if auth is None else {"auth": auth}))
        while self.sent not in self.replies:
            await self.take()
        return self.replies[self.sent]

    async def take(self) -> dict[str, Any]:
        """The next frame."""
        frame = await self.ws.receive_json(timeout=10)
        if "method" in frame:
            self.news.append(frame)
        else:
            self.replies[frame["id"]] = frame
        return dict(frame)


class Client:
    """A client in the devices' network."""

    def __init__(self, sim: Simulator, session: aiohttp.ClientSession) -> None:
        self.session = session
        self._sim = sim

    def url(self, device: Device, path: str) -> str:
        host, port = self._sim.address(device)
        return f"http://{host}:{port}{path}"

    async def get(self, device: Device, path: str, **options: Any) -> Answer:
        return await self.send("GET", device, path, **options)

    async def post(self, device: Device, path: str, **options: Any) -> Answer:
        return await self.send("POST", device, path, **options)

    async def send(self, method: str, device: Device, path: str, **options: Any) -> Answer:
        async with self.session.request(method, self.url(device, path), **options) as response:
            return Answer(response.status, response.headers, await response.text())

    async def talk(self, device: Device, **options: Any) -> Talk:
        return Talk(await self.session.ws_connect(self.url(device, "/rpc"), **options))


@pytest.fixture
async def near(home: Home, types: Mapping[str, ComponentType]) -> AsyncIterator[Simulator]:
    """A simulator of quick devices with a local side; nobody announces anything."""
    options = LocalOptions(port=0, announce=False)
    async with Simulator(home.url, types=types, timing=QUICK, seed=1, local=options) as sim:
        yield sim


@pytest.fixture
async def client(near: Simulator) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield Client(near, session)
