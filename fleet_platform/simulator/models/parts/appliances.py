"""Whole appliances: the scent diffuser."""

from __future__ import annotations

from collections.abc import Mapping

from fleet_platform.simulator.models.parts.part import AUTO, Part, plain
from plugin_sdk import JSONObject


def _slot(vial: str, level: int, serial: str) -> JSONObject:
    return {
        "on": False,
        "intensity": 70,
        "timer": None,
        "boost": None,
        "vial": {"level": level, "name": vial, "serial": serial},
    }


PARTS: Mapping[str, Part] = {
    "cury": plain(
        "cury",
        {
            "name": None,
            "ambient": {"enable": False, "brightness": 100, "color": [0, 255, 0], "use_vial_color": True},
            "auto_heating_on": True,
            "boost_time": 1800,
            "initial_state": {"left": "restore_last", "right": "restore_last"},
            "timer": {"left": AUTO, "right": AUTO},
            "ui": {"brightness": 10, "mode": "level"},
        },
        {
            "away_mode": False,
            "mode": "living_room",
            "slots": {"left": _slot("Cedar", 100, "10023"), "right": _slot("Sea breeze", 93, "10077")},
        },
    ),
}
