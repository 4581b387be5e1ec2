"""A scenario file's text as its shape, or all that does not fit."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from fleet_platform.simulator.nearest import unknown
from fleet_platform.simulator.scenario.problems import Problem
from fleet_platform.simulator.scenario.shape import Entry, File, Location, Settings, Step
from fleet_platform.simulator.scenario.source import Path, Source

_SHAPES: tuple[tuple[Path, type[BaseModel]], ...] = (
    (("fleet", 0, "location"), Location),
    (("fleet", 0), Entry),
    (("timeline", 0), Step),
    (("settings",), Settings),
    ((), File),
)


def read_shape(source: Source) -> tuple[File | None, list[Problem]]:
    """The file in its shape, and what is wrong with it; None where something is."""
    if source.problems:
        return None, source.problems
    if not isinstance(source.value, dict):
        return None, [Problem(line=1, text="expected fleet: and timeline:; see docs/simulator.md")]
    try:
        return File.model_validate(source.value), []
    except ValidationError as err:
        return None, [_problem(source, error) for error in err.errors(include_url=False)]


def _problem(source: Source, error: ErrorDetails) -> Problem:
    path = tuple(error["loc"])
    return Problem(line=source.line(path), text=_text(source, path, error))


def _text(source: Source, path: Path, error: ErrorDetails) -> str:
    word = str(path[-1]) if path else "file"
    if error["type"] == "extra_forbidden":
        shape = _shape(path[:-1])
        return unknown("field", word, (field.alias or name for name, field in shape.model_fields.items()))
    if error["type"] == "missing":
        return f"{word} is missing"
    said = error["msg"].removeprefix("Value error, ")
    said = said[:1].lower() + said[1:]
    value = source.at(path)
    if value is None or isinstance(value, dict | list):
        return said if isinstance(path[-1:] and path[-1], int) else f"{word}: {said}"
    return f"{_named(path)}: {str(value)[:60]!r}: {said}"


def _named(path: Path) -> str:
    """The last word of a path that is no number."""
    return next((str(step) for step in reversed(path) if isinstance(step, str)), "file")


def _shape(path: Sequence[str | int]) -> type[BaseModel]:
    """The part of the file that a path leads to."""
    plain = tuple(0 if isinstance(step, int) else step for step in path)
    return next((shape for at, shape in _SHAPES if plain == at), File)
