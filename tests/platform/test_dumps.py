"""Every real device that was ever dumped can be connected, seen and called."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fleet_platform.app import Platform
from fleet_platform.client import Client
from fleet_platform.simulator import BadDump, Simulator

from .conftest import eventually

DUMPS = Path(__file__).parents[2].parent / "shared" / "devices"
MOVING = {"time", "unixtime", "last_sync_ts", "uptime", "ram_free", "ram_min_free", "ram_size", "fs_free", "fs_size"}
"""Fields of ``sys`` that are a clock, an uptime or a memory figure; Wall Displays add ``app_uptime``."""


def complete_dumps() -> dict[str, list[Path]]:
    """Device id to its dumps; those that miss info, status or settings are left out."""
    found: dict[str, list[Path]] = {}
    for path in sorted(DUMPS.glob("*.json")):
        dump = json.loads(path.read_text())
        if all(dump.get(part) for part in ("info", "status", "config")):
            found.setdefault(dump["info"]["id"].lower(), []).append(path)
    return found


def expected(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Status and settings of a dump; dynamic components, which some firmware leaves out of both, are added."""
    dump = json.loads(path.read_text())
    status, settings = dict(dump["status"]), dict(dump["config"])
    listed = dump.get("components") or []
    for component in listed["components"] if isinstance(listed, dict) else listed:
        if isinstance(component.get("status"), dict):
            status.setdefault(component["key"], component["status"])
        if isinstance(component.get("config"), dict):
            settings.setdefault(component["key"], component["config"])
    return still(status), settings


def still(status: dict[str, Any]) -> dict[str, Any]:
    """A status without what moves by itself."""
    kept = {key: value for key, value in status.items() if isinstance(value, dict)}
    kept["sys"] = {k: v for k, v in kept.get("sys", {}).items() if k not in MOVING | {"app_uptime"}}
    return kept


pytestmark = pytest.mark.skipif(not DUMPS.is_dir(), reason="dumps of real devices are not beside this checkout")


async def test_every_complete_dump_is_shown_as_it_is_and_answers_a_call(
    platform: Platform, simulator: Simulator, client: Client
) -> None:
    dumps = complete_dumps()
    assert len(dumps) > 60
    for paths in dumps.values():
        await simulator.add_dump(paths[0], wait=False)
    await eventually(lambda: len(list(platform.fleet.online())) == len(dumps), timeout_s=40)
    listed = {device["shellyID"].lower(): device for device in await client.call("Device.List")}
    entities = await client.call("Entity.List")
    assert listed.keys() == dumps.keys()
    for device, paths in dumps.items():
        status, settings = expected(paths[0])
        assert still(listed[device]["status"]) == status, paths[0].name
        assert listed[device]["settings"] == settings, paths[0].name
        assert listed[device]["info"] == json.loads(paths[0].read_text())["info"]
        assert set(listed[device]["entities"]) <= entities.keys()
        answer = await client.call("Shelly.GetDeviceInfo", dst=listed[device]["shellyID"])
        assert answer["id"].lower() == device


async def test_dumps_of_one_device_are_a_change_of_profile_and_stale_components_go(
    platform: Platform, simulator: Simulator, client: Client
) -> None:
    changed = {device: paths for device, paths in complete_dumps().items() if len(paths) > 1}
    assert changed
    for device, paths in changed.items():
        for path in paths:
            await simulator.add_dump(path, wait=False)
            status, settings = expected(path)

            async def shown(device: str = device, settings: dict[str, Any] = settings) -> Any:
                if platform.fleet.get(device) is None:
                    return False
                found = await client.call("Device.Get", {"shellyID": device})
                return found if found["settings"] == settings and found["presence"] == "online" else None

            found = await eventually(shown, timeout_s=20)
            assert still(found["status"]) == status, path.name
            for entity in found["entities"]:
                info = await client.call("Entity.GetInfo", {"id": entity})
                assert info["source"].lower() == device


async def test_a_partial_dump_is_refused_with_a_reason(simulator: Simulator) -> None:
    partial = list(DUMPS.glob("aioshelly-test_*.json"))
    assert len(partial) == 2
    for path in partial:
        with pytest.raises(BadDump, match=path.name):
            await simulator.add_dump(path)
