"""The nearest word to one that nobody knows, for messages about typing errors. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Sequence

_CUTOFF = 0.5
_SHOWN = 10


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that looks most like another, in any case; None if none does."""
    by_lower = {each.lower(): each for each in known}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=_CUTOFF)
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown word: ``; did you mean slow?``, or nothing where nothing is near."""
    near = nearest(word, known)
    return f"; did you mean {near}?" if near else ""


def unknown(what: str, word: str, known: Collection[str], *, shown: Sequence[str] = ()) -> str:
    """A sentence about an unknown word: ``unknown fault 'slo'; did you mean slow?``.

    Args:
        what: What it should have been.
        word: What was written.
        known: What there is.
        shown: What to tell of it where nothing is near: ``unknown fault 'x'; there are drop, slow``.
    """
    near = did_you_mean(word, known)
    some = f"; there are {', '.join(shown[:_SHOWN])}{', …' if len(shown) > _SHOWN else ''}" if shown else ""
    return f"unknown {what} {word!r}{near or some}"
