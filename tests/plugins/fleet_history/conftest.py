"""A platform whose history holds what a test says, and a guest who does not see everything."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from fleet_platform.storage.database import Database

if TYPE_CHECKING:
    from fleet_platform.app import Platform
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


class Kept:
    """Puts samples into the history of devices."""

    def __init__(self, fleet: TestedFleet) -> None:
        self._fleet = fleet

    @property
    def platform(self) -> Platform:
        return self._fleet._platform

    @property
    def database(self) -> Database:
        return self.platform.database

    async def device(self, name: str) -> int:
        """The number of a device that is stored."""

        async def number() -> int | None:
            rows = await self.database.fetch("SELECT id FROM device.list WHERE external_id = $1", name)
            return rows[0]["id"] if rows else None

        return cast("int", await self._fleet.until(number))

    async def add(
        self,
        device: str,
        component: str,
        field: str,
        samples: Mapping[datetime, float],
        *,
        kind: str = "gauge",
        unit: str = "W",
        words: Sequence[str] = (),
    ) -> int:
        """Add samples; returns the number of the series."""
        number = await self.device(device)
        (row,) = await self.database.fetch(
            "INSERT INTO history.series (device, component, field, kind, unit, words) VALUES ($1, $2, $3, $4, $5, $6)"
            " ON CONFLICT (device, component, field) DO UPDATE SET kind = excluded.kind RETURNING id",
            number,
            component,
            field,
            kind,
            unit,
            list(words),
        )
        series: int = row["id"]
        await self.database.fetch("SELECT history.ensure('sample', $1, $2)", min(samples), max(samples))
        await self.database.fetch(
            "SELECT history.add($1, $2, $3)", [series] * len(samples), list(samples), list(samples.values())
        )
        return series

    async def count(self, device: str, component: str, readings: Mapping[datetime, float], field: str = "") -> int:
        """Add readings of a counter of energy."""
        path = field or "aenergy.total"
        return await self.add(device, component, path, readings, kind="counter", unit="Wh")

    async def roll_up(self) -> None:
        """Do what the platform does every now and then, now; as if it had run when the samples came."""
        await self.database.execute(
            "UPDATE history.level SET done = $1 WHERE rank > 0 AND done = '2000-01-01 00:00+00'", ago(days=1)
        )
        await self.database.execute(
            "INSERT INTO history.stale SELECT DISTINCT series, date_trunc('hour', ts, 'UTC') FROM history.late"
            " ON CONFLICT DO NOTHING"
        )
        await self.platform.history.flush()
        await self.platform.history.look()


@pytest.fixture
def kept(fleet: TestedFleet) -> Kept:
    return Kept(fleet)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def ago(**parts: float) -> datetime:
    """So long ago; days begin at midnight, hours on the hour."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    return (now.replace(hour=0) if "days" in parts else now) - timedelta(**parts)
