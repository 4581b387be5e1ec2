"""A scenario file's values as its shape, and all that does not fit.

What does not fit is mended or left out, so that the rest can be checked in the same go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from fleet_platform.simulator.nearest import nearest, unknown
from fleet_platform.simulator.scenario.conflicts import entry_conflicts, step_conflicts
from fleet_platform.simulator.scenario.problems import Problem
from fleet_platform.simulator.scenario.shape import Component, Entry, File, Location, Settings, Step
from fleet_platform.simulator.scenario.source import Path, Source
from fleet_platform.simulator.wording import said
from plugin_sdk import JSON

_P = TypeVar("_P", bound=BaseModel)

_FIELDS = ("settings", "fleet", "timeline")
_EXAMPLES: Mapping[str, str] = {
    "settings": "{seed: 7}",
    "fleet": "{model: Plus1PM}",
    "timeline": "{at: 5s, power: off}",
}


def read_shape(source: Source) -> tuple[File, list[Problem]]:
    """The file in its shape, as far as it goes, and what is wrong with it."""
    reader = _Reader(source)
    return reader.read(), reader.problems


class _Reader:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._spoilt = frozenset(problem.line for problem in source.problems)
        self.problems = list(source.problems)

    def read(self) -> File:
        """All of it."""
        value = self._source.value
        if not isinstance(value, dict):
            if not self.problems:
                self._report((), "expected fleet: and timeline:; see docs/simulator.md")
            return File(settings=Settings(), fleet=(), timeline=())
        for name in value.keys() - set(_FIELDS):
            self._report((name,), unknown("field", name, _FIELDS))
        if value.get("fleet") is None:
            self._report((), "fleet is missing")
        return File(
            settings=self._part(("settings",), Settings, "settings") or Settings(),
            fleet=self._list("fleet", Entry, entry_conflicts),
            timeline=self._list("timeline", Step, step_conflicts),
        )

    def _list(
        self, name: str, shape: type[_P], conflicts: Callable[[Mapping[str, JSON]], list[str]]
    ) -> list[_P | None]:
        value = self._source.at((name,))
        if value is None:
            return []
        if not isinstance(value, list) or (name == "fleet" and not value):
            self._report((name,), f"{name}: {_shown(value)}expected a list such as [{_EXAMPLES[name]}]")
            return []
        for number, item in enumerate(value):
            if isinstance(item, dict):
                for text in conflicts(item):
                    self._report((name, number), text)
        return [self._part((name, number), shape, name) for number in range(len(value))]

    def _part(self, path: Path, shape: type[_P], name: str) -> _P | None:
        """A part of the file in its shape, without what is wrong in it; None if there is none, or nothing is left."""
        value = self._source.at(path)
        if value is None and len(path) == 1:
            return None
        if not isinstance(value, dict):
            self._report(path, f"{name}: {_shown(value)}expected names with values, such as {_EXAMPLES[name]}")
            return None
        try:
            return shape.model_validate(value)
        except ValidationError as err:
            errors = err.errors(include_url=False)
        for error in errors:
            self._report((*path, *_place(error)), self._text((*path, *_place(error)), error))
        try:
            return shape.model_validate(_mended(value, errors, shape))
        except ValidationError:
            return None

    def _text(self, path: Path, error: ErrorDetails) -> str:
        word = str(path[-1])
        if error["type"] == "extra_forbidden":
            return unknown("field", word, _names(_shape(path[:-1])))
        if error["loc"][-1] == "[key]":
            return f"{_word(path[:-1])}: {word[:60]!r}: {said(error)}"
        return f"{_word(path)}: {_shown(self._source.at(path))}{said(error)}"

    def _report(self, path: Path, text: str) -> None:
        line = self._source.line(path)
        if line not in self._spoilt:  # what cannot be read is told already; that it is missing is no second mistake
            self.problems.append(Problem(line=line, text=text))


def _place(error: ErrorDetails) -> Path:
    """Where in its part an error is; a key is where its value is."""
    return tuple(step for step in error["loc"] if step != "[key]")


def _mended(value: Mapping[str, JSON], errors: Sequence[ErrorDetails], shape: type[BaseModel]) -> Mapping[str, JSON]:
    """The fields that are right, and those with a typing error in their name under the name that was meant."""
    wrong = {str(error["loc"][0]) for error in errors}
    right = {name: given for name, given in value.items() if name not in wrong}
    for error in errors:
        name = str(error["loc"][0])
        meant = nearest(name, _names(shape)) if error["type"] == "extra_forbidden" and len(error["loc"]) == 1 else None
        if meant is not None and meant not in value:
            try:
                shape.model_validate({**right, meant: value[name]})
            except ValidationError:
                continue
            right[meant] = value[name]
    return right


def _shown(value: JSON) -> str:
    """A value in front of what is said of it; nothing where it is long or there is none."""
    return "" if value is None or isinstance(value, dict | list) else f"{str(value)[:60]!r}: "


def _word(path: Path) -> str:
    """The last word of a path that is no number."""
    return next((str(step) for step in reversed(path) if isinstance(step, str)), "file")


def _shape(path: Sequence[str | int]) -> type[BaseModel]:
    """The part of the file that a path leads to."""
    match tuple(path):
        case ("settings",):
            return Settings
        case ("fleet", int()):
            return Entry
        case ("fleet", int(), "location"):
            return Location
        case ("fleet", int(), "components", str()):
            return Component
        case _:
            return Step


def _names(shape: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in shape.model_fields.items()]
