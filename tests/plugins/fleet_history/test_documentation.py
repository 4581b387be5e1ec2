"""What docs/history.md shows works."""

from __future__ import annotations

import ast
import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fleet_history import table
from tests.docs.pages import blocks, rows
from tests.plugins.fleet_history.conftest import Kept, ago

if TYPE_CHECKING:
    from fleet_platform.simulator import Device
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet

PAGE = "docs/history.md"


def shown(language: str) -> list[str]:
    return [block.text for block in blocks(language) if block.page == PAGE]


async def test_the_requests_are_answered_in_the_form_that_is_shown(device: Device, rpc: Rpc, kept: Kept) -> None:
    query, answer, tariff = (json.loads(text) for text in shown("json"))
    await kept.add(device.id, "switch:0", "apower", {ago(days=1): 60.0})
    told = await rpc(query["method"], {**query["params"], "shellyID": device.id, "from": None, "to": None})
    assert told.keys() == answer["result"].keys()
    (series,) = told["series"]
    assert series.keys() == answer["result"]["series"][0].keys()
    assert series["columns"] == answer["result"]["series"][0]["columns"]
    assert (await rpc(tariff["method"], tariff["params"]))["bands"][1]["days"] == tariff["params"]["bands"][1]["days"]


async def test_the_example_in_python_runs(fleet: TestedFleet, device: Device, kept: Kept) -> None:
    (text,) = shown("python")
    names: dict[str, Any] = {}
    exec(compile(text, PAGE, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
    readings = {ago(days=2) + timedelta(hours=hour): 10.0 * hour for hour in range(48)}
    await kept.count(device.id, "switch:5", readings)
    async with asyncio.timeout(30):
        assert await names["used_yesterday"](fleet.url, fleet.token, device.id) > 100


def test_the_columns_of_files_are_those_that_are_shown() -> None:
    listed = {cells[0]: cells[1].split(", ") for cells in rows(PAGE) if len(cells) == 2}
    assert listed["samples"] == list(table.SAMPLES)
    assert listed["buckets"] == list(table.BUCKETS)
