"""A device of the demo hotel, as its electrician would write it down. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fleet_platform.simulator.demo.acts import APART
from plugin_sdk import JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """One device of the hotel.

    Attributes:
        place: Floor and room.
        name: What it is there.
        model: As for :meth:`~fleet_platform.simulator.simulator.Simulator.add`.
        profile: Profile; None for the model's first.
        version: Firmware; None for the model's latest.
        update: Firmware that it could be updated to.
        addon: Parts that a sensor add-on brings.
        labels: Component key to what its owner called it.
        gestures: Component key to what is done to it first: ``load fridge 120``, ``temperature 12``.
        settings: Component key to settings that differ from the factory's.
        status: Component key to what its status shows from the beginning.
        signal_dbm: Strength of its Wi-Fi signal; None for a plausible one.
        nap_s: Wake-up period of a sleeper, whose own of hours would show nothing.
    """

    place: str
    name: str
    model: str
    profile: str | None = None
    version: str | None = None
    update: str | None = None
    addon: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    gestures: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Mapping[str, JSON]] = field(default_factory=dict)
    status: Mapping[str, Mapping[str, JSON]] = field(default_factory=dict)
    signal_dbm: int | None = None
    nap_s: int = 90

    @property
    def full_name(self) -> str:
        """``Floor 1 / Room 101 / Lights``."""
        return f"{self.place}{APART}{self.name}"
