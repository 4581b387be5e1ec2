"""A device as a query sees it. Every text is in lower case, and empty where it is not known."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeAlias

from fleet_groups.query.versions import Version, version
from plugin_sdk import JSON, Device, JSONObject, component_type

_MAC = re.compile(r"-([0-9a-f]{12})$")

Places: TypeAlias = frozenset[int | str]
"""Ids and lower-case names of a location and of all that contain it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """What a device tells about itself, which seldom changes."""

    id: str
    mac: str
    model: str
    app: str
    name: str
    gen: int | None
    firmware: str
    version: Version | None


class Known:
    """What is costly to read of a device, read once: kept from question to question by whoever hears of changes."""

    __slots__ = ("_info", "_settings")

    def __init__(self) -> None:
        self._info: Info | None = None
        self._settings: dict[str, JSON] = {}

    def info(self, device: Device) -> Info:
        """Its info."""
        if self._info is None:
            self._info = _info(device)
        return self._info

    def setting(self, device: Device, path: str) -> JSON:
        """A value of its settings, or None."""
        if path not in self._settings:
            value: JSON = device.settings
            for name in path.split("."):
                value = value.get(name) if isinstance(value, dict) else None
            self._settings[path] = value
        return self._settings[path]


class Readings(dict[str, JSON]):
    """Values of a device's status by their paths, each read when it is first asked for."""

    __slots__ = ("_device",)

    def __init__(self, device: Device) -> None:
        self._device = device

    def __missing__(self, path: str) -> JSON:
        value = self[path] = self._device.read(path)
        return value


class Subject:
    """One device at one moment.

    Args:
        known: What was read of it before.
        groups: Ids of the groups it belongs to; the live set.

    Attributes:
        status: Values of its status by their paths; several groups look at the same few.
    """

    __slots__ = ("_device", "_known", "groups", "places", "status", "tags")

    def __init__(
        self, device: Device, known: Known, *, tags: frozenset[str], places: Places, groups: AbstractSet[int]
    ) -> None:
        self._device = device
        self._known = known
        self.status = Readings(device)
        self.tags = tags
        self.places = places
        self.groups = groups

    @property
    def info(self) -> Info:
        """What it tells about itself."""
        return self._known.info(self._device)

    @property
    def presence(self) -> str:
        """Whether it is connected."""
        return self._device.presence

    @property
    def components(self) -> frozenset[str]:
        """Types of its components."""
        return frozenset([component_type(key).lower() for key in self._device.components])

    def setting(self, path: str) -> JSON:
        """A value of its settings, or None."""
        return self._known.setting(self._device, path)


def _info(device: Device) -> Info:
    told = device.info
    key = device.id.lower()
    mac = _MAC.search(key)
    gen = told.get("gen")
    firmware = _text(told, "ver")
    return Info(
        id=key,
        mac=_text(told, "mac") or (mac[1] if mac else ""),
        model=_text(told, "model"),
        app=_text(told, "app"),
        name=_text(told, "name") or _name_in(device.settings),
        gen=gen if type(gen) is int else None,
        firmware=firmware,
        version=version(firmware),
    )


def _name_in(settings: JSONObject) -> str:
    """Wall Displays have their name in the settings alone."""
    system = settings.get("sys")
    device = system.get("device") if isinstance(system, dict) else None
    return _text(device, "name") if isinstance(device, dict) else ""


def _text(told: JSONObject, name: str) -> str:
    value = told.get(name)
    return value.lower() if isinstance(value, str) else ""
