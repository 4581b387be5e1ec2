"""What one advertisement says, whoever decoded it: the library, or the script that forwarded it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from fleet_bthome.measurements import ALSO_STATES, NUMBERS, PUSHES, STATES
from plugin_sdk import JSON

PUSH_CODES: Final = dict(enumerate(PUSHES[:6], 1)) | {
    128: "hold_press",
    129: "hold_release",
}

_NAMES_OF_SCRIPTS: Final = {
    "pid": "packet_id",
    "dewpoint": "dew_point",
    "co2": "carbon_dioxide",
    "tvoc": "volatile_organic_compounds",
    "uv": "uv_index",
    "distance_m": "distance",
    "volume_l": "volume",
    "volume_flow": "volume_flow_rate",
    "mass_kg": "mass",
    "pm2.5": "pm25",
    "pm2_5": "pm25",
    "generic_boolean": "generic",
    "power_status": "power_on",
    "battery_status": "battery_low",
}


class Happening(NamedTuple):
    """Something that an advertisement tells once.

    Attributes:
        event: ``single_push``.
        idx: Which button, from 0.
        data: Further members of the event.
    """

    event: str
    idx: int = 0
    data: Mapping[str, JSON] = {}


class Reading(NamedTuple):
    """One advertisement, decoded.

    Attributes:
        values: Measured values by name: ``{"temperature": 21.5, "window": True}``.
        happenings: What it tells of, in its order.
        packet_id: Counts packets; None if the sender does not count.
        name: What the sender calls itself, or None.
        encrypted: Whether it is.
        error: ``key_missing_or_bad`` or ``unencrypted_data``, as BLU devices behind a gateway have it; None if it was
            understood.
    """

    values: Mapping[str, JSON]
    happenings: tuple[Happening, ...] = ()
    packet_id: int | None = None
    name: str | None = None
    encrypted: bool = False
    error: str | None = None


def relevant(part: Mapping[str, JSON]) -> list[tuple[str, str]]:
    """What tells one packet that a script decoded from the next."""
    plain = ((_plain(given), value) for given, value in part.items())
    return sorted((name, str(value)) for name, value in plain if name is not None)


def said(part: Mapping[str, JSON], name: str | None) -> Reading | None:
    """What a script decoded by itself; None if nothing of it is known.

    Names are matched without case. A list holds several of one quantity: the second is called ``temperature_2``.
    """
    values: dict[str, JSON] = {}
    happenings: list[Happening] = []
    packet_id: int | None = None
    for given, value in part.items():
        plain = _plain(given)
        if plain == "packet_id":
            packet_id = value % 256 if type(value) is int else None
        elif plain == "button":
            happenings += _pushes(value)
        elif plain is not None:
            values.update(_values(plain, value))
    if not values and not happenings:
        return None
    return Reading(values, tuple(happenings), packet_id, name)


def _plain(given: str) -> str | None:
    """Our name for what a script tells, or None if it is nothing that beacons tell."""
    spelt = given.lower()[:40]
    name = _NAMES_OF_SCRIPTS.get(spelt, spelt)
    return name if name in NUMBERS or name in STATES or name in ("packet_id", "button") else None


def _values(name: str, value: JSON) -> Mapping[str, JSON]:
    several = value if isinstance(value, list) else [value]
    found: dict[str, JSON] = {}
    for number, each in enumerate(several[:8], 1):
        if not isinstance(each, int | float):
            continue
        own = ALSO_STATES.get(name, name) if isinstance(each, bool) else name
        if own in STATES:
            found[own if number == 1 else f"{own}_{number}"] = bool(each)
        elif not isinstance(each, bool):
            found[own if number == 1 else f"{own}_{number}"] = each
    return found


def _pushes(value: JSON) -> list[Happening]:
    several = value if isinstance(value, list) else [value]
    return [
        Happening(PUSH_CODES[code], idx)
        for idx, code in enumerate(several[:16])
        if type(code) is int and code in PUSH_CODES
    ]
