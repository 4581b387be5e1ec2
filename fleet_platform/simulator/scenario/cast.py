"""The devices of a scenario: its fleet, one by one, with what the timeline calls them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

from fleet_platform.simulator.device.blueprint import Blueprint, Origin
from fleet_platform.simulator.device.dump import BadDump, DumpOrigin, read_dump
from fleet_platform.simulator.models import ModelOrigin, UnknownModel, find_model
from fleet_platform.simulator.models.build import BadAddon, check_addon
from fleet_platform.simulator.nearest import nearest, unknown
from fleet_platform.simulator.scenario.problems import Problem
from fleet_platform.simulator.scenario.shape import Entry
from fleet_platform.simulator.scenario.source import Source
from fleet_platform.simulator.scenario.tailor import Alterations, Tailored
from fleet_platform.simulator.targets import mac_of, words_of

_TRIES = 100
"""MACs are short enough for two of thousands to meet by chance."""

_MOST_NAMES = 1_000
_KIND = {"model", "dump", "profile", "version", "addon", "components"}
"""Fields of an entry that say what its devices are, not who."""


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
        kind: Equal for devices that differ in no more than who they are.
    """

    origin: Origin
    id: str
    label: str
    words: frozenset[str]
    keys: frozenset[str]
    sleeper: bool
    offline: bool
    still: bool
    kind: str

    @property
    def mac(self) -> str:
        """Its MAC, in lower case."""
        return mac_of(self.id)


class Cast:
    """All devices of a scenario.

    What an entry has wrong is told and replaced by the nearest that is right, so that the timeline can be checked in
    the same go.

    Attributes:
        roles: The devices, in order.
        missing: Of each entry that no device can be made of, what the timeline may call it, in lower case; empty
            where nobody knows.
        problems: What is wrong with the entries.
        remarks: What dumps lack.
    """

    def __init__(self, entries: Sequence[Entry | None], source: Source, folder: Path, seed: int) -> None:
        self.roles: list[Role] = []
        self.missing: list[frozenset[str]] = []
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

    def _roles(self, entry: Entry | None, number: int) -> list[Role]:
        possible = None if entry is None else self._possible(entry, number)
        if possible is None:
            self.missing.append(self._spoken(number) if entry is None else _names(entry))
            return []
        roles: list[Role] = []
        for copy in range(possible.count):
            role, is_another = self._role(possible, number, copy)
            roles.append(role)
            if not is_another:
                break
        return roles

    def _spoken(self, number: int) -> frozenset[str]:
        """What an entry that cannot be read calls its devices, in lower case."""
        given = self._source.at(("fleet", number))
        words = [given.get("name"), given.get("model")] if isinstance(given, dict) else [given]
        return frozenset(word.lower() for word in words if isinstance(word, str))

    def _possible(self, entry: Entry, number: int) -> Entry | None:
        """The entry with all that is not there replaced by what is near; None where nothing is near enough."""
        if entry.model is None and entry.dump is None:
            return None
        told: set[str] = set()
        while True:
            try:
                self._origin(entry)
            except _Impossible as err:
                if err.field in told:  # what was meant instead is no better
                    return None
                told.add(err.field)
                self._report(number, err.field, str(err))
                if err.instead is None:
                    return None
                entry = entry.model_copy(update=err.instead)
            else:
                return entry

    def _role(self, entry: Entry, number: int, copy: int) -> tuple[Role, bool]:
        """One device, and whether it is another than all before; a problem where it is not."""
        for origin in self._origins(entry, copy):
            role = _role(origin, entry, copy)
            if role.mac not in self._lines:
                self._lines[role.mac] = self._source.line(("fleet", number))
                return role, True
        other = self._lines[role.mac]
        self._report(number, "mac", f"two devices have the MAC {role.mac.upper()}; the other is in line {other}")
        return role, False

    def _origins(self, entry: Entry, copy: int) -> Iterator[Origin]:
        """What the device may be made from, never nothing; several where its MAC is to be had by lot."""
        altered = Alterations(
            mac=entry.mac if entry.count == 1 else None,
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
        blueprint = self._read_dump(str(entry.dump))
        origin, vendor = DumpOrigin(blueprint), mac_of(str(blueprint.info["id"]))[:6].upper()
        if copy == 0:
            self.remarks += blueprint.missing
            return iter([origin if altered == Alterations() else Tailored(origin, altered)])
        drawn = (Random(seed).getrandbits(24) for seed in self._seeds(entry, copy))  # noqa: S311 - no secrets
        return (Tailored(origin, replace(altered, mac=f"{vendor}{digits:06X}")) for digits in drawn)

    def _origin(self, entry: Entry) -> None:
        """Try to make one device of an entry.

        Raises:
            _Impossible: There is no such model, dump, profile, version or add-on.
        """
        if entry.model is None:
            self._read_dump(str(entry.dump))
        else:
            _from_model(entry, 0, "")

    def _read_dump(self, name: str) -> Blueprint:
        path = self._folder / name
        try:
            return read_dump(path)
        except BadDump as err:
            if not isinstance(err.__cause__, FileNotFoundError):
                # What is said of a file that cannot be opened has its path in it, which is known.
                why = err.__cause__.strerror if isinstance(err.__cause__, OSError) else None
                raise _Impossible("dump", str(err) if why is None else f"{name}: {why}") from err
            near = nearest(path.stem, [found.stem for found in path.parent.glob("*.json")])
            if near is None:
                raise _Impossible("dump", f"no dump {name!r}") from err
            near = str(Path(name).with_name(f"{near}.json"))
            raise _Impossible("dump", f"no dump {name!r}; did you mean {near}?", {"dump": near}) from err

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
    """A field of an entry names something that is not there.

    Attributes:
        field: Which.
        instead: Fields with which to go on looking for problems; None for none.
    """

    def __init__(self, field: str, text: str, instead: Mapping[str, Any] | None = None) -> None:
        super().__init__(text)
        self.field = field
        self.instead = instead


def _from_model(entry: Entry, copy: int, seed: str) -> ModelOrigin:
    """One device of a model.

    Raises:
        _Impossible: There is no such model, profile, version or add-on.
    """
    try:
        model = find_model(str(entry.model))
    except UnknownModel as err:
        raise _Impossible("model", str(err), {"model": err.nearest} if err.nearest else None) from err
    profiles = tuple(name for name in model.profiles if name)
    if entry.profile is not None and entry.profile not in profiles:
        known = f"{model.app} has: {', '.join(profiles) or 'none'}"
        text = f"{unknown('profile', entry.profile, profiles)}; {known}"
        raise _Impossible("profile", text, {"profile": nearest(entry.profile, profiles)})
    try:
        check_addon(model, entry.addon)
    except BadAddon as err:
        raise _Impossible("addon", str(err), {"addon": list(err.instead)}) from err
    try:
        return ModelOrigin(
            model,
            seed,
            name=_name(entry, copy),
            profile=entry.profile,
            version=entry.version,
            addon=tuple(entry.addon),
            components={key: part.model_dump() for key, part in entry.components.items()},
        )
    except ValueError as err:
        raise _Impossible("version", str(err), {"version": None}) from err


def _is_fixed(entry: Entry | None) -> bool:
    """Whether the file says which MAC a device has, so that it cannot be given another."""
    return entry is not None and (entry.mac is not None or entry.seed is not None or entry.dump is not None)


def _name(entry: Entry, copy: int) -> str | None:
    """``Lamp``, or of several ``Lamp 1``, ``Lamp 2``."""
    return entry.name if entry.name is None or entry.count == 1 else f"{entry.name} {copy + 1}"


def _names(entry: Entry) -> frozenset[str]:
    """What people may call the devices of an entry, in lower case; empty where only its dump knows."""
    own = [_name(entry.model_copy(update={"count": 2}), copy) for copy in range(min(entry.count, _MOST_NAMES))]
    return frozenset(name.lower() for name in (entry.name, entry.model, *own) if name is not None)


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
        kind=entry.model_dump_json(include=_KIND),
    )
