"""What is reported ends in the database once, in order, whatever the database does meanwhile."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import asyncpg
import pytest

from fleet_platform.history.batch import from_record
from fleet_platform.history.journal import Entry
from fleet_platform.history.sampler import Sample
from fleet_platform.history.writer import MAX_REFUSALS
from fleet_platform.storage.database import Database
from tests.history.conftest import Measuring, core_tables, day
from tests.storage.conftest import Server

Until: TypeAlias = Callable[[Callable[[], bool]], Awaitable[None]]
ONE, OTHER = "shellyx-a8032abb995c", "shellyy-a8032abb995d"


async def test_numbers_states_and_words_are_written(measuring: Measuring) -> None:
    measuring.report(ONE, {"switch:0": {"apower": 1.5, "output": True}, "cover:0": {"state": "open"}})
    now = time.time_ns() // 1_000_000
    measuring.report(ONE, {"switch:0": {"apower": 2, "output": False}, "cover:0": {"state": "closed"}}, ts_ms=now + 1)
    await measuring.history.flush()
    measuring.report(ONE, {"cover:0": {"state": "open"}}, ts_ms=now + 2)
    await measuring.history.flush()
    assert await measuring.values(ONE, "apower") == [1.5, 2.0]
    assert await measuring.values(ONE, "output") == [1.0, 0.0]
    assert await measuring.values(ONE, "state") == [0.0, 1.0, 0.0]
    rows = await measuring.database.fetch("SELECT field, kind, unit, words FROM history.series ORDER BY field")
    assert [tuple(row) for row in rows] == [
        ("apower", "gauge", "W", []),
        ("output", "state", "", []),
        ("state", "state", "", ["open", "closed"]),
    ]
    assert measuring.history.stats.written == 7
    assert measuring.history.stats.waiting == 0


async def test_a_counter_is_counted_over_restarts_and_resets(measuring: Measuring, tmp_path: Path) -> None:
    for total in (100, 104.5, 104.5, 3, 10):
        measuring.report(ONE, {"switch:0": {"aenergy": {"total": total}}})
    await measuring.history.flush()
    another = Measuring(measuring.database, tmp_path / "another")
    await another.prepare()
    another.report(ONE, {"switch:0": {"aenergy": {"total": 12}}}, ts_ms=time.time_ns() // 1_000_000 + 1)
    another.report(ONE, {"switch:0": {"aenergy": {"total": 11.5}}}, ts_ms=time.time_ns() // 1_000_000 + 2)
    await another.history.flush()
    await another.history.end()
    rows = await measuring.database.fetch("SELECT value, delta FROM history.sample ORDER BY ts, value")
    assert sum(row["delta"] for row in rows) == 4.5 + 3 + 7 + 2


async def test_a_device_that_is_not_stored_yet_waits_for_its_row(
    measuring: Measuring, monkeypatch: pytest.MonkeyPatch
) -> None:
    measuring.report("shellyz-a8032abb995e", {"switch:0": {"apower": 1.0}})
    measuring.report(ONE, {"switch:0": {"apower": 2.0}})
    await measuring.history.flush()
    assert measuring.history.stats.waiting == 1
    await measuring.prepare("shellyz-a8032abb995e")
    await measuring.history.flush()
    assert await measuring.values("shellyz-a8032abb995e", "apower") == [1.0]
    monkeypatch.setattr("fleet_platform.history.writer.ORPHAN_S", -1)
    measuring.report("nobody", {"switch:0": {"apower": 1.0}})
    await measuring.history.flush()
    assert measuring.tally["history_orphaned"] == 1
    assert measuring.history.stats.waiting == 0


async def test_times_outside_the_open_days_take_the_long_way(measuring: Measuring) -> None:
    past = day(-40)
    for at, value in ((past, 1.0), (day(-5), 2.0), (past + timedelta(minutes=1), 3.0), (past, 1.0)):
        measuring.report(ONE, {"switch:0": {"apower": value}}, ts_ms=int(at.timestamp() * 1000))
    await measuring.history.flush()
    assert await measuring.values(ONE, "apower") == [1.0, 3.0, 2.0]


@pytest.mark.parametrize("ts_ms", [-1, 0, 900_000_000_000, 2**45, 2**60])
async def test_times_that_cannot_be_are_counted_and_not_kept(measuring: Measuring, ts_ms: int) -> None:
    measuring.report(ONE, {"switch:0": {"apower": 1.0}}, ts_ms=ts_ms)
    measuring.report(ONE, {"switch:0": {"apower": 2.0}})
    await measuring.history.flush()
    assert await measuring.values(ONE, "apower") == [2.0]
    assert measuring.tally == {"history_bad_times": 1}


async def test_a_deleted_device_takes_its_history_along(measuring: Measuring) -> None:
    for device in (ONE, OTHER):
        measuring.report(device, {"switch:0": {"apower": 1.0}})
    await measuring.history.flush()
    await measuring.database.execute("DELETE FROM device.list WHERE external_id = $1", ONE)
    await measuring.history.look()
    assert len(await measuring.database.fetch("SELECT * FROM history.sample")) == 1
    assert await measuring.database.fetch("SELECT * FROM history.forgotten") == []


class Outage:
    """A platform's history on a server that comes and goes; every sample has a number of its own."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.sent = 0
        self.open()

    def open(self) -> None:
        self.measuring = Measuring(self.database, self.folder)

    def report(self) -> None:
        self.sent += 1
        device = (ONE, OTHER)[self.sent % 2]
        self.measuring.report(device, {"switch:0": {"apower": self.sent, "aenergy": {"total": self.sent}}})

    async def check(self) -> None:
        """Each sample is there once, and each counter grew by what it grew."""
        rows = await self.database.fetch(
            "SELECT s.field, r.value, r.delta FROM history.series s"
            " CROSS JOIN LATERAL history.raw(ARRAY[s.id], '-infinity', 'infinity') AS r"
        )
        for field in ("apower", "aenergy.total"):
            found = sorted(row["value"] for row in rows if row["field"] == field)
            assert found == [float(number) for number in range(1, self.sent + 1)], field
        grown = sum(row["delta"] for row in rows if row["field"] == "aenergy.total")
        assert grown == 2 * self.sent - 4

    async def drained(self, until: Until) -> None:
        while self.measuring.history.stats.is_spooling or self.measuring.history.stats.waiting:
            await self.measuring.history.flush()
            await asyncio.sleep(0.01)
        await until(lambda: self.database.is_up)


async def fresh(server: Server) -> str:
    """An empty database on the server."""
    connection = await asyncpg.connect(server.dsn)
    name = f"history_{random.getrandbits(32):x}"
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return server.dsn.replace("/postgres?", f"/{name}?")


async def test_nothing_is_lost_or_doubled_while_the_server_is_stopped_and_started(
    server: Server, tmp_path: Path, until: Until
) -> None:
    async with Database(await fresh(server)) as database:
        await core_tables(database)
        outage = Outage(database, tmp_path / "history")
        await outage.measuring.prepare(ONE, OTHER)
        writing = asyncio.create_task(outage.measuring.history._writer.run())
        for _ in range(2):
            for _ in range(20):
                outage.report()
                await asyncio.sleep(0.01)
            await server.stop()
            for _ in range(40):
                outage.report()
                await asyncio.sleep(0.01)
            await until(lambda: outage.measuring.history.stats.is_spooling)
            await server.start()
            await until(lambda: database.is_up and not outage.measuring.history.stats.is_spooling)
        outage.report()
        writing.cancel()
        await asyncio.wait([writing])
        await outage.drained(until)
        await outage.check()
        await outage.measuring.history.end()


async def test_a_batch_that_was_committed_unheard_is_not_written_twice(
    server: Server, tmp_path: Path, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Database(await fresh(server)) as database:
        await core_tables(database)
        outage = Outage(database, tmp_path / "history")
        await outage.measuring.prepare(ONE, OTHER)
        chance = random.Random(7)
        write = outage.measuring.history._writer._write

        async def unheard(*args: object) -> object:
            from plugin_sdk.errors import Unavailable

            before = chance.random() < 0.3
            if before:
                raise Unavailable(part="database")
            result = await write(*args)  # type: ignore[arg-type]
            if chance.random() < 0.3:
                raise Unavailable(part="database")
            return result

        monkeypatch.setattr(outage.measuring.history._writer, "_write", unheard)
        for _ in range(60):
            outage.report()
            outage.report()
            await outage.measuring.history.flush()
        await outage.drained(until)
        await outage.check()
        await outage.measuring.history.end()


async def test_what_the_database_refuses_is_put_aside_after_some_tries(
    measuring: Measuring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    writer = measuring.history._writer
    write, tries = writer._write, 0

    async def refused(seq: int, samples: Sequence[Sample], entries: Sequence[Entry]) -> list[Sample]:
        nonlocal tries
        if any(value == 13.0 for _, _, value in samples):
            tries += 1
            raise asyncpg.DataError("unlucky")
        return await write(seq, samples, entries)

    monkeypatch.setattr(writer, "_write", refused)
    measuring.report(ONE, {"switch:0": {"apower": 13.0}})
    for _ in range(MAX_REFUSALS):
        await measuring.history.flush()
    assert tries == MAX_REFUSALS + 1
    measuring.report(ONE, {"switch:0": {"apower": 14.0}})
    await measuring.history.flush()
    assert await measuring.values(ONE, "apower") == [14.0]
    assert measuring.tally["history_refused"] == 1
    ((_, record),) = writer._aside.read()
    assert [value for _, _, value in from_record(record, {})[1]] == [13.0]


async def test_what_was_spooled_survives_the_end_of_the_platform(server: Server, tmp_path: Path, until: Until) -> None:
    async with Database(await fresh(server)) as database:
        await core_tables(database)
        outage = Outage(database, tmp_path / "history")
        await outage.measuring.prepare(ONE, OTHER)
        outage.report()
        await outage.measuring.history.flush()
        await server.stop()
        await until(lambda: not database.is_up)
        for _ in range(5):
            outage.report()
            await outage.measuring.history.flush()
        assert outage.measuring.history.stats.spooled_bytes > 0
        await server.start()
        await until(lambda: database.is_up)
        # As after kill -9: nothing was closed.
        outage.open()
        await outage.measuring.prepare()
        await outage.drained(until)
        outage.report()
        await outage.drained(until)
        await outage.check()
        await outage.measuring.history.end()


async def test_samples_stay_in_memory_when_neither_database_nor_disk_takes_them(
    server: Server, tmp_path: Path, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Database(await fresh(server)) as database:
        await core_tables(database)
        outage = Outage(database, tmp_path / "history")
        await outage.measuring.prepare(ONE, OTHER)

        def full(_payload: bytes) -> None:
            raise OSError(28, "No space left on device")

        await server.stop()
        await until(lambda: not database.is_up)
        monkeypatch.setattr(outage.measuring.history._writer._spool, "append", full)
        for _ in range(3):
            outage.report()
            await outage.measuring.history.flush()
        assert outage.measuring.tally["history_spool_failures"] == 3
        monkeypatch.undo()
        await server.start()
        await until(lambda: database.is_up)
        await outage.drained(until)
        await outage.check()
        await outage.measuring.history.end()
