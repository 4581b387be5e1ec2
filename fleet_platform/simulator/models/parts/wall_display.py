"""Components of Wall Displays, which are built on another platform and show other fields."""

from __future__ import annotations

from collections.abc import Mapping

from fleet_platform.simulator.models.parts.part import Part, plain
from plugin_sdk import JSONObject

_BLE: JSONObject = {"enable": True, "observer": {"enable": True}, "rpc": {"enable": True}}
_INPUT: JSONObject = {"type": "switch", "enable": True, "invert": False, "factory_reset": True, "name": None}

PARTS: Mapping[str, Part] = {
    "ble.wall": plain("ble", _BLE),
    "ble.wall_xl": plain("ble", {**_BLE, "keep_running": True}),
    "devicepower.wall": Part(type="devicepower", config=None, status={"external": {"present": True}}),
    "input.wall": plain("input", _INPUT, {"state": False}),
    # A button shows no state at all.
    "input.wall_button": plain("input", {**_INPUT, "type": "button"}),
    "media": plain(
        "media",
        {"rev": 0},
        {
            "playback": {"enable": False, "buffering": False, "volume": 5},
            "total_size": 3885854,
            "total_size_h": "3.706 MB",
            "item_counts": {"audio": 0, "alert": 0, "ringtone": 10, "photo": 0, "video": 0},
        },
    ),
    "switch.wall": plain(
        "switch",
        {"auto_off": False, "auto_on_delay": 0, "initial_state": "off", "in_mode": "detached", "name": None},
        {"output": False, "source": "Auto power on (off)"},
    ),
    # The reading of a display whose firmware has no driver for its sensor (dump of a Wall Display XL).
    "temperature.missing": plain(
        "temperature",
        {"name": None, "report_thr_C": 1, "offset_C": 0},
        {"tC": -275.15, "tF": -463.2, "errors": ["Sensor driver missing from firmware"]},
    ),
    "humidity.missing": plain(
        "humidity",
        {"name": None, "report_thr": 1, "offset": 0},
        {"rh": -2, "errors": ["Sensor driver missing from firmware"]},
    ),
    "thermostat": plain(
        "thermostat",
        {
            "enable": True,
            "sensor": "shelly://{id}/c/temperature:0",
            "type": "heating",
            "actuator": "shelly://{id}/c/switch:0",
            "hysteresis": 0.5,
            "invert_output": False,
            "display_unit": "C",
            "target_C": 21,
            "target_F": 70,
            "failure_detection": True,
            "name": None,
        },
        {
            "enable": True,
            "target_C": 21,
            "target_F": 70,
            "current_C": 21.4,
            "current_F": 71,
            "output": False,
            "errors": [],
            "schedules": {"enable": False},
        },
    ),
    "ui.wall": Part(
        type="ui",
        config={
            "brightness": {
                "auto": True,
                "level": 27,
                "min_level": 1,
                "auto_off": {"enable": False, "by_lux": False, "timeout": 0},
                "auto_dim": {"enable": True, "timeout": 5},
            },
            "lock_type": "none",
            "disable_gestures_when_locked": False,
            "use_F": False,
            "screen_off_when_idle": False,
            "screen_saver": {"enable": False, "timeout": 10, "priority_element": "CLOCK"},
            "relay_state_overlay": {"enable": True, "always_visible": False},
        },
        status=None,
    ),
    "ws.wall": Part(type="ws", config={"enable": True, "ssl_ca": "*"}, status=None),
}
