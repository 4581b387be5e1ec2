"""Lights, buttons and displays on a device's own front."""

from __future__ import annotations

from collections.abc import Mapping

from fleet_platform.simulator.models.parts.part import Part, plain
from plugin_sdk import JSON, JSONObject


def _lit(rgb: list[int]) -> JSONObject:
    return {"rgb": rgb, "brightness": 100}


_NIGHT: JSONObject = {"enable": False, "brightness": 100, "active_between": []}
_COLOURS: JSONObject = {"switch:0": {"on": _lit([0, 100, 0]), "off": _lit([100, 0, 0])}, "power": {"brightness": 100}}


def _ring(outputs: int) -> JSONObject:
    """A light ring around a plug, and its buttons."""
    controls: dict[str, JSON] = {f"switch:{number}": {"in_mode": "momentary"} for number in range(outputs)}
    return {"leds": {"mode": "power", "colors": _COLOURS, "night_mode": _NIGHT}, "controls": controls}


PARTS: Mapping[str, Part] = {
    "plugs_ui": plain("plugs_ui", _ring(1)),
    "pluguk_ui": plain("pluguk_ui", _ring(1)),
    "powerstrip_ui": plain("powerstrip_ui", _ring(4)),
    # No dump; a ring without a switch (maker's documentation).
    "plugpm_ui": plain(
        "plugpm_ui", {"leds": {"mode": "power", "colors": {"power": {"brightness": 100}}, "night_mode": _NIGHT}}
    ),
    "ht_ui": plain("ht_ui", {"temperature_unit": "C"}),
    "ht_ui.g3": plain("ht_ui", {"clock": "24", "temperature_unit": "C"}),
    "ui": plain("ui", {"idle_brightness": 30}),
    "wd_ui": plain("wd_ui", {"sys_led_enable": True, "power_led": "match_output"}),
}
