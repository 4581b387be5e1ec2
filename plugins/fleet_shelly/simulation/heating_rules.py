"""When a heating rule comes due: a cron expression of six fields, on the minute. Pure.

Fields are second, minute, hour, day of month, month, day of week (0 is Sunday); each takes ``*``, numbers, ranges,
steps, lists and the days' names.

Source: rules of a Wall Display in the sources of ShellyScanner.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable

from plugin_sdk import JSONObject

_BOUNDS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_PART = re.compile(r"(\*|\d{1,2})(?:-(\d{1,2}))?(?:/(\d{1,2}))?")
_LONGEST = 120


def is_rule_time(timespec: str) -> bool:
    """Whether a device takes it: ``0 30 6 * * MON-FRI``."""
    return _read(timespec) is not None


def rule_at(rules: Iterable[JSONObject], now: time.struct_time) -> JSONObject | None:
    """The rule that comes due in a minute of local time; of several the last, None if none does."""
    due = [rule for rule in rules if rule["enable"] and _comes_due(rule["timespec"], now)]
    return due[-1] if due else None


def _comes_due(timespec: str, now: time.struct_time) -> bool:
    fields = _read(timespec)
    if fields is None:
        return False
    moment = (now.tm_min, now.tm_hour, now.tm_mday, now.tm_mon, (now.tm_wday + 1) % 7)
    return all(part in field for part, field in zip(moment, fields[1:], strict=True))


def _read(timespec: str) -> list[set[int]] | None:
    """The numbers that each field stands for; None if it is no expression."""
    words = timespec.split()
    if len(timespec) > _LONGEST or len(words) != len(_BOUNDS):
        return None
    fields = [_field(word.lower(), *bounds) for word, bounds in zip(words, _BOUNDS, strict=True)]
    read = [field for field in fields if field]
    if len(read) != len(_BOUNDS):
        return None
    read[-1] = {day % 7 for day in read[-1]}
    return read


def _field(word: str, low: int, high: int) -> set[int]:
    """Empty if it cannot be read."""
    if high == _BOUNDS[-1][1]:
        for name, number in _DAYS.items():
            word = word.replace(name, str(number))
    found: set[int] = set()
    for part in word.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            return set()
        first, last, step = match.groups()
        start = low if first == "*" else int(first)
        end = int(last) if last else (high if first == "*" or step else start)
        if not low <= start <= end <= high or step == "0":
            return set()
        found.update(range(start, end + 1, int(step or 1)))
    return found
