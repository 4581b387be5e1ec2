"""What of each gateway was not read, and of which of its scripts; told once to whoever runs the platform."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final

MAX_GATEWAYS = 1_000
MAX_SOURCES = 16
"""A gateway; what others lose is counted together."""
OTHERS = "others"
MESSAGES = "messages"
"""Source of what was not even looked into."""

TOLD: Final[Mapping[str, str]] = {
    "too_much": "sends more than is looked at of one gateway",
    "too_many": "sends more advertisements than are read of one gateway",
    "refused": "hears more beacons than one gateway, or the platform, may have",
}
"""What is worth a line in the log, and how it is said; the rest is only counted."""


class Losses:
    """Counts by gateway and source (``script:1``).

    Args:
        tell: Is given a gateway and a sentence about it, once for each kind of loss.
    """

    def __init__(self, tell: Callable[[str, str], None]) -> None:
        self._tell = tell
        self._gateways: dict[str, dict[str, Counter[str]]] = {}

    def count(self, gateway: str, source: str, why: str, times: int = 1) -> None:
        """Some of what a gateway sent was lost."""
        if gateway not in self._gateways and len(self._gateways) >= MAX_GATEWAYS:
            return
        sources = self._gateways.setdefault(gateway, {})
        if why in TOLD and not any(why in counted for counted in sources.values()):
            self._tell(gateway, TOLD[why])
        known = source in sources or len(sources) < MAX_SOURCES
        sources.setdefault(source if known else OTHERS, Counter())[why] += times

    def __iter__(self) -> Iterator[tuple[str, dict[str, dict[str, int]]]]:
        """Each gateway that lost something, with ``{source: {why: times}}``."""
        for gateway, sources in self._gateways.items():
            yield gateway, {source: dict(counted) for source, counted in sources.items()}

    def forget(self, gateway: str) -> None:
        """A gateway was deleted."""
        self._gateways.pop(gateway, None)
