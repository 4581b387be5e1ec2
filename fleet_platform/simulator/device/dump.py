"""Real dumps of devices, read as blueprints.

A dump is a JSON object ``{info, config, status, components?, other_calls?}``. What one lacks is filled by nothing: a
device is played as far as its dump goes, and the blueprint says what is missing. Without ``info.id`` nobody knows who
it is, so that such a dump is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

import orjson

from fleet_platform.simulator.device.blueprint import Blueprint
from plugin_sdk import JSON, JSONObject

Dumps: TypeAlias = dict[str, list[Blueprint]]
"""Device id in lower case to its dumps, in order of file name: one device in several profiles or firmwares."""


class BadDump(ValueError):
    """A file that is no dump of a device; the text says why."""


class DumpOrigin:
    """One device from its dumps, each of them one of its profiles or firmwares. Satisfies ``Origin``."""

    __slots__ = ("_by_profile", "_current")

    def __init__(self, blueprint: Blueprint) -> None:
        self._current = blueprint
        self._by_profile: dict[str, Blueprint] = {}
        self.turn_to(blueprint)

    @property
    def profiles(self) -> tuple[str, ...]:
        """Profiles that there is a dump of."""
        return tuple(self._by_profile)

    def turn_to(self, blueprint: Blueprint) -> None:
        """Play another dump of the same device from the next boot on."""
        self._current = blueprint
        profile = blueprint.info.get("profile")
        if isinstance(profile, str):
            self._by_profile[profile] = blueprint

    def blueprint(self, profile: str | None = None) -> Blueprint:
        """The dump of a profile, or the one being played."""
        return self._current if profile is None else self._by_profile[profile]


def read_dump(path: Path) -> Blueprint:
    """The device in a dump file, as far as it goes.

    Raises:
        BadDump: The file cannot be read, or lacks the device's identity.
    """
    try:
        dump = orjson.loads(path.read_bytes())
    except (OSError, ValueError) as err:  # ValueError: no JSON, or a name that no file can have
        raise BadDump(f"{path.name}: {err}") from err
    if not isinstance(dump, dict):
        raise BadDump(f"{path.name}: not a JSON object")
    info = dump.get("info")
    if not isinstance(info, dict):
        raise BadDump(f"{path.name}: a dump without info, so that nobody knows who it is; it cannot be played")
    if not isinstance(info.get("id"), str) or not info["id"]:
        raise BadDump(f"{path.name}: a dump without info.id, so that nobody knows who it is; it cannot be played")
    return _blueprint(dump, path.name)


def dumps_in(folder: Path) -> tuple[Dumps, list[str]]:
    """All devices in a folder of dumps, and what a person should know: files left out, parts that are missing.

    Raises:
        BadDump: The folder has no dump that can be played.
    """
    devices: Dumps = {}
    remarks: list[str] = []
    for path in sorted(folder.glob("*.json")):
        try:
            blueprint = read_dump(path)
        except BadDump as err:
            remarks.append(str(err))
        else:
            remarks += blueprint.missing
            devices.setdefault(str(blueprint.info["id"]).lower(), []).append(blueprint)
    if not devices:
        raise BadDump("\n".join((f"{folder}: no dump of a device in this folder", *remarks)))
    return devices, remarks


_PARTS = {"config": "settings", "status": "status"}


def _blueprint(dump: JSONObject, name: str) -> Blueprint:
    missing = [
        f"{name}: a dump without {part}; the device is played without {meaning}"
        for part, meaning in _PARTS.items()
        if not isinstance(dump.get(part), dict)
    ]
    config, status = _part(dump, "config"), _part(dump, "status")
    if status and not isinstance(status.get("sys"), dict):
        missing.append(f"{name}: a dump without status of sys; the device shows no clock and no revisions")
        status.pop("sys", None)
    attrs: dict[str, JSONObject] = {}
    unlisted: set[str] = set()
    for item in _components(dump.get("components")):
        key = item["key"]
        if key in status or key in config:
            continue
        status[key] = _part(item, "status")
        config[key] = _part(item, "config")
        attrs[key] = _part(item, "attrs")
        unlisted.add(key)
    replies = {method.lower(): result for method, result in _part(dump, "other_calls").items()}
    return Blueprint(
        info=dump["info"],
        config=config,
        status=status,
        attrs=attrs,
        unlisted=frozenset(unlisted),
        replies=replies,
        missing=tuple(missing),
    )


def _part(of: JSONObject, name: str) -> JSONObject:
    """A part that should be an object; empty if it is none."""
    found = of.get(name)
    return dict(found) if isinstance(found, dict) else {}


def _components(pages: JSON) -> Iterable[JSONObject]:
    """Items of ``Shelly.GetComponents`` in a dump: a list, or one page with a list in it."""
    items = pages.get("components") if isinstance(pages, dict) else pages
    return [
        item
        for item in (items if isinstance(items, list) else ())
        if isinstance(item, dict) and isinstance(item.get("key"), str)
    ]
