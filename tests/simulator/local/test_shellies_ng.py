"""A client library in another language finds simulated devices and drives them."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from fleet_platform.simulator import Device, Simulator
from fleet_platform.simulator.local.options import LocalOptions
from plugin_sdk import ComponentType
from tests.simulator.conftest import Home
from tests.simulator.local.conftest import PASSWORD, lock

HERE = Path(__file__).parent / "node"
PATIENCE_S = 120

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or shutil.which("npm") is None, reason="Node.js and npm are not installed"
)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with its library installed, in a folder of its own."""
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "package-lock.json", "drive.js"):
        shutil.copy(HERE / name, folder)
    environment = {**os.environ, "HOME": str(folder), "npm_config_cache": str(folder / "cache")}
    environment["npm_config_update_notifier"] = "false"
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / "drive.js"


@pytest.fixture
async def loud(home: Home, types: Mapping[str, ComponentType]) -> AsyncIterator[Simulator]:
    """Devices at their usual pace that announce themselves."""
    async with Simulator(home.url, types=types, seed=1, local=LocalOptions(port=0)) as sim:
        yield sim


async def test_devices_are_discovered_and_driven_from_node(program: Path, loud: Simulator) -> None:
    plug = await loud.add("Plus1PM", seed=31)
    locked = await loud.add("SPSW-004PE16EU", seed=32)
    blind = await loud.add("SNSW-002P16EU", seed=33, profile="cover")
    buttons = await loud.add("PlusI4", seed=34)
    devices = {device.id: device for device in (plug, locked, blind, buttons)}
    lock(locked)
    wanted = {device.id: {"password": PASSWORD} if device is locked else {} for device in devices.values()}
    node = await asyncio.create_subprocess_exec(
        "node", str(program), json.dumps({"devices": wanted}), cwd=program.parent, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            told = await listen(node, devices)
            assert await node.wait() == 0
    finally:
        if node.returncode is None:
            node.kill()
            await node.wait()
    assert told[0] == {"found": sorted(devices)}
    assert told[-1] == {"done": True}
    seen = {line["id"]: line for line in told if "id" in line}
    assert {device: line["ip"] for device, line in seen.items()} == {
        device.id: loud.address(device)[0] for device in devices.values()
    }
    assert seen[plug.id] | {"was_on": True, "output": False, "locked": False} == seen[plug.id]
    assert seen[locked.id] | {"was_on": True, "output": False, "locked": True} == seen[locked.id]
    assert seen[blind.id]["moving"] is True
    assert seen[buttons.id]["gesture"] == "singlePush"
    assert plug.status("switch:0")["source"] == "WS_in"


async def listen(node: asyncio.subprocess.Process, devices: Mapping[str, Device]) -> list[dict[str, Any]]:
    """All that the program says; its buttons are pressed when it waits for that."""
    assert node.stdout is not None
    told = []
    async for line in node.stdout:
        said = json.loads(line)
        assert "error" not in said, said["error"]
        if "waiting" in said:
            devices[said["waiting"]].press("input:0", "single_push")
        else:
            told.append(said)
    return told
