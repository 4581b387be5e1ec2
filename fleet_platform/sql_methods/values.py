"""Values on their way to the database and back: JSON as text, composite types as tuples, the rest as asyncpg has it.

A ``None`` at any place of an argument is SQL's NULL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from fleet_platform.sql_methods.catalogue import PgType

Convert: TypeAlias = Callable[[Any], Any]
Types: TypeAlias = Mapping[int, PgType]

JSON_TYPES = ("json", "jsonb")


class Unfit(ValueError):
    """A value cannot be sent; the text says why, for whoever gave it."""


def is_json(kind: PgType) -> bool:
    """Whether a type holds JSON."""
    return kind.schema == "pg_catalog" and kind.name in JSON_TYPES


def encoder(types: Types, oid: int, *, json_is_text: bool) -> Convert | None:
    """What makes a value of a type fit for asyncpg; None if it is fit as it is.

    Args:
        json_is_text: The connections take JSON as text, as they do unless somebody gave them a codec for it.

    The function that is returned raises :class:`Unfit`.
    """
    kind = types[oid]
    if kind.base:
        return encoder(types, kind.base, json_is_text=json_is_text)
    if is_json(kind):
        return _or_none(_encode_json) if json_is_text else None
    if kind.element:
        inner = encoder(types, kind.element, json_is_text=json_is_text)
        return _or_none(_array_encoder(inner)) if inner else None
    if kind.kind == "c":
        fields = {name: encoder(types, each, json_is_text=json_is_text) for name, each in kind.fields}
        return _or_none(_composite_encoder(kind, fields))
    return None


def decoder(types: Types, oid: int, *, json_is_text: bool) -> Convert | None:
    """What makes plain values of what asyncpg gives; None if they are plain already."""
    kind = types[oid]
    if kind.base:
        return decoder(types, kind.base, json_is_text=json_is_text)
    if is_json(kind):
        return _or_none(json.loads) if json_is_text else None
    if kind.element:
        inner = decoder(types, kind.element, json_is_text=json_is_text)
        return _or_none(_array_decoder(inner)) if inner else None
    if kind.kind == "c":
        fields = [decoder(types, each, json_is_text=json_is_text) for _, each in kind.fields]
        return _or_none(record_decoder(fields))
    return None


def record_decoder(fields: Sequence[Convert | None]) -> Convert:
    """What makes a dict of a record, whose columns are those of ``fields``."""
    if not any(fields):
        return dict

    def decode(record: Any) -> dict[str, Any]:
        return {
            name: value if field is None else field(value)
            for (name, value), field in zip(record.items(), fields, strict=True)
        }

    return decode


def _or_none(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _encode_json(value: Any) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as err:
        raise Unfit(f"has no JSON form: {err}") from err


def _array_encoder(inner: Convert) -> Convert:
    def encode(value: Any) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise Unfit(f"takes a list, not {type(value).__name__}")
        return [inner(each) for each in value]

    return encode


def _array_decoder(inner: Convert) -> Convert:
    def decode(value: Any) -> Any:
        # only dimensions of the array are lists: what is inside is still text, or a record
        return [decode(each) if isinstance(each, list) else inner(each) for each in value]

    return decode


def _composite_encoder(kind: PgType, fields: Mapping[str, Convert | None]) -> Convert:
    def encode(value: Any) -> tuple[Any, ...]:
        if isinstance(value, Mapping):
            if unknown := [str(name) for name in value if name not in fields]:
                raise Unfit(f"{kind.label} has no field {', '.join(unknown)}; it has {', '.join(fields)}")
            values: Sequence[Any] = [value.get(name) for name in fields]
        elif isinstance(value, list | tuple) and len(value) == len(fields):
            values = value
        else:
            raise Unfit(f"takes an object with {', '.join(fields)}")
        return tuple(
            each if field is None else field(each) for each, field in zip(values, fields.values(), strict=True)
        )

    return encode
