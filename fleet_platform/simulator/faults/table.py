"""The table of all faults, and reading one from outside: the same for Python, scenario files and the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from fleet_platform.simulator.faults.answers import AnswersError, AnswersLate, AnswersNothing
from fleet_platform.simulator.faults.connection import Drops, Duplicates, Flaps, Freezes, HalfOpens, Packets, Slows
from fleet_platform.simulator.faults.fault import Fault
from fleet_platform.simulator.faults.frames import Garbage, Huge, Truncates
from fleet_platform.simulator.faults.life import ClockJumps, RebootLoops, Storms, UpdateFails
from fleet_platform.simulator.faults.strange import WrongId
from fleet_platform.simulator.nearest import unknown
from fleet_platform.simulator.wording import said
from plugin_sdk import JSON

FAULTS: Mapping[str, type[Fault]] = {
    kind.name: kind
    for kind in (
        Drops,
        Flaps,
        HalfOpens,
        Freezes,
        Slows,
        Packets,
        Duplicates,
        Garbage,
        Truncates,
        Huge,
        Storms,
        WrongId,
        ClockJumps,
        RebootLoops,
        UpdateFails,
        AnswersError,
        AnswersLate,
        AnswersNothing,
    )
}
"""All faults by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a fault, for people.

    Attributes:
        name: With its unit: ``delay_s``.
        default: As it is written; empty for none.
        value: The same as JSON; None for none.
        meaning: One sentence.
    """

    name: str
    default: str
    value: JSON
    meaning: str


class BadFault(ValueError):
    """No such fault, or not with these parameters.

    Attributes:
        problems: Name of a parameter, or None for the fault itself, with what is wrong; never empty.
    """

    def __init__(self, problems: Sequence[tuple[str | None, str]]) -> None:
        super().__init__("; ".join(text for _, text in problems))
        self.problems = problems


def find_fault(name: str) -> type[Fault]:
    """A fault by its name, in any case.

    Raises:
        BadFault: There is none; the text names the nearest.
    """
    found = FAULTS.get(name.strip().lower())
    if found is None:
        raise BadFault([(None, unknown("fault", name, FAULTS))])
    return found


def read_fault(name: str, parameters: Mapping[str, object]) -> Fault:
    """A fault with its parameters, which may be texts.

    Raises:
        BadFault: There is no such fault, or it takes no such parameters; each is named with the nearest.
    """
    kind = find_fault(name)
    try:
        return kind.model_validate(dict(parameters))
    except ValidationError as err:
        raise BadFault(
            [_problem(kind, str(error["loc"][0]), error) for error in err.errors(include_url=False)]
        ) from err


def parameters_of(kind: type[Fault]) -> list[Parameter]:
    """What a fault takes, in order."""
    return [
        Parameter(
            name=name,
            default=_written(field.default),
            value=field.default,
            meaning=field.description or "",
        )
        for name, field in kind.model_fields.items()
    ]


def meaning_of(kind: type[Fault]) -> str:
    """What a fault does, as one sentence."""
    return (kind.__doc__ or "").partition("\n")[0]


def _written(default: object) -> str:
    """A default as people write it."""
    if isinstance(default, float):
        return f"{default:g}"
    return "" if default is None else str(default).lower() if isinstance(default, bool) else str(default)


def _problem(kind: type[Fault], name: str, error: ErrorDetails) -> tuple[str, str]:
    if error["type"] == "extra_forbidden":
        return name, unknown(f"parameter of {kind.name}", name, kind.model_fields)
    return name, f"{name} of {kind.name}: {str(error['input'])[:60]!r}: {said(error)}"
