"""The demo hotel: which devices are where. Plain data that a reader can change.

Some things are there to be found: see ``story``.
"""

from __future__ import annotations

from collections.abc import Sequence

from fleet_platform.simulator.demo.installed import Installed

GROUND, FLOOR_1, FLOOR_2, FLOOR_3 = "Ground floor", "Floor 1", "Floor 2", "Floor 3"
BASEMENT, OUTSIDE = "Basement", "Outside"

EMPTY_ROOM = f"{FLOOR_2} / Room 202"
"""Nobody stays here, and yet there is light."""

SUITE = f"{FLOOR_3} / Suite 301"

ROOMS: Sequence[str] = (
    f"{FLOOR_1} / Room 101",
    f"{FLOOR_1} / Room 102",
    f"{FLOOR_1} / Room 103",
    f"{FLOOR_2} / Room 201",
    EMPTY_ROOM,
    f"{FLOOR_2} / Room 203",
)
"""Ordinary rooms, all fitted alike."""

CORRIDORS: Sequence[str] = (f"{FLOOR_1} / Corridor", f"{FLOOR_2} / Corridor")


def _room(place: str) -> tuple[Installed, ...]:
    return (
        Installed(
            place=place,
            name="Lights",
            model="Plus2PM",
            labels={"switch:0": "Ceiling", "switch:1": "Bathroom", "input:0": "At the door", "input:1": "Mirror"},
            gestures={"switch:0": "load lamp 36", "switch:1": "load lamp 24"},
        ),
        Installed(place=place, name="Blind", model="S2PMG3", profile="cover", labels={"cover:0": "Window"}),
        Installed(
            place=place,
            name="Minibar",
            model="PlugSG3",
            labels={"switch:0": "Fridge"},
            gestures={"switch:0": "load fridge 85"},
            status={"switch:0": {"output": True}},
        ),
        Installed(
            place=place,
            name="Buttons",
            model="PlusI4",
            labels={"input:0": "Bed left", "input:1": "Bed right", "input:2": "Do not disturb", "input:3": "Service"},
        ),
    )


_SUITE = (
    Installed(
        place=SUITE,
        name="Lights",
        model="SPDM-002PE01EU",
        labels={"light:0": "Living room", "light:1": "Bedroom"},
        gestures={"light:0": "load lamp 90", "light:1": "load lamp 60"},
    ),
    Installed(place=SUITE, name="Ambience", model="PlusRGBWPM", profile="rgb", labels={"rgb:0": "Headboard"}),
    Installed(place=SUITE, name="Blind", model="Plus2PM", profile="cover", labels={"cover:0": "Terrace door"}),
    Installed(
        place=SUITE,
        name="Minibar",
        model="PlugSG3",
        labels={"switch:0": "Fridge"},
        gestures={"switch:0": "load fridge 85"},
        status={"switch:0": {"output": True}},
    ),
    Installed(
        place=SUITE,
        name="Buttons",
        model="I4G3",
        labels={"input:0": "Bed left", "input:1": "Bed right", "input:2": "Ambience", "input:3": "Service"},
    ),
)

_CORRIDOR_LIGHTS = tuple(
    Installed(
        place=place,
        name="Lights",
        model="S1PMG3",
        labels={"switch:0": "Corridor", "input:0": "Motion sensor"},
        gestures={"switch:0": "load lamp 64"},
        settings={"switch:0": {"in_mode": "detached"}},
    )
    for place in CORRIDORS
)

_GROUND_FLOOR = (
    Installed(
        place=f"{GROUND} / Lobby",
        name="Chandelier",
        model="SPDM-001PE01EU",
        labels={"light:0": "Chandelier"},
        gestures={"light:0": "load lamp 180"},
    ),
    Installed(place=f"{GROUND} / Reception", name="Wall display", model="WallDisplay"),
    Installed(
        place=f"{GROUND} / Conference room",
        name="Bluetooth gateway",
        model="BluGwG3",
        labels={
            "blutrv:200": "Radiator valve",
            "bthomedevice:200": "Radiator valve",
            "bthomedevice:201": "Climate sensor",
            "bthomedevice:202": "Door contact",
            "bthomedevice:203": "Wall button",
            "bthomesensor:200": "Valve battery",
            "bthomesensor:202": "Valve target",
            "bthomesensor:203": "At the radiator",
            "bthomesensor:204": "Climate battery",
            "bthomesensor:205": "Humidity",
            "bthomesensor:207": "Temperature",
            "bthomesensor:208": "Contact battery",
            "bthomesensor:209": "Light at the door",
            "bthomesensor:210": "Door",
            "bthomesensor:211": "Door angle",
            "bthomesensor:212": "Button battery",
        },
    ),
    Installed(
        place=f"{GROUND} / Conference room",
        name="Projector blind",
        model="S2PMG4",
        profile="cover",
        labels={"cover:0": "Screen side"},
    ),
    Installed(
        place=f"{GROUND} / Conference room",
        name="Lights",
        model="Dimmer0110VPMG3",
        labels={"light:0": "Panels"},
        gestures={"light:0": "load lamp 140"},
    ),
    Installed(
        place=f"{GROUND} / Kitchen",
        name="Dishwasher",
        model="S1PMG4",
        labels={"switch:0": "Dishwasher"},
        gestures={"switch:0": "load 2100"},
        settings={"switch:0": {"in_mode": "detached"}},
    ),
    Installed(
        place=f"{GROUND} / Kitchen",
        name="Coffee corner",
        model="PowerStrip",
        labels={"switch:0": "Espresso machine", "switch:1": "Grinder", "switch:2": "Kettle", "switch:3": "Toaster"},
        gestures={
            "switch:0": "load boiler 1400",
            "switch:1": "load 300",
            "switch:2": "load 1800",
            "switch:3": "load 900",
        },
    ),
    Installed(
        # Its door has been open for a while, so its compressor never rests.
        place=f"{GROUND} / Kitchen",
        name="Cold room",
        model="Plus1PM",
        labels={"switch:0": "Compressor", "input:0": "Door contact"},
        gestures={"switch:0": "load 740"},
        settings={"switch:0": {"in_mode": "detached", "initial_state": "on"}},
        status={"switch:0": {"output": True, "source": "init"}, "input:0": {"state": True}},
    ),
    Installed(place=f"{GROUND} / Kitchen", name="Smoke alarm", model="PlusSmoke", nap_s=180),
    Installed(
        place=f"{GROUND} / Bar",
        name="Shelf",
        model="PlusRGBWPM",
        profile="light",
        labels={"light:0": "Top", "light:1": "Middle", "light:2": "Bottom", "light:3": "Counter"},
    ),
)

_OUTSIDE = (
    Installed(place=f"{OUTSIDE} / Terrace", name="Light strip", model="PlusRGBWPM", profile="rgb"),
    Installed(
        # At the far end of the garden: see ``story``.
        place=f"{OUTSIDE} / Garden",
        name="Fountain",
        model="OutdoorPlugSG3",
        labels={"switch:0": "Pump"},
        gestures={"switch:0": "load 120"},
        signal_dbm=-88,
    ),
    Installed(
        place=f"{OUTSIDE} / Garage",
        name="Gate",
        model="Plus1",
        labels={"switch:0": "Opener", "input:0": "Photo cell"},
        settings={"switch:0": {"in_mode": "detached", "auto_off": True, "auto_off_delay": 1}},
    ),
    Installed(
        place=f"{OUTSIDE} / Garage", name="Charger meter", model="MiniPMG3", gestures={"pm1:0": "load office 3600"}
    ),
    Installed(
        place=f"{OUTSIDE} / Roof",
        name="Solar meter",
        model="MiniEMG4",
        labels={"em1:0": "Solar panels"},
        gestures={"em1:0": "load solar 4200"},
    ),
)

_BASEMENT = (
    Installed(
        place=f"{BASEMENT} / Distribution",
        name="Main meter",
        model="Pro3EM",
        labels={"em:0": "Whole house"},
        gestures={"em:0": "load home 14000"},
    ),
    Installed(
        place=f"{BASEMENT} / Boiler room",
        name="Boiler",
        model="Pro1PM",
        labels={"switch:0": "Hot water"},
        gestures={"switch:0": "load boiler 2000"},
        settings={"switch:0": {"in_mode": "detached", "initial_state": "on"}},
        status={"switch:0": {"output": True}},
    ),
    Installed(
        place=f"{BASEMENT} / Boiler room",
        name="Circulation pump",
        model="Mini1PMG3",
        labels={"switch:0": "Pump"},
        gestures={"switch:0": "load 45"},
        settings={"switch:0": {"in_mode": "detached"}},
    ),
    Installed(
        place=f"{BASEMENT} / Boiler room",
        name="Heat pump meter",
        model="EMG3",
        labels={"em1:0": "Heat pump", "em1:1": "Ventilation"},
        gestures={"em1:0": "load heat pump 2400", "em1:1": "load office 400"},
    ),
    Installed(
        place=f"{BASEMENT} / Boiler room",
        name="Tank",
        model="Plus1",
        addon=("temperature", "temperature"),
        labels={"switch:0": "Immersion heater", "temperature:100": "Top", "temperature:101": "Bottom"},
        gestures={"temperature:100": "temperature 58", "temperature:101": "temperature 43"},
        settings={"switch:0": {"in_mode": "detached"}},
    ),
    Installed(
        place=f"{BASEMENT} / Boiler room",
        name="Climate",
        model="HTG3",
        gestures={"temperature:0": "temperature 29.5", "humidity:0": "humidity 31"},
    ),
    Installed(place=f"{BASEMENT} / Boiler room", name="Flood sensor", model="FloodSensorG4", nap_s=180),
    Installed(
        # Nobody has looked after it for years: see ``story``.
        place=f"{BASEMENT} / Laundry",
        name="Washing machine",
        model="PlusPlugS",
        version="1.1.0",
        update="1.7.5",
        labels={"switch:0": "Washing machine"},
        gestures={"switch:0": "load office 1900"},
        status={"switch:0": {"output": True}},
    ),
    Installed(place=f"{BASEMENT} / Laundry", name="Flood sensor", model="FloodSensorG4", nap_s=180),
    Installed(
        place=f"{BASEMENT} / Wine cellar",
        name="Climate",
        model="PlusHT",
        gestures={"temperature:0": "temperature 12.5", "humidity:0": "humidity 71"},
    ),
    Installed(
        # Its heater draws more than the device may switch.
        place=f"{BASEMENT} / Sauna",
        name="Heater",
        model="Pro2PM",
        labels={"switch:0": "Heater", "switch:1": "Light"},
        gestures={"switch:0": "load 3050", "switch:1": "load lamp 30"},
        settings={"switch:0": {"in_mode": "detached"}, "switch:1": {"in_mode": "detached"}},
        status={"switch:0": {"output": False, "source": "overpower", "errors": ["overpower"]}},
    ),
)

HOTEL: Sequence[Installed] = (
    *_GROUND_FLOOR,
    *(device for place in ROOMS for device in _room(place)),
    *_CORRIDOR_LIGHTS,
    *_SUITE,
    *_BASEMENT,
    *_OUTSIDE,
)
"""All devices of the hotel."""
