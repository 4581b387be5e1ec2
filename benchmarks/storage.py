"""Storage: samples beside a bare COPY of the same rows, what they take on the disk, what questions cost, the spool.

The platform's own history on a database of its own, in this process and on both cores: the server takes most of it.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import asyncpg

from benchmarks.scale import Scale
from benchmarks.table import Row, Target
from fleet_platform.devices.twin import Twin
from fleet_platform.history import History
from fleet_platform.migrations.platform import core_migrations, migrate
from fleet_platform.storage.database import Database
from fleet_platform.storage.embedded import EmbeddedPostgres
from plugin_sdk import ComponentType, DeviceId, MeasuredField

FIELDS = (
    MeasuredField(path="apower", unit="W", kind="gauge", label="Power"),
    MeasuredField(path="voltage", unit="V", kind="gauge", label="Voltage"),
    MeasuredField(path="current", unit="A", kind="gauge", label="Current"),
    MeasuredField(path="temperature", unit="°C", kind="gauge", label="Temperature"),
    MeasuredField(path="total", unit="Wh", kind="counter", label="Energy"),
)
TYPES = MappingProxyType({"switch": ComponentType(type="switch", namespace="Switch", title="Switch", fields=FIELDS)})
DEVICES = 500
BATCH = 10_000
YEAR = timedelta(days=365)
MONTH = timedelta(days=30)

REPEATS = 5


class Store:
    """A database with a history."""

    def __init__(self, dsn: str, database: Database, folder: Path) -> None:
        self.dsn = dsn
        self.database = database
        self.tally: Counter[str] = Counter()
        self.history = History(
            database,
            folder,
            interval_s=1.0,
            spool_bytes=4 * 1024**3,
            keep={},
            settle=self._settled,
            types=lambda: TYPES,
            tally=self.tally,
        )
        self.twins = [Twin(DeviceId(f"shellyplus1pm-{number:012x}"), {}) for number in range(DEVICES)]
        self.round = 0

    async def _settled(self) -> None:
        """All devices are stored."""

    async def prepare(self) -> None:
        """Know the devices."""
        await self.database.execute(
            "INSERT INTO device.list (external_id, access) SELECT unnest($1::text[]), 3",
            [twin.id for twin in self.twins],
        )
        await self.history.prepare()

    def report(self, samples: int, *, since: datetime | None = None, step: timedelta = timedelta(0)) -> int:
        """Let devices report in turn; returns how many samples that were."""
        taken = self.history.sampler.taken
        begin_ms = int((since or datetime.now(UTC)).timestamp() * 1000)
        step_ms = step / timedelta(milliseconds=1)
        for number in range(samples // len(FIELDS)):
            twin = self.twins[number % DEVICES]
            self.round += number % DEVICES == 0
            twin.last_report_ms = begin_ms + int(number // DEVICES * step_ms)
            self.history.sampler.take(twin, {"switch:0": _reading(number, self.round)})
        return self.history.sampler.taken - taken


def _reading(number: int, turn: int) -> dict[str, float]:
    return {
        "apower": 40 + number % 97 / 10,
        "voltage": 228 + number % 53 / 10,
        "current": number % 31 / 100,
        "temperature": 40 + turn % 19 / 10,
        "total": 1_000 + turn * 0.75,
    }


async def measure(scale: Scale) -> list[Row]:
    """All figures, one after the other."""
    async with _store() as store:
        ingest = await _ingest(store, scale)
        disk = await _disk(store, scale)
    async with _store() as store:
        questions = [await _year(store), await _energy(store, scale)]
    async with _store() as store:
        return [ingest, disk, *questions, await _spool(store, scale)]


@asynccontextmanager
async def _store() -> AsyncIterator[Store]:
    folder = _folder()
    try:
        async with EmbeddedPostgres(folder) as postgres, Database(postgres.dsn) as database:
            await migrate(database, [core_migrations()])
            store = Store(postgres.dsn, database, folder / "history")
            await store.prepare()
            yield store
            await store.history.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="fleet-benchmark-"))
    folder.chmod(0o755)  # as root the server runs as another user
    return folder


# ---- samples in ---------------------------------------------------------------------------------------------


async def _ingest(store: Store, scale: Scale) -> Row:
    """From reports to committed rows, and asyncpg's COPY of such rows into a table with the same indexes."""
    connection = await asyncpg.connect(store.dsn)
    await connection.execute(
        "CREATE TABLE bare (LIKE history.sample); CREATE INDEX ON bare (series, ts);"
        "CREATE INDEX ON bare USING brin (ts) WITH (pages_per_range = 32)"
    )
    store.report(BATCH)
    await store.history.flush()
    ours: list[float] = []
    bare: list[float] = []
    until = time.monotonic() + 2 * scale.seconds
    while time.monotonic() < until or not ours:
        began = time.perf_counter()
        store.report(BATCH)
        await store.history.flush()
        ours.append(BATCH / (time.perf_counter() - began))
        rows = _rows(len(bare))
        began = time.perf_counter()
        await connection.copy_records_to_table("bare", records=rows)
        bare.append(BATCH / (time.perf_counter() - began))
    await connection.close()
    assert store.history.stats.waiting == 0
    assert not store.history.stats.is_spooling
    return Row(
        figure="samples written, from reports to rows",
        unit="/s",
        value=statistics.median(ours),
        bare=statistics.median(bare),
        target=Target(of="ratio", relation="≥", limit=0.6),
        note=f"batches of {BATCH:,}, {len(ours)} of each; bare is COPY of ready rows, with the same indexes",
    )


def _rows(turn: int) -> list[tuple[int, datetime, float, float | None]]:
    now = datetime.now(UTC)
    return [
        (
            number % (DEVICES * len(FIELDS)) + 1,
            now,
            40 + number % 97 / 10,
            0.75 + turn if number % len(FIELDS) == len(FIELDS) - 1 else None,
        )
        for number in range(BATCH)
    ]


# ---- on the disk ----------------------------------------------------------------------------------------------


async def _disk(store: Store, scale: Scale) -> Row:
    """A day of samples, ten seconds apart, once it is packed; before and with its indexes."""
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    turns = 8_000 if scale.attempts > 1 else 20
    samples = turns * len(FIELDS) * 20
    chance = random.Random(1)  # values, not secrets; regular ones would pack too well
    rows = [
        (
            number % (20 * len(FIELDS)) + 1,
            day + number // (20 * len(FIELDS)) * timedelta(seconds=10),
            round(chance.gauss(230, 2), 1),
            None,
        )
        for number in range(samples)
    ]
    async with store.database.transaction() as connection:
        await connection.copy_records_to_table("sample", schema_name="history", records=rows)
    loose = await _size(store, "sample", day)
    await store.database.fetch("SELECT history.pack($1)", day, timeout_s=600)
    packed = await _size(store, "packed", day)
    return Row(
        figure="a raw sample on the disk, after a day",
        unit="B",
        value=packed / samples,
        target=Target(of="platform", relation="≤", limit=40),
        note=f"with indexes; {loose / samples:.0f} B on its own day; {samples:,} samples of {20 * len(FIELDS)} series",
    )


async def _size(store: Store, table: str, day: datetime) -> int:
    rows = await store.database.fetch(f"SELECT pg_total_relation_size('history.{table}_{day:%Y%m%d}') AS size")
    size: int = rows[0]["size"]
    return size


# ---- questions ------------------------------------------------------------------------------------------------


async def _year(store: Store) -> Row:
    """One device among twenty, by the quarter of an hour for a year, in at most 500 points."""
    till = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    since = till - YEAR
    await _fill(store, "quarter", since, till, "15 minutes", series=100)
    await _fill(store, "hour", since, till, "1 hour", series=100)
    bucket = timedelta(seconds=round(YEAR.total_seconds() / 500 / 900) * 900)
    query = "SELECT ts, avg, min, max FROM history.query($1, $2, $3, $4, 'UTC', false)"
    took = await _timed(store, query, [1], since, till, bucket)
    hours = await _timed(store, query, list(range(1, len(FIELDS) + 1)), since, till, timedelta(hours=18))
    return Row(
        figure="a year of one device plotted",
        unit="ms",
        value=took,
        target=Target(of="platform", relation="≤", limit=50),
        note=f"its power in 500 points, of 35,040 quarters; {len(FIELDS)} series by 18 hours: {hours:.0f} ms",
    )


async def _energy(store: Store, scale: Scale) -> Row:
    """The energy of a thousand devices in a month, by the day in a zone with summer time."""
    devices = 1_000 if scale.attempts > 1 else 20
    till = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    await store.database.execute("TRUNCATE history.hour, history.quarter")
    await _fill(store, "hour", till - MONTH, till, "1 hour", series=devices)
    took = await _timed(
        store,
        "SELECT series, ts, delta FROM history.query($1, $2, $3, '1 day', 'Europe/Sofia')",
        list(range(1, devices + 1)),
        till - MONTH,
        till,
    )
    return Row(
        figure=f"energy of a month for {devices:,} devices",
        unit="s",
        value=took / 1_000,
        target=Target(of="platform", relation="≤", limit=2),
        note="30 local days of each",
    )


async def _fill(store: Store, level: str, since: datetime, till: datetime, every: str, *, series: int) -> None:
    await store.database.fetch("SELECT history.ensure($1, $2, $3)", level, since, till)
    await store.database.execute(
        f"INSERT INTO history.{level} (series, ts, count, sum, min, max, last, delta)"
        " SELECT s, t, 90, 90 * v, v - 5, v + 5, v, v / 4"
        " FROM generate_series($1::timestamptz, $2::timestamptz - $3::interval, $3::interval) AS t,"
        " generate_series(1, $4::integer) AS s,"
        " LATERAL (SELECT 100 + 50 * sin(extract(epoch FROM t) / 40000 + s)) AS x (v)",
        since,
        till,
        _INTERVALS[every],
        series,
        timeout_s=600,
    )
    await store.database.execute("UPDATE history.level SET done = $2 WHERE name = $1", level, till)
    await store.database.execute(f"ANALYZE history.{level}")


_INTERVALS = {"15 minutes": timedelta(minutes=15), "1 hour": timedelta(hours=1)}


async def _timed(store: Store, query: str, *args: object) -> float:
    """Median duration in milliseconds."""
    found = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        assert await store.database.fetch(query, *args, timeout_s=120)
        found.append((time.perf_counter() - began) * 1_000)
    return statistics.median(found)


# ---- the spool ------------------------------------------------------------------------------------------------


async def _spool(store: Store, scale: Scale) -> Row:
    """Samples of an outage on their way into the tables, while a thousand a second go on being reported."""
    wanted = 5_000_000 if scale.attempts > 1 else 20_000
    store.report(BATCH)
    await store.history.flush()
    written = store.history.stats.written
    since = datetime.now(UTC) - timedelta(hours=2)
    pool, store.database._pool = store.database._pool, None  # the server is away for whoever asks
    spooled = 0
    while spooled < wanted:
        spooled += store.report(min(100_000, wanted), since=since + timedelta(seconds=spooled // 1_000))
        await store.history.flush()
    size = store.history.stats.spooled_bytes
    store.database._pool = pool
    live = 0
    began = time.perf_counter()
    while store.history.stats.is_spooling:
        live += store.report(1_000)
        await store.history.flush()
        await asyncio.sleep(0)
    took = time.perf_counter() - began
    assert store.history.stats.written == written + spooled + live
    return Row(
        figure="draining the spool",
        unit="/s",
        value=spooled / took,
        target=Target(of="platform", relation="≥", limit=50_000),
        note=f"{spooled:,} samples of {size / spooled:.0f} B, and {live:,} that came meanwhile; each is there once",
    )
