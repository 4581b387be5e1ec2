"""Temperatures: how they are shown, and how a device warms up with its load."""

from __future__ import annotations

from plugin_sdk import JSONObject
from plugin_sdk.simulation import Behaviour

_COLD_C, _FULL_LOAD_RISE_C, _FULL_LOAD_W = 43.0, 28.0, 2500.0
_EACH_MINUTE = 0.2
_NOISE_C = 0.6
_TOLD_C = 0.5
_TOLD_AFTER_S = 42
"""Temperatures are told apart from energy, at another second of the minute (notifications.jsonl, a Plus 1PM)."""


def degrees(celsius: float) -> JSONObject:
    """A temperature as devices show it: ``{tC, tF}``."""
    return {"tC": celsius, "tF": round(celsius * 9 / 5 + 32, 1)}


def minute_of_warming(behaviour: Behaviour, watts: float) -> None:
    """A minute has passed in which the device carried a load; its temperature is told some seconds later, if worth it.

    Args:
        behaviour: A component that shows the device's own ``temperature``, or none.
        watts: What it carries.
    """
    shown = behaviour.status.get("temperature")
    if not isinstance(shown, dict) or not isinstance(shown.get("tC"), int | float):
        return
    # Warmer by the square root: a relay's first hundred watts already show.
    target_c = _COLD_C + _FULL_LOAD_RISE_C * min(1.0, abs(watts) / _FULL_LOAD_W) ** 0.5
    noise = behaviour.device.random.uniform(-_NOISE_C, _NOISE_C)
    celsius = round(shown["tC"] + (target_c - shown["tC"]) * _EACH_MINUTE + noise, 1)
    if abs(celsius - shown["tC"]) >= _TOLD_C:
        behaviour.device.after(_TOLD_AFTER_S, lambda: behaviour.report(temperature=degrees(celsius)))
