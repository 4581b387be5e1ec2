"""Finding plugins: the entry points of one group, in the order of their names. Nothing is imported here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from importlib_metadata import EntryPoint, entry_points

GROUP = "fleet_platform.plugins"

_OWN_DISTRIBUTION = "fleet-platform"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")  # with "plugin_" before it, it is a schema's name in the database
_TAKEN = ("core",)  # owner of the platform's own rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A plugin that is installed.

    Attributes:
        name: Unique; of the entry point, with the distribution after an ``@`` if another one has taken it.
        entry: Where its code is.
        distribution: What brought it, or None if that is unknown.
        version: Of the distribution.
        problem: Why it cannot be loaded at all, or None.
    """

    name: str
    entry: EntryPoint
    distribution: str | None = None
    version: str | None = None
    problem: str | None = None


def discover(entries: Iterable[EntryPoint] | None = None) -> list[Found]:
    """All plugins, in the order of their names.

    Of two that have the same name the platform's own counts, else the one whose distribution comes first.

    Args:
        entries: Entry points to take instead of the installed ones.
    """
    if entries is None:
        entries = entry_points(group=GROUP)
    ordered = sorted(entries, key=lambda entry: (entry.name, _brought_by(entry)))
    return [found for name, same in groupby(ordered, key=lambda entry: entry.name) for found in _of_name(name, same)]


def _of_name(name: str, entries: Iterable[EntryPoint]) -> Iterator[Found]:
    first, *others = entries
    yield _found(name, first, _problem(name))
    for entry in others:
        problem = f"The name {name} is taken by the plugin of {_label(first)}."
        yield _found(f"{name}@{_label(entry)}", entry, problem)


def _found(name: str, entry: EntryPoint, problem: str | None) -> Found:
    dist = entry.dist
    return Found(
        name=name,
        entry=entry,
        distribution=dist.name if dist is not None else None,
        version=dist.version if dist is not None else None,
        problem=problem,
    )


def _problem(name: str) -> str | None:
    if not _NAME.fullmatch(name):
        return "The name of a plugin has up to 48 lower-case letters, digits and underscores and starts with a letter."
    return f"The name {name} is the platform's own." if name in _TAKEN else None


def _brought_by(entry: EntryPoint) -> tuple[bool, str, str]:
    label = _label(entry)
    return label != _OWN_DISTRIBUTION, label, entry.value


def _label(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else entry.value
