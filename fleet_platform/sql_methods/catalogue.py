"""Functions, procedures and their types as the database's catalogue describes them.

Source: PostgreSQL manual, "System Catalogs", ``pg_proc``, ``pg_type``, ``pg_attribute``, ``pg_enum``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from fleet_platform.sql_methods.errors import ConfigProblem

SCHEMAS = "SELECT nspname::text AS name FROM pg_catalog.pg_namespace WHERE nspname = ANY($1::text[])"

FUNCTIONS = """
SELECT n.nspname::text AS schema, p.proname::text AS name, p.prokind = 'p' AS is_procedure,
    p.proretset AS returns_set, p.prorettype::bigint AS returns,
    p.pronargs::int AS inputs, p.pronargdefaults::int AS defaults,
    coalesce(p.proallargtypes, p.proargtypes::oid[])::bigint[] AS types, p.proargmodes::text[] AS modes,
    p.proargnames AS names,
    pg_catalog.pg_get_function_arguments(p.oid) AS arguments_text,
    coalesce(pg_catalog.pg_get_function_result(p.oid), '') AS result_text,
    coalesce(pg_catalog.obj_description(p.oid, 'pg_proc'), '') AS comment
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = ANY($1::text[]) AND ($2::text IS NULL OR p.proname = $2) AND p.prokind IN ('f', 'p')
    AND p.prorettype NOT IN (
        'trigger'::regtype, 'event_trigger'::regtype, 'internal'::regtype, 'language_handler'::regtype,
        'fdw_handler'::regtype, 'index_am_handler'::regtype, 'table_am_handler'::regtype, 'tsm_handler'::regtype)
ORDER BY n.nspname, p.proname, p.oid
"""

TYPES = """
WITH RECURSIVE reached (oid) AS (
    SELECT unnest($1::bigint[])::oid
  UNION
    SELECT inner_type.oid FROM reached JOIN pg_catalog.pg_type t ON t.oid = reached.oid CROSS JOIN LATERAL (
        SELECT t.typelem WHERE t.typcategory = 'A'
        UNION ALL SELECT t.typbasetype
        UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
            WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    ) inner_type (oid)
    WHERE inner_type.oid <> 0
)
SELECT t.oid::bigint AS oid, n.nspname::text AS schema, t.typname::text AS name, t.typtype::text AS kind,
    pg_catalog.format_type(t.oid, NULL) AS label,
    CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0 END::bigint AS element, t.typbasetype::bigint AS base,
    ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a WHERE t.typtype = 'c' AND a.attrelid = t.typrelid
        AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS fields,
    ARRAY(SELECT a.atttypid::bigint FROM pg_catalog.pg_attribute a WHERE t.typtype = 'c' AND a.attrelid = t.typrelid
        AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS field_types,
    ARRAY(SELECT e.enumlabel::text FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder)
        AS labels
FROM reached JOIN pg_catalog.pg_type t USING (oid) JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
"""

Row = Mapping[str, Any]


class Fetch(Protocol):
    """Runs a query: asyncpg's ``fetch``, or one like it."""

    async def __call__(self, query: str, *args: Any) -> Sequence[Any]:
        """All rows."""


def quoted(*names: str) -> str:
    """A name as SQL writes it, whatever is in it: ``"devices"."fnDeviceAdd"``."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class PgType:
    """A type.

    Attributes:
        kind: ``b`` base, ``c`` composite, ``d`` domain, ``e`` enum, ``p`` pseudo, ``r`` range, ``m`` multirange.
        label: For people: ``character varying``, ``integer[]``.
        element: Of an array: the type of its elements, else 0.
        base: Of a domain: what it is made of, else 0.
        fields: Of a composite type: name and type of each.
        labels: Of an enum.
    """

    oid: int
    schema: str
    name: str
    kind: str
    label: str
    element: int
    base: int
    fields: tuple[tuple[str, int], ...]
    labels: tuple[str, ...]

    @property
    def sql(self) -> str:
        """Its name, as a cast writes it."""
        return quoted(self.schema, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """An argument or a column of the result.

    Attributes:
        name: As declared; ``$2`` for the second one if it has no name.
        named: Whether it has a name.
        mode: ``i`` IN, ``o`` OUT, ``b`` INOUT, ``v`` VARIADIC, ``t`` TABLE.
    """

    name: str
    named: bool
    type: int
    mode: str
    has_default: bool

    @property
    def is_input(self) -> bool:
        """Whether a caller gives it."""
        return self.mode in "ibv"

    @property
    def is_required(self) -> bool:
        """Whether a caller must give it; VARIADIC may be empty."""
        return self.mode in "ib" and not self.has_default


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function or procedure.

    Attributes:
        returns: Type of what it returns, or of each row of it.
        arguments: All, in the order of declaration.
        types: Every type that occurs in it, by its number in the catalogue.
        comment: What ``COMMENT ON FUNCTION`` says of it.
    """

    schema: str
    name: str
    is_procedure: bool
    returns: int
    returns_set: bool
    arguments: tuple[Argument, ...]
    types: Mapping[int, PgType]
    arguments_text: str
    result_text: str
    comment: str

    @cached_property
    def inputs(self) -> Mapping[str, Argument]:
        """What a caller gives, by name."""
        return {argument.name: argument for argument in self.arguments if argument.is_input}

    @cached_property
    def columns(self) -> tuple[Argument, ...]:
        """What it returns by name: OUT, INOUT and TABLE."""
        return tuple(argument for argument in self.arguments if argument.mode in "obt")

    @cached_property
    def required(self) -> frozenset[str]:
        """Names that must be given."""
        return frozenset(argument.name for argument in self.inputs.values() if argument.is_required)

    def accepts(self, given: frozenset[str]) -> bool:
        """Whether it can be called with arguments of these names."""
        return self.required <= given <= self.inputs.keys()

    @property
    def full_name(self) -> str:
        """``devices.fn_device_fetch``, for people."""
        return f"{self.schema}.{self.name}"

    @property
    def form(self) -> str:
        """``(integer, text)``, by which forms of an overloaded function are told apart."""
        return f"({', '.join(self.types[argument.type].label for argument in self.inputs.values())})"

    def __str__(self) -> str:
        result = f" -> {self.result_text}" if self.result_text and self.result_text != "void" else ""
        return f"{self.full_name}({self.arguments_text}){result}"


async def read(fetch: Fetch, schemas: Sequence[str], name: str | None = None) -> list[Function]:
    """Functions and procedures of schemas, in the order of their names; those for triggers are left out.

    Args:
        name: Only those of this name.

    Raises:
        ConfigProblem: There is no such schema.
    """
    known = {row["name"] for row in await fetch(SCHEMAS, list(schemas))}
    if missing := [schema for schema in schemas if schema not in known]:
        raise ConfigProblem(f"there is no schema {', '.join(missing)}")
    rows = await fetch(FUNCTIONS, list(schemas), name)
    reached = {oid for row in rows for oid in (*row["types"], row["returns"])}
    types = {row["oid"]: _type(row) for row in await fetch(TYPES, sorted(reached))}
    # One whose type has gone between the two queries is about to go as well.
    return [_function(row, types) for row in rows if {*row["types"], row["returns"]} <= types.keys()]


def _type(row: Row) -> PgType:
    return PgType(
        oid=row["oid"],
        schema=row["schema"],
        name=row["name"],
        kind=row["kind"],
        label=row["label"],
        element=row["element"],
        base=row["base"],
        fields=tuple(zip(row["fields"], row["field_types"], strict=True)),
        labels=tuple(row["labels"]),
    )


def _function(row: Row, types: Mapping[int, PgType]) -> Function:
    return Function(
        schema=row["schema"],
        name=row["name"],
        is_procedure=row["is_procedure"],
        returns=row["returns"],
        returns_set=row["returns_set"],
        arguments=_arguments(row),
        types=types,
        arguments_text=row["arguments_text"],
        result_text=row["result_text"],
        comment=row["comment"],
    )


def _arguments(row: Row) -> tuple[Argument, ...]:
    modes = row["modes"] or ["i"] * len(row["types"])
    names = row["names"] or [""] * len(row["types"])
    without_default = row["inputs"] - row["defaults"]
    found, inputs = [], 0
    for position, (name, kind, mode) in enumerate(zip(names, row["types"], modes, strict=True), 1):
        is_input = mode in "ibv"
        inputs += is_input
        found.append(
            Argument(
                name=name or f"${position}",
                named=bool(name),
                type=kind,
                mode=mode,
                has_default=is_input and inputs > without_default,
            )
        )
    return tuple(found)
