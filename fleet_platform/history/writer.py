"""Writes samples and the journal behind the hot path: into the database, or into the spool while that is away.

All batches go one way and are numbered. While the spool holds something, what comes is put behind it, so that all of it
reaches the database in the order in which it happened. The number of the last batch is written in the transaction that
writes its rows: a batch of which nobody knows whether it was committed is not written twice.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from io import BytesIO

import asyncpg

from fleet_platform.history import statements
from fleet_platform.history.batch import BadRecordError, copy_rows, from_record, to_record
from fleet_platform.history.journal import Entry, Journal
from fleet_platform.history.sampler import Sample, Sampler
from fleet_platform.history.series import MAX_WORDS, Series, increase
from fleet_platform.history.spool import Place, Spool
from fleet_platform.storage.database import Connection, Database
from plugin_sdk.errors import Unavailable

logger = logging.getLogger(__name__)

BATCH = 10_000
"""Samples that one transaction writes while all is well; so many are made ready in a few milliseconds."""

DRAIN_BATCH = 20_000
DRAIN_S = 1.0
"""How long the spool is drained before what came meanwhile is put behind it."""

KICK_AT = 20_000
"""Samples that are not left to wait for the next round."""

END_S = 5.0
MAX_REFUSALS = 5
"""How often a batch is tried that the database refuses, a second apart."""

STEPS = 5
"""How often that is looked at between two rounds."""

ORPHAN_S = 60.0
"""How long samples wait for their device to be stored; its row is written about a second after it is first seen."""

OLDEST_MS = 946_684_800_000
FUTURE_MS = 86_400_000
"""Samples from before 2000, and of more than a day ahead, are mistaken about their time and are not kept."""

WRITE_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryStats:
    """Counters of the writer since it was made, and what waits.

    Attributes:
        taken: Samples that devices gave.
        written: Samples written to the database.
        waiting: Samples in memory.
        spooled_bytes: Size of the spool.
        is_spooling: Whether what comes goes into the spool.
    """

    taken: int
    written: int
    waiting: int
    spooled_bytes: int
    is_spooling: bool


class HistoryWriter:
    """The one writer of a platform's history.

    Args:
        aside: Where batches are kept that the database refuses.
        name: Of this platform, for ever: it goes with the data folder.
        settle: Awaited before the spool is drained: devices first seen during the outage get their rows.
        tally: Counts under ``history_…`` what is not kept.
    """

    def __init__(
        self,
        database: Database,
        sampler: Sampler,
        journal: Journal,
        spool: Spool,
        aside: Spool,
        *,
        name: str,
        interval_s: float,
        settle: Callable[[], Awaitable[None]],
        tally: Counter[str],
    ) -> None:
        self._database = database
        self._sampler = sampler
        self._journal = journal
        self._spool = spool
        self._aside = aside
        self._name = name
        self._interval_s = interval_s
        self._settle = settle
        self._tally = tally
        self._seq = 0
        self._last: dict[int, float] = {}
        self._words: dict[int, dict[str, int]] = {}
        self._turn = asyncio.Lock()
        self._flushes: set[asyncio.Task[None]] = set()
        self._on_its_way: tuple[int, list[Sample], list[Entry]] | None = None
        self._written = 0
        self._oldest_spooled_ms: int | None = None
        self._refused, self._refusals = 0, 0
        self._window_ms = (0, 0)

    @property
    def stats(self) -> HistoryStats:
        """The counters, as they are now."""
        return HistoryStats(
            taken=self._sampler.taken,
            written=self._written,
            waiting=len(self._sampler.waiting),
            spooled_bytes=self._spool.size,
            is_spooling=not self._spool.is_empty,
        )

    @property
    def settled_ms(self) -> int:
        """Up to when, UTC epoch milliseconds, everything is in the database; roll-ups go no further."""
        now_ms = time.time_ns() // 1_000_000 - int(2_000 * self._interval_s)
        waiting = self._sampler.waiting
        oldest = [ms for ms in (self._oldest_spooled_ms, waiting[0][1] if waiting else None) if ms is not None]
        return min(now_ms, *oldest) if oldest else now_ms

    async def prepare(self) -> None:
        """Find out what was written last, before anything is.

        Raises:
            Unavailable: The database is away.
        """
        written = await self._last_written()
        self._seq, self._oldest_spooled_ms = await asyncio.to_thread(_survey, self._spool, written)

    async def open(self, since_ms: int, till_ms: int) -> None:
        """Say from when to when, UTC epoch milliseconds, partitions are open; other samples take the long way.

        Nothing is on its way any more that was written as it was said before, when this returns.
        """
        async with self._turn:
            self._window_ms = (since_ms, till_ms)

    async def _last_written(self) -> int:
        rows = await self._database.fetch("SELECT seq FROM history.writer WHERE name = $1", self._name)
        return rows[0]["seq"] if rows else 0

    async def run(self) -> None:
        """Write what comes, for ever."""
        while True:
            await self._until_due()
            try:
                await self.flush()
            except Exception:  # whatever it is, what comes next is still to be written
                logger.exception("history could not be written")

    async def flush(self) -> None:
        """Write all that waits, or spool it; drain the spool for a while if there is one and the database is there.

        What is on its way goes on if the caller is cancelled.
        """
        flushing = asyncio.create_task(self._flush(), name="history flush")
        self._flushes.add(flushing)
        flushing.add_done_callback(self._flushes.discard)
        await asyncio.shield(flushing)

    async def end(self) -> None:
        """Let what is on its way arrive, or spool it if it does not; to be called last."""
        if self._flushes:
            await asyncio.wait(self._flushes, timeout=END_S)
        if self._on_its_way is not None:
            # It may be in the database by now: its number tells when the spool is drained.
            self._spool.append(to_record(*self._on_its_way))
        for flushing in tuple(self._flushes):
            flushing.cancel()
        samples, entries = self._sampler.drain(), self._journal.drain()
        if samples or entries:
            self._spool.append(to_record(self._seq + 1, samples, entries))
        self._spool.close()
        self._aside.close()

    async def _flush(self) -> None:
        async with self._turn:
            await self._take_what_waits()
            if not self._spool.is_empty and self._database.is_up:
                await self._drain()

    async def _until_due(self) -> None:
        for _ in range(STEPS):
            await asyncio.sleep(self._interval_s / STEPS)
            if len(self._sampler.waiting) >= KICK_AT:
                break

    async def _take_what_waits(self) -> None:
        samples, entries = self._sampler.drain(), self._journal.drain()
        for begin in range(0, max(len(samples), 1), BATCH):
            part = samples[begin : begin + BATCH]
            told = entries if begin == 0 else []
            if not part and not told:
                return
            self._seq += 1
            self._on_its_way = (self._seq, part, told)
            try:
                if not self._spool.is_empty or not await self._try_to_write(self._seq, part, told):
                    await self._put_away(self._seq, part, told)
            except OSError as error:
                # Neither the database nor the disk takes it: it waits in memory, as long as there is room.
                self._sampler.put_back(samples[begin:])
                self._journal.put_back(told)
                self._tally["history_spool_failures"] += 1
                logger.error("history cannot be spooled: %s", error.strerror)  # noqa: TRY400  # told each second
                return
            finally:
                self._on_its_way = None

    async def _put_away(self, seq: int, samples: Sequence[Sample], entries: Sequence[Entry]) -> None:
        begins = self._spool.is_empty
        await asyncio.to_thread(self._spool.append, to_record(seq, samples, entries))
        if begins:
            logger.warning("history is spooled: the database is away")
        if self._oldest_spooled_ms is None and samples:
            self._oldest_spooled_ms = samples[0][1]

    async def _try_to_write(self, seq: int, samples: Sequence[Sample], entries: Sequence[Entry]) -> bool:
        """Whether a batch is in the database now."""
        if not self._database.is_up:
            return False
        try:
            waiting = await self._write(seq, samples, entries)
        except Unavailable:
            return False
        except Exception:  # whatever it is, the batch is kept: it is tried again from the spool
            logger.exception("history could not be written")
            return False
        self._wait_for_devices(waiting)
        return True

    def _wait_for_devices(self, waiting: list[Sample]) -> None:
        oldest = time.time_ns() // 1_000_000 - int(ORPHAN_S * 1_000)
        young = [sample for sample in waiting if sample[1] >= oldest]
        if len(young) < len(waiting):
            self._tally["history_orphaned"] += len(waiting) - len(young)
        self._sampler.put_back(young)

    # ---- the spool --------------------------------------------------------------------------------------------

    async def _drain(self) -> None:
        deadline = time.monotonic() + DRAIN_S
        known: dict[int | tuple[str, str, str], Series] = {}
        records = self._spool.read()
        try:
            await self._settle()
            written = await self._last_written()
            while time.monotonic() < deadline:
                batch = await asyncio.to_thread(self._next_batch, records, known, written)
                if batch is None:
                    self._spool.drop_all()
                    self._oldest_spooled_ms = None
                    logger.info("the spool is drained")
                    return
                place, seq, samples, entries = batch
                if samples:
                    self._oldest_spooled_ms = samples[0][1]
                await self._write_drained(seq, samples, entries)
                self._spool.drop_before(place)
        except Unavailable:
            return

    async def _write_drained(self, seq: int, samples: list[Sample], entries: list[Entry]) -> None:
        """Write a batch of the spool; one that the database refuses again and again is put aside.

        Raises:
            Unavailable: The database is away.
        """
        try:
            orphans = await self._write(seq, samples, entries)
        except Unavailable:
            raise
        except Exception as error:
            self._refusals = self._refusals + 1 if self._refused == seq else 1
            self._refused = seq
            if self._refusals < MAX_REFUSALS:
                raise Unavailable(part="database") from error
            logger.exception("%d samples are refused by the database and put aside", len(samples))
            self._tally["history_refused"] += len(samples)
            await asyncio.to_thread(self._aside.append, to_record(seq, samples, entries))
        else:
            if orphans:
                self._tally["history_orphaned"] += len(orphans)

    def _next_batch(
        self, records: Iterator[tuple[Place, bytes]], known: dict[int | tuple[str, str, str], Series], written: int
    ) -> tuple[Place, int, list[Sample], list[Entry]] | None:
        place, seq = None, 0
        samples: list[Sample] = []
        entries: list[Entry] = []
        for place, record in records:  # noqa: B007  # the last one counts
            try:
                seq, more, told = from_record(record, known)
            except BadRecordError as error:
                self._tally["history_bad_records"] += 1
                logger.error("a record of the spool cannot be read: %s", error)  # noqa: TRY400
                continue
            if seq <= written:
                continue
            samples += more
            entries += [(ms, device, name, data) for ms, device, name, data in told]
            if len(samples) >= DRAIN_BATCH:
                break
        return None if place is None else (place, seq, samples, entries)

    # ---- the database -----------------------------------------------------------------------------------------

    async def _write(self, seq: int, samples: Sequence[Sample], entries: Sequence[Entry]) -> list[Sample]:
        """Write a batch, if it is not written; returns the samples whose device the database does not know.

        Raises:
            Unavailable: The database is away, or went away: nobody knows whether the batch is written.
        """
        counters: list[int] = []
        try:
            async with self._database.transaction(timeout_s=WRITE_TIMEOUT_S) as connection:
                if await connection.fetchval(statements.CLAIM, self._name, seq) is None:
                    return []
                present = {series for series, _, _ in samples}
                await self._number(connection, present)
                counters = await self._learn_last(connection, present)
                await self._learn_words(connection, samples)
                rows, late = self._rows(samples)
                if rows:
                    await connection.copy_to_table(
                        "sample",
                        schema_name="history",
                        columns=["series", "ts", "value", "delta"],
                        source=BytesIO(copy_rows(rows)),
                        format="binary",
                    )
                if late:
                    await connection.execute(statements.ADD, *map(list, zip(*late, strict=True)))
                if entries:
                    await connection.execute(statements.JOURNAL, *map(list, zip(*entries, strict=True)))
        except (Unavailable, asyncpg.PostgresError):
            # What was counted on the way is not to be relied on.
            for number in counters:
                self._last.pop(number, None)
            self._words.clear()
            raise
        self._written += len(rows) + len(late)
        lost = any(series.id is None for series in present)
        return [sample for sample in samples if sample[0].id is None] if lost else []

    async def _number(self, connection: Connection, present: Set[Series]) -> None:
        """Give series their numbers, and find out what those are that have nothing else."""
        unknown = [series for series in present if series.id is None]
        bare = [series for series in present if series.kind is None]
        if unknown:
            columns = zip(
                *[(each.device, each.component, each.path, each.kind, each.unit) for each in unknown], strict=True
            )
            rows = await connection.fetch(statements.NUMBER, *map(list, columns))
            found = {(row["device"], row["component"], row["field"]): row for row in rows}
            for series in unknown:
                row = found.get((series.device.lower(), series.component, series.path))
                if row is not None:
                    series.id = row["id"]
                    self._take_words(row)
        if bare:
            rows = await connection.fetch(statements.KINDS, [series.id for series in bare])
            kinds = {row["id"]: row for row in rows}
            for series in bare:
                row = kinds.get(series.id)
                if row is None:
                    series.id = None  # of a device that was deleted meanwhile
                else:
                    series.kind = row["kind"]
                    self._take_words(row)

    def _take_words(self, row: asyncpg.Record) -> None:
        if row["words"]:
            self._words[row["id"]] = {word: number for number, word in enumerate(row["words"])}

    async def _learn_last(self, connection: Connection, present: Set[Series]) -> list[int]:
        """Know the last reading of each counter; returns the counters."""
        counters = [series.id for series in present if series.kind == "counter" and series.id is not None]
        unknown = [number for number in counters if number not in self._last]
        if unknown:
            for row in await connection.fetch(statements.LAST, unknown):
                if row["value"] is not None:
                    self._last[row["series"]] = row["value"]
        return counters

    async def _learn_words(self, connection: Connection, samples: Sequence[Sample]) -> None:
        """Give new words of states their numbers."""
        told = dict.fromkeys(
            [(series.id, value) for series, _, value in samples if isinstance(value, str) and series.id is not None]
        )
        unread = [number for number, _ in told if number not in self._words]
        if unread:
            for row in await connection.fetch(statements.KINDS, unread):
                self._words[row["id"]] = {word: number for number, word in enumerate(row["words"])}
        for number, word in told:
            words = self._words.setdefault(number, {})
            if word not in words and len(words) < MAX_WORDS:
                words[word] = len(words)
                await connection.execute(statements.WORDS, number, list(words))

    def _rows(
        self, samples: Sequence[Sample]
    ) -> tuple[list[tuple[int, int, float, float | None]], list[tuple[int, int, float]]]:
        """Rows for the open partitions, with how much counters grew; and rows for other times."""
        rows: list[tuple[int, int, float, float | None]] = []
        late: list[tuple[int, int, float]] = []
        since, till = self._window_ms
        last = self._last
        latest_ms = time.time_ns() // 1_000_000 + FUTURE_MS
        for series, ts_ms, told in samples:
            number = series.id
            if number is None:
                continue
            value = self._words.get(number, {}).get(told) if isinstance(told, str) else told
            if value is None:
                self._tally["history_too_many_words"] += 1
            elif not since <= ts_ms < till:
                if OLDEST_MS <= ts_ms <= latest_ms:
                    late.append((number, ts_ms, float(value)))
                else:
                    self._tally["history_bad_times"] += 1
            elif series.kind == "counter":
                rows.append((number, ts_ms, value, increase(last.get(number), value)))
                last[number] = value
            else:
                rows.append((number, ts_ms, value, None))
        return rows, late


def _survey(spool: Spool, written: int) -> tuple[int, int | None]:
    """The number of the last batch there is, and the time of the first sample that is still to be written."""
    seq, oldest = written, None
    for _, record in spool.read():
        try:
            number, samples, _ = from_record(record, {})
        except BadRecordError:
            continue
        if oldest is None and number > written and samples:
            oldest = samples[0][1]
        seq = max(seq, number)
    return seq, oldest
