"""Short forms of JSON Schema for settings forms and action parameters.

``title`` and ``unit`` are annotations for people, ``secret`` texts are written and never read. Limits are given
where Shelly documents them; the device has the last word.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from plugin_sdk import JSON, JSONObject

Schema: TypeAlias = Mapping[str, JSON]


def boolean(title: str) -> Schema:
    """True or false."""
    return {"title": title, "type": "boolean"}


def integer(
    title: str, *, unit: str = "", minimum: int | None = None, maximum: int | None = None, nullable: bool = False
) -> Schema:
    """A whole number."""
    return _value(title, "integer", nullable, unit=unit or None, minimum=minimum, maximum=maximum)


def number(
    title: str, *, unit: str = "", minimum: float | None = None, maximum: float | None = None, nullable: bool = False
) -> Schema:
    """Any number."""
    return _value(title, "number", nullable, unit=unit or None, minimum=minimum, maximum=maximum)


def percent(title: str) -> Schema:
    """A whole number from 0 to 100."""
    return integer(title, unit="%", minimum=0, maximum=100)


def text(title: str, *, max_length: int | None = None, nullable: bool = False, secret: bool = False) -> Schema:
    """A line of text."""
    return _value(title, "string", nullable, maxLength=max_length, writeOnly=True if secret else None)


def choice(title: str, *options: str | int | None) -> Schema:
    """One of a few values."""
    return {"title": title, "enum": list(options)}


def constant(value: JSON) -> Schema:
    """A value that is always sent, so nobody is asked for it."""
    return {"const": value}


def array(title: str, items: Schema, *, length: int | None = None, nullable: bool = False) -> Schema:
    """A list."""
    return _value(title, "array", nullable, items=items, minItems=length, maxItems=length)


def section(
    title: str, properties: Mapping[str, Schema], *, required: tuple[str, ...] = (), nullable: bool = False
) -> Schema:
    """A group of values inside a form."""
    schema = {"title": title, **form(properties, required=required)}
    return {**schema, "type": ["object", "null"]} if nullable else schema


def form(properties: Mapping[str, Schema], *, required: tuple[str, ...] = ()) -> Schema:
    """The settings of a component. Keys that are not named here are allowed and left alone."""
    schema: JSONObject = {"type": "object", "properties": dict(properties)}
    if required:
        schema["required"] = list(required)
    return schema


def _value(title: str, kind: str, nullable: bool, **keywords: JSON) -> Schema:
    given = {name: value for name, value in keywords.items() if value is not None}
    return {"title": title, "type": [kind, "null"] if nullable else kind, **given}


NAME = text("Name", max_length=64, nullable=True)

COLOUR = array("Colour", integer("Red, green or blue", minimum=0, maximum=255), length=3)

PERIOD = {
    "title": "Active between",
    "type": "array",
    "items": {"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"},
    "maxItems": 2,
}
"""``["22:00", "06:30"]``; empty for always."""

AUTO_TIMERS: Mapping[str, Schema] = {
    "auto_on": boolean("Turn on again by itself"),
    "auto_on_delay": number("Turn on after", unit="s", minimum=0),
    "auto_off": boolean("Turn off by itself"),
    "auto_off_delay": number("Turn off after", unit="s", minimum=0),
}

LIMITS: Mapping[str, Schema] = {
    "power_limit": number("Power limit", unit="W", minimum=0, nullable=True),
    "voltage_limit": number("Voltage limit", unit="V", minimum=0, nullable=True),
    "undervoltage_limit": number("Undervoltage limit", unit="V", minimum=0, nullable=True),
    "current_limit": number("Current limit", unit="A", minimum=0, nullable=True),
}

EXPRESSION: Mapping[str, Schema] = {
    "expr": text("Expression in x", max_length=100, nullable=True),
    "unit": text("Unit", max_length=20, nullable=True),
}
"""How a measured value is scaled on the device."""
