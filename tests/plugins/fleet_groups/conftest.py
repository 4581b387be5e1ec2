"""The test run's database for the platforms of these tests, and a guest who does not see everything."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet


@pytest.fixture(scope="session")
def fleet_server(postgres_dsn: str) -> str:
    return postgres_dsn


@pytest.fixture
def fleet_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The guest's plugin is installed, as pip would have left it."""
    site = tmp_path / "site"
    installed = site / "fleet_guest-1.0.dist-info"
    installed.mkdir(parents=True)
    (site / "fleet_guest.py").write_text((Path(__file__).parent / "guest.py").read_text("utf-8"), "utf-8")
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: fleet-guest\nVersion: 1.0\n", "utf-8")
    (installed / "entry_points.txt").write_text("[fleet_platform.plugins]\nguest = fleet_guest:Guest\n", "utf-8")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "fleet_guest", raising=False)
    return {}


@pytest.fixture
async def guest(fleet: TestedFleet) -> AsyncIterator[Rpc]:
    """A client that sees devices of the kind Plus 1PM only."""
    from fleet_platform.testing.client import open_client

    async with open_client(fleet.url, "token-of-the-guest") as opened:
        yield opened
