"""Many simulated devices in one process, as an async context manager.

Owns the devices, their clock and the tasks that open connections; leaving the context ends them all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from fleet_platform.simulator.component_types import load_component_types
from fleet_platform.simulator.device.blueprint import Blueprint, Origin
from fleet_platform.simulator.device.device import Device
from fleet_platform.simulator.device.dump import DumpOrigin, read_dump
from fleet_platform.simulator.local.addresses import Address
from fleet_platform.simulator.local.options import LocalOptions
from fleet_platform.simulator.local.side import LocalSide
from fleet_platform.simulator.models import Model, ModelOrigin, find_model
from fleet_platform.simulator.outbound.dialler import read_url
from fleet_platform.simulator.wheel import WheelTimer
from fleet_platform.simulator.world import Stats, Timing, World
from plugin_sdk import ComponentType, JSONObject

_CLOSE_S = 3.0
_BREATHE = 50
"""Devices made in one go before the loop may do something else."""


class Simulator:
    """A fleet of simulated devices.

    ::

        async with Simulator("ws://127.0.0.1:7011/shelly") as sim:
            device = await sim.add("Plus1PM", seed=1)
            device.report("switch:0", {"apower": 12.5})

    Args:
        url: Where devices connect to.
        token: Enrolment token; becomes the last part of the path.
        types: Component type to its description; default is what the installed plugins contribute.
        timing: How long boots, naps and waits take.
        seed: Makes the run reproducible.
        local: Have each device serve its own network too, on loopback; None for not.
        outgoing: Whether webhooks and ``HTTP.*`` of the devices may reach beyond this machine.

    Raises:
        BadUrl: The URL is no websocket URL.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        types: Mapping[str, ComponentType] | None = None,
        timing: Timing | None = None,
        seed: int = 0,
        local: LocalOptions | None = None,
        outgoing: bool = False,
    ) -> None:
        self._address = read_url(url, token)
        self._types = types
        self._timing = timing or Timing()
        self._seed = seed
        self._outgoing = outgoing
        self._devices: list[Device] = []
        self._by_id: dict[str, Device] = {}
        self._made = 0
        self._dialling: asyncio.Task[None] | None = None
        self._local = LocalSide(local) if local is not None else None

    async def __aenter__(self) -> Self:
        types = load_component_types() if self._types is None else self._types
        self._world = World(types, self._timing, self._seed, outgoing=self._outgoing)
        if self._local is not None:
            await self._local.start()
        self._dialling = asyncio.create_task(self._world.dialler.run(), name="simulator dialler")
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _exc: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        for device in self:
            device.session.end_faults()
        self._world.wheel.stop()
        if self._local is not None:
            await self._local.stop()
        for device in self:
            device.session.link.disconnect(1001, "simulator stops")
        if self._dialling is not None:
            self._dialling.cancel()
            with suppress(asyncio.CancelledError):
                await self._dialling
        await self._world.web.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                for device in self:
                    await device.disconnected()

    def __iter__(self) -> Iterator[Device]:
        return iter(tuple(self._devices))

    def __len__(self) -> int:
        return len(self._devices)

    def __getitem__(self, device: str) -> Device:
        """A device by its id in any case; of two with one id the later."""
        return self._by_id[device.lower()]

    @property
    def url(self) -> str:
        """Where devices connect to, without a token that was added."""
        return self._address.shown

    @property
    def stats(self) -> Stats:
        """Counters of the run."""
        return self._world.stats

    def address(self, device: Device) -> Address:
        """Host and port where a device serves its own network.

        Raises:
            LookupError: The fleet has no local side.
        """
        if self._local is None:
            raise LookupError("this simulator was made without a local side")
        return self._local.host(device).address

    async def reachable(self) -> None:
        """Wait until all devices that are up listen on their own network."""
        if self._local is not None:
            await self._local.settled()

    def now(self) -> float:
        """Seconds of simulated time on a monotonic scale."""
        return self._world.wheel.now()

    def after(self, delay_s: float, callback: Callable[[], None]) -> WheelTimer:
        """Call back once after so many simulated seconds."""
        return self._world.wheel.after(delay_s, callback)

    def advance(self, seconds: float) -> None:
        """Move simulated time ahead: timers that fall due on the way run at once, in order."""
        self._world.wheel.advance(seconds)

    async def add(
        self,
        model: str,
        *,
        seed: int = 0,
        name: str | None = None,
        profile: str | None = None,
        version: str | None = None,
        addon: tuple[str, ...] = (),
        components: Mapping[str, JSONObject] | None = None,
        wait: bool = True,
    ) -> Device:
        """Add a device of a model and, unless told otherwise, wait until it is connected.

        The same model and seed a second time give a second device of the same id.

        Args:
            model: App, order number, id prefix or shop name, in any case: ``Plus1PM``.
            seed: Decides its MAC and all else that differs between devices.
            name: What its owner called it.
            profile: ``switch``, ``cover``; default is the model's first.
            version: Firmware: ``1.4.0`` has fewer fields than the model's own.
            addon: Parts that a sensor add-on brings: ``("temperature", "temperature")``.
            components: Further ones, such as those of a plugin: key to ``{status?, config?}``.
            wait: False returns at once.

        Raises:
            UnknownModel: There is no such model; the text names the nearest.
            ValueError: The model has no such profile or add-on, or that is no version.
        """
        origin = ModelOrigin(
            find_model(model), seed, name=name, profile=profile, version=version, addon=addon, components=components
        )
        device = self._take(Device(self._world, origin, self._address))
        return await device.connected() if wait else device

    async def add_many(
        self, count: int, *, models: Sequence[str] = ("Plus1PM",), rate: float | None = None, wait: bool = True
    ) -> list[Device]:
        """Add many devices: models in turn, each device another.

        Args:
            count: How many.
            models: As for :meth:`add`.
            rate: New devices a second; None for as fast as they can connect.
            wait: Whether to wait until all are connected.
        """
        found = [find_model(model) for model in models]
        devices: list[Device] = []
        for number in range(count):
            devices.append(self._take(self._make_another(found[number % len(found)])))
            if rate is not None:
                await asyncio.sleep(1 / rate)
            elif number % _BREATHE == 0:
                await asyncio.sleep(0)
        if wait:
            for device in devices:
                await device.connected()
        return devices

    async def add_dump(self, path: Path, *, wait: bool = True) -> Device:
        """Play a real dump; see :meth:`play`.

        Raises:
            BadDump: It is no dump of a whole device.
        """
        return await self.play(read_dump(path), wait=wait)

    async def play(self, blueprint: Blueprint, *, wait: bool = True) -> Device:
        """Play a device exactly as a blueprint has it; nothing moves but its clock until it is asked to.

        A device of that id that is played already restarts as this one: another profile, another firmware.
        """
        device = self._by_id.get(str(blueprint.info["id"]).lower())
        if device is not None and isinstance(device.origin, DumpOrigin):
            device.origin.turn_to(blueprint)
            device.power.change(partial(device.become, None))
        else:
            device = self._take(Device(self._world, DumpOrigin(blueprint), self._address, still=True))
        return await device.connected() if wait else device

    def take_in(
        self, origin: Origin, *, still: bool = False, powered: bool = True, make: Callable[..., Device] = Device
    ) -> Device:
        """Add a device of any origin at once; it connects meanwhile.

        Args:
            origin: What it is made from.
            still: Whether nothing moves by itself but its clock.
            powered: False for a device without power: switch it on by ``device.power.switch_on()``.
            make: Makes it, from what :class:`Device` is made from.
        """
        return self._take(make(self._world, origin, self._address, still=still), powered=powered)

    def _make_another(self, model: Model) -> Device:
        """A device that is not there yet. MACs are short enough for two of thousands to meet by chance."""
        while True:
            self._made += 1
            origin = ModelOrigin(model, f"{self._seed}/{self._made}")
            device = Device(self._world, origin, self._address)
            if device.id.lower() not in self._by_id:
                return device

    def _take(self, device: Device, *, powered: bool = True) -> Device:
        self._devices.append(device)
        self._by_id[device.id.lower()] = device
        if self._local is not None:
            self._local.take(device, powered=powered)
        if powered:
            device.power.start()
        return device
