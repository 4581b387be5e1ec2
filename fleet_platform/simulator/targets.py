"""Which devices of a fleet a word means: a name, an id, a MAC, a model, a pattern. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from fnmatch import translate

from fleet_platform.simulator.nearest import unknown
from plugin_sdk import JSON

ALL = "all"

_WILD = re.compile(r"[*?\[]")
_IDENTITY = re.compile("(.*-)?[0-9a-f]{12}")


class Targets:
    """Finds devices by words.

    Args:
        fleet: What each device answers to, as :func:`words_of` says it.
    """

    def __init__(self, fleet: Sequence[Collection[str]]) -> None:
        self._all = tuple(range(len(fleet)))
        by_word: dict[str, list[int]] = {}
        for number, words in enumerate(fleet):
            for word in words:
                by_word.setdefault(word, []).append(number)
        self._by_word: Mapping[str, Sequence[int]] = by_word

    @property
    def words(self) -> list[str]:
        """All that devices answer to, in lower case."""
        return [ALL, *self._by_word]

    def unknown(self, word: str) -> str:
        """A sentence about a word that means no device: with the nearest, or with what there is."""
        # Models come first, for they are what most devices share; ids and MACs say nothing to anybody.
        most = sorted(self._by_word, key=lambda each: (-len(self._by_word[each]), each))
        return unknown("device", word, self.words, shown=[each for each in most if not _IDENTITY.fullmatch(each)])

    def find(self, word: str) -> Sequence[int]:
        """Numbers of the devices that a word means, in order; empty if it means none.

        Args:
            word: A name, an id, a MAC or a model, in any case; with ``*``, ``?`` or ``[…]`` a pattern; or ``all``.
        """
        lower = word.strip().lower()
        if lower == ALL:
            return self._all
        exactly = self._by_word.get(lower)
        if exactly is not None:
            return exactly
        if not _WILD.search(lower):
            return self._by_word.get(re.sub("[:-]", "", lower), ())
        pattern = re.compile(translate(lower))
        return sorted({number for each, found in self._by_word.items() if pattern.match(each) for number in found})


def words_of(info: Mapping[str, JSON], *others: str | None) -> frozenset[str]:
    """What a device answers to, in lower case: id, MAC, name, app and order number, and others if there are.

    Args:
        info: What ``Shelly.GetDeviceInfo`` answers.
        others: Further names.
    """
    device = str(info.get("id", ""))
    own = (device, mac_of(device), *(info.get(name) for name in ("name", "app", "model")))
    return frozenset(str(word).lower() for word in (*own, *others) if word)


def mac_of(device: str) -> str:
    """The MAC in an id, in lower case."""
    return device.rpartition("-")[2].lower()
