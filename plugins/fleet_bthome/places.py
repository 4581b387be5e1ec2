"""Numbers of the beacons that one gateway shows: a number is to mean the same beacon for as long as it can. Pure.

An entity's id and its history go by the number, so nobody is to find a garden's temperature under a fridge's name.
"""

from __future__ import annotations

from collections.abc import Callable

FIRST = 200
"""Number of a gateway's first beacon, as of all components that come and go."""
END = 1_000


class Places:
    """The numbers of one gateway.

    Args:
        limit: How many may be taken at a time.

    Attributes:
        taken: Address by number.
    """

    def __init__(self, limit: int) -> None:
        self.taken: dict[int, str] = {}
        self._limit = limit
        self._had: dict[str, int] = {}

    def free(self, address: str, waits: Callable[[int], bool] = lambda _: False) -> int | None:
        """A number for an address: the one it had, else one that nobody had, else the one that is free longest.

        Args:
            waits: Whether a number was not yet told to be free.

        Returns:
            None if the gateway has enough.
        """
        if len(self.taken) >= self._limit:
            return None
        own = self._had.get(address)
        left = {number: owner for owner, number in self._had.items()}
        fresh = (number for number in range(FIRST, END) if number not in left)
        candidates = (*(() if own is None else (own,)), *fresh, *left)
        return next((each for each in candidates if each not in self.taken and not waits(each)), None)

    def take(self, number: int, address: str) -> None:
        """A number is an address's from now on."""
        self.taken[number] = address
        self._had = {owner: had for owner, had in self._had.items() if had != number and owner != address}

    def leave(self, number: int) -> None:
        """A number is free, and remembered for whom it was."""
        address = self.taken.pop(number, None)
        if address is not None:
            self._had[address] = number
