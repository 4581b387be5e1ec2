"""Comparing what a device says with what a query names.

Numbers are compared with numbers, text with text whatever the case of its letters, true and false with themselves;
what is missing or of another kind fits nothing.
"""

from __future__ import annotations

import fnmatch
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from fleet_groups.query.syntax import Condition, Operator, QueryError, Value
from plugin_sdk import JSON

Fits: TypeAlias = Callable[[JSON], bool]

OPERATORS: frozenset[Operator] = frozenset(("=", "<", "<=", ">", ">=", "~", "in", "exists"))
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
NUMBERS = frozenset({int, float})


def comparison(sign: str) -> Callable[[Any, Any], bool]:
    """The function of an operator."""
    return _COMPARE[sign]


def fits(condition: Condition) -> Fits:
    """A test of a JSON value.

    Raises:
        QueryError: The values are not what the operator compares.
    """
    if condition.operator == "~":
        return matches(condition.values[0])
    if condition.operator == "in":
        tests = tuple(map(_equals, condition.values))
        return lambda found: any(test(found) for test in tests)
    if condition.operator == "=":
        return _equals(condition.values[0])
    needs_number(condition)
    compare, wanted = _COMPARE[condition.operator], condition.values[0].plain
    return lambda found: type(found) in NUMBERS and compare(found, wanted)


def _equals(value: Value) -> Fits:
    wanted = value.plain
    if isinstance(wanted, bool):
        return lambda found: found is wanted
    if isinstance(wanted, float):
        return lambda found: type(found) in NUMBERS and found == wanted
    text = wanted.lower()
    return lambda found: type(found) is str and found.lower() == text


def matches(value: Value) -> Fits:
    """A test of a text by a pattern: ``*`` stands for any text, ``?`` for one character."""
    # The translation backtracks over no star twice, so that no pattern takes long.
    pattern = re.compile(fnmatch.translate(value.text.lower().replace("[", "[[]")))
    return lambda found: type(found) is str and pattern.match(found.lower()) is not None


def needs_number(condition: Condition) -> None:
    """Refuse what is compared with something else than a number.

    Raises:
        QueryError: A value is none.
    """
    for value in condition.values:
        if not isinstance(value.plain, float):
            raise QueryError(value.at, "expected a number")


def whole_number(value: Value, what: str) -> int:
    """The id that a value is.

    Raises:
        QueryError: It is none.
    """
    plain = value.plain
    if isinstance(plain, bool | str) or not plain.is_integer():
        raise QueryError(value.at, f"a {what} is named by its number")
    return int(plain)
