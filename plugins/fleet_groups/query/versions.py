"""The order of firmware versions: ``1.4.2-beta1`` is older than ``1.4.2``, which is older than ``1.10``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeAlias

Version: TypeAlias = tuple[tuple[int, ...], bool, tuple[tuple[int, str], ...]]
"""Numbers without zeros at the end; whether it is a release; what follows the numbers, numbers in it as such."""

_NUMBERS = re.compile(r"\d{1,9}(\.\d{1,9})*")
_PARTS = re.compile(r"\d{1,9}|[a-z]+")


@lru_cache(maxsize=1_000)
def version(text: str) -> Version | None:
    """Something that can be compared, or None for text that does not start with a number."""
    found = _NUMBERS.match(text.strip())
    if found is None:
        return None
    numbers = [int(part) for part in found[0].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    rest = text.strip()[found.end() :].lower()
    parts = tuple((int(part), "") if part.isdecimal() else (-1, part) for part in _PARTS.findall(rest))
    return tuple(numbers), not parts, parts
