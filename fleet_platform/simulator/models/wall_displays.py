"""Wall Displays: tablets, counted as generation 2. Constant data."""

from __future__ import annotations

from fleet_platform.simulator.models.family import Family

_WALL = Family(
    gen=2,
    common="ble.wall cloud",
    memory=(134_217_728, 43_317_248, 5_009_186_816, 4_616_441_856),
    version="2.6.2",
    more={"shown": {"platform": "vXD10000M"}},
)
_XL = Family(
    gen=2,
    common="ble.wall_xl cloud",
    memory=(268_435_456, 50_023_040, 24_480_665_600, 24_071_430_144),
    version="2.4.4",
    more={"shown": {"platform": "vBlake.a21b392"}},
)
_DISPLAY = "devicepower.wall illuminance media switch.wall ui.wall ws.wall"

WALL_DISPLAYS = (
    _WALL.row(
        "WallDisplay",
        "SAWD-0A1XX10EU1",
        "Shelly Wall Display",
        "ShellyWallDisplay",
        f"{_DISPLAY} humidity temperature input.wall thermostat",
    ),
    _XL.row(
        "WallDisplayV2",
        "SAWD-3A1XE10EU2",
        "Shelly Wall Display XL",
        "ShellyWallDisplay",
        f"{_DISPLAY} humidity.missing temperature.missing input.wall_button 2*input.wall 2*input.wall_button",
    ),
)
