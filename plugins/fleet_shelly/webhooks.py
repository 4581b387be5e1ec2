"""What Shelly components call webhooks for: type of component to events and what causes them. Constant data.

Source: event names as shelly-rpc-ts (taulfsime) and FHEM's 36_Shelly.pm list them from the vendor's documents and from
devices; attributes of ``temperature`` and ``humidity`` from ShellyUSA/Hubitat-Drivers. Not confirmed: attributes of the
other measurements, which are called here as in the status; ``bthomesensor.change`` and changes of virtual components
but ``number.change``; what exactly causes a ``…_measurement``, here every report. Alarms of ``em1`` and ``pm1`` are
left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from fleet_shelly.inputs import PUSHES
from plugin_sdk import WebhookAttribute, WebhookEvent

_PHASES = ("a", "b", "c")


def _number(name: str, text: str, path: str = "") -> WebhookAttribute:
    return WebhookAttribute(name=name, type="number", text=text, path=path or name)


def _becomes(name: str, path: str, value: bool | str) -> WebhookEvent:
    return WebhookEvent(name=name, path=path, value=value)


def _measured(
    path: str, *attributes: WebhookAttribute, prefix: str = "", also_each: bool = True
) -> tuple[WebhookEvent, ...]:
    """``…change`` when a value differs and, unless told otherwise, ``…measurement`` whenever it is reported."""
    change = WebhookEvent(name=f"{prefix}change", path=path, attributes=attributes)
    if not also_each:
        return (change,)
    return change, WebhookEvent(name=f"{prefix}measurement", path=path, each_report=True, attributes=attributes)


def _value(kind: Literal["number", "boolean", "string"]) -> tuple[WebhookEvent, ...]:
    attribute = WebhookAttribute(name="value", type=kind, text="New value", path="value")
    return _measured("value", attribute, also_each=False)


def _of_phase(phase: str, name: str, text: str) -> tuple[WebhookAttribute, ...]:
    told = WebhookAttribute(name="phase", type="string", text="Phase", value=phase)
    return told, _number(name, text, f"{phase}_{name}")


_SWITCHED = (_becomes("on", "output", True), _becomes("off", "output", False))
_POWER = _number("apower", "New active power in W")
_ALARM = (_becomes("alarm", "alarm", True), _becomes("alarm_off", "alarm", False))
_IS_SOMEBODY = WebhookAttribute(name="value", type="boolean", text="Whether somebody is there", path="value")
_TEMPERATURE = (_number("tC", "New temperature in °C"), _number("tF", "New temperature in °F"))

_ELECTRICITY = (
    ("active_power", "act_power", "New active power in W"),
    ("voltage", "voltage", "New voltage in V"),
    ("current", "current", "New current in A"),
)

WEBHOOKS: Mapping[str, tuple[WebhookEvent, ...]] = {
    "switch": (*_SWITCHED, *_measured("apower", _POWER, prefix="active_power_")),
    "light": _SWITCHED,
    "rgb": _SWITCHED,
    "rgbw": _SWITCHED,
    "cct": _SWITCHED,
    "rgbcct": _SWITCHED,
    "input": (
        _becomes("toggle_on", "state", True),
        _becomes("toggle_off", "state", False),
        WebhookEvent(name="button_push", event="single_push"),
        WebhookEvent(name="button_longpush", event="long_push"),
        WebhookEvent(name="button_doublepush", event="double_push"),
        WebhookEvent(name="button_triplepush", event="triple_push"),
        *_measured("percent", _number("percent", "New value in %"), prefix="analog_"),
        *_measured("counts.total", _number("count", "New total", "counts.total"), prefix="count_"),
        *_measured("freq", _number("freq", "New frequency in Hz"), prefix="freq_"),
    ),
    "cover": tuple(
        _becomes(state, "state", state) for state in ("stopped", "open", "closed", "opening", "closing", "calibrating")
    ),
    "temperature": _measured("tC", *_TEMPERATURE),
    "humidity": _measured("rh", _number("rh", "New relative humidity in %")),
    "illuminance": _measured("lux", _number("lux", "New illuminance in lx"), also_each=False),
    "voltmeter": _measured("voltage", _number("voltage", "New voltage in V")),
    "smoke": (*_ALARM, WebhookEvent(name="alarm_test", event="alarm_test")),
    "flood": (*_ALARM, WebhookEvent(name="cable_unplugged", event="cable_unplugged")),
    "em": tuple(
        WebhookEvent(name=f"{name}_change", path=f"{phase}_{field}", attributes=_of_phase(phase, field, text))
        for name, field, text in _ELECTRICITY
        for phase in _PHASES
    ),
    "em1": tuple(
        WebhookEvent(name=f"{name}_change", path=field, attributes=(_number(field, text),))
        for name, field, text in _ELECTRICITY
    ),
    "pm1": (
        *_measured("apower", _POWER, prefix="apower_", also_each=False),
        *_measured("voltage", _number("voltage", "New voltage in V"), prefix="voltage_", also_each=False),
        *_measured("current", _number("current", "New current in A"), prefix="current_", also_each=False),
    ),
    "presencezone": (
        WebhookEvent(name="presence", path="value", attributes=(_IS_SOMEBODY,)),
        WebhookEvent(name="counter", path="num_objects", attributes=(_number("num_objects", "How many there are"),)),
        _becomes("enter", "value", True),
        _becomes("leave", "value", False),
    ),
    "bthomedevice": tuple(
        WebhookEvent(name=name, event=name)
        for name in (*PUSHES, "long_double_push", "long_triple_push", "rotate_left", "rotate_right")
    ),
    "bthomesensor": _value("number"),
    "boolean": _value("boolean"),
    "number": _value("number"),
    "text": _value("string"),
    "enum": _value("string"),
    "button": tuple(WebhookEvent(name=name, event=name) for name in PUSHES),
}
