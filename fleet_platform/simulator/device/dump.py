"""Real dumps of devices, read as blueprints.

A dump is a JSON object ``{info, config, status, components?, other_calls?}``. What one lacks is filled by nothing: a
dump without identity, settings or status cannot be played and is refused.
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
    """A file that is no dump of a whole device; the text says why."""


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
    """The device in a dump file.

    Raises:
        BadDump: The file cannot be read, or lacks the device's identity, settings or status.
    """
    try:
        dump = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as err:
        raise BadDump(f"{path.name}: {err}") from err
    if not isinstance(dump, dict):
        raise BadDump(f"{path.name}: not a JSON object")
    missing = [part for part in ("info", "config", "status") if not isinstance(dump.get(part), dict)]
    if missing or "id" not in dump["info"]:
        raise BadDump(f"{path.name}: a partial dump without {' and '.join(missing) or 'an id'}; it cannot be played")
    return _blueprint(dump)


def dumps_in(folder: Path) -> tuple[Dumps, list[str]]:
    """All devices in a folder of dumps, and why files were left out.

    Raises:
        BadDump: The folder has no dump that can be played.
    """
    devices: Dumps = {}
    refused: list[str] = []
    for path in sorted(folder.glob("*.json")):
        try:
            blueprint = read_dump(path)
        except BadDump as err:
            refused.append(str(err))
        else:
            devices.setdefault(str(blueprint.info["id"]).lower(), []).append(blueprint)
    if not devices:
        raise BadDump(f"{folder}: no dump of a device in this folder")
    return devices, refused


def _blueprint(dump: JSONObject) -> Blueprint:
    config, status = dict(dump["config"]), dict(dump["status"])
    attrs: dict[str, JSONObject] = {}
    unlisted: set[str] = set()
    for item in _components(dump.get("components")):
        key = item["key"]
        if key in status or key in config:
            continue
        status[key] = item.get("status", {})
        config[key] = item.get("config", {})
        attrs[key] = item.get("attrs", {})
        unlisted.add(key)
    replies = {name.lower(): result for name, result in (dump.get("other_calls") or {}).items()}
    return Blueprint(
        info=dump["info"], config=config, status=status, attrs=attrs, unlisted=frozenset(unlisted), replies=replies
    )


def _components(pages: JSON) -> Iterable[JSONObject]:
    """Items of ``Shelly.GetComponents`` in a dump: a list, or one page with a list in it."""
    items = pages.get("components") if isinstance(pages, dict) else pages
    return [item for item in items or () if isinstance(item, dict) and "key" in item]
