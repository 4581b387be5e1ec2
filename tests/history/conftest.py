"""Databases and servers, and devices that measure."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from fleet_platform.devices.twin import Twin
from fleet_platform.history import History
from fleet_platform.migrations.platform import core_migrations, migrate
from fleet_platform.storage.database import Database
from plugin_sdk import ComponentType, DeviceId, MeasuredField
from tests.storage.conftest import *  # noqa: F403  # servers under the test's control

FIELDS = (
    MeasuredField(path="apower", unit="W", kind="gauge", label="Power"),
    MeasuredField(path="output", unit="", kind="state", label="Output"),
    MeasuredField(path="aenergy.total", unit="Wh", kind="counter", label="Energy"),
    MeasuredField(path="aenergy.minute.now", unit="Wh", kind="gauge", label="Minute"),
)
TYPES: Mapping[str, ComponentType] = {
    "switch": ComponentType(type="switch", namespace="Switch", title="Switch", fields=FIELDS),
    "cover": ComponentType(
        type="cover",
        namespace="Cover",
        title="Cover",
        fields=(MeasuredField(path="state", unit="", kind="state", label="State"),),
    ),
}

Open: TypeAlias = Callable[..., Any]


class Measuring:
    """A history with devices that report to it, and what is known of them by other means."""

    def __init__(self, database: Database, folder: Path, **options: Any) -> None:
        self.database = database
        self.tally: Counter[str] = Counter()
        self.history = History(
            database,
            folder,
            **{
                "interval_s": 0.05,
                "spool_bytes": 64 * 1024 * 1024,
                "keep": {"sample": timedelta(days=14)},
                "settle": self.settle,
                "types": lambda: TYPES,
                "tally": self.tally,
                **options,
            },
        )
        self.sampler = self.history.sampler

    async def settle(self) -> None:
        """Devices are stored already."""

    async def prepare(self, *devices: str) -> None:
        for device in devices:
            await self.database.execute(
                "INSERT INTO device.list (external_id, access) VALUES ($1, 3) ON CONFLICT DO NOTHING", device
            )
        await self.history.prepare()

    def report(self, device: str, changes: Mapping[str, Any], *, ts_ms: int | None = None) -> None:
        twin = Twin(DeviceId(device), {})
        twin.last_report_ms = time.time_ns() // 1_000_000 if ts_ms is None else ts_ms
        self.sampler.take(twin, changes)

    async def values(self, device: str, field: str) -> list[float]:
        """What was kept of one number, in order."""
        rows = await self.database.fetch(
            "SELECT r.value FROM device.list d JOIN history.series s ON s.device = d.id AND s.field = $2"
            " CROSS JOIN LATERAL history.raw(ARRAY[s.id], '-infinity', 'infinity') AS r"
            " WHERE d.external_id = $1 ORDER BY r.ts, r.value",
            device,
            field,
        )
        return [row["value"] for row in rows]


@pytest.fixture
async def measuring(database: Database, tmp_path: Path) -> AsyncIterator[Measuring]:
    """A history on a database that stays up."""
    measuring = Measuring(database, tmp_path / "history")
    await measuring.prepare("shellyx-a8032abb995c", "shellyy-a8032abb995d")
    yield measuring
    await measuring.history.end()


async def core_tables(database: Database) -> None:
    """Make the core's tables where they are missing."""
    await migrate(database, [core_migrations()])


def day(offset: int) -> datetime:
    """The begin of a day, counted from today (UTC)."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=offset)
