"""What a component can be told to do: which of its type's actions it offers, and parameters for the device. Pure."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from itertools import islice
from typing import Any

import jsonschema

from fleet_platform.text import encode
from plugin_sdk import JSON, Action, ComponentType, ComponentView, JSONObject
from plugin_sdk.errors import InvalidParams, NotFound

logger = logging.getLogger(__name__)

MAX_BYTES = 64 * 1024
MAX_VALUES = 1_000
"""What parameters may hold at most; checking a value costs some 10 µs, and devices take far less."""

MAX_FAULTS = 20

_ABSENT: Any = object()


def offered(kind: ComponentType, view: ComponentView) -> list[Action]:
    """Actions that this very component offers, in the order of its type."""
    return [action for action in kind.actions if _is_available(action, view)]


def pick(kind: ComponentType, view: ComponentView, name: str) -> Action:
    """The action of a name.

    Raises:
        NotFound: The component does not offer it; the error lists what it does.
    """
    found = offered(kind, view)
    action = next((each for each in found if each.name == name), None)
    if action is None:
        names = [each.name for each in found]
        known = any(each.name == name for each in kind.actions)
        why = "does not offer it as it is now" if known else "has no such action"
        raise NotFound(f"{view.key} {why}", action=name[:100], available=names)
    return action


def arguments(action: Action, view: ComponentView, params: Mapping[str, JSON]) -> JSONObject:
    """``params`` of the device's method: what was given, checked, with what is always sent.

    Constants of the action are filled in, and the number of the component unless the action has an ``id`` of its own.

    Raises:
        InvalidParams: Something is missing, unknown or does not fit; one entry per fault, with its path.
    """
    if len(encode(params)) > MAX_BYTES or _count(params) > MAX_VALUES:
        raise InvalidParams.at("params", f"are more than {MAX_BYTES // 1024} KiB or {MAX_VALUES:,} values")
    schema: JSONObject = {
        "type": "object",
        "properties": {name: dict(parameter.schema) for name, parameter in action.parameters.items()},
        "required": [name for name, parameter in action.parameters.items() if parameter.required],
        "additionalProperties": False,
    }
    whole = _completed(schema, dict(params))
    faults = list(islice(jsonschema.Draft202012Validator(schema).iter_errors(whole), MAX_FAULTS))
    if faults:
        raise InvalidParams(
            [{"path": ".".join(["params", *map(str, f.absolute_path)]), "message": f.message[:300]} for f in faults]
        )
    number = {} if view.index is None else {"id": view.index}
    return {**number, **whole}


def _count(value: JSON) -> int:
    """How many values there are in a value, itself included."""
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return 1 + sum(map(_count, inner))


def _completed(schema: Mapping[str, JSON], value: Any) -> Any:
    """A value with the constants of its schema, as deep as they are."""
    if "const" in schema and value is _ABSENT:
        return schema["const"]
    inner = schema.get("properties")
    if not isinstance(inner, Mapping) or not (value is _ABSENT or isinstance(value, dict)):
        return value
    given = {} if value is _ABSENT else value
    whole = {name: _completed(part, given.get(name, _ABSENT)) for name, part in inner.items()}
    whole = {**given, **{name: part for name, part in whole.items() if part is not _ABSENT}}
    return whole if whole or value is not _ABSENT else _ABSENT


def _is_available(action: Action, view: ComponentView) -> bool:
    try:
        return bool(action.available(view))
    except Exception:  # the rim to plugin code; a fault means that it is not offered
        logger.debug("whether %s offers %s cannot be told", view.key, action.name, exc_info=True)
        return False
