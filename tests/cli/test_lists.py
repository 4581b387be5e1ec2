from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.cli.devices import row_of

if TYPE_CHECKING:
    from tests.cli.conftest import Ran, Running

RunProgram = Callable[..., "Ran"]


def test_devices_are_a_table_for_people(run: RunProgram, signed_in: Running) -> None:
    ran = run("devices")
    (row,) = [line.split() for line in ran.out.splitlines()[1:] if line.startswith(signed_in.device.id)]
    assert row[1:4] == ["Lamp", "SNSW-001P16EU", signed_in.device.state.info["ver"]]
    assert "online" in row
    assert ran.code == 0


def test_devices_are_json_for_programs(run: RunProgram, signed_in: Running) -> None:
    devices = {device["shellyID"]: device for device in json.loads(run("devices", "--json").out)}
    assert devices[signed_in.device.id]["presence"] == "online"


@pytest.mark.parametrize(
    ("device", "name"),
    [
        ({"info": {"name": "Lamp"}, "settings": {"sys": {"device": {"name": None}}}}, "Lamp"),
        ({"info": {"id": "ShellyWallDisplay-1"}, "settings": {"sys": {"device": {"name": "Hall"}}}}, "Hall"),
        ({"info": {"name": None}, "settings": {}}, ""),
        ({"info": None, "settings": None}, ""),
    ],
)
def test_a_device_is_listed_by_the_name_that_people_gave_it(device: dict[str, Any], name: str) -> None:
    assert row_of(device)[1] == name


def test_plugins_are_a_table_for_people(run: RunProgram, signed_in: Running) -> None:
    ran = run("plugins")
    rows = {line.split()[0]: line.split()[2] for line in ran.out.splitlines()[1:]}
    assert rows["shelly"] == "running"
    assert ran.code == 0


def test_plugins_are_json_for_programs(run: RunProgram, signed_in: Running) -> None:
    plugins = json.loads(run("plugins", "--json").out)
    assert {plugin["name"]: plugin["state"] for plugin in plugins}["shelly"] == "running"
