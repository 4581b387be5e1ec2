"""A scenario, checked: its devices, and what happens to which of them when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fleet_platform.simulator.faults.fault import Fault
from fleet_platform.simulator.scenario.cast import Cast, Role
from fleet_platform.simulator.scenario.checks import Checks
from fleet_platform.simulator.scenario.problems import BadScenario, Problem
from fleet_platform.simulator.scenario.reading import read_shape
from fleet_platform.simulator.scenario.rehearsal import Rehearsal
from fleet_platform.simulator.scenario.shape import Settings, Step
from fleet_platform.simulator.scenario.source import Source
from plugin_sdk import ComponentType

_LARGEST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A step of the timeline and whom it concerns.

    Attributes:
        step: What happens.
        line: Where it is written.
        roles: Numbers of the devices, in order; empty for what concerns none.
        fault: The fault that is started.
    """

    step: Step
    line: int
    roles: Sequence[int]
    fault: Fault | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A fleet and what happens to it.

    Attributes:
        name: The file.
        seed: Of the run.
        settings: What holds for the whole run.
        roles: The devices.
        cues: The timeline, in the file's order.
        remarks: What a person should know: parts that dumps lack.
    """

    name: str
    seed: int
    settings: Settings
    roles: Sequence[Role]
    cues: Sequence[Cue]
    remarks: Sequence[str]


def read_scenario(path: Path, *, seed: int | None = None, types: Mapping[str, ComponentType] | None = None) -> Scenario:
    """The scenario in a file.

    Args:
        path: The file; dumps are looked for beside it.
        seed: Counts more than the file's own.
        types: Component types; None for what the installed plugins contribute.

    Raises:
        BadScenario: It cannot be played; all problems are in it.
    """
    try:
        data = path.read_bytes()
        if len(data) > _LARGEST:
            raise BadScenario(path.name, [Problem(line=1, text=f"larger than {_LARGEST // 1024 // 1024} MiB")])
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = data.count(b"\n", 0, err.start) + 1
        raise BadScenario(path.name, [Problem(line=line, text="this is no UTF-8 text")]) from err
    except OSError as err:
        raise BadScenario(path.name, [Problem(line=1, text=f"cannot be read: {err.strerror}")]) from err
    return parse_scenario(text, name=path.name, folder=path.parent, seed=seed, types=types)


def parse_scenario(
    text: str,
    *,
    name: str,
    folder: Path,
    seed: int | None = None,
    types: Mapping[str, ComponentType] | None = None,
) -> Scenario:
    """The scenario in a text; the rest as :func:`read_scenario`.

    Raises:
        BadScenario: It cannot be played; all problems are in it.
    """
    source = Source(text)
    file, problems = read_shape(source)
    seed = seed if seed is not None else file.settings.seed or 0
    cast = Cast(file.fleet, source, folder, seed)
    cues: list[Cue] = []
    with Rehearsal(types) as rehearsal:
        checks = Checks(cast, source, rehearsal)
        for number, step in enumerate(file.timeline):
            if step is not None:
                roles, fault = checks.look_up(step, number)
                cues.append(Cue(step=step, line=source.line(("timeline", number)), roles=roles, fault=fault))
    # Without a single device all that the timeline names would be unknown.
    problems += [*cast.problems, *(checks.problems if file.fleet else ())]
    if problems:
        raise BadScenario(name, problems)
    return Scenario(
        name=name, seed=seed, settings=file.settings, roles=cast.roles, cues=cues, remarks=tuple(cast.remarks)
    )
