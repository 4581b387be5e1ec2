"""Methods and events described for programs, in the form of OpenRPC 1.3.2. Pure.

Everything is made from the tables that dispatch uses, so what is described is what is called. Members that OpenRPC
does not know begin with ``x-``: ``x-permission``, ``x-read-only``, ``x-plugin``, ``x-timeout-s``, ``x-anonymous``,
``x-alias-of``; and of the document ``x-events``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from fleet_platform.rpc.methods import BoundMethod
from plugin_sdk import EventType, JSONObject, errors

OPENRPC = "1.3.2"
_SCHEMAS = "#/components/schemas/"
_UNFIT = re.compile(r"[^\w.-]")

_ANY_CALL = (errors.CallTimeout, errors.InternalError)
_ERRORS = (
    errors.ParseError,
    errors.InvalidRequest,
    errors.UnknownDevice,
    errors.MethodNotFound,
    errors.InvalidParams,
    errors.PermissionDenied,
    errors.NotFound,
    errors.Conflict,
    errors.DeviceBusy,
    errors.RateLimited,
    errors.Unavailable,
    errors.CallTimeout,
    errors.DeviceOffline,
    errors.InternalError,
)


def names_of(bound: BoundMethod, methods: Mapping[str, BoundMethod]) -> list[str]:
    """The names under which a method is in force: its own, then its aliases."""
    return [name for name in (bound.name, *bound.aliases) if methods.get(name.lower()) is bound]


def describe(bound: BoundMethod, name: str, definitions: JSONObject) -> JSONObject:
    """One method object.

    Args:
        name: Its own name or an alias; aliases are marked deprecated.
        definitions: Gets the definitions that its schemas refer to.
    """
    reference = f"{_SCHEMAS}{_UNFIT.sub('_', bound.name)}.{{model}}"
    params = _take(bound, bound.schema(reference), definitions)
    result = _take(bound, bound.result_schema(reference), definitions)
    required = params.get("required", ())
    described: JSONObject = {
        "name": name,
        "summary": bound.summary,
        "description": bound.description,
        "tags": [{"name": name.partition(".")[0]}],
        "paramStructure": "by-name",
        "params": [
            {"name": key, "required": key in required, "schema": schema}
            for key, schema in params.get("properties", {}).items()
        ],
        "result": {"name": "result", "schema": result},
        "errors": [{"$ref": f"#/components/errors/{kind.__name__}"} for kind in _errors_of(bound)],
        "deprecated": name != bound.name,
        "x-permission": None if bound.anonymous else bound.permission,
        "x-anonymous": bound.anonymous,
        "x-read-only": bound.read_only,
        "x-timeout-s": bound.timeout_s,
        "x-plugin": bound.plugin,
    }
    if name != bound.name:
        described["x-alias-of"] = bound.name
    return described


def describe_event(event: EventType, plugin: str) -> JSONObject:
    """``{name, summary, params: {member: what it holds}, device, permission, plugin}``."""
    return {
        "name": event.name,
        "summary": event.summary,
        "params": dict(event.params),
        "device": event.device,
        "permission": event.permission,
        "plugin": plugin,
    }


def document(
    methods: Iterable[JSONObject], definitions: JSONObject, events: Iterable[JSONObject], *, version: str
) -> JSONObject:
    """The whole document, from what :func:`describe` and :func:`describe_event` made."""
    return {
        "openrpc": OPENRPC,
        "info": {
            "title": "Fleet Platform",
            "version": version,
            "description": "Methods of this platform and of the plugins in force. Names are matched without case.",
            "license": {"name": "Apache-2.0"},
        },
        "servers": [{"name": "this platform", "url": "/rpc"}],
        "methods": sorted(methods, key=lambda method: str(method["name"]).lower()),
        "components": {"schemas": definitions, "errors": {kind.__name__: _error(kind) for kind in _ERRORS}},
        "x-events": sorted(events, key=lambda event: str(event["name"]).lower()),
    }


def _take(bound: BoundMethod, schema: JSONObject, definitions: JSONObject) -> JSONObject:
    """A schema without its definitions, which go to the others under names of their own."""
    prefix = _UNFIT.sub("_", bound.name)
    definitions.update({f"{prefix}.{name}": body for name, body in schema.pop("$defs", {}).items()})
    return schema


def _errors_of(bound: BoundMethod) -> list[type[errors.FleetError]]:
    denied = [] if bound.anonymous else [errors.PermissionDenied]
    return [*([errors.InvalidParams] if bound.params.model_fields else []), *denied, *_ANY_CALL]


def _error(kind: type[errors.FleetError]) -> JSONObject:
    return {"code": kind.code, "message": kind.message}
