"""Measured fields that several component types share, and short forms to declare the others.

Left out everywhere: Fahrenheit twins of Celsius values, ``by_minute`` lists (the last minutes of the same counter)
and time stamps.
"""

from __future__ import annotations

from plugin_sdk import MeasuredField


def gauge(path: str, unit: str, label: str) -> MeasuredField:
    """A value that goes up and down."""
    return MeasuredField(path=path, unit=unit, kind="gauge", label=label)


def counter(path: str, unit: str, label: str) -> MeasuredField:
    """A value that only grows until it is reset."""
    return MeasuredField(path=path, unit=unit, kind="counter", label=label)


def state(path: str, label: str) -> MeasuredField:
    """A boolean or one of a few words."""
    return MeasuredField(path=path, unit="", kind="state", label=label)


OUTPUT = state("output", "Output")
POWER = gauge("apower", "W", "Active power")
VOLTAGE = gauge("voltage", "V", "Voltage")
CURRENT = gauge("current", "A", "Current")
POWER_FACTOR = gauge("pf", "", "Power factor")
FREQUENCY = gauge("freq", "Hz", "Frequency")
ENERGY = counter("aenergy.total", "Wh", "Energy")
RETURNED_ENERGY = counter("ret_aenergy.total", "Wh", "Returned energy")
DEVICE_TEMPERATURE = gauge("temperature.tC", "°C", "Device temperature")
SIGNAL = gauge("rssi", "dBm", "Signal strength")
BATTERY = gauge("battery", "%", "Battery")
