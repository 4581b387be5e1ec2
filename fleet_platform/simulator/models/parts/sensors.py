"""Sensors and batteries."""

from __future__ import annotations

from collections.abc import Mapping

from fleet_platform.simulator.models.parts.part import Part, plain
from plugin_sdk import JSONObject

_THRESHOLDS: JSONObject = {"bright_thr": 200, "dark_thr": 30, "name": None}

PARTS: Mapping[str, Part] = {
    "temperature": plain("temperature", {"name": None, "report_thr_C": 0.5, "offset_C": 0}, {"tC": 21.4, "tF": 70.5}),
    # Inside a meter's housing.
    "temperature.inside": plain(
        "temperature", {"name": None, "report_thr_C": 5, "offset_C": 0}, {"tC": 46.2, "tF": 115.2}
    ),
    "humidity": plain("humidity", {"name": None, "report_thr": 1, "offset": 0}, {"rh": 46.5}),
    "illuminance": plain("illuminance", _THRESHOLDS, {"lux": 120, "illumination": "twilight"}),
    "illuminance.word": plain(
        "illuminance", {**_THRESHOLDS, "bright_thr": 50, "dark_thr": 10}, {"illumination": "twilight"}
    ),
    "devicepower": plain("devicepower", {}, {"battery": {"V": 5.92, "percent": 93}}),
    "devicepower.usb": plain(
        "devicepower", {}, {"battery": {"V": 5.64, "percent": 81}, "external": {"present": False}}
    ),
    "smoke": plain("smoke", {"name": None}, {"alarm": False, "mute": False}),
    "flood": plain(
        "flood", {"name": None, "alarm_mode": "normal", "report_holdoff": 0}, {"alarm": False, "mute": False}
    ),
    "presence": plain(
        "presence",
        {
            "blind": [],
            "enable": True,
            "leds": {
                "brightness": 20,
                "night_mode": {"enable": False, "brightness": 20, "active_between": []},
            },
            "main_zone": "presencezone:200",
            "sensor": {
                "flipped": False,
                "height": 2,
                "max_velocity": 20,
                "points": 40,
                "position": "center",
                "power": "high",
                "snr": 40,
                "state": {
                    "act_free_thr": 12,
                    "det_act_thr": 3,
                    "det_free_thr": 3,
                    "sleep_free_thr": 600,
                    "stat_free_thr": 500,
                },
                "tilt": 15,
                "velocity": 0.1,
            },
            "zmax": 3,
            "zmin": 0,
        },
    ),
    "presencezone": plain(
        "presencezone",
        {
            "name": "Room",
            "enable": True,
            "area": [[-8, 16, 8, 0]],
            "color": [255, 255, 255],
            "presence_thr": 0,
            "absence_thr": 0,
            "zmin": 0,
            "zmax": 3,
        },
        {"value": False, "num_objects": 0},
    ),
}
