"""What is done to a simulated device so that it says what a real one was heard to say.

A cause returns when it has been done; what the device says of it may come later.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import aiohttp

from fleet_platform.simulator import Device, Simulator
from tests.simulator.captured import Frame
from tests.simulator.conftest import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A device that has been connected for a while, and who plays with it.

    Attributes:
        device: It.
        home: The server it is connected to.
        sim: Its simulator; time passes by ``sim.advance`` only.
        captured: The real frames, the first of which is to be provoked.
        visitor: A client in the device's own network, where the frames were heard by one.
        heard: What the visitor has heard.
    """

    device: Device
    home: Home
    sim: Simulator
    captured: tuple[Frame, ...]
    visitor: aiohttp.ClientWebSocketResponse | None = None
    heard: list[Frame] = field(default_factory=list)

    def said(self) -> list[Frame]:
        """All that the device has sent to the one who listens, answers included."""
        if self.visitor is not None:
            return list(self.heard)
        texts = [text for visit in self.home.visits for text in visit.texts]
        return [frame for frame in map(json.loads, texts) if frame["src"] == self.device.id]

    async def send(self, request: Frame) -> None:
        """Send a request by the way on which the frames were heard."""
        await (self.visitor or self.home.visit(self.device.id).ws).send_json(request)


Cause: TypeAlias = Callable[[Stage], Awaitable[None]]


@asynccontextmanager
async def listening(stage: Stage) -> AsyncIterator[None]:
    """Have the visitor listen: it asks once, by the name that the captured frames are sent to."""
    assert stage.visitor is not None
    reader = asyncio.create_task(_listen(stage))
    try:
        await stage.send({"id": 1, "src": stage.captured[0]["dst"], "method": "Shelly.GetDeviceInfo"})
        yield
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)


async def _listen(stage: Stage) -> None:
    assert stage.visitor is not None
    async for message in stage.visitor:
        stage.heard.append(message.json())


def then(*causes: Cause) -> Cause:
    """One after the other."""

    async def cause(stage: Stage) -> None:
        for each in causes:
            await each(stage)

    return cause


def ask(method: str, /, **params: Any) -> Cause:
    """Send the request that the captured answer belongs to: with its ``id``, by the name that it is sent to."""

    async def cause(stage: Stage) -> None:
        answer = stage.captured[0]
        await stage.send({"id": answer["id"], "src": answer["dst"], "method": method, "params": params})

    return cause


def call(method: str, /, **params: Any) -> Cause:
    """The server, or the visitor, calls a method."""

    async def cause(stage: Stage) -> None:
        if stage.visitor is None:
            await stage.home.call(stage.device.id, method, **params)
            return
        number = len(stage.heard) + 2
        await stage.send({"id": number, "src": stage.captured[0]["dst"], "method": method, "params": params})
        async with asyncio.timeout(10):
            while not any(frame.get("id") == number for frame in stage.heard):
                await asyncio.sleep(0.01)  # the reader announces what it hears to nobody

    return cause


def call_by(source: str, method: str, /, **params: Any) -> Cause:
    """Somebody else calls a method: over Bluetooth (``GATTS``), a script (``loopback``), the device's own panel."""

    async def cause(stage: Stage) -> None:
        stage.device.call(method, params, source=source)

    return cause


def call_over_http(method: str, /, **params: Any) -> Cause:
    """Somebody in the device's own network calls a method over HTTP."""

    async def cause(stage: Stage) -> None:
        host, port = stage.sim.address(stage.device)
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"http://{host}:{port}/rpc/{method}", json=params) as response,
        ):
            assert response.status == 200

    return cause


def press(key: str, *gestures: str) -> Cause:
    """Somebody presses a button, throws a switch, plugs something in."""

    async def cause(stage: Stage) -> None:
        for gesture in gestures:
            stage.device.press(key, gesture)
            stage.sim.advance(2)

    return cause


def pass_time(seconds: float) -> Cause:
    """Time passes."""

    async def cause(stage: Stage) -> None:
        stage.sim.advance(seconds)

    return cause


def offer_firmware(stage: str, version: str) -> Cause:
    """The vendor offers new firmware, and the device finds it."""

    async def cause(stage_: Stage) -> None:
        stage_.device.report("sys", {"available_updates": {stage: {"version": version}}})

    return cause


def run_script(number: int, code: str) -> Cause:
    """Somebody writes a script and starts it; those before it are empty."""

    async def cause(stage: Stage) -> None:
        for _ in range(number):
            await stage.home.call(stage.device.id, "Script.Create")
        await stage.home.call(stage.device.id, "Script.PutCode", id=number, code=code)
        await stage.home.call(stage.device.id, "Script.Start", id=number)
        stage.sim.advance(2)

    return cause


async def lock(stage: Stage) -> None:
    """The device is given a password."""
    ha1 = hashlib.sha256(f"admin:{stage.device.id}:a long enough secret".encode()).hexdigest()
    await stage.home.call(stage.device.id, "Shelly.SetAuth", user="admin", realm=stage.device.id, ha1=ha1)


async def restart(stage: Stage) -> None:
    """The server restarts the device, and a minute passes."""
    await stage.home.call(stage.device.id, "Shelly.Reboot")
    stage.sim.advance(2)
    await stage.device.disconnected()
    stage.sim.advance(58)
    await stage.device.connected()


async def cut_power(stage: Stage) -> None:
    """The device loses power, and has it back."""
    stage.device.power.switch_off()
    await stage.device.disconnected()
    stage.device.power.switch_on()
    stage.sim.advance(5)
    await stage.device.connected()


async def reconnect(stage: Stage) -> None:
    """The connection breaks, and the device connects anew."""
    await stage.device.drop()
    stage.device.reconnect()
    await stage.device.connected()


def fall_asleep_and_be_woken(cause: str, *, boot: str = "deepsleep_wake") -> Cause:
    """A sleeper sleeps, and is woken: ``button``, ``usb``."""

    async def sleep(stage: Stage) -> None:
        stage.sim.advance(60)
        await stage.device.disconnected()
        stage.device.power.switch_on(boot=boot, cause=cause)
        stage.sim.advance(10)
        await stage.device.connected()

    return sleep
