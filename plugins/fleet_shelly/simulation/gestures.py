"""What people and the world do to a component, in words: ``load 3000``, ``temperature 35.5``, ``usb on``. Pure."""

from __future__ import annotations

from fleet_shelly.inputs import PUSHES

GESTURES = PUSHES
"""What a button notices."""


def amount(gesture: str, word: str) -> float | None:
    """The number after a word: 35.5 for ``temperature 35.5`` and ``temperature``; None for anything else."""
    before, _, number = gesture.partition(" ")
    if before != word:
        return None
    try:
        return float(number)
    except ValueError:
        return None
