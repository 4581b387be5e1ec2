"""What the page about SQL methods shows does what it says."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.sql_methods import SqlMethods, expose_sql_methods
from fleet_platform.sql_methods.config import Config, Link
from tests.docs.pages import blocks, rows

from .test_connections import parts_of

if TYPE_CHECKING:
    from .conftest import Expose, Sql

PAGE = "docs/sql-methods.md"
PYTHON = [block.text for block in blocks("python") if block.page == PAGE]
SQL = [block.text for block in blocks("sql") if block.page == PAGE]


async def run(text: str, names: dict[str, Any]) -> None:
    code = compile(text, PAGE, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    await eval(code, names)


async def test_the_example_prints_what_the_page_says(
    sql: Sql, database_dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await sql(SQL[0])
    shown = '{"host": "localhost", "user": "fm", "password": "secret", "database": "fm", "max": 10}'
    assert shown in PYTHON[0]
    names: dict[str, Any] = {}
    await run(PYTHON[0].replace(shown, repr({**parts_of(database_dsn), "max": 10})), names)
    first, second, *comment = capsys.readouterr().out.splitlines()
    assert first == "[{'id': 'a', 'info': {'gen': 2}}]"
    assert second.startswith("2 devices.fn_device_fetch(p_device text DEFAULT NULL::text)")
    assert comment == ["", "One device, or all of them."]
    config = {"connection": database_dsn, "link": {"schemas": ["devices"]}, "channel": None}
    async with await expose_sql_methods(config) as exposed:
        await run(PYTHON[1], {"exposed": exposed})
        assert len(await exposed.methods.devices.fn_device_fetch()) == 3


async def test_the_event_trigger_tells_of_changed_functions(sql: Sql, expose: Expose, until: Any) -> None:
    await sql(SQL[1])
    try:
        exposed: SqlMethods = await expose(channel="sql_methods")
        await sql("CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        await until(lambda: "s.f" in exposed.methods)
        await sql("COMMENT ON FUNCTION s.f IS 'One.'")
        await until(lambda: "One." in (exposed.methods["s.f"].__doc__ or ""))
        await sql("DROP FUNCTION s.f")
        await until(lambda: "s.f" not in exposed.methods)
    finally:
        await sql("DROP EVENT TRIGGER sql_methods")


def test_every_setting_is_listed_with_its_default() -> None:
    listed = {cells[0]: cells[1] for cells in rows(PAGE) if len(cells) == 3}
    link = {f"link.{name}": field for name, field in Link.model_fields.items()}
    fields = {**{name: field for name, field in Config.model_fields.items() if name != "link"}, **link}
    assert set(listed) - {"key", "---"} == set(fields)
    for name, field in fields.items():
        assert listed[name] == (
            ""
            if field.is_required()
            else f"{field.default:g}"
            if isinstance(field.default, float)
            else str(field.default)
        )
