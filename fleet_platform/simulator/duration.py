"""Spans of time as people write them: ``10s``, ``1m30s``, ``500ms``, ``2h``, or plain seconds. Pure."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator

LONGEST_S = 366 * 86_400.0

_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_PART = r"(\d{1,12}(?:\.\d{1,6})?)\s*(ms|[smhd])"
_WHOLE = re.compile(rf"(?:{_PART}\s*)+", re.IGNORECASE)
_PARTS = re.compile(_PART, re.IGNORECASE)


def read_duration(value: object) -> float:
    """Seconds in a span of time.

    Raises:
        ValueError: It is none, or is longer than a year.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    elif isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        seconds = sum(float(number) * _UNITS_S[unit.lower()] for number, unit in _PARTS.findall(value))
    else:
        raise ValueError("expected a span of time such as 10s, 1m30s or 2h")
    if not 0 <= seconds <= LONGEST_S:
        raise ValueError("expected a span of time from 0 to a year")
    return seconds


Duration = Annotated[float, BeforeValidator(read_duration)]
"""Seconds; written as a span of time."""
