"""What happens in the demo hotel in the course of a day. Plain data that a reader can change.

Hours are the hotel's own: those of its devices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fleet_platform.simulator.demo.acts import Act, Call, Press
from fleet_platform.simulator.demo.hotel import BASEMENT, CORRIDORS, GROUND, OUTSIDE, ROOMS, SUITE


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happens once a day.

    Attributes:
        hour: When, from 0 to 24.
        spread: Up to so many hours earlier or later.
        acts: What is done, in this order.
    """

    hour: float
    spread: float
    acts: Sequence[Act]


@dataclass(frozen=True, slots=True)
class Habit:
    """Something that happens now and then, at no fixed time.

    Attributes:
        per_hour: How often an hour.
        start: From this hour of the day.
        end: Until this one.
        acts: What is done, in this order.
        places: The acts' devices are those of one of these, by chance; empty where they are named in full.
    """

    per_hour: float
    start: float
    end: float
    acts: Sequence[Act]
    places: Sequence[str] = ()


def _set(device: str, kind: str, number: int, *, source: str = "SHC", **params: object) -> Call:
    return Call(device, f"{kind}.Set", {"id": number, **params}, source)


def _by_button(device: str, kind: str, number: int, **params: object) -> Call:
    """Buttons by the bed call the lights over HTTP."""
    return _set(device, kind, number, source="HTTP_in", **params)


def _blind(device: str, verb: str) -> Call:
    return Call(device, f"Cover.{verb}", {"id": 0})


def _heat(celsius: int) -> Call:
    """The valve in the conference room; the gateway passes it on."""
    target = {"id": 0, "target_C": celsius}
    return Call(_GATEWAY, "BluTrv.Call", {"id": 200, "method": "Trv.SetTarget", "params": target})


_LOBBY = f"{GROUND} / Lobby / Chandelier"
_CONFERENCE = f"{GROUND} / Conference room"
_GATEWAY = f"{_CONFERENCE} / Bluetooth gateway"
_DISHWASHER = f"{GROUND} / Kitchen / Dishwasher"
_COFFEE = f"{GROUND} / Kitchen / Coffee corner"
_BAR = f"{GROUND} / Bar / Shelf"
_TERRACE = f"{OUTSIDE} / Terrace / Light strip"
_FOUNTAIN = f"{OUTSIDE} / Garden / Fountain"
_GATE = f"{OUTSIDE} / Garage / Gate"
_PUMP = f"{BASEMENT} / Boiler room / Circulation pump"
_SAUNA = f"{BASEMENT} / Sauna / Heater"

GUEST: Sequence[Step] = (
    Step(7.3, 0.8, (Press("Lights", "input:1", "on"), _blind("Blind", "Open"))),
    Step(8.6, 0.4, (Press("Lights", "input:1", "off"), Press("Lights", "input:0", "off"))),
    Step(16.8, 1.2, (Press("Lights", "input:0", "on"),)),
    Step(18.7, 0.5, (Press("Lights", "input:0", "off"),)),
    Step(21.2, 0.8, (Press("Lights", "input:0", "on"), _blind("Blind", "Close"))),
    Step(
        23.2,
        0.6,
        (
            Press("Buttons", "input:0", "long_push"),
            _by_button("Lights", "Switch", 0, on=False),
            _by_button("Lights", "Switch", 1, on=False),
        ),
    ),
)
"""The day of somebody who stays in a room."""

HOUSEKEEPING: Sequence[Step] = (
    Step(
        11.0,
        1.5,
        (
            _blind("Blind", "Open"),
            Press("Buttons", "input:3", "single_push"),
            _by_button("Lights", "Switch", 1, on=True, toggle_after=1200),
        ),
    ),
)
"""Rooms are made up, taken or not."""

SUITE_GUEST: Sequence[Step] = (
    Step(8.0, 0.5, (_blind("Blind", "Open"), _set("Lights", "Light", 1, on=True, brightness=40))),
    Step(9.5, 0.5, (_set("Lights", "Light", 1, on=False),)),
    Step(17.5, 0.8, (_set("Lights", "Light", 0, on=True, brightness=80),)),
    Step(
        20.5,
        0.5,
        (
            _blind("Blind", "Close"),
            Press("Buttons", "input:2", "single_push"),
            _by_button("Ambience", "RGB", 0, on=True, rgb=[255, 120, 40], brightness=60),
        ),
    ),
    Step(
        23.6,
        0.3,
        (
            Press("Buttons", "input:0", "long_push"),
            _by_button("Ambience", "RGB", 0, on=False),
            _by_button("Lights", "Light", 0, on=False),
            _by_button("Lights", "Light", 1, on=False),
        ),
    ),
)
"""The day of the guest in the suite, who is always there."""

HOUSE: Sequence[Step] = (
    Step(6.0, 0.2, (_set(_COFFEE, "Switch", 0, on=True),)),
    Step(6.3, 0.1, (_set(_PUMP, "Switch", 0, on=True),)),
    Step(7.0, 0.2, (_set(_LOBBY, "Light", 0, on=False),)),
    Step(8.0, 0.1, (_set(_FOUNTAIN, "Switch", 0, on=True),)),
    Step(
        8.8,
        0.3,
        (
            _heat(21),
            _blind(f"{_CONFERENCE} / Projector blind", "Close"),
            _set(f"{_CONFERENCE} / Lights", "Light", 0, on=True, brightness=70),
        ),
    ),
    Step(9.6, 0.3, (_set(_DISHWASHER, "Switch", 0, on=True, toggle_after=4500),)),
    Step(11.5, 0.3, (_set(_COFFEE, "Switch", 0, on=False),)),
    Step(14.3, 0.4, (_set(_DISHWASHER, "Switch", 0, on=True, toggle_after=4500),)),
    Step(15.0, 0.1, (_set(_SAUNA, "Switch", 1, on=True),)),
    Step(16.9, 0.2, (_set(_LOBBY, "Light", 0, on=True, brightness=85),)),
    Step(
        17.5,
        0.4,
        (
            _heat(17),
            _blind(f"{_CONFERENCE} / Projector blind", "Open"),
            _set(f"{_CONFERENCE} / Lights", "Light", 0, on=False),
        ),
    ),
    Step(18.0, 0.2, tuple(_set(_BAR, "Light", shelf, on=True, brightness=60) for shelf in range(4))),
    Step(18.5, 0.2, (_set(_TERRACE, "RGB", 0, on=True, brightness=70),)),
    Step(21.5, 0.3, (_set(_DISHWASHER, "Switch", 0, on=True, toggle_after=4500),)),
    Step(22.0, 0.1, (_set(_FOUNTAIN, "Switch", 0, on=False),)),
    Step(22.5, 0.1, (_set(_SAUNA, "Switch", 1, on=False),)),
    Step(23.0, 0.2, (_set(_TERRACE, "RGB", 0, on=False), _set(_PUMP, "Switch", 0, on=False))),
    Step(23.5, 0.2, tuple(_set(_BAR, "Light", shelf, on=False) for shelf in range(4))),
    Step(23.8, 0.1, (_set(_LOBBY, "Light", 0, on=True, brightness=20),)),
)
"""The day of the house itself."""

_MOTION = (
    Press("Lights", "input:0", "on"),
    _set("Lights", "Switch", 0, source="switch", on=True, toggle_after=90),
    Press("Lights", "input:0", "off", after_s=20),
)
_MINIBAR = (Press("Minibar", "switch:0", "load 110"), Press("Minibar", "switch:0", "load fridge 85", after_s=240))
_DOOR = (Press(_GATEWAY, "bthomesensor:210", "on"), Press(_GATEWAY, "bthomesensor:210", "off", after_s=8))
_MIRROR = (Press("Lights", "input:1", "on"), Press("Lights", "input:1", "off", after_s=240))

HABITS: Sequence[Habit] = (
    # who walks along the corridor has light
    Habit(16, 6, 24, _MOTION, CORRIDORS),
    Habit(3, 0, 6, _MOTION, CORRIDORS),
    # guests in their rooms
    Habit(8, 6.5, 10, _MIRROR, ROOMS),
    Habit(8, 17, 23, _MIRROR, ROOMS),
    Habit(6, 16, 24, _MINIBAR, (*ROOMS, SUITE)),
    Habit(4, 20, 24, (Press("Buttons", "input:2", "single_push"),), (*ROOMS, SUITE)),
    Habit(3, 7, 22, (Press("Buttons", "input:3", "double_push"),), (*ROOMS, SUITE)),
    # kitchen
    Habit(10, 6, 11, (_set(_COFFEE, "Switch", 1, on=True, toggle_after=15),)),
    Habit(8, 6, 22, (_set(_COFFEE, "Switch", 2, on=True, toggle_after=150),)),
    Habit(8, 7, 10.5, (_set(_COFFEE, "Switch", 3, on=True, toggle_after=180),)),
    # people come and go
    Habit(12, 8, 18, _DOOR),
    Habit(2, 8.5, 17, (Press(_GATEWAY, "bthomedevice:203", "single_push"),)),
    # the gate opens for a second, and closes behind the car
    Habit(4, 6, 24, (_set(_GATE, "Switch", 0, on=True),)),
)
"""What has no fixed time."""
