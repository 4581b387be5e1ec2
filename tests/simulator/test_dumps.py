"""Playing real dumps: what the server is told is what the dump holds."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import BadDump, Simulator
from fleet_platform.simulator.device.dump import dumps_in, read_dump

if TYPE_CHECKING:
    from tests.simulator.conftest import Home

FOLDER = Path(__file__).parents[3] / "shared" / "devices"
PARTIAL = "aioshelly-test_"
MOVING = {"time", "unixtime", "last_sync_ts", "uptime", "ram_free", "ram_min_free", "fs_free", "app_uptime"}

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no real dumps in {FOLDER}")

COMPLETE = sorted(path for path in FOLDER.glob("*.json") if not path.name.startswith(PARTIAL))


def content(path: Path) -> Any:
    """What a dump holds."""
    return json.loads(path.read_text())


def settled(status: dict[str, Any]) -> dict[str, Any]:
    """A status without the fields of ``sys`` that move by themselves."""
    status = deepcopy(status)
    for name in MOVING:
        status.get("sys", {}).pop(name, None)
    return status


async def pages(home: Home, device: str, **params: Any) -> list[dict[str, Any]]:
    """All pages of ``Shelly.GetComponents``."""
    items: list[dict[str, Any]] = []
    while True:
        page = await home.call(device, "Shelly.GetComponents", offset=len(items), **params)
        assert page["offset"] == len(items)
        assert page["components"] or page["total"] == len(items), "an empty page before the last"
        items += page["components"]
        if len(items) >= page["total"]:
            return items


@pytest.mark.parametrize("path", COMPLETE, ids=lambda path: path.stem)
async def test_a_dump_is_played_exactly(path: Path, home: Home, sim: Simulator) -> None:
    dump = content(path)
    device = await sim.add_dump(path)
    assert device.id == dump["info"]["id"]
    assert await home.call(device.id, "Shelly.GetDeviceInfo") == dump["info"]
    assert await home.call(device.id, "Shelly.GetConfig") == dump["config"]
    status = await home.call(device.id, "Shelly.GetStatus")
    assert settled(status) == settled(dump["status"])
    assert list(status) == list(dump["status"])
    assert list(status.get("sys", {})) == list(dump["status"].get("sys", {}))
    first = home.frames(device.id)[0]
    if device.id.startswith("ShellyWallDisplay"):
        assert first["method"] == "NotifyStatus"
    else:
        assert first["method"] == "NotifyFullStatus"
        assert settled({k: v for k, v in first["params"].items() if k != "ts"}) == settled(dump["status"])


@pytest.mark.parametrize("path", COMPLETE, ids=lambda path: path.stem)
async def test_components_of_a_dump_come_in_pages(path: Path, home: Home, sim: Simulator) -> None:
    dump = content(path)
    held = dump["components"] or []
    held = held["components"] if isinstance(held, dict) else held
    dynamic = {item["key"]: item for item in held if item["key"] not in dump["status"]}
    device = await sim.add_dump(path)
    told = {item["key"]: item for item in await pages(home, device.id, dynamic_only=True)}
    for key, item in dynamic.items():
        assert told[key] == item
    every = {item["key"] for item in await pages(home, device.id)}
    assert every == {*dump["status"], *dump["config"], *dynamic}


async def test_dumps_of_one_device_are_played_one_after_the_other(home: Home, sim: Simulator) -> None:
    devices, _ = dumps_in(FOLDER)
    several = {device: dumps for device, dumps in devices.items() if len(dumps) > 1}
    assert len(several) == 5
    for first, second in several.values():
        device = await sim.play(first)
        await home.call(device.id, "Shelly.GetStatus")
        again = await sim.play(second)
        assert again is device
        assert set(await home.call(device.id, "Shelly.GetStatus")) == set(second.status) - second.unlisted
        assert await home.call(device.id, "Shelly.GetDeviceInfo") == second.info
        await device.drop()


async def test_a_dumped_profile_can_be_set_by_rpc(home: Home, sim: Simulator) -> None:
    await sim.add_dump(FOLDER / "SPEM-003CEBEU__Pro3EM__C5AAFA__monophase.json")
    device = await sim.add_dump(FOLDER / "SPEM-003CEBEU__Pro3EM__C5AAFA.json")
    assert set((await home.call(device.id, "Shelly.ListProfiles"))["profiles"]) == {"monophase", "triphase"}
    assert await home.call(device.id, "Shelly.SetProfile", name="monophase") == {"profile_was": "triphase"}
    sim.advance(2)
    await device.disconnected()
    await device.connected()
    assert "em1:2" in await home.call(device.id, "Shelly.GetStatus")


async def test_a_played_dump_still_obeys(home: Home, sim: Simulator) -> None:
    device = await sim.add_dump(FOLDER / "SNSW-001P16EU__Plus1PM__19BD3D.json")
    assert await home.call(device.id, "Switch.Set", id=0, on=True) == {"was_on": False}
    assert (await home.call(device.id, "Switch.GetStatus", id=0))["output"] is True


async def test_nothing_moves_in_a_played_dump(home: Home, sim: Simulator) -> None:
    path = FOLDER / "SNPL-00112EU__PlusPlugS__5F65B1.json"
    device = await sim.add_dump(path)
    sim.advance(600)
    assert settled(await home.call(device.id, "Shelly.GetStatus")) == settled(content(path)["status"])
    assert home.frames(device.id, "NotifyStatus") == []


@pytest.mark.parametrize("name", ["aioshelly-test_shelly2pmg3.json", "aioshelly-test_shellyplugus.json"])
def test_a_dump_of_nobody_is_refused(name: str) -> None:
    with pytest.raises(BadDump, match=f"{name}: a dump without info, so that nobody knows who it is"):
        read_dump(FOLDER / name)


def test_a_folder_of_dumps_tells_what_it_left_out() -> None:
    devices, remarks = dumps_in(FOLDER)
    assert sum(len(dumps) for dumps in devices.values()) == len(COMPLETE)
    assert len(remarks) == 2


def test_a_folder_without_dumps_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(BadDump, match="no dump of a device"):
        dumps_in(tmp_path)
