"""Calls to a device that tests make again and again: refused ones, late ones, a restart."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fleet_platform.simulator import Device, Simulator
    from tests.simulator.conftest import Home


async def begin(home: Home, device: Device, method: str, /, **params: Any) -> asyncio.Task[dict[str, Any]]:
    """Call a device; returns once it has the call, with what will be the reply."""
    seen = len(device.requests)
    reply = asyncio.create_task(home.ask(device.id, method, **params))
    async with asyncio.timeout(10):
        while len(device.requests) == seen:  # a request announces itself to nobody
            await asyncio.sleep(0.005)
    return reply


async def late(home: Home, sim: Simulator, device: Device, method: str, /, **params: Any) -> dict[str, Any]:
    """The reply to a call that takes its time, without waiting for it."""
    reply = await begin(home, device, method, **params)
    async with asyncio.timeout(10):
        while not reply.done():
            sim.advance(0.25)
            await asyncio.sleep(0.005)  # the reply is on its way
    return await reply


async def error_code(home: Home, device: Device, method: str, /, **params: Any) -> int:
    """The error code that a call answers."""
    code: int = (await home.ask(device.id, method, **params))["error"]["code"]
    return code


async def restart(sim: Simulator, device: Device) -> None:
    """Restart a device and wait until it is connected again."""
    device.call("Shelly.Reboot", {"delay_ms": 500})
    sim.advance(1)
    await device.disconnected()
    await device.connected()
