"""A platform whose history holds what a test says, and a guest who does not see everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

import pytest

from fleet_platform.storage.database import Database
from tests.plugins.fleet_groups.conftest import *  # noqa: F403  # the guest and who installs it

if TYPE_CHECKING:
    from fleet_platform.app import Platform
    from fleet_platform.testing.platform import TestedFleet


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
