"""What is wrong with a value from outside, in words for whoever wrote it. Pure.

Whoever writes a scenario or a fault knows YAML and the documentation, not the library that checks the values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic_core import ErrorDetails

from fleet_platform.simulator.nearest import did_you_mean

_PLAIN: Mapping[str, str] = {
    "missing": "is missing",
    "string_type": "expected a text",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_parsing_size": "expected a whole number of fewer digits",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "finite_number": "expected a finite number",
    "list_type": "expected a list",
    "dict_type": "expected names with values, such as {name: value}",
    "model_type": "expected names with values, such as {name: value}",
    "string_unicode": "expected a text",
    "too_short": "expected at least one",
}
_BOUNDS: Mapping[str, str] = {
    "greater_than": "expected more than {gt}",
    "greater_than_equal": "expected {ge} or more",
    "less_than": "expected less than {lt}",
    "less_than_equal": "expected {le} or less",
    "string_too_short": "expected at least {min_length} characters",
    "string_too_long": "expected at most {max_length} characters",
    "too_long": "expected at most {max_length}",
}


def said(error: ErrorDetails) -> str:
    """What is expected instead of a value: ``expected off, on or cycle; did you mean off?``."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind in _BOUNDS:
        text = _BOUNDS[kind].format(**{name: _number(value) for name, value in context.items()})
        return "expected a text that is not empty" if text == "expected at least 1 characters" else text
    if kind == "literal_error":
        return _one_of(str(context.get("expected", "")), error["input"])
    text = error["msg"].removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def _one_of(expected: str, value: Any) -> str:
    """``'off', 'on' or 'cycle'`` → ``expected off, on or cycle``, and the nearest of these."""
    words = re.findall("'([^']*)'", expected)
    if not words:
        return f"expected {expected.lower()}"  # True, which is written true
    near = did_you_mean(value, words) if isinstance(value, str) else ""
    return f"expected {expected.replace(chr(39), '')}{near}"


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
