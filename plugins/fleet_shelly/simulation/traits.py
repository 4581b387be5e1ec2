"""What sets one simulated device apart from the next and stays so: numbers that follow from its id alone. Pure.

A device's generator goes on with every draw, so what must survive a restart, or be told again for a moment long past,
comes from here.
"""

from __future__ import annotations

from zlib import crc32

_GOLDEN = 2_654_435_761
"""2 to the 32 by the golden ratio."""


def seed_of(*names: str) -> int:
    """A number of 32 bits that belongs to these names."""
    return crc32("/".join(names).encode())


def mix(seed: int, number: int) -> float:
    """A number from 0 to 1 that belongs to a seed and a number, and looks like chance."""
    # A checksum alone has patterns from one number to the next; Knuth's multiplication breaks them.
    return (crc32(b"%d" % number, seed) * _GOLDEN & 0xFFFFFFFF) / 2**32


def trait(*names: str) -> float:
    """A number from 0 to 1 that belongs to these names."""
    return mix(seed_of(*names), 0)


def between(low: float, high: float, *names: str) -> float:
    """A number between two bounds that belongs to these names."""
    return low + (high - low) * trait(*names)
