"""A device's local time and the sun at its place."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from astral import Observer
from astral.sun import sunrise, sunset

from plugin_sdk import JSONObject

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine
    from fleet_platform.simulator.services.timespec import Place

_SUN = {"sunrise": sunrise, "sunset": sunset}


def local_time(epoch_s: float, offset_s: int) -> datetime:
    """A moment as clocks on the wall show it, naive."""
    return datetime.fromtimestamp(epoch_s + offset_s, UTC).replace(tzinfo=None)


def epoch_of(local: datetime, offset_s: int) -> float:
    """The inverse of :func:`local_time`."""
    return local.replace(tzinfo=UTC).timestamp() - offset_s


def place_of(device: Machine, offset_s: int) -> Place:
    """When the sun rises and sets where the device is; never where its settings do not say where that is."""
    location = _location(device)
    latitude, longitude = location.get("lat"), location.get("lon")
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return lambda _day, _what: None
    observer, zone = Observer(latitude, longitude), timezone(timedelta(seconds=offset_s))

    def moment(day: date, what: str) -> datetime | None:
        try:
            found = _SUN[what](observer, day, tzinfo=zone)
        except ValueError:
            return None  # beyond the polar circle the sun may not rise or set on that day
        return found.replace(microsecond=0, tzinfo=None)

    return moment


def _location(device: Machine) -> JSONObject:
    location = device.config("sys").get("location")
    return location if isinstance(location, dict) else {}
