"""Reading the parameters of a simulated device's RPC methods, with the errors a real device would answer. Pure.

Each function returns None for a parameter that was not given, and refuses one that does not fit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from plugin_sdk.simulation import DeviceFault
from plugin_sdk.values import JSON, JSONObject

_LARGEST = 2**53


def required(params: Mapping[str, JSON], name: str) -> JSON:
    """A parameter that must be there, whatever it is.

    Raises:
        DeviceFault: -103 if it is not.
    """
    if name not in params:
        raise DeviceFault(-103, f"Missing required '{name}'")
    return params[name]


def flag(params: Mapping[str, JSON], name: str) -> bool | None:
    """True or false."""
    value = params.get(name)
    if name in params and not isinstance(value, bool):
        raise invalid(name)
    return value


def number(params: Mapping[str, JSON], name: str, low: float, high: float) -> float | None:
    """A number between two bounds, both allowed."""
    value = params.get(name)
    if name not in params:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise invalid(name)
    return value


def whole(params: Mapping[str, JSON], name: str, low: int = 0, high: int = _LARGEST) -> int | None:
    """A whole number between two bounds, both allowed."""
    value = number(params, name, low, high)
    if value is not None and not isinstance(value, int):
        raise invalid(name)
    return value


def text(params: Mapping[str, JSON], name: str) -> str | None:
    """A text."""
    value = params.get(name)
    if name in params and not isinstance(value, str):
        raise invalid(name)
    return value


def choice(params: Mapping[str, JSON], name: str, among: Collection[str]) -> str | None:
    """One of some words."""
    value = text(params, name)
    if value is not None and value not in among:
        raise invalid(name)
    return value


def texts(params: Mapping[str, JSON], name: str) -> list[str] | None:
    """A list of texts."""
    value = params.get(name)
    if name not in params:
        return None
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise invalid(name)
    return value


def mapping(params: Mapping[str, JSON], name: str) -> JSONObject | None:
    """An object."""
    value = params.get(name)
    if name in params and not isinstance(value, dict):
        raise invalid(name)
    return value


def colour(params: Mapping[str, JSON], name: str = "rgb") -> list[int] | None:
    """Three whole numbers from 0 to 255."""
    value = params.get(name)
    if name not in params:
        return None
    if not isinstance(value, list) or len(value) != 3 or not all(_is_byte(part) for part in value):
        raise invalid(name)
    return value


def invalid(name: str) -> DeviceFault:
    """The error for a parameter that does not fit."""
    return DeviceFault(-103, f"Invalid argument '{name}'!")


def _is_byte(value: JSON) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255
