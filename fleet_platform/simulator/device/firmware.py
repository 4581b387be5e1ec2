"""Firmware: whose it is, which version is newer, and which one an address names. Pure."""

from __future__ import annotations

import re

_NUMBERS = re.compile(r"\d+")
_VERSION = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z]+)*")


def is_wall_display(app: str) -> bool:
    """Whether it is that of a Wall Display, which is built on another platform and counts versions of its own."""
    return app.startswith("WallDisplay")


def release_of(version: str) -> tuple[int, ...]:
    """Major and minor number: ``(1, 5)`` of ``1.5.1-beta1``; what is no number counts as 0."""
    numbers = version.split("-", maxsplit=1)[0].split(".")[:2]
    return tuple(int(part) if part.isdecimal() else 0 for part in numbers)


def is_newer(version: str, than: str) -> bool:
    """Whether one version comes after another: ``1.8.0`` after ``1.8.0-beta2`` after ``1.7.5``."""
    return _rank(version) > _rank(than)


def version_in(url: str) -> str | None:
    """The version that an update's address names, if it does: ``http://…/1.8.0/S1G3.zip`` → ``1.8.0``."""
    found = _VERSION.search(url.rpartition("//")[2].partition("/")[2])
    return found.group() if found is not None else None


def _rank(version: str) -> tuple[list[int], bool, list[int]]:
    release, _, test = version.partition("-")
    return [int(part) for part in _NUMBERS.findall(release)], not test, [int(part) for part in _NUMBERS.findall(test)]
