"""What an output protects itself and its load from. Pure.

Source: Shelly Gen2+ API, "Switch / Status", ``errors``; sources of commands such as ``overpower`` and
``overvoltage_clear`` from client code.
"""

from __future__ import annotations

from collections.abc import Mapping

from plugin_sdk import JSON, JSONObject

VOLTAGE_ERRORS = ("overvoltage", "undervoltage")
LOAD_ERRORS = ("overtemp", "overpower", "overcurrent")
TOO_HOT_C = 95.0
"""A device switches off when it is hotter. The firmware's own limit is not documented."""


def exceeded(status: Mapping[str, JSON], config: Mapping[str, JSON]) -> str | None:
    """Which limit of the settings what the status shows is beyond; None if none is."""
    volts = _shown(status, "voltage")
    if volts is not None and volts > _limit(config, "voltage_limit"):
        return "overvoltage"
    # A lower limit of 0 is off, and no voltage is below it.
    if volts is not None and volts < _limit(config, "undervoltage_limit", unlimited=0.0):
        return "undervoltage"
    if abs(_shown(status, "apower") or 0.0) > _limit(config, "power_limit"):
        return "overpower"
    if abs(_shown(status, "current") or 0.0) > _limit(config, "current_limit"):
        return "overcurrent"
    return None


def is_too_hot(status: Mapping[str, JSON]) -> bool:
    """Whether the device is too hot to switch anything."""
    temperature = status.get("temperature")
    celsius = temperature.get("tC") if isinstance(temperature, dict) else None
    return isinstance(celsius, int | float) and celsius >= TOO_HOT_C


def with_error(status: Mapping[str, JSON], error: str) -> list[JSON]:
    """The status's errors and one more."""
    return [*(kept for kept in _errors(status) if kept != error), error]


def without_errors(status: Mapping[str, JSON], *gone: str) -> JSONObject:
    """A patch that takes errors away, and the whole list when none is left; empty if none of them is there."""
    errors = _errors(status)
    left = [error for error in errors if error not in gone]
    return {} if left == errors else {"errors": left or None}


def _errors(status: Mapping[str, JSON]) -> list[JSON]:
    errors = status.get("errors")
    return errors if isinstance(errors, list) else []


def _shown(status: Mapping[str, JSON], name: str) -> float | None:
    value = status.get(name)
    return value if isinstance(value, int | float) else None


def _limit(config: Mapping[str, JSON], name: str, *, unlimited: float = float("inf")) -> float:
    value = config.get(name)
    return value if isinstance(value, int | float) else unlimited
