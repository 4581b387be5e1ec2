"""Devices in a sentence. Pure."""

from __future__ import annotations

from collections.abc import Sequence

_MOST = 8


def some_of(names: Sequence[str]) -> str:
    """The first few of many names: ``a, b and 5 more``."""
    told, more = names[:_MOST], len(names) - _MOST
    return ", ".join(told) + (f" and {more} more" if more > 0 else "")
