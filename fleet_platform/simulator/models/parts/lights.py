"""Dimmers, strips and bulbs."""

from __future__ import annotations

from collections.abc import Mapping

from fleet_platform.simulator.models.parts.part import AUTO, COUNTER, WARM, Part, plain
from plugin_sdk import JSONObject

_DIMMED: JSONObject = {"transition_duration": 3, "min_brightness_on_toggle": 3}
_BY_BUTTON: JSONObject = {"button_fade_rate": 3, "in_mode": "dim"}
_RESTORED: JSONObject = {"name": None, "initial_state": "restore_last", **AUTO}
_INIT: JSONObject = {"source": "init", "output": False}
_WHITE = [255, 255, 255]

_STRIP_LIMITS: JSONObject = {"current_limit": 6, "power_limit": 350, "voltage_limit": 30}
_MAINS_LIMITS: JSONObject = {"current_limit": 16, "power_limit": 4480, "voltage_limit": 280}
_DIMMER_LIMITS: JSONObject = {
    "current_limit": 1.22,
    "power_limit": 230,
    "undervoltage_limit": 200,
    "voltage_limit": 280,
}


def _look(**look: object) -> JSONObject:
    """What night mode and double push set, for a kind of light."""
    return {
        "night_mode": {"enable": False, "brightness": 50, **look, "active_between": []},
        "button_presets": {"button_doublepush": {"brightness": 100, **look}},
    }


def _metered(voltage: float) -> JSONObject:
    return {"aenergy": COUNTER, "apower": 0, "current": 0, "voltage": voltage}


_LIGHT: JSONObject = {**_RESTORED, **_DIMMED, **_BY_BUTTON, **_look(), "range_map": [0, 100]}
_RGB: JSONObject = {**_RESTORED, **_DIMMED, **_BY_BUTTON, **_look(rgb=_WHITE)}
_CCT: JSONObject = {
    **_RESTORED,
    **_DIMMED,
    **_BY_BUTTON,
    **_look(ct=4600),
    "range_map": [0, 100],
    "ct_range": [2700, 6500],
}
_LIGHT_SHOWN: JSONObject = {**_INIT, "brightness": 50, **WARM}
_RGB_SHOWN: JSONObject = {**_INIT, "rgb": [255, 150, 60], "brightness": 60, **WARM, **_metered(24.2)}
_BULB: JSONObject = {
    **_RESTORED,
    "fade_rate": 3,
    "transition_duration": 5,
    "min_brightness_on_toggle": 3,
    "range_map": [0, 100],
}
_BULB_SHOWN: JSONObject = {**_INIT, "brightness": 60, "apower": 0, "aenergy": COUNTER, "tag": None}
_BULB_NIGHT: JSONObject = {"enable": False, "brightness": 50, "ct": 4600, "active_between": []}

PARTS: Mapping[str, Part] = {
    "light.010v": plain("light", _LIGHT, _LIGHT_SHOWN),
    "light.010v_pm": plain("light", {**_LIGHT, "op_mode": 0, **_MAINS_LIMITS}, {**_LIGHT_SHOWN, **_metered(230.4)}),
    "light.dali": plain("light", _LIGHT, _LIGHT_SHOWN),
    "light.dimmer": plain("light", {**_LIGHT, **_DIMMER_LIMITS}, {**_LIGHT_SHOWN, **_metered(230.4)}),
    "light.strip": plain("light", _LIGHT, {**_LIGHT_SHOWN, "voltage": 24.3, "flags": ["no_load"]}),
    # A channel of the Pro: as its colours, which a dump shows; the profile itself is documented by the maker only.
    "light.strip_pm": plain("light", {**_LIGHT, **_STRIP_LIMITS}, {**_LIGHT_SHOWN, **_metered(24.2)}),
    # Has a slider and no inputs; which of a dimmer's settings it has is not documented.
    "light.wall": plain(
        "light", {**_RESTORED, **_DIMMED, "night_mode": _look()["night_mode"], "range_map": [0, 100]}, _LIGHT_SHOWN
    ),
    "rgb.plus": plain("rgb", {**_RGB, "current_limit": 10}, _RGB_SHOWN),
    "rgb.pro": plain("rgb", {**_RGB, **_STRIP_LIMITS}, _RGB_SHOWN),
    # No dump; as ``rgb`` with a white channel (maker's documentation).
    "rgbw": plain("rgbw", {**_RGB, "current_limit": 10}, {**_RGB_SHOWN, "white": 0}),
    "cct.pro": plain("cct", {**_CCT, **_STRIP_LIMITS}, {**_LIGHT_SHOWN, "ct": 4600, **_metered(24.2)}),
    "cct.bulb": plain("cct", {**_BULB, "night_mode": _BULB_NIGHT}, {**_BULB_SHOWN, "ct": 2700}),
    # No dump; as ``cct.bulb`` with colours and a mode (Home Assistant's tests, maker's documentation).
    "rgbcct.bulb": plain(
        "rgbcct",
        {**_BULB, "night_mode": {**_BULB_NIGHT, "mode": "cct", "rgb": _WHITE}},
        {**_BULB_SHOWN, "mode": "cct", "ct": 2700, "rgb": [255, 150, 60]},
    ),
}
