"""Comparing answers with the shapes that the reference writes down.

A shape is a type (``int``), a value (``"2.0"``), a list with the shape of its members, an object with those of its
members, a choice (:class:`Either`), or a pattern (compiled regular expression). A member whose name ends with a question
mark may be missing; ``...`` as the name of a member allows others, of the shape beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

ANY = object


@dataclass(frozen=True)
class Either:
    """One of several shapes."""

    shapes: tuple[Any, ...]

    def __init__(self, *shapes: Any) -> None:
        object.__setattr__(self, "shapes", shapes)


def difference(value: Any, shape: Any, path: str = "$") -> str | None:
    """Where a value does not have a shape, in words; None if it has it."""
    if shape is ANY:
        return None
    if isinstance(shape, Either):
        faults = [difference(value, each, path) for each in shape.shapes]
        return None if None in faults else f"{path}: {value!r} is none of the choices: {faults}"
    if isinstance(shape, re.Pattern):
        fits = isinstance(value, str) and shape.fullmatch(value) is not None
        return None if fits else f"{path}: {value!r} does not match {shape.pattern!r}"
    if isinstance(shape, type):
        return None if _is(value, shape) else f"{path}: {value!r} is no {shape.__name__}"
    if isinstance(shape, dict):
        return _object_difference(value, shape, path)
    if isinstance(shape, list):
        return _list_difference(value, shape, path)
    return None if value == shape and type(value) is type(shape) else f"{path}: {value!r} is not {shape!r}"


def check(value: Any, shape: Any) -> Any:
    """Assert that a value has a shape; returns the value."""
    fault = difference(value, shape)
    assert fault is None, fault
    return value


def _is(value: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _object_difference(value: Any, shape: dict[Any, Any], path: str) -> str | None:
    if not isinstance(value, dict):
        return f"{path}: {value!r} is no object"
    named = {name.removesuffix("?"): name for name in shape if name is not ...}
    for name, spelt in named.items():
        if name in value:
            fault = difference(value[name], shape[spelt], f"{path}.{name}")
            if fault:
                return fault
        elif not spelt.endswith("?"):
            return f"{path}: there is no {name} in {value!r}"
    others = [name for name in value if name not in named]
    if ... in shape:
        return next(
            (fault for name in others if (fault := difference(value[name], shape[...], f"{path}.{name}"))), None
        )
    return f"{path}: {others[0]} was not expected" if others else None


def _list_difference(value: Any, shape: list[Any], path: str) -> str | None:
    if not isinstance(value, list):
        return f"{path}: {value!r} is no array"
    (member,) = shape
    faults = (difference(each, member, f"{path}[{number}]") for number, each in enumerate(value))
    return next((fault for fault in faults if fault), None)
