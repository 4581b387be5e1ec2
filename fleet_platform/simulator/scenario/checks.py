"""Whether what a timeline names is there: devices, components and what they know, faults and their parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fleet_platform.simulator.faults.fault import Fault
from fleet_platform.simulator.faults.methods import method_in, unknown_method
from fleet_platform.simulator.faults.table import BadFault, find_fault, read_fault
from fleet_platform.simulator.nearest import unknown
from fleet_platform.simulator.scenario.cast import Cast, Role
from fleet_platform.simulator.scenario.problems import Problem
from fleet_platform.simulator.scenario.rehearsal import Rehearsal, paths
from fleet_platform.simulator.scenario.shape import Step
from fleet_platform.simulator.scenario.source import Path, Source
from fleet_platform.simulator.targets import ALL, Targets
from plugin_sdk import component_id

_DYNAMIC_IDS = range(200, 300)
_RESHAPES = (".setconfig", ".setprofile")
"""Methods after which a component may take other gestures, and a device have other components."""


class Checks:
    """Looks up what steps name.

    Attributes:
        problems: What is not there, and what can never happen.
    """

    def __init__(self, cast: Cast, source: Source, rehearsal: Rehearsal) -> None:
        self._roles = cast.roles
        # Who is missing is called by its name too: that is no second mistake.
        self._targets = Targets([*(role.words for role in cast.roles), *cast.missing])
        self._anybody = frozenset() in cast.missing
        self._source = source
        self._rehearsal = rehearsal
        self._reshaped: set[int] = set()
        self.problems: list[Problem] = []

    def look_up(self, step: Step, number: int) -> tuple[Sequence[int], Fault | None]:
        """The devices that a step concerns, in order, and the fault that it starts; None where there is no such."""
        fault = self._fault(step, number)
        first_s = step.at if step.at is not None else step.every
        if first_s is not None and step.until is not None and step.until < first_s:
            text = f"never happens: it ends after {step.until:g} s, before its first time at {first_s:g} s"
            self._miss(("timeline", number, "until"), text)
        if step.rate is not None:
            return (), fault
        found = self._targeted(step, number)
        roles = [role for role in found if role < len(self._roles)]
        # What only a missing device would have is not looked up.
        if roles and len(roles) == len(found):
            self._check(step, number, roles, fault)
        return roles, fault

    # ---- inside -----------------------------------------------------------------------------------------

    def _targeted(self, step: Step, number: int) -> list[int]:
        found: set[int] = set()
        for at, word in enumerate(step.on):
            devices = self._targets.find(word)
            if not devices and not self._anybody:
                self._miss(("timeline", number, "on", at), self._targets.unknown(word))
            found.update(devices)
        return sorted(found)

    def _fault(self, step: Step, number: int) -> Fault | None:
        try:
            if step.heal is not None and step.heal.lower() != ALL:
                find_fault(step.heal)
            if step.fault is not None:
                return read_fault(step.fault, step.with_)
        except BadFault as err:
            field = "fault" if step.fault is not None else "heal"
            for parameter, text in err.problems:
                self._miss(("timeline", number, *((field,) if parameter is None else ("with", parameter))), text)
        return None

    def _check(self, step: Step, number: int, numbers: Sequence[int], fault: Fault | None) -> None:
        roles = [self._roles[each] for each in numbers]
        where = f" (on {_called(roles)})"
        if step.pick is not None and step.pick > len(roles):
            there = "there is only one" if len(roles) == 1 else f"there are only {len(roles)}"
            self._miss(("timeline", number, "pick"), f"pick: {str(step.pick)!r}: {there} to pick from")
        if step.wake is not None and not any(role.sleeper for role in roles):
            self._miss(("timeline", number, "wake"), f"{_called(roles)} cannot be woken: nothing there sleeps")
        for path, key in _keys(step):
            self._check_component(("timeline", number, *path), key, roles, where)
        if not step.unchecked:
            self._check_method(("timeline", number, "call"), step.call, roles, where)
            method = None if fault is None else method_in(fault)
            self._check_method(("timeline", number, "with", "method"), method, roles, where)
            self._check_gesture(step, number, numbers, where)
            self._check_fields(step, number, roles, where)
            self._check_events(step, number, roles, where)
        if step.call is not None and step.call.lower().endswith(_RESHAPES):
            self._reshaped.update(numbers)

    def _check_component(self, path: Path, key: str, roles: Sequence[Role], where: str) -> None:
        known = {each for role in roles for each in role.keys}
        # Components that are created on the way cannot be known before.
        if key not in known and component_id(key) not in _DYNAMIC_IDS:
            self._miss(path, f"{unknown('component', key, known)}{where}")

    def _check_method(self, path: Path, method: str | None, roles: Sequence[Role], where: str) -> None:
        text = None if method is None else unknown_method(method, self._rehearsal.methods(roles))
        if text is not None:
            self._miss(path, text + where)

    def _check_gesture(self, step: Step, number: int, numbers: Sequence[int], where: str) -> None:
        key = step.press
        roles = [self._roles[each] for each in numbers if key in self._roles[each].keys]
        if key is None or not roles or not self._reshaped.isdisjoint(numbers):
            return
        if not self._rehearsal.takes(roles, key, step.gesture):
            taken = self._rehearsal.gestures(roles, key)
            field = "gesture" if self._source.at(("timeline", number, "gesture")) is not None else "press"
            text = unknown(f"gesture of {key}", step.gesture, taken, shown=taken)
            self._miss(("timeline", number, field), text + where)

    def _check_fields(self, step: Step, number: int, roles: Sequence[Role], where: str) -> None:
        for key, patch in (step.report or {}).items():
            known = self._rehearsal.fields(roles, key)
            for path in paths(patch):
                above, _, name = path.rpartition(".")
                beside = sorted(each.rpartition(".")[2] for each in known if each.rpartition(".")[0] == above)
                # Of an object that was empty all the time nobody knows what it may hold.
                if path not in known and beside:
                    text = unknown(f"field of {f'{key}.{above}'.rstrip('.')}", name, beside, shown=beside)
                    self._miss(("timeline", number, "report", key, *path.split(".")), text + where)

    def _check_events(self, step: Step, number: int, roles: Sequence[Role], where: str) -> None:
        for key, name in (step.event or {}).items():
            known = self._rehearsal.events(key)
            if known is not None and name not in known and any(key in role.keys for role in roles):
                text = unknown(f"event of {key}", name, known, shown=sorted(known))
                self._miss(("timeline", number, "event", key), text + where)

    def _miss(self, path: Path, text: str) -> None:
        self.problems.append(Problem(line=self._source.line(path), text=text))


def _called(roles: Sequence[Role]) -> str:
    return roles[0].label if len(roles) == 1 else f"these {len(roles)} devices"


def _keys(step: Step) -> Iterable[tuple[Path, str]]:
    """Component keys that a step names, and where."""
    if step.press is not None:
        yield ("press",), step.press
    for field, keys in (("report", step.report or ()), ("event", step.event or ())):
        for key in keys:
            yield (field, key), key
