"""What a simulated device is made from, and where that comes from. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from plugin_sdk import JSON, JSONObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """A device in one of its profiles, as it leaves the factory or as a dump caught it.

    The objects are read only; a device copies what it changes.

    Attributes:
        info: Answer of ``Shelly.GetDeviceInfo``.
        config: Component key to settings.
        status: Component key to status, dynamic components included.
        attrs: Dynamic component key to its ``attrs``; empty where it has none.
        unlisted: Dynamic components that only ``Shelly.GetComponents`` shows, not the full status.
        replies: Recorded results of further methods, by name in lower case.
        missing: What it lacks to be a whole device, one sentence each, for people.
    """

    info: JSONObject
    config: Mapping[str, JSONObject]
    status: Mapping[str, JSONObject]
    attrs: Mapping[str, JSONObject] = field(default_factory=dict)
    unlisted: frozenset[str] = frozenset()
    replies: Mapping[str, JSON] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


class Origin(Protocol):
    """Where a device's blueprints come from: a model of the catalogue, or dumps."""

    @property
    def profiles(self) -> tuple[str, ...]:
        """Profiles that ``Shelly.SetProfile`` takes; empty for a device with only one."""

    def blueprint(self, profile: str | None = None) -> Blueprint:
        """The device in a profile; None is the one it starts in.

        Raises:
            KeyError: It has no such profile.
        """
