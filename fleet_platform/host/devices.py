"""Devices as plugins see them: copies of the live twins' values, made when somebody asks."""

from __future__ import annotations

from collections.abc import Iterator

from fleet_platform.devices.composer import Composer
from fleet_platform.devices.fleet import Fleet
from fleet_platform.devices.twin import Twin
from fleet_platform.text import decode
from plugin_sdk import DeviceId, Entity, JSONObject, Presence


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
    def presence(self) -> Presence:
        """Whether it is connected."""
        return self._twin.presence

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

    def __repr__(self) -> str:
        return f"DeviceView({self.id!r})"


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
