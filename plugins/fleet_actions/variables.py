"""Variables: ``${name}`` in the parameters and destinations of a step.

A text that is nothing but one variable becomes the variable's value, whatever its type; inside a longer text values are
written out. ``$${name}`` stays ``${name}``. Values are not looked through again. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from plugin_sdk import JSON
from plugin_sdk.errors import InvalidParams

_VARIABLE = re.compile(r"\$?\$\{([^{}]*)\}")


def names(value: JSON) -> Iterator[str]:
    """Names of all variables in a JSON value, as often as they are used."""
    if isinstance(value, str):
        yield from (match[1] for match in _VARIABLE.finditer(value) if not match[0].startswith("$$"))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from names(inner)


def fill(value: JSON, known: Mapping[str, JSON], path: str) -> JSON:
    """A copy of a JSON value with all variables replaced.

    Args:
        path: Where the value is, for errors: ``steps.0.params``.

    Raises:
        InvalidParams: A variable is not known; names it and says where.
    """
    if isinstance(value, str):
        return _fill_text(value, known, path)
    if isinstance(value, Mapping):
        return {key: fill(inner, known, f"{path}.{key}") for key, inner in value.items()}
    if isinstance(value, list):
        return [fill(inner, known, f"{path}.{number}") for number, inner in enumerate(value)]
    return value


def _fill_text(text: str, known: Mapping[str, JSON], path: str) -> JSON:
    def value_of(name: str) -> JSON:
        if name not in known:
            raise InvalidParams.at(path, f"there is no variable {name!r}; give it a value")
        return known[name]

    whole = _VARIABLE.fullmatch(text)
    if whole is not None and not text.startswith("$$"):
        return value_of(whole[1])
    return _VARIABLE.sub(
        lambda match: match[0][1:] if match[0].startswith("$$") else _written(value_of(match[1])), text
    )


def _written(value: JSON) -> str:
    return value if isinstance(value, str) else json.dumps(value)
