"""Inputs: switches, buttons, a counter."""

from __future__ import annotations

from collections.abc import Mapping

from fleet_platform.simulator.models.parts.part import COUNTER, Part, plain
from plugin_sdk import JSONObject

_SWITCH: JSONObject = {"name": None, "type": "switch", "enable": True, "invert": False}
_BUTTON: JSONObject = {"name": None, "type": "button", "enable": True, "invert": False}
_UNCONVERTED: JSONObject = {"expr": None, "unit": None}

PARTS: Mapping[str, Part] = {
    "input": plain("input", {**_SWITCH, "factory_reset": True}, {"state": False}),
    "input.button": plain("input", {**_BUTTON, "factory_reset": True}, {"state": None}),
    # A Pro is reset by a button of its own.
    "input.pro": plain("input", _SWITCH, {"state": False}),
    "input.pro_button": plain("input", _BUTTON, {"state": None}),
    "input.count": plain(
        "input",
        {
            "name": None,
            "type": "count",
            "enable": True,
            "invert": False,
            "count_rep_thr": 100,
            "freq_window": 1,
            "freq_rep_thr": 10,
            "xcounts": _UNCONVERTED,
            "xfreq": _UNCONVERTED,
        },
        {"counts": COUNTER, "freq": 0},
    ),
}
