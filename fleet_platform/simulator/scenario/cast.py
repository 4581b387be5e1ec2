"""The devices of a scenario: its fleet, one by one, with what the timeline calls them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

from fleet_platform.simulator.device.blueprint import Origin
from fleet_platform.simulator.device.dump import BadDump, DumpOrigin, read_dump
from fleet_platform.simulator.models import ModelOrigin, UnknownModel, find_model
from fleet_platform.simulator.nearest import unknown
from fleet_platform.simulator.scenario.problems import Problem
from fleet_platform.simulator.scenario.shape import Entry
from fleet_platform.simulator.scenario.source import Source
from fleet_platform.simulator.scenario.tailor import Alterations, Tailored
from fleet_platform.simulator.targets import mac_of, words_of

_TRIES = 100
"""MACs are short enough for two of thousands to meet by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One device of a scenario.

    Attributes:
        origin: What it is made from.
        id: Its id.
        label: What people call it: its name, or its id.
        words: What the timeline may call it, in lower case: id, MAC, names, model.
        keys: Its components.
        sleeper: Whether it sleeps.
        offline: Whether it starts without power.
        still: Whether nothing moves by itself, as in a dump.
    """

    origin: Origin
    id: str
    label: str
    words: frozenset[str]
    keys: frozenset[str]
    sleeper: bool
    offline: bool
    still: bool

    @property
    def mac(self) -> str:
        """Its MAC, in lower case."""
        return mac_of(self.id)


class Cast:
    """All devices of a scenario.

    Attributes:
        roles: The devices, in order.
        problems: Why some are not there.
        remarks: What dumps lack.
    """

    def __init__(self, entries: Sequence[Entry], source: Source, folder: Path, seed: int) -> None:
        self.roles: list[Role] = []
        self.problems: list[Problem] = []
        self.remarks: list[str] = []
        self._source = source
        self._folder = folder
        self._seed = seed
        self._lines: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        # Whoever says what it is called comes first, so that the others can keep out of its way.
        order = sorted(range(len(entries)), key=lambda number: not _is_fixed(entries[number]))
        found = {number: self._roles(entries[number], number) for number in order}
        for number in range(len(entries)):
            self.roles += found[number]

    def _roles(self, entry: Entry, number: int) -> list[Role]:
        roles: list[Role] = []
        for copy in range(entry.count):
            role = self._role(entry, number, copy)
            if role is None:
                break
            roles.append(role)
        return roles

    def _role(self, entry: Entry, number: int, copy: int) -> Role | None:
        """One device; None, and a problem, where it cannot be."""
        try:
            origins = self._origins(entry, copy)
        except _Impossible as err:
            self._report(number, err.field, str(err))
            return None
        for origin in origins:
            role = _role(origin, entry, copy)
            if role.mac not in self._lines:
                self._lines[role.mac] = self._source.line(("fleet", number))
                return role
        other = self._lines[role.mac]
        self._report(number, "mac", f"two devices have the MAC {role.mac.upper()}; the other is in line {other}")
        return None

    def _origins(self, entry: Entry, copy: int) -> Iterator[Origin]:
        """What the device may be made from, never nothing; several where its MAC is to be had by lot.

        Raises:
            _Impossible: There is no such model, dump, profile, version or add-on.
        """
        altered = Alterations(
            mac=entry.mac,
            location=None if entry.location is None else entry.location.model_dump(exclude_none=True),
            rssi=entry.rssi,
            wakes_every_s=entry.wakes_every,
        )
        if entry.model is not None:
            seeds = self._seeds(entry, copy)
            first = _from_model(entry, copy, next(seeds))
            made = chain([first], (_from_model(entry, copy, seed) for seed in seeds))
            return (plain if altered == Alterations() else Tailored(plain, altered) for plain in made)
        altered = replace(altered, name=_name(entry, copy), version=entry.version)
        return self._from_dump(entry, copy, altered)

    def _from_dump(self, entry: Entry, copy: int, altered: Alterations) -> Iterator[Origin]:
        try:
            blueprint = read_dump(self._folder / str(entry.dump))
        except BadDump as err:
            raise _Impossible("dump", str(err)) from err
        origin, vendor = DumpOrigin(blueprint), mac_of(str(blueprint.info["id"]))[:6].upper()
        if copy == 0:
            self.remarks += blueprint.missing
            return iter([origin if altered == Alterations() else Tailored(origin, altered)])
        drawn = (Random(seed).getrandbits(24) for seed in self._seeds(entry, copy))  # noqa: S311 - no secrets
        return (Tailored(origin, replace(altered, mac=f"{vendor}{digits:06X}")) for digits in drawn)

    def _seeds(self, entry: Entry, copy: int) -> Iterator[str]:
        """Seeds to try. Without one of its own a device's follows from its name, so that others may come and go."""
        if entry.seed is not None:
            return iter([entry.seed if copy == 0 else f"{entry.seed}/{copy}"])
        called = str(entry.name or entry.model or entry.dump)
        number = self._counts[called] = self._counts.get(called, 0) + 1
        return (f"{self._seed}/{called}/{number}/{attempt}" for attempt in range(_TRIES))

    def _report(self, number: int, field: str, text: str) -> None:
        self.problems.append(Problem(line=self._source.line(("fleet", number, field)), text=text))


class _Impossible(Exception):
    """A field of an entry names something that is not there."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def _from_model(entry: Entry, copy: int, seed: str) -> ModelOrigin:
    """One device of a model.

    Raises:
        _Impossible: There is no such model, profile, version or add-on.
    """
    try:
        model = find_model(str(entry.model))
    except UnknownModel as err:
        raise _Impossible("model", str(err)) from err
    profiles = tuple(name for name in model.profiles if name)
    if entry.profile is not None and entry.profile not in profiles:
        known = f"{model.app} has: {', '.join(profiles) or 'none'}"
        raise _Impossible("profile", f"{unknown('profile', entry.profile, profiles)}; {known}")
    given: dict[str, Any] = {
        "name": _name(entry, copy),
        "profile": entry.profile,
        "addon": tuple(entry.addon),
        "components": {key: part.model_dump() for key, part in entry.components.items()},
    }
    field = "addon"
    try:
        plain = ModelOrigin(model, seed, **given)
        field = "version"
        return plain if entry.version is None else ModelOrigin(model, seed, version=entry.version, **given)
    except ValueError as err:
        raise _Impossible(field, str(err)) from err


def _is_fixed(entry: Entry) -> bool:
    """Whether the file says which MAC a device has, so that it cannot be given another."""
    return entry.mac is not None or entry.seed is not None or entry.dump is not None


def _name(entry: Entry, copy: int) -> str | None:
    """``Lamp``, or of several ``Lamp 1``, ``Lamp 2``."""
    return entry.name if entry.name is None or entry.count == 1 else f"{entry.name} {copy + 1}"


def _role(origin: Origin, entry: Entry, copy: int) -> Role:
    blueprint, name = origin.blueprint(), _name(entry, copy)
    device = str(blueprint.info["id"])
    return Role(
        origin=origin,
        id=device,
        label=name or device,
        words=words_of(blueprint.info, name, entry.name, entry.model),
        keys=frozenset((*blueprint.status, *blueprint.config)),
        sleeper="wakeup_period" in blueprint.status.get("sys", {}),
        offline=entry.offline,
        still=entry.dump is not None,
    )
