"""README's plugin works in a real platform, with a simulated device."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .pages import blocks

if TYPE_CHECKING:
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet

EXAMPLE = Path(__file__).parent / "example"


@pytest.fixture(scope="session")
def fleet_server(postgres_dsn: str) -> str:
    return postgres_dsn


@pytest.fixture
def fleet_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """README's plugin is installed, as pip would have left it."""
    (shown,) = (block for block in blocks("ini") if block.page == "README.md")
    points = shown.text.partition("[options.entry_points]")[2].strip().replace("fleet_platform.plugins =", "")
    installed = tmp_path / "site" / "fleet_power-1.0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: fleet-power\nVersion: 1.0\n", "utf-8")
    (installed / "entry_points.txt").write_text(f"[fleet_platform.plugins]\n{points.strip()}\n", "utf-8")
    monkeypatch.syspath_prepend(str(EXAMPLE))
    monkeypatch.syspath_prepend(str(installed.parent))
    monkeypatch.delitem(sys.modules, "power", raising=False)
    return {}


async def test_the_readmes_plugin_answers_and_refuses_wrong_parameters(fleet: TestedFleet, rpc: Rpc) -> None:
    device = await fleet.add_device("Plus1PM")
    device.report("switch:0", {"apower": 240.5})
    drawn = await fleet.until(lambda: rpc("Power.GetTotal", {"above_w": 100}))
    assert drawn == {device.id: 240.5}
    assert await rpc("Power.GetTotal", {"above_w": 1000}) == {}
    with pytest.raises(rpc.Error, match="Invalid params"):
        await rpc("Power.GetTotal", {"above_w": "much"})


async def test_the_readmes_plugin_is_listed_with_its_version(fleet: TestedFleet, rpc: Rpc) -> None:
    assert fleet.plugin("power").state == "running"
    listed = {plugin["name"]: plugin["version"] for plugin in await rpc("Plugin.List")}
    assert listed["power"] == "1.0"
