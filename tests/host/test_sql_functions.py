"""Functions of the database as RPC methods of a plugin."""

from __future__ import annotations

from typing import Any

import pytest

from fleet_platform.methods.listing import with_listings
from fleet_platform.rpc.dispatch import Dispatcher
from fleet_platform.text import decode, encode
from plugin_sdk import Call, Method, Principal, SqlFunction, hookimpl
from plugin_sdk.errors import Conflict, InternalError, InvalidParams, NotFound, PermissionDenied, Unavailable

CALL = Call(principal=Principal(name="ann", provider="test"), request_id="1")

FUNCTIONS = """
CREATE TABLE reading (device text PRIMARY KEY, value numeric, at timestamptz);
CREATE TYPE span AS (since date, "Until" date);
CREATE TYPE unit AS ENUM ('W', 'kWh');
CREATE FUNCTION fn_put("pDevice" text, p_value numeric, p_at timestamptz = '2026-01-02 03:04:05Z') RETURNS void
    LANGUAGE sql AS 'INSERT INTO reading VALUES ("pDevice", p_value, p_at)';
CREATE FUNCTION fn_monthly("pDevice" text, p_months int[] = '{1,2}', p_unit unit = 'kWh', p_span span = NULL)
    RETURNS TABLE (device text, "Value" numeric, unit unit, months int[], at timestamptz, span span)
    LANGUAGE sql AS 'SELECT device, value, p_unit, p_months, at, p_span FROM reading WHERE device = "pDevice"';
COMMENT ON FUNCTION fn_monthly IS 'Consumption of a device.

In the unit that is asked for.';
CREATE FUNCTION fn_check(p_n int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    IF p_n = 1 THEN RAISE EXCEPTION 'must not be one' USING COLUMN = 'p_n'; END IF;
    IF p_n = 2 THEN RAISE EXCEPTION 'no such month' USING ERRCODE = 'no_data_found'; END IF;
    IF p_n = 3 THEN INSERT INTO reading VALUES ('a'), ('a'); END IF;
    IF p_n = 4 THEN RETURN 1 / 0; END IF;
    RETURN p_n;
END $$;
CREATE FUNCTION fn_types(a bool, b bytea, c uuid, d date, e time, f interval, g jsonb, h float8, i inet, j int8)
    RETURNS TABLE (a bool, b bytea, c uuid, d date, e time, f interval, g jsonb, h float8, i inet, j int8)
    LANGUAGE sql AS 'SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10'
"""


class Report:
    """A plugin whose methods are in the database."""

    @hookimpl
    def fleet_register_methods(self) -> list[Method]:
        return [
            Method(name="Report.Put", handler=SqlFunction("fn_put")),
            Method(
                name="Report.Monthly",
                handler=SqlFunction("plugin_report.fn_monthly"),
                permission="report.read",
                read_only=True,
                aliases=("Report.Month",),
            ),
            Method(name="Report.Check", handler=SqlFunction("fn_check")),
            Method(name="Report.Types", handler=SqlFunction("fn_types"), read_only=True),
            Method(name="Report.Sneaky", handler=SqlFunction("fn_put"), read_only=True),
            Method(name="Report.Missing", handler=SqlFunction("fn_missing"), summary="Not there yet."),
        ]


@pytest.fixture
async def invoke(stored: Any, open_host: Any, database_dsn: str) -> Any:
    await stored.database.execute("CREATE SCHEMA plugin_report")
    async with stored.database.transaction() as connection:
        await connection.execute("SET LOCAL search_path TO plugin_report")
        await connection.execute(FUNCTIONS)
    async with open_host(stored, report=Report) as host:
        dispatcher = Dispatcher(lambda _principal, permission, _device: permission != "report.put.denied")
        dispatcher.methods = with_listings(host.tables.methods)

        async def call(method: str, params: Any = None, **options: Any) -> Any:
            return decode(encode(await dispatcher.invoke(method, params, call=CALL, **options)))

        call.host = host  # type: ignore[attr-defined]
        call.dispatcher = dispatcher  # type: ignore[attr-defined]
        yield call


async def test_params_are_the_functions_arguments_and_the_result_is_what_it_returns(invoke: Any) -> None:
    assert await invoke("Report.Put", {"pDevice": "a", "p_value": 1.25}) is None
    plain = {"device": "a", "Value": 1.25, "unit": "kWh", "months": [1, 2], "at": "2026-01-02T03:04:05Z", "span": None}
    assert await invoke("report.monthly", {"pDevice": "a"}, read_only=True) == [plain]
    asked = {"pDevice": "a", "p_unit": "W", "p_months": [3, None], "p_span": {"since": "2026-01-01"}}
    span = {"since": "2026-01-01", "Until": None}
    assert await invoke("Report.Month", asked) == [{**plain, "unit": "W", "months": [3, None], "span": span}]
    assert await invoke("Report.Monthly", {"pDevice": "b"}) == []


async def test_every_type_has_a_form_in_json(invoke: Any) -> None:
    values = {
        "a": True,
        "b": "AAH/",
        "c": "6f1b6a1e-0c0f-4b1a-8f57-0a3c4d3b2a10",
        "d": "2026-03-29",
        "e": "01:30:00",
        "f": 90.5,
        "g": {"any": [1, None]},
        "h": 0.1,
        "i": "192.168.1.10",
        "j": 2**53,
    }
    assert await invoke("Report.Types", values) == [values]
    assert await invoke("Report.Types", dict.fromkeys(values)) == [dict.fromkeys(values)]


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({}, "pDevice"),
        ({"pDevice": 5}, "pDevice"),
        ({"pDevice": "a", "a1": [1]}, "a1"),
        ({"pDevice": "a", "p_months": "all"}, "p_months"),
        ({"pDevice": "a", "p_months": [2**31]}, "p_months.0"),
        ({"pDevice": "a", "p_unit": "mW"}, "p_unit"),
        ({"pDevice": "a", "p_span": {"till": "2026-01-01"}}, "p_span.till"),
        ({"pDevice": "a\0"}, "pDevice"),
        (["a"], ""),
    ],
)
async def test_what_does_not_fit_is_told_with_its_path(invoke: Any, params: Any, path: str) -> None:
    with pytest.raises(InvalidParams) as caught:
        await invoke("Report.Monthly", params)
    assert [fault["path"] for fault in caught.value.data["errors"]] == [path]


async def test_errors_of_the_function_are_errors_of_the_method(invoke: Any) -> None:
    assert await invoke("Report.Check", {"p_n": 0}) == 0
    with pytest.raises(InvalidParams) as caught:
        await invoke("Report.Check", {"p_n": 1})
    assert caught.value.data["errors"] == [{"path": "p_n", "message": "must not be one"}]
    with pytest.raises(NotFound, match="no such month"):
        await invoke("Report.Check", {"p_n": 2})
    with pytest.raises(Conflict, match="duplicate key"):
        await invoke("Report.Check", {"p_n": 3})
    with pytest.raises(InternalError):
        await invoke("Report.Check", {"p_n": 4})


async def test_a_read_only_method_cannot_write(invoke: Any) -> None:
    with pytest.raises(InternalError):
        await invoke("Report.Sneaky", {"pDevice": "a", "p_value": 1})
    assert await invoke("Report.Monthly", {"pDevice": "a"}) == []
    with pytest.raises(PermissionDenied):
        await invoke("Report.Put", {"pDevice": "a", "p_value": 1}, read_only=True)


async def test_permission_is_asked_before_anything_is_read(invoke: Any) -> None:
    invoke.dispatcher._allows = lambda _principal, permission, _device: permission != "report.read"
    with pytest.raises(PermissionDenied) as caught:
        await invoke("Report.Monthly", {"nonsense": 1})
    assert caught.value.data == {"permission": "report.read"}
    with pytest.raises(NotFound):
        await invoke("Report.Check", {"p_n": 2})


async def test_methods_are_described_from_the_database(invoke: Any) -> None:
    described = {each["name"]: each for each in (await invoke("Report.Describe"))["methods"]}
    monthly = described["Report.Monthly"]
    assert monthly["summary"] == "Consumption of a device."
    assert monthly["description"] == "Consumption of a device. In the unit that is asked for."
    assert (monthly["x-permission"], monthly["x-read-only"]) == ("report.read", True)
    assert [(each["name"], each["required"]) for each in monthly["params"]] == [
        ("pDevice", True),
        ("p_months", False),
        ("p_unit", False),
        ("p_span", False),
    ]
    schemas = {each["name"]: each["schema"] for each in monthly["params"]}
    assert schemas["pDevice"]["anyOf"] == [{"type": "string"}, {"type": "null"}]
    assert schemas["p_unit"]["anyOf"][0]["enum"] == ["W", "kWh"]
    assert monthly["result"]["schema"]["type"] == "array"
    assert {"$ref": "#/components/errors/InvalidParams"} in monthly["errors"]
    assert described["Report.Missing"]["summary"] == "Not there yet."
    assert described["Report.Missing"]["params"] == []
    names = [each["name"] for each in (await invoke("rpc.discover"))["methods"]]
    assert {"Report.Monthly", "Report.Month"} <= set(names)


async def test_a_function_that_is_missing_is_told_and_degrades_its_plugin_until_it_is_there(
    invoke: Any, stored: Any
) -> None:
    record = invoke.host.records["report"]
    with pytest.raises(Unavailable, match=r"plugin_report\.fn_missing is not there"):
        await invoke("Report.Missing")
    assert (record.state, record.reason) == (
        "degraded",
        "There is no function plugin_report.fn_missing, which its method Report.Missing calls.",
    )
    await stored.database.execute("CREATE FUNCTION plugin_report.fn_missing() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    assert await invoke("Report.Missing") == 1
    assert record.state == "running"


async def test_a_function_that_was_replaced_is_found_again(invoke: Any, stored: Any) -> None:
    assert await invoke("Report.Check", {"p_n": 0}) == 0
    await stored.database.execute("DROP FUNCTION plugin_report.fn_check")
    await stored.database.execute(
        "CREATE FUNCTION plugin_report.fn_check(p_n bigint) RETURNS text LANGUAGE sql AS $$SELECT 'n' || p_n$$"
    )
    assert await invoke("Report.Check", {"p_n": 7}) == "n7"


async def test_an_overloaded_function_must_be_named_by_its_form(invoke: Any, stored: Any) -> None:
    await stored.database.execute(
        "CREATE FUNCTION plugin_report.fn_check(p_n text) RETURNS text LANGUAGE sql AS 'SELECT p_n'"
    )
    with pytest.raises(InternalError):
        await invoke("Report.Check", {"p_n": 0})


async def test_while_the_database_is_away_methods_say_so(services: Any, open_host: Any) -> None:
    async with open_host(services, report=Report) as host:
        dispatcher = Dispatcher(lambda *_: True)
        dispatcher.methods = with_listings(host.tables.methods)
        with pytest.raises(Unavailable):
            await dispatcher.invoke("Report.Monthly", {"pDevice": "a"}, call=CALL)
        described = await dispatcher.invoke("Report.Describe", None, call=CALL)
        assert len(described["methods"]) == 9
