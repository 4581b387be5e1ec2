"""Home Assistant's own library takes simulated devices for real ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import aiohttp
import pytest
from aiohttp import web
from aioshelly.common import ConnectionOptions, get_info
from aioshelly.exceptions import DeviceConnectionError, InvalidAuthError
from aioshelly.rpc_device import RpcDevice, RpcUpdateType, WsServer

from fleet_platform.simulator import Device, Simulator
from fleet_platform.simulator.local.options import LocalOptions
from plugin_sdk import ComponentType
from tests.simulator.conftest import QUICK, Eventually
from tests.simulator.local.conftest import PASSWORD, lock

Act: TypeAlias = Callable[[RpcDevice, Device], Awaitable[None]]


class Assistant:
    """What a home automation does with the library: a server for sleepers, and a device object for each device."""

    def __init__(self, url: str, session: aiohttp.ClientSession, server: WsServer) -> None:
        self.url = url
        self.session = session
        self.server = server

    @asynccontextmanager
    async def meet(
        self, sim: Simulator, device: Device, password: str | None = None
    ) -> AsyncIterator[tuple[RpcDevice, list[RpcUpdateType]]]:
        """A device object, and the updates it tells of."""
        host, port = sim.address(device)
        options = ConnectionOptions(
            host, username="admin" if password else None, password=password, device_mac=device.mac, port=port
        )
        rpc = await RpcDevice.create(self.session, self.server, options)
        updates: list[RpcUpdateType] = []
        rpc.subscribe_updates(lambda _device, update: updates.append(update))
        try:
            yield rpc, updates
        finally:
            await rpc.shutdown()


@pytest.fixture
async def assistant() -> AsyncIterator[Assistant]:
    server = WsServer()
    app = web.Application()
    app.router.add_get("/api/shelly/ws", server.websocket_handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        yield Assistant(f"ws://127.0.0.1:{runner.addresses[0][1]}/api/shelly/ws", session, server)
    await runner.cleanup()


@pytest.fixture
async def house(assistant: Assistant, types: Mapping[str, ComponentType]) -> AsyncIterator[Simulator]:
    """Devices that the assistant can reach, and that call the assistant's server."""
    options = LocalOptions(port=0, announce=False)
    async with Simulator(assistant.url, types=types, timing=QUICK, seed=1, local=options) as sim:
        yield sim


# ---- what is done to each kind of component -------------------------------------------------------------


async def switch(rpc: RpcDevice, device: Device) -> None:
    await rpc.switch_set(0, value=True)


async def light(rpc: RpcDevice, device: Device) -> None:
    await rpc.call_rpc("Light.Set", {"id": 0, "on": True, "brightness": 40})


async def rgb(rpc: RpcDevice, device: Device) -> None:
    await rpc.call_rpc("RGB.Set", {"id": 0, "on": True, "rgb": [10, 20, 30]})


async def cover(rpc: RpcDevice, device: Device) -> None:
    await (rpc.cover_close(0) if device.status("cover:0")["state"] == "open" else rpc.cover_open(0))


async def cct(rpc: RpcDevice, device: Device) -> None:
    await rpc.call_rpc("CCT.Set", {"id": 0, "on": True, "ct": 3000})


async def press(rpc: RpcDevice, device: Device) -> None:
    device.press("input:0", "single_push")


async def throw(rpc: RpcDevice, device: Device) -> None:
    device.press("input:0", "on")


async def warm(rpc: RpcDevice, device: Device) -> None:
    await rpc.climate_set_target_temperature(0, 22.5)


async def trv(rpc: RpcDevice, device: Device) -> None:
    number = int(device.keys("blutrv")[0].partition(":")[2])
    await rpc.blu_trv_set_target_temperature(number, 19.5)


def report(key: str, **patch: Any) -> Act:
    """Nothing can be done to it: it reports by itself."""

    async def act(rpc: RpcDevice, device: Device) -> None:
        device.report(key, patch)

    return act


@dataclass(frozen=True, kw_only=True)
class Case:
    """One device of a kind.

    Attributes:
        model: Which.
        gen: Its generation.
        act: What is done to it.
        key: The component that changes.
        shows: What its status says afterwards; a set stands for any of its values.
        profile: Its profile; None for the first.
        event: What it tells of instead.
    """

    model: str
    gen: int
    act: Act
    key: str
    shows: Mapping[str, Any]
    profile: str | None = None
    event: str | None = None


MOVING = frozenset({"opening", "closing"})

CASES = {
    "switch-2": Case(model="Plus1PM", gen=2, act=switch, key="switch:0", shows={"output": True}),
    "switch-3": Case(model="S1PMG3", gen=3, act=switch, key="switch:0", shows={"output": True}),
    "switch-4": Case(model="S1PMG4", gen=4, act=switch, key="switch:0", shows={"output": True}),
    "light-2": Case(model="Plus10V", gen=2, act=light, key="light:0", shows={"output": True, "brightness": 40}),
    "light-3": Case(model="DimmerG3", gen=3, act=light, key="light:0", shows={"output": True, "brightness": 40}),
    "light-4": Case(model="DimmerG4", gen=4, act=light, key="light:0", shows={"output": True, "brightness": 40}),
    "rgb": Case(
        model="PlusRGBWPM", profile="rgb", gen=2, act=rgb, key="rgb:0", shows={"output": True, "rgb": [10, 20, 30]}
    ),
    "cct": Case(model="DuoBulbG3", gen=3, act=cct, key="cct:0", shows={"output": True, "ct": 3000}),
    "cover-2": Case(model="Plus2PM", profile="cover", gen=2, act=cover, key="cover:0", shows={"state": MOVING}),
    "cover-3": Case(model="S2PMG3", profile="cover", gen=3, act=cover, key="cover:0", shows={"state": MOVING}),
    "cover-4": Case(model="S2PMG4", profile="cover", gen=4, act=cover, key="cover:0", shows={"state": MOVING}),
    "button": Case(model="I4G3", gen=3, act=press, key="input:0", shows={}, event="single_push"),
    "input": Case(model="S1G4", gen=4, act=throw, key="input:0", shows={"state": True}),
    "em": Case(model="Pro3EM", gen=2, act=report("em:0", a_act_power=70.5), key="em:0", shows={"a_act_power": 70.5}),
    "em1-3": Case(model="EMG3", gen=3, act=report("em1:1", act_power=70.5), key="em1:1", shows={"act_power": 70.5}),
    "em1-4": Case(model="MiniEMG4", gen=4, act=report("em1:0", act_power=70.5), key="em1:0", shows={"act_power": 70.5}),
    "pm1": Case(model="MiniPMG3", gen=3, act=report("pm1:0", apower=70.5), key="pm1:0", shows={"apower": 70.5}),
    "thermostat": Case(model="WallDisplay", gen=2, act=warm, key="thermostat:0", shows={"target_C": 22.5}),
    "blutrv": Case(model="BluGwG3", gen=3, act=trv, key="blutrv", shows={"target_C": 19.5}),
}


@asynccontextmanager
async def hurried(sim: Simulator) -> AsyncIterator[None]:
    """Time goes faster: transitions and calls over the air take their while."""

    async def hurry() -> None:
        while True:
            sim.advance(0.1)
            await asyncio.sleep(0.01)

    task = asyncio.create_task(hurry())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def found(rpc: RpcDevice, key: str) -> Mapping[str, Any]:
    """A component's status as the library has it; of a type without number the first."""
    name = next(each for each in rpc.status if each == key or each.startswith(f"{key}:"))
    return dict(rpc.status[name])


def shows(status: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(
        status.get(name) in value if isinstance(value, frozenset) else status.get(name) == value
        for name, value in wanted.items()
    )


@pytest.mark.parametrize("password", [None, PASSWORD], ids=["open", "locked"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_a_device_of_each_kind_is_read_driven_and_followed(
    house: Simulator, assistant: Assistant, eventually: Eventually, case: Case, password: str | None
) -> None:
    device = await house.add(case.model, seed=21, profile=case.profile)
    if password is not None:
        lock(device)
    host, port = house.address(device)
    info = await get_info(assistant.session, host, device.mac, port)
    assert (info["id"], info["auth_en"]) == (device.id, password is not None)
    async with assistant.meet(house, device, password) as (rpc, updates):
        await rpc.initialize()
        assert updates == [RpcUpdateType.INITIALIZED]
        assert (rpc.gen, rpc.model, rpc.hostname) == (case.gen, device.state.info["model"], device.id)
        assert rpc.firmware_supported
        assert rpc.requires_auth is (password is not None)
        assert set(device.state.listed_config()) <= set(rpc.config)
        assert set(device.state.listed_status()) <= set(rpc.status)
        assert rpc.status["wifi"]["sta_ip"] == host
        async with hurried(house):
            await case.act(rpc, device)
            if case.event is None:
                await eventually(lambda: shows(found(rpc, case.key), case.shows))
        if case.event is None:
            assert RpcUpdateType.STATUS in updates
        else:
            await eventually(lambda: (rpc.event or {"events": [{}]})["events"][-1].get("event") == case.event)
            assert RpcUpdateType.EVENT in updates
        await rpc.poll()
        assert rpc.connected
    assert device.power.state == "on"


SLEEPERS = {
    "climate-2": ("PlusHT", 2, "temperature:0", {"tC": 17.25}),
    "climate-3": ("HTG3", 3, "humidity:0", {"rh": 61.5}),
    "smoke": ("PlusSmoke", 2, "smoke:0", {"alarm": True}),
    "flood": ("FloodSensorG4", 4, "flood:0", {"alarm": True}),
}


@pytest.mark.parametrize("password", [None, PASSWORD], ids=["open", "locked"])
@pytest.mark.parametrize(("model", "gen", "key", "patch"), SLEEPERS.values(), ids=SLEEPERS.keys())
async def test_a_sleeper_is_met_when_it_wakes_and_followed_over_its_naps(
    house: Simulator,
    assistant: Assistant,
    eventually: Eventually,
    model: str,
    gen: int,
    key: str,
    patch: Mapping[str, Any],
    password: str | None,
) -> None:
    device = await house.add(model, seed=22)
    if password is not None:
        lock(device)
    device.power.sleep()
    await device.disconnected()
    async with assistant.meet(house, device, password) as (rpc, updates):
        with pytest.raises(DeviceConnectionError):
            await rpc.initialize()
        assert updates == []
        await wake(house, device)
        await eventually(lambda: RpcUpdateType.ONLINE in updates)
        await rpc.initialize()
        assert updates[-1] is RpcUpdateType.INITIALIZED
        assert rpc.gen == gen
        assert key in rpc.status
        assert rpc.status["sys"]["wakeup_period"] > 0
        updates.clear()
        house.advance(60)
        assert device.power.state == "asleep"
        await eventually(lambda: RpcUpdateType.DISCONNECTED in updates)
        assert not rpc.connected
        device.state.status[key].update(patch)
        updates.clear()
        await wake(house, device)
        await eventually(lambda: RpcUpdateType.STATUS in updates)
        await eventually(lambda: rpc.status[key] == device.status(key))
        assert not rpc.connected, "its own connection told the library"


async def wake(house: Simulator, device: Device) -> None:
    device.wake()
    house.advance(0.2)
    await house.reachable()
    await device.connected()


async def test_virtual_components_are_found_and_set(
    house: Simulator, assistant: Assistant, eventually: Eventually
) -> None:
    device = await house.add("S1PMG3", seed=23)
    for kind, config in (("boolean", {}), ("number", {"min": 0, "max": 100}), ("text", {}), ("button", {})):
        device.call("Virtual.Add", {"type": kind, "config": {"name": kind, **config}})
    device.call("Virtual.Add", {"type": "enum", "config": {"options": ["low", "high"]}})
    async with assistant.meet(house, device) as (rpc, updates):
        await rpc.initialize()
        assert {"boolean:200", "number:200", "text:200", "button:200", "enum:200"} <= set(rpc.status)
        assert rpc.config["number:200"]["name"] == "number"
        await rpc.boolean_set(200, value=True)
        await rpc.number_set(200, 42)
        await rpc.text_set(200, "hello")
        await rpc.enum_set(200, "high")
        wanted = {"boolean:200": True, "number:200": 42, "text:200": "hello", "enum:200": "high"}
        await eventually(lambda: {key: rpc.status[key]["value"] for key in wanted} == wanted)
        await rpc.button_trigger(200, "single_push")
        await eventually(lambda: RpcUpdateType.EVENT in updates)
        assert rpc.event is not None
        assert rpc.event["events"][-1]["component"] == "button:200"


async def test_scripts_are_written_and_started(house: Simulator, assistant: Assistant, eventually: Eventually) -> None:
    device = await house.add("S2PMG4", seed=24)
    async with assistant.meet(house, device) as (rpc, _):
        await rpc.initialize()
        assert await rpc.supports_scripts()
        await rpc.script_create("hello")
        number = (await rpc.script_list())[0]["id"]
        await rpc.script_putcode(number, "print('hello')")
        assert (await rpc.script_getcode(number))["data"] == "print('hello')"
        await rpc.script_start(number)
        await eventually(lambda: rpc.status.get(f"script:{number}", {}).get("running") is True)
        await rpc.script_stop(number)
        await eventually(lambda: rpc.status[f"script:{number}"]["running"] is False)


@pytest.mark.parametrize("version", ["1.7.5", "2.0.0"])
async def test_the_wrong_password_is_refused(house: Simulator, assistant: Assistant, version: str) -> None:
    device = await house.add("Plus1PM", seed=25)
    device.state.info["ver"] = version
    lock(device)
    for password in ("wrong", None):
        async with assistant.meet(house, device, password) as (rpc, _):
            with pytest.raises(InvalidAuthError):
                await rpc.initialize()


async def test_modern_firmware_is_followed_when_a_nonce_ends(house: Simulator, assistant: Assistant) -> None:
    device = await house.add("S1PMG3", seed=26)
    device.state.info["ver"] = "2.0.0"
    lock(device)
    async with assistant.meet(house, device, PASSWORD) as (rpc, _):
        await rpc.initialize()
        for _ in range(3):
            await rpc.switch_set(0, value=True)
            house.advance(3_700)
        await rpc.poll()


async def test_the_assistants_server_is_set_as_an_owner_would(
    house: Simulator, assistant: Assistant, eventually: Eventually
) -> None:
    device = await house.add("Plus1PM", seed=27)
    server = assistant.url.replace("127.0.0.1", "localhost")
    async with assistant.meet(house, device) as (rpc, updates):
        await rpc.initialize()
        assert await rpc.update_outbound_websocket(server)
        house.advance(3.5)
        await eventually(lambda: RpcUpdateType.DISCONNECTED in updates)
        house.advance(1)
        await house.reachable()
        await device.connected()
        await rpc.initialize()
        assert not await rpc.update_outbound_websocket(server)
        assert rpc.config["ws"]["server"] == server


async def test_many_calls_at_once_are_all_answered(house: Simulator, assistant: Assistant) -> None:
    device = await house.add("Plus2PM", seed=28)
    async with assistant.meet(house, device) as (rpc, _):
        await rpc.initialize()
        answers = await asyncio.gather(*(rpc.call_rpc("Switch.GetStatus", {"id": number % 2}) for number in range(50)))
        assert [answer["id"] for answer in answers] == [number % 2 for number in range(50)]
