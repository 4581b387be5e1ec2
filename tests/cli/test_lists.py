from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Ran, Running

RunProgram = Callable[..., "Ran"]


def test_devices_are_a_table_for_people(run: RunProgram, signed_in: Running) -> None:
    ran = run("devices")
    (row,) = [line.split() for line in ran.out.splitlines()[1:]]
    assert row[0] == signed_in.device.id
    assert "online" in row
    assert ran.code == 0


def test_devices_are_json_for_programs(run: RunProgram, signed_in: Running) -> None:
    (device,) = json.loads(run("devices", "--json").out)
    assert device["shellyID"] == signed_in.device.id
    assert device["presence"] == "online"


def test_plugins_are_a_table_for_people(run: RunProgram, signed_in: Running) -> None:
    ran = run("plugins")
    rows = {line.split()[0]: line.split()[2] for line in ran.out.splitlines()[1:]}
    assert rows["shelly"] == "running"
    assert ran.code == 0


def test_plugins_are_json_for_programs(run: RunProgram, signed_in: Running) -> None:
    plugins = json.loads(run("plugins", "--json").out)
    assert {plugin["name"]: plugin["state"] for plugin in plugins}["shelly"] == "running"
