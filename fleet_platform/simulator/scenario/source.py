"""YAML text as plain values, each of which knows its line.

A small YAML 1.2: ``on``, ``off``, ``yes`` and ``12:30`` are texts, as people who write devices' names and states mean
them. Anchors may be used; tags, and keys that are no texts, may not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TypeAlias

import yaml

from fleet_platform.simulator.scenario.problems import Problem
from plugin_sdk import JSON

Path: TypeAlias = tuple[str | int, ...]
"""Where a value is: ``("fleet", 0, "model")``."""

_MAX_VALUES = 200_000
_MAX_DEPTH = 40
_MAX_DIGITS = 20

_NULL = "tag:yaml.org,2002:null"
_BOOL = "tag:yaml.org,2002:bool"
_INT = "tag:yaml.org,2002:int"
_FLOAT = "tag:yaml.org,2002:float"
_TEXT = "tag:yaml.org,2002:str"


class _Loader(yaml.SafeLoader):
    """Resolves plain scalars by the core schema of YAML 1.2 (chapter 10.3.2 there)."""


_Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    (_NULL, r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    (_BOOL, r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    (_INT, r"[-+]?[0-9]+", list("-+0123456789")),
    (_FLOAT, r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+0123456789.")),
):
    _Loader.add_implicit_resolver(tag, re.compile(rf"^(?:{pattern})$"), first)


class Source:
    """What a YAML text holds.

    Attributes:
        value: Plain values; None where the text cannot be read at all, or is too much.
        problems: What cannot be read.
    """

    def __init__(self, text: str) -> None:
        self.problems: list[Problem] = []
        self.value: JSON = None
        self._lines: dict[Path, int] = {}
        self._keys: dict[Path, int] = {}
        self._left = _MAX_VALUES
        self._cut = False
        node = self._compose(text)
        if node is not None:
            value = self._read(node, (), set())
            self.value = None if self._cut else value

    def line(self, path: Sequence[str | int]) -> int:
        """The line of a value, or of the nearest thing around it that is there."""
        for length in range(len(path), -1, -1):
            found = self._keys.get(tuple(path[:length]), self._lines.get(tuple(path[:length])))
            if found is not None:
                return found
        return 1

    def at(self, path: Sequence[str | int]) -> JSON:
        """The value at a place; None if there is none."""
        value = self.value
        for step in path:
            steps = range(len(value)) if isinstance(value, list) else value if isinstance(value, dict) else ()
            if step not in steps:
                return None
            value = value[step]
        return value

    def _compose(self, text: str) -> yaml.Node | None:
        try:
            node: yaml.Node | None = yaml.compose(text, _Loader)
        except yaml.MarkedYAMLError as err:
            mark = err.problem_mark or err.context_mark
            said = " ".join(part for part in (err.context, err.problem) if part)
            self._report(1 if mark is None else mark.line + 1, f"this is no YAML: {said}")
        except RecursionError:
            self._report(1, "this is nested too deeply")
        except (yaml.YAMLError, ValueError, OverflowError) as err:
            # The reader refuses control characters without a mark; odd escapes and directives surface as the errors
            # of int() and chr().
            self._report(1, f"this is no YAML: {str(err).partition(chr(10))[0]}")
        else:
            return node
        return None

    def _report(self, line: int, text: str) -> None:
        self.problems.append(Problem(line=line, text=text))

    def _read(self, node: yaml.Node, path: Path, above: set[int]) -> JSON:
        line = node.start_mark.line + 1
        self._lines[path] = line
        self._left -= 1
        if self._left < 0 or len(path) > _MAX_DEPTH or id(node) in above:
            self._cut = True
            if self._left >= -1 or id(node) in above:
                self._report(line, "too much: a value that holds itself, too many values, or nested too deeply")
            return None
        inside = above | {id(node)}
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, inside)
        if isinstance(node, yaml.SequenceNode):
            return [self._read(item, (*path, number), inside) for number, item in enumerate(node.value)]
        return self._scalar(node, line)

    def _mapping(self, node: yaml.MappingNode, path: Path, inside: set[int]) -> JSON:
        found: dict[str, JSON] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self._report(line, "a key must be a word")
                continue
            name, place = key.value, (*path, key.value)
            if name in found:
                self._report(line, f"{name!r} is here a second time; the first is in line {self._keys[place]}")
                continue
            self._keys[place] = line
            found[name] = self._read(value, place, inside)
        return found

    def _scalar(self, node: yaml.Node, line: int) -> JSON:
        text = str(node.value)
        if node.tag == _NULL:
            return None
        if node.tag == _BOOL:
            return text.lower() == "true"
        if node.tag in (_INT, _FLOAT):
            return self._number(text, line, whole=node.tag == _INT)
        if node.tag != _TEXT:
            self._report(line, f"tags such as {node.tag!r} are not known here")
        return text

    def _number(self, text: str, line: int, *, whole: bool) -> JSON:
        try:
            number = int(text) if whole and len(text) <= _MAX_DIGITS else float(text)
        except ValueError:  # an explicit tag in front of something else
            number = math.nan
        if not math.isfinite(number) or (whole and not -(2**63) <= number < 2**64):
            self._report(line, f"{text[:40]!r} is no number that a device could send")
            return None
        return number
