"""Dumps with missing parts: played as far as they go, and told."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_platform.simulator import BadDump, Simulator
from fleet_platform.simulator.device.dump import dumps_in, read_dump
from fleet_platform.simulator.models import ModelOrigin, find_model

if TYPE_CHECKING:
    from tests.simulator.conftest import Home

LACKS_CONFIG = "one.json: a dump without config; the device is played without settings"
LACKS_STATUS = "one.json: a dump without status; the device is played without status"
LACKS_SYS = "one.json: a dump without status of sys; the device shows no clock and no revisions"


def whole() -> dict[str, Any]:
    """A dump of a Plus 1PM."""
    held = ModelOrigin(find_model("Plus1PM"), 1).blueprint()
    return {"info": dict(held.info), "config": dict(held.config), "status": dict(held.status)}


def write(folder: Path, dump: Any) -> Path:
    path = folder / "one.json"
    path.write_text(json.dumps(dump))
    return path


@pytest.mark.parametrize(
    ("lacks", "told"),
    [
        ({}, ()),
        ({"config": None}, (LACKS_CONFIG,)),
        ({"status": []}, (LACKS_STATUS,)),
        ({"config": 0, "status": ""}, (LACKS_CONFIG, LACKS_STATUS)),
        ({"status": {"switch:0": {"id": 0, "output": True}}}, (LACKS_SYS,)),
        ({"status": {"sys": {"uptime": "long", "wakeup_period": {}, "unixtime": []}}}, ()),
        ({"components": {"components": [{"key": 5}, None, {"key": "bthomedevice:200"}]}, "other_calls": [1]}, ()),
    ],
)
async def test_a_dump_is_played_as_far_as_it_goes(
    lacks: dict[str, Any], told: tuple[str, ...], tmp_path: Path, home: Home, sim: Simulator
) -> None:
    dump = {**whole(), **lacks}
    path = write(tmp_path, dump)
    assert read_dump(path).missing == told
    assert dumps_in(tmp_path)[1] == list(told)
    device = await sim.add_dump(path)
    assert await home.call(device.id, "Shelly.GetDeviceInfo") == dump["info"]
    held = dump["config"] if isinstance(dump["config"], dict) else {}
    assert await home.call(device.id, "Shelly.GetConfig") == held
    status = await home.call(device.id, "Shelly.GetStatus")
    assert status.keys() >= (dump["status"].keys() if isinstance(dump["status"], dict) else set())
    page = await home.call(device.id, "Shelly.GetComponents")
    assert page["total"] == len({*held, *status, *(["bthomedevice:200"] if "components" in lacks else [])})


@pytest.mark.parametrize(
    ("dump", "why"),
    [
        ([], "one.json: not a JSON object"),
        ({}, "one.json: a dump without info, so that nobody knows who it is; it cannot be played"),
        ({"info": {"mac": "A8032A123456"}}, "one.json: a dump without info.id, so that nobody"),
        ({"info": {"id": ""}}, "one.json: a dump without info.id, so that nobody"),
    ],
)
def test_a_dump_of_nobody_is_refused_and_a_folder_of_such_says_why(dump: Any, why: str, tmp_path: Path) -> None:
    path = write(tmp_path, dump)
    with pytest.raises(BadDump) as caught:
        read_dump(path)
    assert str(caught.value).startswith(why)
    with pytest.raises(BadDump) as caught:
        dumps_in(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}: no dump of a device in this folder\n{why}")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for name in ("nowhere.json", "nul\0.json"):
        with pytest.raises(BadDump):
            read_dump(tmp_path / name)


NAMES = st.sampled_from(("info", "id", "config", "status", "sys", "key", "components", "other_calls", "attrs", "x:0"))
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=15,
)
DUMPS = st.fixed_dictionaries(
    {"info": st.just({"id": "shellyplus1-a8032a123456"})},
    optional=dict.fromkeys(("config", "status", "components", "other_calls"), JSONS),
)


@given(JSONS | DUMPS)
@settings(deadline=None)
def test_any_json_is_a_device_or_is_refused(dump: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), dump)
        try:
            blueprint = read_dump(path)
        except BadDump:
            return
    assert blueprint.info["id"]
    assert isinstance(blueprint.config, dict)
    assert isinstance(blueprint.status, dict)
