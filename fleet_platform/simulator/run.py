"""The command ``simulate``: a fleet of simulated devices that runs until it is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from fleet_platform.simulator.demo import HOTEL, open_hotel
from fleet_platform.simulator.descriptors import reserve_descriptors
from fleet_platform.simulator.device.device import Device
from fleet_platform.simulator.device.dump import Dumps, dumps_in
from fleet_platform.simulator.faults.order import Order, read_order
from fleet_platform.simulator.faults.table import BadFault
from fleet_platform.simulator.local.options import LocalOptions
from fleet_platform.simulator.models import find_model
from fleet_platform.simulator.nearest import unknown
from fleet_platform.simulator.pace import Pace
from fleet_platform.simulator.scenario import Scenario, Stage, read_scenario, timing_of
from fleet_platform.simulator.simulator import Simulator
from fleet_platform.simulator.targets import Targets, words_of
from fleet_platform.simulator.world import Stats, Timing
from plugin_sdk import ComponentType

_PROGRESS_S = 0.5
_WITH_LOCAL = 3
"""Descriptors of a device with a local side: its way out, what listens, and a client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulateOptions:
    """What to simulate.

    Attributes:
        url: Where devices connect to.
        token: Enrolment token.
        count: How many devices of ``models``.
        models: Models in turn; see :func:`~fleet_platform.simulator.models.find_model`.
        dumps: Folder of real dumps to play instead.
        demo: The demo hotel instead.
        scenario: A scenario file instead.
        faults: Faults from the start, as :func:`~fleet_platform.simulator.faults.order.read_order` reads them.
        rate: Notifications a second over the whole fleet; None for what devices tell by themselves.
        seed: Makes the run reproducible; None for the scenario's own, or else 0.
        duration_s: End by itself after so long; None for the scenario's own, or else never.
        change_after_s: Of several dumps of one device, how long each is played before the next.
        timing: How long boots, naps and waits take.
        types: Component types; None for what the installed plugins contribute.
        outgoing: Whether webhooks and ``HTTP.*`` of the devices may reach beyond this machine.
        local: Have each device serve its own network too, on loopback; None for not.
    """

    url: str
    token: str | None = None
    count: int = 1
    models: Sequence[str] = ("Plus1PM",)
    dumps: Path | None = None
    demo: bool = False
    scenario: Path | None = None
    faults: Sequence[str] = ()
    rate: float | None = None
    seed: int | None = None
    duration_s: float | None = None
    change_after_s: float = 20.0
    timing: Timing = field(default_factory=Timing)
    types: Mapping[str, ComponentType] | None = None
    outgoing: bool = False
    local: LocalOptions | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How a run goes.

    Attributes:
        devices: How many are simulated.
        stats: Counters.
        remarks: What a person should read once, such as dumps that were left out.
    """

    devices: int
    stats: Stats
    remarks: Sequence[str] = ()


async def simulate(options: SimulateOptions, *, on_progress: Callable[[Progress], None] | None = None) -> int:
    """Simulate until cancelled or until the run's time is over.

    Args:
        options: What to simulate.
        on_progress: Called twice a second, and whenever there is a remark.

    Returns:
        Exit code: 0 if every device was connected at some time, or was told to stay away; else 1.

    Raises:
        BadUrl: The URL is no websocket URL.
        UnknownModel: There is no such model; the text names the nearest.
        BadDump: The folder has no dump that can be played.
        BadScenario: The scenario cannot be played; the text has a line for each problem.
        BadFault: There is no such fault, or no device for it; the text names the nearest.
        TooFewDescriptors: The system allows too few open files.
        NoAddress: There are too few free loopback addresses for a local side.
        MissingLibrary: A local side needs a library that is not installed.
    """
    tell = on_progress or (lambda _progress: None)
    plan = _read_plan(options)
    reserve_descriptors(plan.connections * (1 if options.local is None else _WITH_LOCAL))
    async with Simulator(
        options.url,
        token=options.token,
        types=options.types,
        timing=plan.timing,
        seed=plan.seed,
        outgoing=options.outgoing,
        local=options.local,
    ) as simulator:

        def remark(text: str) -> None:
            tell(Progress(devices=len(simulator), stats=simulator.stats, remarks=(text,)))

        for text in plan.remarks:
            remark(text)
        with suppress(TimeoutError):
            async with asyncio.timeout(plan.duration_s):
                await _run(simulator, options, plan, tell, remark)
        return 0 if all(_was_there(device) for device in simulator) else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What the options come to, checked.

    Attributes:
        seed: Of the run.
        duration_s: How long it lasts; None for ever.
        timing: How long things take.
        connections: How many may be open at once.
        dumps: Dumps to play.
        scenario: Scenario to play.
        orders: Faults from the start.
        remarks: What a person should read before it begins.
    """

    seed: int
    duration_s: float | None
    timing: Timing
    connections: int
    dumps: Dumps
    scenario: Scenario | None
    orders: Sequence[Order]
    remarks: Sequence[str]


def _read_plan(options: SimulateOptions) -> _Plan:
    """All that can be wrong is found here, before anything starts."""
    orders = [read_order(text) for text in options.faults]
    dumps, remarks = dumps_in(options.dumps) if options.dumps is not None else ({}, [])
    scenario = read_scenario(options.scenario, seed=options.seed) if options.scenario is not None else None
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
        connections=devices * (2 if any(fault.doubles for fault in faults) else 1),
        dumps=dumps,
        scenario=scenario,
        orders=orders,
        remarks=remarks,
    )


async def _run(
    simulator: Simulator,
    options: SimulateOptions,
    plan: _Plan,
    tell: Callable[[Progress], None],
    remark: Callable[[str], None],
) -> None:
    """Add the devices and keep them going until cancelled."""
    pace = Pace(_rate(options, plan))
    if plan.scenario is not None:
        stage = Stage(simulator, plan.scenario, remark=remark, set_rate=pace.change)
        await stage.open()
    else:
        await _populate(simulator, options, plan)
    _order_faults(simulator, plan.orders)
    if options.local is not None and len(simulator) > 0:
        remark(_where(simulator))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_report(simulator, tell))
        tasks.create_task(pace.keep(simulator))
        tasks.create_task(_change_profiles(simulator, plan.dumps, options.change_after_s))


def _where(simulator: Simulator) -> str:
    """Where the devices serve their own network."""
    first, *_, last = [f"http://{host}:{port}" for host, port in map(simulator.address, (*simulator, *simulator))]
    return f"the devices serve {first} to {last}" if len(simulator) > 1 else f"the device serves {first}"


def _rate(options: SimulateOptions, plan: _Plan) -> float:
    own = plan.scenario.settings.rate if plan.scenario is not None else None
    return next((rate for rate in (options.rate, own) if rate is not None), 0.0)


def _order_faults(simulator: Simulator, orders: Sequence[Order]) -> None:
    """Start the faults that were ordered.

    Raises:
        BadFault: There is no device for one; the text names the nearest.
    """
    if not orders:
        return
    devices = list(simulator)
    targets = Targets([words_of(device.state.info) for device in devices])
    for order in orders:
        found = targets.find(order.on)
        if not found:
            raise BadFault([(None, unknown("device", order.on, targets.words))])
        for number in found:
            devices[number].faults.start(order.fault, for_s=order.for_s)


def _was_there(device: Device) -> bool:
    """Whether a device was connected at some time, or somebody wanted it to be away."""
    return device.session.link.connections > 0 or device.power.state == "off" or device.session.barred


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


async def _report(simulator: Simulator, tell: Callable[[Progress], None]) -> None:
    while True:
        await asyncio.sleep(_PROGRESS_S)
        tell(Progress(devices=len(simulator), stats=simulator.stats))
