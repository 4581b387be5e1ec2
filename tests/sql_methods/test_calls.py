"""Functions of every kind are called by the names of their arguments, and what they give comes back as plain values."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import asyncpg
import pytest

from fleet_platform.sql_methods import (
    AmbiguousCall,
    BadArguments,
    ConfigProblem,
    FunctionGone,
    UnknownFunction,
    UnusableFunction,
)

if TYPE_CHECKING:
    from .conftest import Expose, Sql


async def test_a_function_is_found_by_name_and_as_an_attribute(sql: Sql, expose: Expose) -> None:
    await sql("CREATE FUNCTION s.fn_add(a int, b int) RETURNS int LANGUAGE sql AS 'SELECT a + b'")
    exposed = await expose()
    assert list(exposed.methods) == ["s.fn_add"]
    assert "s.fn_add" in exposed.methods
    assert await exposed.methods["s.fn_add"]({"a": 1, "b": 2}) == 3
    assert await exposed.methods.s.fn_add({"b": 2}, a=1) == 3
    assert await exposed.methods.s["fn_add"](a=1, b=2) == 3
    assert dir(exposed.methods.s) == ["fn_add"]


async def test_only_the_schemas_that_are_listed_are_exposed(sql: Sql, expose: Expose) -> None:
    await sql("CREATE SCHEMA other; CREATE FUNCTION other.f() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    exposed = await expose()
    assert not exposed.methods
    with pytest.raises(UnknownFunction, match=r"^no function other\.f is exposed$"):
        exposed.methods["other.f"]
    with pytest.raises(AttributeError, match="no schema other"):
        _ = exposed.methods.other
    both = await expose(link={"schemas": ["s", "other"]})
    assert await both.methods.other.f() == 1


async def test_the_glue_stands_between_schema_and_function(sql: Sql, expose: Expose) -> None:
    await sql("CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    exposed = await expose(link={"schemas": ["s"], "gluePrefix": "__"})
    assert list(exposed.methods) == ["s__f"]
    assert await exposed.methods.s.f() == 1


async def test_glue_that_makes_two_functions_one_is_refused(sql: Sql, expose: Expose) -> None:
    await sql("CREATE SCHEMA s_a; CREATE FUNCTION s_a.b() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    await sql("CREATE FUNCTION s.a_b() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    with pytest.raises(ConfigProblem, match=r"s_a\.b and s\.a_b the same name s_a_b"):
        await expose(link={"schemas": ["s", "s_a"], "gluePrefix": "_"})


async def test_arguments_left_out_get_the_servers_defaults(sql: Sql, expose: Expose) -> None:
    await sql("""
        CREATE TABLE s.told (n int); INSERT INTO s.told VALUES (40);
        CREATE FUNCTION s.latest() RETURNS int LANGUAGE sql AS 'SELECT max(n) FROM s.told';
        CREATE FUNCTION s.f(a int, b int = s.latest() + 2, c text = 'it''s "so"') RETURNS text
            LANGUAGE sql AS $$SELECT concat_ws(' ', a, b, c)$$
    """)
    f = (await expose()).methods.s.f
    assert await f(a=1) == '1 42 it\'s "so"'
    assert await f(a=1, c="x") == "1 42 x"
    assert await f(a=1, b=None, c=None) == "1"


async def test_unknown_and_missing_arguments_are_all_told_by_name(sql: Sql, expose: Expose) -> None:
    await sql("CREATE FUNCTION s.f(a int, b int, c int = 3) RETURNS int LANGUAGE sql AS 'SELECT a'")
    with pytest.raises(BadArguments) as caught:
        await (await expose()).methods.s.f({"a": 1, "d": 2})
    assert str(caught.value) == "s.f: d is unknown; it takes a, b, c; b is missing"
    assert caught.value.data["errors"] == [
        {"path": "d", "message": "is unknown; it takes a, b, c"},
        {"path": "b", "message": "is missing"},
    ]


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        ("int", "five", "cannot be read as integer: 'str' object cannot be interpreted as an integer"),
        ("int", 2**40, "cannot be read as integer: value out of int32 range"),
        ("text", 5, "cannot be read as text: expected str, got int"),
        ("text", "a\0b", 'cannot be read as text: invalid byte sequence for encoding "UTF8": 0x00'),
        ("text", "\ud800", "cannot be read as text: 'utf-8' codec can't encode"),
        ("int[]", "abc", "cannot be read as integer[]: a sized iterable container expected"),
        ("jsonb", float("nan"), "has no JSON form"),
        ("jsonb", {"a": "\0"}, "cannot be read as jsonb: unsupported Unicode escape sequence"),
        ("jsonb[]", {"a": 1}, "takes a list, not dict"),
        ("s.pos", -1, "cannot be read as s.pos: value for domain s.pos violates check constraint"),
        ("s.point", {"x": 1, "z": 2}, "s.point has no field z; it has x, data"),
        ("s.point", 7, "takes an object with x, data"),
        ("s.point", {"x": "one"}, "cannot be read as s.point"),
        ("timestamptz", "yesterday", "cannot be read as timestamp with time zone: expected a datetime"),
    ],
)
async def test_a_value_of_a_wrong_type_is_told_with_its_argument(
    sql: Sql, expose: Expose, kind: str, value: object, told: str
) -> None:
    await sql("CREATE DOMAIN s.pos AS int CHECK (value > 0); CREATE TYPE s.point AS (x int, data jsonb)")
    await sql(f"CREATE FUNCTION s.f(first int, p_value {kind}) RETURNS int LANGUAGE sql AS 'SELECT 1'")
    with pytest.raises(BadArguments) as caught:
        await (await expose()).methods.s.f(first=1, p_value=value)
    (fault,) = caught.value.data["errors"]
    assert fault["path"] == "p_value"
    assert fault["message"].startswith(told)


async def test_quoted_names_with_capitals_work_as_they_are(sql: Sql, expose: Expose) -> None:
    await sql("""
        CREATE SCHEMA "Devices"; CREATE TYPE "Devices"."kInd" AS ENUM ('aa', 'Bb');
        CREATE FUNCTION "Devices"."fnDeviceAdd"("pDevice" varchar, "pJdoc" jsonb, "pKind" "Devices"."kInd" = 'Bb')
            RETURNS TABLE (id varchar, "jDoc" jsonb, kind "Devices"."kInd")
            LANGUAGE sql AS $$SELECT "pDevice", "pJdoc", "pKind"$$
    """)
    exposed = await expose(link={"schemas": ["Devices"]})
    rows = await exposed.methods["Devices.fnDeviceAdd"]({"pDevice": "a", "pJdoc": {"on": [1, None]}})
    assert rows == [{"id": "a", "jDoc": {"on": [1, None]}, "kind": "Bb"}]
    with pytest.raises(BadArguments, match="pdevice is unknown"):
        await exposed.methods["Devices.fnDeviceAdd"]({"pdevice": "a", "pJdoc": {}})


NASTY = """a"b'c; DROP SCHEMA s CASCADE; --$1"""


async def test_nothing_is_injected_by_names_or_values(sql: Sql, expose: Expose) -> None:
    quoted = '"' + NASTY.replace('"', '""') + '"'
    await sql(f"""
        CREATE SCHEMA {quoted}; CREATE TYPE {quoted}.{quoted} AS ({quoted} text);
        CREATE FUNCTION {quoted}.{quoted}({quoted} {quoted}.{quoted}, other text) RETURNS {quoted}.{quoted}
            LANGUAGE sql AS 'SELECT $1'
    """)
    exposed = await expose(link={"schemas": ["s", NASTY]})
    method = exposed.methods[f"{NASTY}.{NASTY}"]
    assert await method({NASTY: {NASTY: NASTY}, "other": NASTY}) == {NASTY: NASTY}
    with pytest.raises(BadArguments):
        await method({NASTY: None, "other": "", f"{NASTY} => 1": 1})
    await exposed.refresh()


async def test_overloads_are_told_apart_by_the_names_that_are_given(sql: Sql, expose: Expose) -> None:
    await sql("""
        CREATE FUNCTION s.find(id int) RETURNS text LANGUAGE sql AS $$SELECT 'id ' || id$$;
        CREATE FUNCTION s.find(name text, exact bool = true) RETURNS text LANGUAGE sql AS $$SELECT 'name ' || name$$;
        CREATE FUNCTION s.find(name text, city text) RETURNS text LANGUAGE sql AS $$SELECT city || ' ' || name$$
    """)
    find = (await expose()).methods.s.find
    assert await find(id=5) == "id 5"
    assert await find(name="x", exact=True) == "name x"
    assert await find(name="x", city="y") == "y x"
    assert await find(name="x") == "name x"
    with pytest.raises(BadArguments) as caught:
        await find(id=5, name="x")
    assert "no form takes id, name; there are s.find(id integer) -> text, s.find(name text" in str(caught.value)


async def test_an_ambiguous_call_names_its_candidates_and_each_form_has_a_name_of_its_own(
    sql: Sql, expose: Expose
) -> None:
    await sql("""
        CREATE FUNCTION s.f(a int) RETURNS text LANGUAGE sql AS $$SELECT 'int'$$;
        CREATE FUNCTION s.f(a text) RETURNS text LANGUAGE sql AS $$SELECT 'text'$$
    """)
    methods = (await expose()).methods
    with pytest.raises(AmbiguousCall, match=r"name the form that is meant: f\(integer\), f\(text\)"):
        await methods.s.f(a=1)
    assert await methods["s.f(integer)"](a=1) == "int"
    assert await methods["s.f(text)"](a="x") == "text"


async def test_forms_that_the_server_itself_cannot_tell_apart_are_told(sql: Sql, expose: Expose) -> None:
    await sql("""
        CREATE FUNCTION s.f(a text) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION s.f(a text, b int = 1) RETURNS int LANGUAGE sql AS 'SELECT 2'
    """)
    methods = (await expose()).methods
    for name in ("s.f", "s.f(text)"):
        with pytest.raises(AmbiguousCall):
            await methods[name](a="x")
    assert await methods.s.f(a="x", b=5) == 2


async def test_out_arguments_and_tables_are_rows_and_the_rest_are_values(sql: Sql, expose: Expose) -> None:
    await sql("""
        CREATE TYPE s.pt AS (x int, data jsonb, tags text[]);
        CREATE FUNCTION s.scalar() RETURNS numeric LANGUAGE sql AS 'SELECT 1.50';
        CREATE FUNCTION s.nothing() RETURNS void LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION s.composite() RETURNS s.pt LANGUAGE sql AS $$SELECT (1, '{"a": [1]}', '{b,c}')::s.pt$$;
        CREATE FUNCTION s.no_composite() RETURNS s.pt LANGUAGE sql AS 'SELECT NULL::s.pt';
        CREATE FUNCTION s.scalars() RETURNS SETOF int LANGUAGE sql AS 'VALUES (1), (2), (NULL)';
        CREATE FUNCTION s.documents() RETURNS SETOF jsonb LANGUAGE sql AS $$VALUES ('{"a": 1}'::jsonb), ('null')$$;
        CREATE FUNCTION s.composites() RETURNS SETOF s.pt LANGUAGE sql AS $$SELECT 1, '{}'::jsonb, '{}'::text[]$$;
        CREATE FUNCTION s.no_rows() RETURNS SETOF s.pt LANGUAGE sql AS $$SELECT 1, '{}'::jsonb, '{}'::text[] LIMIT 0$$;
        CREATE FUNCTION s.one_out(a int, OUT b int) LANGUAGE sql AS 'SELECT a + 1';
        CREATE FUNCTION s.outs(INOUT a int, OUT b jsonb) LANGUAGE sql AS $$SELECT a + 1, '[1]'::jsonb$$;
        CREATE FUNCTION s.columns(n int) RETURNS TABLE (i int, at s.pt)
            LANGUAGE sql AS $$SELECT i, (i, '"x"', NULL)::s.pt FROM generate_series(1, n) i$$;
        CREATE FUNCTION s.column(n int) RETURNS TABLE (i int) LANGUAGE sql AS 'SELECT generate_series(1, n)';
        CREATE FUNCTION s.record() RETURNS record LANGUAGE sql AS $$SELECT 1, 'a'::text$$;
        CREATE FUNCTION s.records() RETURNS SETOF record LANGUAGE sql AS $$SELECT 1, 'a'::text$$;
        CREATE FUNCTION s.arrays() RETURNS s.pt[] LANGUAGE sql AS $$SELECT ARRAY[(1, '{}', NULL)::s.pt, NULL]$$;
        CREATE FUNCTION s.grid() RETURNS jsonb[] LANGUAGE sql AS $$SELECT ARRAY[ARRAY['[1]'::jsonb], ARRAY['2'::jsonb]]$$
    """)
    s = (await expose()).methods.s
    assert await s.scalar() == Decimal("1.50")
    assert await s.nothing() is None
    assert await s.composite() == {"x": 1, "data": {"a": [1]}, "tags": ["b", "c"]}
    assert await s.no_composite() is None
    assert await s.scalars() == [1, 2, None]
    assert await s.documents() == [{"a": 1}, None]
    assert await s.composites() == [{"x": 1, "data": {}, "tags": []}]
    assert await s.no_rows() == []
    assert await s.one_out(a=1) == {"b": 2}
    assert await s.outs(a=1) == {"a": 2, "b": [1]}
    assert await s.columns(n=1) == [{"i": 1, "at": {"x": 1, "data": "x", "tags": None}}]
    assert await s.column(n=2) == [{"i": 1}, {"i": 2}]
    assert await s.record() == (1, "a")
    assert await s.records() == [(1, "a")]
    assert await s.arrays() == [{"x": 1, "data": {}, "tags": None}, None]
    assert await s.grid() == [[[1]], [2]]


async def test_composite_types_go_in_as_objects_or_in_order(sql: Sql, expose: Expose) -> None:
    await sql("""
        CREATE TYPE s.inner AS (data jsonb); CREATE TYPE s.outer AS (x int, i s.inner, many s.inner[]);
        ALTER TYPE s.outer ADD ATTRIBUTE gone int; ALTER TYPE s.outer DROP ATTRIBUTE gone;
        CREATE FUNCTION s.f(p s.outer) RETURNS s.outer LANGUAGE sql AS 'SELECT p';
        CREATE FUNCTION s.g(p s.outer[]) RETURNS s.outer[] LANGUAGE sql AS 'SELECT p'
    """)
    s = (await expose()).methods.s
    whole = {"x": 1, "i": {"data": [True]}, "many": [{"data": {"a": 1}}, None]}
    assert await s.f(p=whole) == whole
    assert await s.f(p=[1, [[True]], []]) == {"x": 1, "i": {"data": [True]}, "many": []}
    assert await s.f(p={}) == {"x": None, "i": None, "many": None}
    assert await s.g(p=[whole, None]) == [whole, None]


async def test_variadic_arguments_are_a_list_and_may_be_left_out(sql: Sql, expose: Expose) -> None:
    await sql("""
        CREATE FUNCTION s.f(a int, VARIADIC b int[]) RETURNS int LANGUAGE sql
            AS 'SELECT a + coalesce((SELECT sum(n) FROM unnest(b) n), 0)::int';
        CREATE FUNCTION s.d(a int = 1, c int = 2, VARIADIC b int[] = '{100}') RETURNS int LANGUAGE sql
            AS 'SELECT 10 * a + c + (SELECT sum(n) FROM unnest(b) n)::int'
    """)
    s = (await expose()).methods.s
    assert await s.f(a=1, b=[2, 3]) == 6
    assert await s.f(a=1) == 1
    assert await s.d() == 112
    assert await s.d(a=2) == 122
    assert await s.d(c=5, a=1, b=[1]) == 16
    for given in ({"c": 5}, {"c": 5, "b": [1]}):
        with pytest.raises(BadArguments, match="a cannot be left out here"):
            await s.d(given)


async def test_arguments_without_a_name_are_called_by_their_number(sql: Sql, expose: Expose) -> None:
    await sql(
        "CREATE FUNCTION s.f(int, named int = 5, int = 7) RETURNS text LANGUAGE sql AS $$SELECT concat($1, $2, $3)$$"
    )
    f = (await expose()).methods.s.f
    assert await f({"$1": 1}) == "157"
    assert await f({"$1": 1, "named": 2}) == "127"
    assert await f({"$1": 1, "named": 2, "$3": 3}) == "123"
    with pytest.raises(BadArguments, match="named cannot be left out here"):
        await f({"$1": 1, "$3": 3})


async def test_procedures_are_called_and_may_commit(sql: Sql, expose: Expose) -> None:
    await sql("""
        CREATE TABLE s.t (n int);
        CREATE PROCEDURE s.put(n int) LANGUAGE plpgsql AS 'BEGIN INSERT INTO s.t VALUES (n); COMMIT; END';
        CREATE PROCEDURE s.out(a int, INOUT b int, c int = 100) LANGUAGE plpgsql AS 'BEGIN b := a + b + c; END';
        CREATE FUNCTION s.count() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM s.t'
    """)
    exposed = await expose()
    assert await exposed.methods.s.put(n=1) is None
    assert await exposed.methods.s.out(a=1, b=2) == {"b": 103}
    assert await exposed.methods.s.count() == 1
    tx = await exposed.tx_begin()
    with pytest.raises(asyncpg.InvalidTransactionTerminationError):
        await exposed.methods.s.put({"n": 1}, tx=tx)
    await exposed.tx_end(tx, commit=False)


async def test_what_a_function_raises_comes_as_it_is(sql: Sql, expose: Expose) -> None:
    await sql("""
        CREATE FUNCTION s.f() RETURNS int LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'no such device' USING ERRCODE = 'P0002'; END $$;
        CREATE FUNCTION s.g() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN s.nowhere(1); END'
    """)
    s = (await expose()).methods.s
    with pytest.raises(asyncpg.NoDataFoundError, match="no such device"):
        await s.f()
    with pytest.raises(asyncpg.UndefinedFunctionError):
        await s.g()


async def test_a_function_that_takes_anything_is_refused_in_words(sql: Sql, expose: Expose) -> None:
    await sql("CREATE FUNCTION s.f(a anyelement) RETURNS int LANGUAGE sql AS 'SELECT 1'")
    with pytest.raises(UnusableFunction, match=r"s\.f: a is of the type anyelement"):
        await (await expose()).methods.s.f(a=1)


async def test_functions_for_triggers_are_no_methods(sql: Sql, expose: Expose) -> None:
    await sql("CREATE FUNCTION s.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'")
    await sql("CREATE AGGREGATE s.mine(int) (sfunc = int4pl, stype = int)")
    assert not (await expose()).methods


async def test_comments_are_docstrings_and_the_signature_is_readable(sql: Sql, expose: Expose) -> None:
    await sql("""
        CREATE FUNCTION s.fetch("pDevice" varchar, p_limit int = 10, tx int = 1) RETURNS TABLE (id varchar, n int)
            LANGUAGE sql AS $$SELECT "pDevice", p_limit$$;
        COMMENT ON FUNCTION s.fetch IS 'Devices by name.'
    """)
    fetch = (await expose()).methods.s.fetch
    text = 's.fetch("pDevice" character varying, p_limit integer DEFAULT 10, tx integer DEFAULT 1)'
    assert inspect.getdoc(fetch) == f"{text} -> TABLE(id character varying, n integer)\n\nDevices by name."
    assert repr(fetch) == f"<SQL method {text} -> TABLE(id character varying, n integer)>"
    described = inspect.signature(fetch)
    assert list(described.parameters) == ["pDevice", "p_limit", "tx"]
    assert described.parameters["pDevice"].default is inspect.Parameter.empty
    assert described.parameters["p_limit"].default is ...
    assert described.parameters["p_limit"].annotation == "integer"
    assert await fetch({"pDevice": "a", "tx": 5}) == [{"id": "a", "n": 10}]


async def test_a_function_that_was_dropped_meanwhile_is_told(sql: Sql, expose: Expose) -> None:
    await sql("CREATE FUNCTION s.f(a int) RETURNS int LANGUAGE sql AS 'SELECT a'")
    exposed = await expose()
    method = exposed.methods.s.f
    assert await method(a=1) == 1
    await sql("DROP FUNCTION s.f")
    with pytest.raises(FunctionGone, match=r"s\.f was dropped, or takes other arguments now"):
        await method(a=1)
    await exposed.refresh()
    with pytest.raises(UnknownFunction):
        await method(a=1)


async def test_times_keep_their_zone(sql: Sql, expose: Expose) -> None:
    await sql("CREATE FUNCTION s.f(a timestamptz) RETURNS timestamptz LANGUAGE sql AS 'SELECT a'")
    moment = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert await (await expose()).methods.s.f(a=moment) == moment
