"""The simulator held to a stranger's idea of a Shelly: ``aioshelly``, the field's client library.

The library calls devices and does not wait for their call, so a bridge of a few lines stands in for the device's own
web server and passes every frame on, both ways, unchanged.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, web

from fleet_platform.simulator import Device, Simulator
from fleet_platform.simulator.models import MODELS

if TYPE_CHECKING:
    from tests.simulator.conftest import Home

aioshelly = pytest.importorskip("aioshelly.common", reason="aioshelly is not installed")
rpc_device = pytest.importorskip("aioshelly.rpc_device")

AWAKE = [model for model in MODELS.values() if model.sleeps_s is None]


class Bridge:
    """The web server of a device, as ``aioshelly`` expects it, on top of the device's outbound connection."""

    def __init__(self, home: Home, device: Device) -> None:
        self._home = home
        self._device = device

    async def identity(self, _request: web.Request) -> web.Response:
        return web.json_response(await self._home.call(self._device.id, "Shelly.GetDeviceInfo"))

    async def rpc(self, request: web.Request) -> web.WebSocketResponse:
        inbound = web.WebSocketResponse()
        await inbound.prepare(request)
        visit = await self._home.until(lambda: self._home.visit(self._device.id))
        passed_on = visit.on_text = lambda text: self._answer(inbound, text)
        async for message in inbound:
            await visit.ws.send_str(message.data)
        assert visit.on_text is passed_on
        return inbound

    async def _answer(self, inbound: web.WebSocketResponse, text: str) -> None:
        frame = json.loads(text)
        if "method" in frame:
            frame.pop("id", None)
        await inbound.send_json(frame)


@pytest.fixture
async def stranger(home: Home) -> AsyncIterator[Callable[[Device], Any]]:
    """Make ``aioshelly``'s device of a simulated one."""
    runners: list[web.AppRunner] = []
    devices: list[Any] = []
    async with ClientSession() as session:

        async def meet(device: Device) -> Any:
            bridge = Bridge(home, device)
            app = web.Application()
            app.router.add_get("/shelly", bridge.identity)
            app.router.add_get("/rpc", bridge.rpc)
            runner = web.AppRunner(app, access_log=None)
            runners.append(runner)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            options = aioshelly.ConnectionOptions(
                "127.0.0.1", port=runner.addresses[0][1], device_mac=device.state.info["mac"]
            )
            known = await rpc_device.RpcDevice.create(session, None, options)
            devices.append(known)
            await known.initialize()
            return known

        yield meet
        for known in devices:
            await known.shutdown()
        for runner in runners:
            await runner.cleanup()


@pytest.mark.parametrize("model", AWAKE, ids=lambda model: model.app)
async def test_a_stranger_knows_every_model(
    model: Any, home: Home, sim: Simulator, stranger: Callable[[Device], Any]
) -> None:
    device = await sim.add(model.code, name="A name")
    known = await stranger(device)
    assert known.model == model.code
    assert known.gen == model.gen
    assert known.firmware_version == model.fw_id
    assert known.hostname == device.id
    listed = {key for key in device.state.status if key not in device.state.unlisted}
    assert listed <= set(known.status)
    assert {key for key in device.state.unlisted if key.startswith("blutrv")} <= set(known.status)


async def test_a_stranger_sees_what_it_switches(home: Home, sim: Simulator, stranger: Callable[[Device], Any]) -> None:
    device = await sim.add("Plus2PM")
    known = await stranger(device)
    updates: list[Any] = []
    known.subscribe_updates(lambda _device, kind: updates.append(kind))
    await known.call_rpc("Switch.Set", {"id": 1, "on": True})
    sim.advance(61)
    await home.until(lambda: "aenergy" in home.status(device.id, "switch:1")[-1])
    assert known.status["switch:1"]["output"] is True
    await known.call_rpc("Shelly.GetDeviceInfo")
    assert known.status["switch:1"] == device.status("switch:1")
    assert rpc_device.RpcUpdateType.STATUS in updates


async def test_a_stranger_hears_buttons(home: Home, sim: Simulator, stranger: Callable[[Device], Any]) -> None:
    device = await sim.add("PlusI4")
    known = await stranger(device)
    heard: list[Any] = []
    known.subscribe_updates(lambda each, kind: heard.append((kind, each.event)))
    device.press("input:3", "long_push")
    sim.advance(2)
    await known.call_rpc("Shelly.GetDeviceInfo")
    events = [held["events"][0]["event"] for kind, held in heard if kind is rpc_device.RpcUpdateType.EVENT]
    assert events == ["btn_down", "long_push", "btn_up"]


async def test_a_stranger_reads_the_devices_errors(sim: Simulator, stranger: Callable[[Device], Any]) -> None:
    from aioshelly.exceptions import RpcCallError

    known = await stranger(await sim.add("Plus1PM"))
    with pytest.raises(RpcCallError) as caught:
        await known.call_rpc("Switch.Set", {"id": 9, "on": True})
    assert (caught.value.code, caught.value.message) == (-105, "Bad id=9")
