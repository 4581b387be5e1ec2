"""What goes in comes out as it was, whatever its type: alone, in arrays, in composite types, and as NULL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet_platform.sql_methods import SqlMethods, expose_sql_methods
from fleet_platform.sql_methods.catalogue import quoted

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
INT8 = st.integers(-(2**63), 2**63 - 1)
FLOAT = st.floats(allow_nan=False)
DOCUMENT = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**40), 10**40) | st.floats(-1e15, 1e15) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-8))])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "bool": st.booleans(),
    "int2": st.integers(-(2**15), 2**15 - 1),
    "int4": st.integers(-(2**31), 2**31 - 1),
    "int8": INT8,
    "float4": st.floats(allow_nan=False, width=32),
    "float8": FLOAT,
    "numeric": st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**20), max_value=10**20),
    "text": TEXT,
    "varchar": TEXT,
    "bytea": st.binary(),
    "uuid": st.uuids(),
    "date": st.dates(),
    "time": st.times(),
    "timestamp": st.datetimes(),
    "timestamptz": st.datetimes(
        min_value=datetime(2, 1, 1),  # noqa: DTZ001  # hypothesis adds the zone
        max_value=datetime(9998, 12, 31),  # noqa: DTZ001
        timezones=ZONES,
    ),
    "interval": st.timedeltas(timedelta(days=-100_000), timedelta(days=100_000)),
    "inet": st.ip_addresses(),
    "jsonb": DOCUMENT,
    "json": DOCUMENT,
    "s.mood": st.sampled_from(["good", 'it\'s "so"', "Bad"]),
    "s.document": DOCUMENT,
}


@pytest.fixture
async def exposed(database_dsn: str) -> AsyncIterator[SqlMethods]:
    connection = await asyncpg.connect(database_dsn)
    await connection.execute("""
        CREATE SCHEMA s; CREATE TYPE s.mood AS ENUM ('good', 'it''s "so"', 'Bad'); CREATE DOMAIN s.document AS jsonb
    """)
    for number, kind in enumerate(VALUES):
        await connection.execute(f"""
            CREATE TYPE s.part{number} AS (alone {kind}, many {kind}[]);
            CREATE FUNCTION s.f{number}(p_alone {kind}, p_many {kind}[], p_part s.part{number}, p_parts s.part{number}[])
                RETURNS TABLE (alone {kind}, many {kind}[], part s.part{number}, parts s.part{number}[])
                LANGUAGE sql AS 'SELECT p_alone, p_many, p_part, p_parts'
        """)
    await connection.close()
    config = {"connection": database_dsn, "link": {"schemas": ["s"]}, "channel": None}
    async with await expose_sql_methods(config) as exposed:
        yield exposed


@pytest.mark.parametrize(("number", "kind"), list(enumerate(VALUES)), ids=list(VALUES))
async def test_every_type_comes_back_as_it_went(exposed: SqlMethods, number: int, kind: str) -> None:
    method = exposed.methods[f"s.f{number}"]
    value = st.none() | VALUES[kind]
    part = st.none() | st.fixed_dictionaries({"alone": value, "many": st.none() | st.lists(value, max_size=4)})
    whole = st.fixed_dictionaries(
        {
            "alone": value,
            "many": st.none() | st.lists(value, max_size=4),
            "part": part,
            "parts": st.none() | st.lists(part, max_size=3),
        }
    )
    examples: list[dict[str, Any]] = []

    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(whole)
    def collect(example: dict[str, Any]) -> None:
        examples.append(example)

    collect()
    for example in examples:
        (row,) = await method({f"p_{name}": each for name, each in example.items()})
        assert row == example


NAME = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=15)


async def test_any_name_is_taken_as_it_is(database_dsn: str) -> None:
    names: list[tuple[str, str, str]] = []

    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(NAME, NAME, NAME)
    def collect(function: str, argument: str, column: str) -> None:
        if len({argument, column}) == 2 and function not in {name for name, _, _ in names}:
            names.append((function, argument, column))

    collect()
    connection = await asyncpg.connect(database_dsn)
    await connection.execute("CREATE SCHEMA s")
    for function, argument, column in names:
        await connection.execute(
            f"CREATE FUNCTION {quoted('s', function)}({quoted(argument)} text, OUT {quoted(column)} text)"
            " LANGUAGE sql AS 'SELECT $1'"
        )
    await connection.close()
    config = {"connection": database_dsn, "link": {"schemas": ["s"]}, "channel": None}
    async with await expose_sql_methods(config) as exposed:
        assert len(exposed.methods) == len(names)
        for function, argument, column in names:
            assert await exposed.methods[f"s.{function}"]({argument: argument}) == {column: argument}
