"""The command ``simulate``: a fleet of simulated devices that runs until it is stopped."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from fleet_platform.simulator.demo import HOTEL, check_in, happenings
from fleet_platform.simulator.descriptors import reserve_descriptors
from fleet_platform.simulator.device.dump import Dumps, dumps_in
from fleet_platform.simulator.models import find_model
from fleet_platform.simulator.simulator import Simulator
from fleet_platform.simulator.world import Stats, Timing
from plugin_sdk import ComponentType

_TICK_S = 0.02
_PROGRESS_S = 0.5


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
        rate: Notifications a second over the whole fleet; None for what devices tell by themselves.
        seed: Makes the run reproducible.
        duration_s: End by itself after so long; None for never.
        change_after_s: Of several dumps of one device, how long each is played before the next.
        timing: How long boots, naps and waits take.
        types: Component types; None for what the installed plugins contribute.
    """

    url: str
    token: str | None = None
    count: int = 1
    models: Sequence[str] = ("Plus1PM",)
    dumps: Path | None = None
    demo: bool = False
    rate: float | None = None
    seed: int = 0
    duration_s: float | None = None
    change_after_s: float = 20.0
    timing: Timing = field(default_factory=Timing)
    types: Mapping[str, ComponentType] | None = None


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
    """Simulate until cancelled or until ``duration_s`` is over.

    Args:
        options: What to simulate.
        on_progress: Called twice a second, and once with remarks if there are any.

    Returns:
        Exit code: 0 if every device was connected at some time, else 1.

    Raises:
        BadUrl: The URL is no websocket URL.
        UnknownModel: There is no such model; the text names the nearest.
        BadDump: The folder has no dump that can be played.
        TooFewDescriptors: The system allows too few open files.
    """
    tell = on_progress or (lambda _progress: None)
    played, refused = dumps_in(options.dumps) if options.dumps is not None else ({}, [])
    for model in options.models:
        find_model(model)
    reserve_descriptors(len(played) or (len(HOTEL) if options.demo else options.count))
    async with Simulator(
        options.url, token=options.token, types=options.types, timing=options.timing, seed=options.seed
    ) as simulator:
        if refused:
            tell(Progress(devices=0, stats=simulator.stats, remarks=refused))
        with suppress(TimeoutError):
            async with asyncio.timeout(options.duration_s), asyncio.TaskGroup() as tasks:
                tasks.create_task(_report(simulator, tell))
                await _populate(simulator, options, played)
                if options.rate:
                    tasks.create_task(_drive(simulator, options.rate))
                if options.demo:
                    tasks.create_task(_live(simulator, Random(options.seed)))  # noqa: S311 - a show, no secrets
                await _change_profiles(simulator, played, options.change_after_s)
                await asyncio.Event().wait()
        return 0 if all(device.session.link.connections for device in simulator) else 1


async def _populate(simulator: Simulator, options: SimulateOptions, played: Dumps) -> None:
    if played:
        for blueprints in played.values():
            await simulator.play(blueprints[0], wait=False)
    elif options.demo:
        await check_in(simulator)
    else:
        await simulator.add_many(options.count, models=options.models, wait=False)


async def _change_profiles(simulator: Simulator, played: Dumps, after_s: float) -> None:
    """Play the next dump of every device that has several."""
    for turn in range(1, max((len(blueprints) for blueprints in played.values()), default=0)):
        await asyncio.sleep(after_s)
        for blueprints in played.values():
            if turn < len(blueprints):
                await simulator.play(blueprints[turn], wait=False)


async def _drive(simulator: Simulator, rate: float) -> None:
    """Have devices in turn report small changes, so that the fleet sends so many notifications a second."""
    loop = asyncio.get_running_loop()
    devices = itertools.cycle(list(simulator))
    start, done, fleet = loop.time(), 0.0, len(simulator)
    while True:
        await asyncio.sleep(_TICK_S)
        due = (loop.time() - start) * rate
        asked = 0
        # A fleet that cannot report so much must not keep the loop busy: one round of all devices a tick.
        while done < due and asked < fleet:
            asked += 1
            done += next(devices).vary()
        done = max(done, due - rate)


async def _live(simulator: Simulator, random: Random) -> None:
    """The demo hotel's daily life."""
    happen = happenings(list(simulator), random)
    while True:
        await asyncio.sleep(1.0)
        happen()


async def _report(simulator: Simulator, tell: Callable[[Progress], None]) -> None:
    while True:
        await asyncio.sleep(_PROGRESS_S)
        tell(Progress(devices=len(simulator), stats=simulator.stats))
