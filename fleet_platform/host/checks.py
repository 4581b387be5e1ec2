"""Checks of single contributions: a declaration is a plain dataclass, so nobody has looked at its values yet."""

from __future__ import annotations

import math
import re
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError

from plugin_sdk import EventType, Migrations, Panel, Route, Settings, simulation
from plugin_sdk.errors import PluginError

T = TypeVar("T")

RESERVED = (
    "/", "/auth", "/boot.json", "/device", "/health", "/home", "/login", "/logout", "/metrics", "/p", "/plugin",
    "/rpc", "/settings", "/shelly", "/static",
)  # fmt: skip
"""Addresses that are the platform's own, with all that is below them (below ``/``: nothing)."""

_MAY_BE_ZERO = ("batch_age_s", "cache_s")
_ANY_NUMBER = ("order",)
_ELEMENT = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_FILE = re.compile(r"(?!.*\.\.)[\w-][\w./-]*")
_PANEL_NAME = re.compile(r"[\w-]+")
_EVENT_NAME = re.compile(r"\w+(\.\w+)+")


def check(value: object, kind: type[T]) -> T:
    """Check a contribution.

    Raises:
        PluginError: It is of another type, or a field of it has a wrong type or makes no sense.
    """
    if not isinstance(value, kind):
        given = "nothing" if value is None else f"a {type(value).__name__}"
        raise PluginError(f"{given} where a {kind.__name__} is expected")
    label = f"{kind.__name__} {getattr(value, 'name', getattr(value, 'type', getattr(value, 'path', '')))!r}"
    for name, adapter in _adapters(kind).items():  # type: ignore[arg-type]  # every type is hashable
        given = getattr(value, name)
        try:
            adapter.validate_python(given, strict=True)
        except ValidationError as error:
            raise PluginError(f"{label}, field {name}: {error.errors(include_url=False)[0]['msg']}") from error
        _check_number(label, name, given)
    problem = "the name is empty" if getattr(value, "name", "a name") == "" else _problem(value)
    if problem:
        raise PluginError(f"{label}: {problem}")
    return value


@cache
def _adapters(kind: type[Any]) -> dict[str, TypeAdapter[Any]]:
    # Two names are imported by the SDK for type checkers alone; both are in its module about simulation.
    hints = get_type_hints(kind, localns=vars(simulation))
    return {field.name: TypeAdapter(hints[field.name]) for field in fields(kind)}


def _check_number(label: str, name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or name in _ANY_NUMBER:
        return
    if not math.isfinite(value) or value < 0 or (value == 0 and name not in _MAY_BE_ZERO):
        raise PluginError(f"{label}, field {name}: {value} is out of range")


def _problem(value: object) -> str | None:
    match value:
        case Settings():
            return _settings_problem(value)
        case Migrations() if not value.folder.is_dir():
            return f"there is no folder {value.folder.name}"
        case Panel():
            return _panel_problem(value)
        case Route():
            return _route_problem(value)
        case EventType() if not _EVENT_NAME.fullmatch(value.name):
            return "an event's name has the form Noun.Happened"
        case _:
            return None


def _settings_problem(settings: Settings) -> str | None:
    declared = settings.model.model_fields
    if "enable" in declared:
        return "the setting enable is the platform's own"
    required = [name for name, field in declared.items() if field.is_required()]
    return f"the setting {required[0]} has no default" if required else None


def _panel_problem(panel: Panel) -> str | None:
    if not _PANEL_NAME.fullmatch(panel.name):
        return "the name becomes part of an address; letters, digits, hyphens and underscores will do"
    if not _ELEMENT.fullmatch(panel.element):
        return f"{panel.element!r} cannot be the name of a custom element; it needs a hyphen: fleet-devices"
    return None if _FILE.fullmatch(panel.module) else f"{panel.module!r} is no file below the folder panel"


def _route_problem(route: Route) -> str | None:
    if not route.path.startswith("/"):
        return "the path must start with a slash"
    if route.absolute and any(
        route.path == own or (own != "/" and route.path.startswith(f"{own}/")) for own in RESERVED
    ):
        return "the address is the platform's own"
    return None
