"""Reading the parameters of a simulated device's RPC methods, with the errors a device answers. Pure."""

from __future__ import annotations

from collections.abc import Collection

from plugin_sdk import JSON, JSONObject
from plugin_sdk.simulation import DeviceFault


def required(params: JSONObject, name: str) -> JSON:
    """A parameter that must be there.

    Raises:
        DeviceFault: -103 if it is not.
    """
    if name not in params:
        raise DeviceFault(-103, f"Missing required '{name}'")
    return params[name]


def flag(params: JSONObject, name: str) -> bool | None:
    """A boolean parameter; None if it was not given."""
    value = params.get(name)
    if name in params and not isinstance(value, bool):
        raise _invalid(name)
    return value


def number(params: JSONObject, name: str, low: float, high: float) -> float | None:
    """A number between two bounds, both allowed; None if it was not given."""
    value = params.get(name)
    if name not in params:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise _invalid(name)
    return value


def colour(params: JSONObject, name: str = "rgb") -> list[int] | None:
    """Three numbers from 0 to 255; None if they were not given."""
    value = params.get(name)
    if name not in params:
        return None
    if not isinstance(value, list) or len(value) != 3 or not all(_is_byte(part) for part in value):
        raise _invalid(name)
    return value


def choice(params: JSONObject, name: str, among: Collection[str]) -> str:
    """One of some words, which must be given."""
    value = required(params, name)
    if value not in among:
        raise _invalid(name)
    return str(value)


def _is_byte(value: JSON) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255


def _invalid(name: str) -> DeviceFault:
    return DeviceFault(-103, f"Invalid argument '{name}'!")
