"""Plays a scenario: adds its devices to a simulator and has things happen to them at their times."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from random import Random

from fleet_platform.simulator.device.device import Device
from fleet_platform.simulator.scenario.actions import act
from fleet_platform.simulator.scenario.scenario import Cue, Scenario
from fleet_platform.simulator.scenario.shape import Settings
from fleet_platform.simulator.simulator import Simulator
from fleet_platform.simulator.world import Timing

_BREATHE = 50
"""Devices made in one go before the loop may do something else."""

_MOST_REMARKS = 100


def timing_of(settings: Settings, usual: Timing) -> Timing:
    """How long things take in a scenario: as its settings say, as usual where they say nothing."""
    backoff = replace(
        usual.backoff,
        first_s=_either(settings.backoff, usual.backoff.first_s),
        longest_s=_either(settings.longest_backoff, usual.backoff.longest_s),
    )
    return replace(
        usual,
        backoff=backoff,
        boot_s=_either(settings.boot, usual.boot_s),
        clockless_s=_either(settings.clockless, usual.clockless_s),
        awake_s=_either(settings.awake, usual.awake_s),
        minutes=usual.minutes if settings.minutes is None else settings.minutes,
    )


def _either(wanted: float | None, usual: float) -> float:
    return usual if wanted is None else wanted


def _ignore_rate(_rate: float) -> None:
    """For whoever drives no fleet."""


class Stage:
    """One performance of a scenario, in simulated time, which starts when all devices are there.

    Args:
        simulator: Where the devices come in; its timing is its own.
        scenario: What to play.
        remark: Is told what did not work, each thing once, and a hundred things at most.
        set_rate: Is told the rate of notifications over the whole fleet when the timeline changes it.

    Attributes:
        bugs: How often a step failed on a device by a bug of the simulator or of a plugin.
    """

    def __init__(
        self,
        simulator: Simulator,
        scenario: Scenario,
        *,
        remark: Callable[[str], None],
        set_rate: Callable[[float], None] = _ignore_rate,
    ) -> None:
        self._simulator = simulator
        self._scenario = scenario
        self._remark = remark
        self._set_rate = set_rate
        self.bugs = 0
        self._said: set[str] = set()
        self._devices: list[Device] = []

    async def open(self) -> Sequence[Device]:
        """Add the devices and set the timeline going; returns at once, devices connect meanwhile."""
        for number, role in enumerate(self._scenario.roles):
            self._devices.append(self._simulator.take_in(role.origin, still=role.still, powered=not role.offline))
            if number % _BREATHE == 0:
                await asyncio.sleep(0)
        for cue in self._scenario.cues:
            first_s = cue.step.at if cue.step.at is not None else cue.step.every
            self._plan(cue, first_s or 0.0, first_s or 0.0, 1)
        return tuple(self._devices)

    def _plan(self, cue: Cue, delay_s: float, moment_s: float, turn: int) -> None:
        step = cue.step
        if (step.until is None or moment_s <= step.until) and (step.times is None or turn <= step.times):
            self._simulator.after(delay_s, lambda: self._play(cue, moment_s, turn))

    def _play(self, cue: Cue, moment_s: float, turn: int) -> None:
        if cue.step.every is not None:
            self._plan(cue, cue.step.every, moment_s + cue.step.every, turn + 1)
        if cue.step.rate is not None:
            self._set_rate(cue.step.rate)
        for number in self._drawn(cue, turn):
            if not act(cue, self._devices[number], partial(self._fails, cue, number)):
                self.bugs += 1

    def _drawn(self, cue: Cue, turn: int) -> Sequence[int]:
        """Of the devices of a step those whose turn it is; the same in every run with one seed."""
        step, roles = cue.step, cue.roles
        count = len(roles)
        if step.share is not None:
            count = max(1, round(count * step.share))
        elif step.pick is not None:
            count = min(count, step.pick)
        if count >= len(roles):
            return roles
        random = Random(f"{self._scenario.seed}/{cue.line}/{turn}")  # noqa: S311 - a draw, no secret
        return sorted(random.sample(roles, count))

    def _fails(self, cue: Cue, number: int, text: str) -> None:
        remark = f"{self._scenario.name}:{cue.line}: {self._scenario.roles[number].label}: {text}"
        if remark not in self._said and len(self._said) < _MOST_REMARKS:
            self._said.add(remark)
            self._remark(remark)
