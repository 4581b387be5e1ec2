"""Whether settings are ones that a device takes: rules by the setting's path, such as ``night_mode.brightness``. Pure.

Source: Shelly Gen2+ API, the tables of each component's configuration. Upper limits that depend on the model's rating
are taken wide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from plugin_sdk import JSON
from plugin_sdk.arguments import invalid
from plugin_sdk.local_time import read_period

Rule: TypeAlias = Callable[[JSON], bool]


def is_number(value: JSON) -> bool:
    """Whether it is a number, and not true or false."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def number(low: float, high: float) -> Rule:
    """A number between two bounds, both allowed."""
    return lambda value: is_number(value) and low <= value <= high


def one_of(*words: str | None) -> Rule:
    """One of some words."""
    return lambda value: (value is None or isinstance(value, str)) and value in words


def text(longest: int) -> Rule:
    """A text up to a length, or none."""
    return lambda value: value is None or (isinstance(value, str) and len(value) <= longest)


def span(low: float, high: float) -> Rule:
    """Two numbers, the second not below the first."""

    def fits(value: JSON) -> bool:
        two = isinstance(value, list) and len(value) == 2 and all(number(low, high)(part) for part in value)
        return two and bool(value[0] <= value[1])

    return fits


def numbers(count: int, low: float, high: float) -> Rule:
    """So many numbers between two bounds."""
    fits = number(low, high)
    return lambda value: isinstance(value, list) and len(value) == count and all(fits(part) for part in value)


def period(value: JSON) -> bool:
    """Two times of the day, or an empty list for none."""
    return value == [] or read_period(value) is not None


def obey(changes: Mapping[str, JSON], rules: Mapping[str, Rule]) -> None:
    """Refuse changes that break a rule.

    Args:
        changes: Nested as in the settings.
        rules: By path, with dots.

    Raises:
        DeviceFault: -103 with the path.
    """
    for path, value in _leaves(changes, ""):
        rule = rules.get(path)
        if rule is not None and not rule(value):
            raise invalid(path)


def _leaves(changes: Mapping[str, JSON], prefix: str) -> Iterator[tuple[str, JSON]]:
    for name, value in changes.items():
        yield prefix + name, value
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
