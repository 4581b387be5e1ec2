"""Whether what a timeline names is there: devices, components, faults and their parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fleet_platform.simulator.faults.fault import Fault
from fleet_platform.simulator.faults.table import BadFault, find_fault, read_fault
from fleet_platform.simulator.nearest import unknown
from fleet_platform.simulator.scenario.cast import Role
from fleet_platform.simulator.scenario.problems import Problem
from fleet_platform.simulator.scenario.shape import Step
from fleet_platform.simulator.scenario.source import Source
from fleet_platform.simulator.targets import ALL, Targets
from plugin_sdk import component_id

_DYNAMIC_IDS = range(200, 300)


class Checks:
    """Looks up what steps name.

    Attributes:
        problems: What is not there, of devices and their components.
        fault_problems: What is not there, of faults.
    """

    def __init__(self, roles: Sequence[Role], source: Source) -> None:
        self._roles = roles
        self._targets = Targets([role.words for role in roles])
        self._source = source
        self.problems: list[Problem] = []
        self.fault_problems: list[Problem] = []

    def targets(self, step: Step, number: int) -> Sequence[int]:
        """The devices that a step concerns."""
        if step.rate is not None:
            return ()
        found: dict[int, None] = {}
        for at, word in enumerate(step.on):
            devices = self._targets.find(word)
            if not devices:
                self._miss(("timeline", number, "on", at), unknown("device", word, self._targets.words))
            found.update(dict.fromkeys(devices))
        roles = sorted(found)
        if roles:
            self._check_components(step, number, roles)
        return roles

    def fault(self, step: Step, number: int) -> Fault | None:
        """The fault that a step starts; None where it starts none, or none that there is."""
        try:
            if step.heal is not None and step.heal.lower() != ALL:
                find_fault(step.heal)
            if step.fault is not None:
                return read_fault(step.fault, step.with_)
        except BadFault as err:
            field = "fault" if step.fault is not None else "heal"
            for parameter, text in err.problems:
                path = ("timeline", number, field) if parameter is None else ("timeline", number, "with", parameter)
                self.fault_problems.append(Problem(line=self._source.line(path), text=text))
        return None

    def _check_components(self, step: Step, number: int, roles: Sequence[int]) -> None:
        known = {key for role in roles for key in self._roles[role].keys}
        called = self._roles[roles[0]].label if len(roles) == 1 else f"these {len(roles)} devices"
        for field, keys in _named(step):
            for key in keys:
                # Components that are created on the way cannot be known before.
                if key not in known and component_id(key) not in _DYNAMIC_IDS:
                    path = ("timeline", number, field) if field == "press" else ("timeline", number, field, key)
                    self._miss(path, f"{unknown('component', key, known)} (on {called})")
        if step.wake is not None and not any(self._roles[role].sleeper for role in roles):
            self._miss(("timeline", number, "wake"), f"{called} cannot be woken: nothing there sleeps")

    def _miss(self, path: tuple[str | int, ...], text: str) -> None:
        self.problems.append(Problem(line=self._source.line(path), text=text))


def _named(step: Step) -> Iterable[tuple[str, Iterable[str]]]:
    """Component keys that a step names, by field."""
    yield "press", () if step.press is None else (step.press,)
    yield "report", step.report or ()
    yield "event", step.event or ()
