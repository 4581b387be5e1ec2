"""The command ``simulate``: a fleet of simulated devices that runs until it is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from fleet_platform.simulator.component_types import load_component_types
from fleet_platform.simulator.demo import HOTEL, open_hotel
from fleet_platform.simulator.descriptors import reserve_descriptors
from fleet_platform.simulator.device.device import Device
from fleet_platform.simulator.device.dump import Dumps, dumps_in
from fleet_platform.simulator.faults.methods import method_in, methods_of, unknown_method
from fleet_platform.simulator.faults.order import Order, read_order
from fleet_platform.simulator.faults.table import BadFault
from fleet_platform.simulator.local.options import LocalOptions
from fleet_platform.simulator.models import find_model
from fleet_platform.simulator.pace import Pace
from fleet_platform.simulator.reach import Reach, away, was_there
from fleet_platform.simulator.scenario import Scenario, Stage, read_scenario, timing_of
from fleet_platform.simulator.simulator import Simulator
from fleet_platform.simulator.targets import Targets, words_of
from fleet_platform.simulator.world import Stats, Timing
from plugin_sdk import ComponentType

_PROGRESS_S = 0.5
_WITH_LOCAL = 3
"""Descriptors of a device with a local side: its way out, what listens, and a client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What every run needs to know.

    Attributes:
        url: Where devices connect to.
        token: Enrolment token.
        duration_s: End by itself after so long; None for the end of what is played, or else never.
        types: Component types; None for what the installed plugins contribute.
    """

    url: str
    token: str | None = None
    duration_s: float | None = None
    types: Mapping[str, ComponentType] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulateOptions(RunOptions):
    """What to simulate.

    Attributes:
        count: How many devices of ``models``.
        models: Models in turn; see :func:`~fleet_platform.simulator.models.find_model`.
        dumps: Folder of real dumps to play instead.
        demo: The demo hotel instead.
        scenario: A scenario file instead.
        faults: Faults from the start, as :func:`~fleet_platform.simulator.faults.order.read_order` reads them.
        rate: Notifications a second over the whole fleet; None for what devices tell by themselves.
        seed: Makes the run reproducible; None for the scenario's own, or else 0.
        change_after_s: Of several dumps of one device, how long each is played before the next.
        timing: How long boots, naps and waits take.
        outgoing: Whether webhooks and ``HTTP.*`` of the devices may reach beyond this machine.
        local: Have each device serve its own network too, on loopback; None for not.
    """

    count: int = 1
    models: Sequence[str] = ("Plus1PM",)
    dumps: Path | None = None
    demo: bool = False
    scenario: Path | None = None
    faults: Sequence[str] = ()
    rate: float | None = None
    seed: int | None = None
    change_after_s: float = 20.0
    timing: Timing = field(default_factory=Timing)
    outgoing: bool = False
    local: LocalOptions | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How a run goes.

    Attributes:
        devices: How many are simulated.
        stats: Counters.
        remarks: What a person should read once, such as dumps that were left out.
        away: Of the devices that do not want to be connected now, why and how many: ``{"off": 1}``.
    """

    devices: int
    stats: Stats
    remarks: Sequence[str] = ()
    away: Mapping[str, int] = field(default_factory=dict)


async def simulate(options: SimulateOptions, *, on_progress: Callable[[Progress], None] | None = None) -> int:
    """Simulate until cancelled or until the run's time is over.

    Args:
        options: What to simulate.
        on_progress: Called twice a second, and whenever there is a remark.

    Returns:
        Exit code: 0 if every device was connected at some time, or was told to stay away, and no step of a scenario
        failed by a bug; else 1, and a remark says why.

    Raises:
        BadUrl: The URL is no websocket URL.
        UnknownModel: There is no such model; the text names the nearest.
        BadDump: The folder has no dump that can be played.
        BadScenario: The scenario cannot be played; the text has a line for each problem.
        BadFault: There is no such fault, or no device or method for it; the text names the nearest.
        TooFewDescriptors: The system allows too few open files.
        NoAddress: There are too few free loopback addresses for a local side.
    """
    tell = on_progress or (lambda _progress: None)
    plan = _read_plan(options)
    reserve_descriptors(plan.connections * (1 if options.local is None else _WITH_LOCAL))
    async with Simulator(
        options.url,
        token=options.token,
        types=plan.types,
        timing=plan.timing,
        seed=plan.seed,
        outgoing=options.outgoing,
        local=options.local,
    ) as simulator:
        run = _Run(simulator, options, plan, tell)
        run.remark(*plan.remarks)
        with suppress(TimeoutError):
            async with asyncio.timeout(plan.duration_s):
                await run.play()
        failures = run.failures()
        run.remark(*failures)
        return 1 if failures else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What the options come to, checked.

    Attributes:
        seed: Of the run.
        duration_s: How long it lasts; None for ever.
        timing: How long things take.
        types: Component types.
        connections: How many may be open at once.
        dumps: Dumps to play.
        scenario: Scenario to play.
        orders: Faults from the start.
        remarks: What a person should read before it begins.
    """

    seed: int
    duration_s: float | None
    timing: Timing
    types: Mapping[str, ComponentType]
    connections: int
    dumps: Dumps
    scenario: Scenario | None
    orders: Sequence[Order]
    remarks: Sequence[str]


def _read_plan(options: SimulateOptions) -> _Plan:
    """All that can be wrong is found here, before anything starts."""
    orders = _read_orders(options.faults)
    types = load_component_types() if options.types is None else options.types
    dumps, remarks = dumps_in(options.dumps) if options.dumps is not None else ({}, [])
    scenario = read_scenario(options.scenario, seed=options.seed, types=types) if options.scenario is not None else None
    for model in options.models:
        find_model(model)
    timing, duration_s = options.timing, options.duration_s
    if scenario is not None:
        remarks = list(scenario.remarks)
        timing = timing_of(scenario.settings, timing)
        duration_s = scenario.settings.duration if duration_s is None else duration_s
        devices = len(scenario.roles)
    else:
        devices = len(dumps) or (len(HOTEL) if options.demo else options.count)
    faults = [order.fault for order in orders]
    faults += [cue.fault for cue in scenario.cues if cue.fault is not None] if scenario is not None else []
    return _Plan(
        seed=scenario.seed if scenario is not None else options.seed or 0,
        duration_s=duration_s,
        timing=timing,
        types=types,
        connections=devices * (2 if any(fault.doubles for fault in faults) else 1),
        dumps=dumps,
        scenario=scenario,
        orders=orders,
        remarks=remarks,
    )


def _read_orders(texts: Sequence[str]) -> list[Order]:
    """The faults that are ordered.

    Raises:
        BadFault: Some are none; all problems are in it.
    """
    orders: list[Order] = []
    problems: list[tuple[str | None, str]] = []
    for text in texts:
        try:
            orders.append(read_order(text))
        except BadFault as err:
            problems += err.problems
    if problems:
        raise BadFault(problems)
    return orders


class _Run:
    """A fleet at work."""

    def __init__(
        self, simulator: Simulator, options: SimulateOptions, plan: _Plan, tell: Callable[[Progress], None]
    ) -> None:
        self._simulator = simulator
        self._options = options
        self._plan = plan
        self._tell = tell
        self._pace = Pace(_rate(options, plan))
        self._stage = (
            Stage(simulator, plan.scenario, remark=self.remark, set_rate=self._pace.change)
            if plan.scenario is not None
            else None
        )

    def remark(self, *texts: str) -> None:
        """Tell what a person should read once, each by itself."""
        for text in texts:
            self._tell(replace(progress_of(self._simulator), remarks=(text,)))

    async def play(self) -> None:
        """Add the devices and keep them going until cancelled.

        Raises:
            BadFault: There is no device or no method for a fault.
        """
        if self._stage is not None:
            await self._stage.open()
        else:
            await _populate(self._simulator, self._options, self._plan)
        _order_faults(self._simulator, self._plan.orders)
        if self._options.local is not None and len(self._simulator) > 0:
            self.remark(_where(self._simulator))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(report(self._simulator, self._tell))
            tasks.create_task(self._pace.keep(self._simulator))
            tasks.create_task(_change_profiles(self._simulator, self._plan.dumps, self._options.change_after_s))

    def failures(self) -> list[str]:
        """Why a run that is over is no success; a sentence for each reason."""
        told: list[str] = []
        devices = len(self._simulator)
        lost = sum(not was_there(device) for device in self._simulator)
        if lost:
            told.append(f"{lost} of {devices} {'device was' if devices == 1 else 'devices were'} never connected")
        bugs = 0 if self._stage is None else self._stage.bugs
        if bugs:
            told.append(f"{bugs} {'step' if bugs == 1 else 'steps'} of the scenario failed by a bug")
        return told


def _where(simulator: Simulator) -> str:
    """Where the devices serve their own network."""
    first, *_, last = [f"http://{host}:{port}" for host, port in map(simulator.address, (*simulator, *simulator))]
    return f"the devices serve {first} to {last}" if len(simulator) > 1 else f"the device serves {first}"


def _rate(options: SimulateOptions, plan: _Plan) -> float:
    own = plan.scenario.settings.rate if plan.scenario is not None else None
    return next((rate for rate in (options.rate, own) if rate is not None), 0.0)


def _order_faults(simulator: Simulator, orders: Sequence[Order]) -> None:
    """Start the faults that were ordered, or none.

    Raises:
        BadFault: There is no device for some, or none that has the method; the text names the nearest.
    """
    if not orders:
        return
    devices = list(simulator)
    targets = Targets([words_of(device.state.info) for device in devices])
    found = [[devices[number] for number in targets.find(order.on)] for order in orders]
    problems: list[tuple[str | None, str]] = []
    for order, whom in zip(orders, found, strict=True):
        text = _problem(order, whom) if whom else targets.unknown(order.on)
        problems += [] if text is None else [(None, text)]
    if problems:
        raise BadFault(problems)
    for order, whom in zip(orders, found, strict=True):
        for device in whom:
            device.faults.start(order.fault, for_s=order.for_s)


def _problem(order: Order, devices: Sequence[Device]) -> str | None:
    """Why a fault cannot be on devices; None if it can."""
    method = method_in(order.fault)
    if method is None:
        return None
    # Devices of one app have the same methods, and there may be thousands; each dump has its own.
    kinds = {device.id if device.still else device.state.info.get("app"): device for device in devices}
    return unknown_method(method, [name for device in kinds.values() for name in methods_of(device)])


async def _populate(simulator: Simulator, options: SimulateOptions, plan: _Plan) -> None:
    if plan.dumps:
        for blueprints in plan.dumps.values():
            await simulator.play(blueprints[0], wait=False)
    elif options.demo:
        open_hotel(simulator, plan.seed)
    else:
        await simulator.add_many(options.count, models=options.models, wait=False)


async def _change_profiles(simulator: Simulator, played: Dumps, after_s: float) -> None:
    """Play the next dump of every device that has several."""
    for turn in range(1, max((len(blueprints) for blueprints in played.values()), default=0)):
        await asyncio.sleep(after_s)
        for blueprints in played.values():
            if turn < len(blueprints):
                await simulator.play(blueprints[turn], wait=False)


async def report(simulator: Simulator, tell: Callable[[Progress], None]) -> None:
    """Tell twice a second how a run goes, and once that nobody answers, until cancelled."""
    reach = Reach(simulator)
    while True:
        await asyncio.sleep(_PROGRESS_S)
        trouble = reach.look()
        tell(replace(progress_of(simulator), remarks=() if trouble is None else (trouble,)))


def progress_of(simulator: Simulator) -> Progress:
    """How it goes now."""
    return Progress(devices=len(simulator), stats=simulator.stats, away=away(simulator))
