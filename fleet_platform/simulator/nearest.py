"""The nearest word to one that nobody knows, for messages about typing errors. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_CUTOFF = 0.5


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that looks most like another, in any case; None if none does."""
    by_lower = {each.lower(): each for each in known}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=_CUTOFF)
    return by_lower[found[0]] if found else None


def unknown(what: str, word: str, known: Iterable[str]) -> str:
    """A sentence about an unknown word: ``unknown fault 'slo'; did you mean slow?``."""
    near = nearest(word, known)
    return f"unknown {what} {word!r}" + (f"; did you mean {near}?" if near else "")
