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

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, create_model
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticUserError
from pydantic_core import SchemaError

from plugin_sdk import JSON, Call, Fleet, JSONObject, Method
from plugin_sdk.errors import InvalidParams, PluginError

_NAME = re.compile(r'[^\s"\\.]+(\.[^\s"\\.]+)+')
_INJECTED = (Call, Fleet)
REFERENCE = "#/$defs/{model}"
"""Where a schema finds the definitions it comes with."""

MAX_FAULTS = 1_000
"""Faults in parameters beyond which none is looked at by itself; each costs some microseconds."""

_CONFIG = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True, arbitrary_types_allowed=False)


class _Nothing(BaseModel):
    """The parameters of a method that takes none; shared, for making a model takes most of a millisecond."""

    model_config = _CONFIG


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundMethod:
    """A method as dispatch uses it.

    Attributes:
        name: As declared: ``Device.List``.
        plugin: Who brought it; ``core`` for the platform's own.
        permission: Lower case.
        summary: One sentence for people.
        description: All that its handler's docstring says, on one line.
        params: Checks and describes the parameters.
        returns: Annotation of the result; ``Any`` where the handler says nothing.
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
    description: str
    params: type[BaseModel]
    returns: Any
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

    def schema(self, reference: str = REFERENCE) -> JSONObject:
        """JSON Schema of ``params``.

        Args:
            reference: How definitions are referred to; they come with the schema, as ``$defs``.
        """
        return self.params.model_json_schema(ref_template=reference)

    def result_schema(self, reference: str = REFERENCE) -> JSONObject:
        """JSON Schema of the result; ``{}`` where its annotation tells nothing."""
        try:
            return TypeAdapter(self.returns).json_schema(mode="serialization", ref_template=reference)
        except (PydanticUserError, PydanticInvalidForJsonSchema, SchemaError):
            return {}

    async def described(self) -> BoundMethod:
        """The method as it is to be described; another one where that is not known before it is asked for."""
        return self


def bind(method: Method, *, plugin: str, fleet: Fleet | None = None) -> BoundMethod:
    """Read a handler's signature.

    Raises:
        PluginError: The declaration cannot be used; says which method and which parameter.
    """
    for name in (method.name, *method.aliases):
        if not _NAME.fullmatch(name):
            raise PluginError(f"method {name!r}: a name has the form Noun.Verb")
    parameters, injected, returns = _signature(method)
    try:
        model = create_model(method.name, __config__=_CONFIG, **parameters) if parameters else _Nothing
    except (PydanticUserError, SchemaError, TypeError, NameError) as error:
        raise PluginError(f"method {method.name}: {error}") from error
    doc = (inspect.getdoc(method.handler) or "").replace("``", "`")
    return BoundMethod(
        name=method.name,
        plugin=plugin,
        aliases=method.aliases,
        permission=(method.permission or method.name).lower(),
        read_only=method.read_only,
        anonymous=method.anonymous,
        timeout_s=method.timeout_s,
        summary=method.summary or " ".join(doc.partition("\n\n")[0].split()),
        description=" ".join(doc.split()) or method.summary,
        params=model,
        returns=returns,
        call=_caller(method, injected, fleet),
    )


def _signature(method: Method) -> tuple[dict[str, Any], dict[str, type], Any]:
    """Parameters for the model, which parameters are injected with what, and what is returned."""
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
    return fields, injected, hints.get("return", Any)


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
    if error.error_count() > MAX_FAULTS:
        return [{"path": "", "message": f"{error.error_count():,} values do not fit"}]
    return [
        {"path": ".".join(str(part) for part in fault["loc"]), "message": fault["msg"]}
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    ]
