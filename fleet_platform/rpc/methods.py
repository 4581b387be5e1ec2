"""From a plugin's handler to a method that can be called with JSON: the signature is read once, at load time.

The handler's annotations become a pydantic model that checks ``params`` on every call and describes the method
to people; nothing is inspected while a request is served.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.errors import PydanticUserError
from pydantic_core import SchemaError

from plugin_sdk import JSON, Call, Fleet, JSONObject, Method
from plugin_sdk.errors import InvalidParams, PluginError

_NAME = re.compile(r'[^\s"\\.]+(\.[^\s"\\.]+)+')
_INJECTED = (Call, Fleet)
_CONFIG = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True, arbitrary_types_allowed=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundMethod:
    """A method as dispatch uses it.

    Attributes:
        name: As declared: ``Device.List``.
        plugin: Who brought it; ``core`` for the platform's own.
        permission: Lower case.
        params: Checks and describes the parameters.
        call: Takes checked parameters and the call, returns the result or an awaitable of it.
    """

    name: str
    plugin: str
    aliases: tuple[str, ...]
    permission: str
    read_only: bool
    anonymous: bool
    timeout_s: float
    summary: str
    params: type[BaseModel]
    call: Callable[[Mapping[str, Any], Call], Any]

    def check(self, params: JSON) -> dict[str, Any]:
        """Turn ``params`` into the handler's arguments.

        Raises:
            InvalidParams: They do not fit; one entry per fault, with its path.
        """
        if params is None or params == []:
            params = {}
        if not isinstance(params, dict):
            raise InvalidParams.at("", "parameters are passed by name, in an object")
        try:
            checked = self.params.model_validate(params)
        except ValidationError as error:
            raise InvalidParams(_faults(error)) from error
        return {name: getattr(checked, name) for name in type(checked).model_fields}

    def schema(self) -> JSONObject:
        """JSON Schema of ``params``."""
        return self.params.model_json_schema()


def bind(method: Method, *, plugin: str, fleet: Fleet | None = None) -> BoundMethod:
    """Read a handler's signature.

    Raises:
        PluginError: The declaration cannot be used; says which method and which parameter.
    """
    for name in (method.name, *method.aliases):
        if not _NAME.fullmatch(name):
            raise PluginError(f"method {name!r}: a name has the form Noun.Verb")
    parameters, injected = _signature(method)
    try:
        model = create_model(method.name, __config__=_CONFIG, **parameters)
    except (PydanticUserError, SchemaError, TypeError, NameError) as error:
        raise PluginError(f"method {method.name}: {error}") from error
    doc = inspect.getdoc(method.handler) or ""
    return BoundMethod(
        name=method.name,
        plugin=plugin,
        aliases=method.aliases,
        permission=(method.permission or method.name).lower(),
        read_only=method.read_only,
        anonymous=method.anonymous,
        timeout_s=method.timeout_s,
        summary=method.summary or doc.partition("\n")[0],
        params=model,
        call=_caller(method, injected, fleet),
    )


def _signature(method: Method) -> tuple[dict[str, Any], dict[str, type]]:
    """Parameters for the model, and which parameters are injected with what."""
    try:
        hints = typing.get_type_hints(method.handler, include_extras=True)
        signature = inspect.signature(method.handler)
    except (NameError, AttributeError, SyntaxError, TypeError, ValueError) as error:
        raise PluginError(f"method {method.name}: its annotations cannot be read: {error}") from error
    fields: dict[str, Any] = {}
    injected: dict[str, type] = {}
    for name, parameter in signature.parameters.items():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise PluginError(f"method {method.name}: parameter {parameter} cannot be passed by name")
        if name not in hints:
            raise PluginError(f"method {method.name}: parameter {name} has no annotation")
        if hints[name] in _INJECTED:
            injected[name] = hints[name]
        elif name.startswith("_") or _mentions_injected(hints[name]):
            # Either would let the wire decide what the platform decides, or never reach the handler.
            raise PluginError(f"method {method.name}: parameter {parameter} can neither be checked nor injected")
        else:
            fields[name] = (hints[name], ... if parameter.default is parameter.empty else parameter.default)
    return fields, injected


def _mentions_injected(hint: Any) -> bool:
    return hint in _INJECTED or any(map(_mentions_injected, typing.get_args(hint)))


def _caller(
    method: Method, injected: Mapping[str, type], fleet: Fleet | None
) -> Callable[[Mapping[str, Any], Call], Any]:
    handler = method.handler
    if not injected:
        return lambda arguments, _call: handler(**arguments)
    if Fleet in injected.values() and fleet is None:
        raise PluginError(f"method {method.name}: there is no platform to inject")
    return lambda arguments, call: handler(
        **arguments, **{name: fleet if kind is Fleet else call for name, kind in injected.items()}
    )


def _faults(error: ValidationError) -> list[dict[str, str]]:
    return [
        {"path": ".".join(str(part) for part in fault["loc"]), "message": fault["msg"]}
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    ]
