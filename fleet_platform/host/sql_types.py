"""PostgreSQL's types as JSON: what checks parameters, what makes results, and how both are described."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AwareDatetime,
    Base64Bytes,
    BaseModel,
    ConfigDict,
    Field,
    NaiveDatetime,
    PlainSerializer,
    create_model,
)
from typing_extensions import TypedDict

from fleet_platform.sql_methods.catalogue import Function, PgType
from fleet_platform.sql_methods.values import is_json


class Left:
    """Stands for an argument that the caller left out: the database fills in its default."""


LEFT = Left()

_STRICT = ConfigDict(extra="forbid", validate_by_alias=True, validate_by_name=False, arbitrary_types_allowed=True)
_SECONDS = PlainSerializer(lambda value: value.total_seconds(), return_type=float)
_NUMBER = PlainSerializer(float, return_type=float)
_TEXT = Annotated[str, PlainSerializer(str, return_type=str)]


def _integer(bits: int) -> Any:
    return Annotated[int, Field(ge=-(2 ** (bits - 1)), lt=2 ** (bits - 1))]


_KINDS: Mapping[str, Any] = {
    "bool": bool,
    "int2": _integer(16),
    "int4": _integer(32),
    "int8": _integer(64),
    "float4": float,
    "float8": float,
    "numeric": Annotated[Decimal, _NUMBER],
    "bytea": Base64Bytes,
    "uuid": UUID,
    "date": date,
    "time": time,
    "timestamp": NaiveDatetime,
    "timestamptz": AwareDatetime,
    "interval": Annotated[timedelta, _SECONDS],
    "record": Any,
}
"""Any other type is text, as PostgreSQL writes it."""


def parameters(function: Function, name: str) -> type[BaseModel]:
    """A model that checks a function's arguments; one that is left out and may be is :data:`LEFT`.

    Args:
        name: Of the model.
    """
    fields: dict[str, Any] = {}
    for number, argument in enumerate(function.inputs.values()):
        default: Any = {} if argument.is_required else {"default_factory": lambda: LEFT}
        # Its own name may be none that pydantic takes for a field.
        fields[f"a{number}"] = (
            _or_null(function.types, argument.type),
            Field(alias=argument.name, title=argument.name, **default),
        )
    return create_model(name, __config__=_STRICT, **fields)


def result(function: Function) -> Any:
    """Annotation of what a function returns."""
    types = function.types
    if function.columns:
        row: Any = _object("Row", {each.name: _or_null(types, each.type) for each in function.columns})
    elif function.is_procedure or types[function.returns].name == "void":
        return None
    else:
        row = _or_null(types, function.returns)
    return list[row] if function.returns_set else row


def _or_null(types: Mapping[int, PgType], oid: int) -> Any:
    return _annotation(types, oid) | None


def _annotation(types: Mapping[int, PgType], oid: int) -> Any:
    kind = types[oid]
    if kind.base:
        return _annotation(types, kind.base)
    if is_json(kind):
        return Any
    if kind.element:
        return list[_or_null(types, kind.element)]  # type: ignore[misc]  # made at run time
    if kind.kind == "c":
        return _object(kind.name, {name: _or_null(types, each) for name, each in kind.fields})
    if kind.labels:
        return Literal[kind.labels]
    return _KINDS.get(kind.name, _TEXT) if kind.schema == "pg_catalog" else _TEXT


def _object(name: str, fields: Mapping[str, Any]) -> Any:
    make: Any = TypedDict  # what type checkers know of it is for what is written down
    made = make(name, dict(fields), total=False)
    made.__pydantic_config__ = ConfigDict(extra="forbid")
    return made
