"""Devices as plugins see them: copies of the live twins' values, made when somebody asks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from fleet_platform.devices.composer import Composer
from fleet_platform.devices.fleet import Fleet
from fleet_platform.devices.twin import Twin
from fleet_platform.text import decode, encode
from plugin_sdk import JSON, DeviceId, Entity, JSONObject, Presence


class DeviceView:
    """One device; satisfies ``plugin_sdk.Device``."""

    __slots__ = ("_composer", "_twin")

    def __init__(self, twin: Twin, composer: Composer) -> None:
        self._twin = twin
        self._composer = composer

    @property
    def id(self) -> DeviceId:
        """Its id."""
        return self._twin.id

    @property
    def number(self) -> int | None:
        """Its number on this platform."""
        return self._twin.internal_id

    @property
    def presence(self) -> Presence:
        """Whether it is connected."""
        return self._twin.presence

    @property
    def connected(self) -> bool:
        """Whether it can be called now."""
        return self._twin.link is not None

    @property
    def info(self) -> JSONObject:
        """Device info."""
        return self._twin.info()

    @property
    def status(self) -> JSONObject:
        """Status by component key."""
        copy: JSONObject = decode(self._twin.status_json())
        return copy

    @property
    def settings(self) -> JSONObject:
        """Settings by component key."""
        return self._twin.settings()

    @property
    def entities(self) -> tuple[Entity, ...]:
        """Its entities."""
        return self._composer.of(self._twin)

    @property
    def components(self) -> tuple[str, ...]:
        """Keys of its components."""
        return tuple([key for key, status in self._twin.status.items() if status is not None])

    def read(self, path: str) -> JSON:
        """One value of its status."""
        value: JSON = self._twin.status
        for name in _names(path):
            if type(value) is not dict:
                return None
            value = value.get(name)
        return decode(encode(value)) if type(value) in (dict, list) else value

    def __repr__(self) -> str:
        return f"DeviceView({self.id!r})"


@lru_cache(maxsize=1_000)
def _names(path: str) -> list[str]:
    return path.split(".")


class DevicesView:
    """All devices; satisfies ``plugin_sdk.Devices``."""

    __slots__ = ("_composer", "_fleet")

    def __init__(self, fleet: Fleet, composer: Composer) -> None:
        self._fleet = fleet
        self._composer = composer

    def get(self, device: str) -> DeviceView | None:
        """A device by id or MAC."""
        twin = self._fleet.get(device)
        return None if twin is None else DeviceView(twin, self._composer)

    def __iter__(self) -> Iterator[DeviceView]:
        return (DeviceView(twin, self._composer) for twin in self._fleet)

    def __len__(self) -> int:
        return len(self._fleet)
