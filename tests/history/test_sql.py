"""Roll-ups, packed days and late samples give what a plain count of all samples gives."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.history.series import increase
from fleet_platform.storage.database import Database
from tests.history.conftest import day

LEVELS = ("minute", "quarter", "hour", "day")
GAUGE, COUNTER = 1, 2


class Bucket(NamedTuple):
    samples: int
    mean: float
    low: float
    high: float
    last: float
    delta: float | None


class World:
    """What the database holds, and the same in two lists."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.samples: dict[int, dict[datetime, float]] = {GAUGE: {}, COUNTER: {}}

    async def begin(self) -> None:
        await self.database.execute("INSERT INTO device.list (external_id) VALUES ('a')")
        await self.database.execute(
            "INSERT INTO history.series (device, component, field, kind)"
            " VALUES (1, 'switch:0', 'apower', 'gauge'), (1, 'switch:0', 'aenergy.total', 'counter')"
        )
        await self.database.execute("UPDATE history.level SET done = $1 WHERE name = 'sample'", day(-4))

    async def add(self, samples: dict[int, dict[datetime, float]]) -> int:
        rows = [(series, ts, value) for series, many in samples.items() for ts, value in many.items()]
        for series, ts, value in rows:
            self.samples[series].setdefault(ts, value)
        (row,) = await self.database.fetch(
            "SELECT history.add($1, $2, $3) AS added", *map(list, zip(*rows, strict=True))
        )
        added: int = row["added"]
        return added

    async def roll_up(self, till: datetime) -> None:
        for level in LEVELS:
            while (await self.database.fetch("SELECT history.roll_up($1, $2) AS n", level, till))[0]["n"] is not None:
                pass
        while (await self.database.fetch("SELECT history.mend(50) AS n"))[0]["n"]:
            pass

    async def pack(self, begin: datetime) -> None:
        await self.database.fetch("SELECT history.pack($1)", begin)
        while (await self.database.fetch("SELECT history.pack_late(7) AS n"))[0]["n"]:
            pass

    def grown(self) -> dict[datetime, float]:
        """By how much the counter grew at each of its samples."""
        ordered = sorted(self.samples[COUNTER].items())
        return {ts: increase(before, now) for (_, before), (ts, now) in pairwise(ordered)}

    def expected(self, since: datetime, till: datetime, begin_of: Any) -> dict[tuple[int, datetime], Bucket]:
        found: dict[tuple[int, datetime], list[tuple[datetime, float]]] = defaultdict(list)
        for series, many in self.samples.items():
            for ts, value in sorted(many.items()):
                if begin_of(since) <= ts < till:
                    found[series, begin_of(ts)].append((ts, value))
        grown = self.grown()
        return {
            (series, begin): Bucket(
                len(many),
                sum(value for _, value in many) / len(many),
                min(value for _, value in many),
                max(value for _, value in many),
                many[-1][1],
                sum(grown.get(ts, 0.0) for ts, _ in many) if series == COUNTER else None,
            )
            for (series, begin), many in found.items()
        }

    async def asked(
        self, since: datetime, till: datetime, bucket: timedelta, zone: str = "UTC"
    ) -> dict[tuple[int, datetime], Bucket]:
        rows = await self.database.fetch(
            "SELECT * FROM history.query($1, $2, $3, $4, $5)", [GAUGE, COUNTER], since, till, bucket, zone
        )
        return {
            (row["series"], row["ts"]): Bucket(
                row["count"], row["avg"], row["min"], row["max"], row["last"], row["delta"]
            )
            for row in rows
        }


def same(found: dict[Any, Bucket], expected: dict[Any, Bucket]) -> None:
    assert found.keys() == expected.keys()
    for key, bucket in expected.items():
        assert found[key][:5] == pytest.approx(bucket[:5]), key
        assert (found[key].delta is None) == (bucket.delta is None), key
        assert (found[key].delta or 0.0) == pytest.approx(bucket.delta or 0.0, abs=1e-6), key


def plain(bucket: timedelta) -> Any:
    origin = datetime(2000, 1, 1, tzinfo=UTC)
    return lambda ts: ts - (ts - origin) % bucket


def local_day(zone: str) -> Any:
    return lambda ts: ts.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


@pytest.fixture
async def world(database: Database) -> World:
    world = World(database)
    await world.begin()
    return world


def measured(
    chance: random.Random, since: datetime, till: datetime, every_s: float
) -> dict[int, dict[datetime, float]]:
    """A gauge, and a counter that is reset and loses power now and then."""
    gauge: dict[datetime, float] = {}
    counter: dict[datetime, float] = {}
    at, total = since, chance.uniform(0, 1000)
    while at < till:
        gauge[at] = chance.uniform(-50, 50)
        total = {0: 0.0, 1: total * 0.99}.get(chance.randrange(150), total + chance.uniform(0, 5))
        counter[at] = total
        at += timedelta(milliseconds=int(chance.expovariate(1 / every_s) * 1000) + 1)
    return {GAUGE: gauge, COUNTER: counter}


@pytest.mark.parametrize("seed", range(3))
async def test_all_ways_of_keeping_give_the_same_answers(world: World, seed: int) -> None:
    chance = random.Random(seed)
    since, till = day(-3), day(0)
    await world.add(measured(chance, since, till, every_s=300))
    questions = [
        (timedelta(minutes=1), "UTC", plain(timedelta(minutes=1))),
        (timedelta(minutes=7), "UTC", plain(timedelta(minutes=7))),
        (timedelta(minutes=45), "Europe/Sofia", plain(timedelta(minutes=45))),
        (timedelta(hours=6), "UTC", plain(timedelta(hours=6))),
        (timedelta(days=1), "UTC", plain(timedelta(days=1))),
        (timedelta(days=1), "Europe/Sofia", local_day("Europe/Sofia")),
        (timedelta(days=1), "Asia/Kolkata", local_day("Asia/Kolkata")),
    ]

    async def check() -> None:
        begin = since + timedelta(minutes=chance.randrange(600))
        end = till - timedelta(days=1, minutes=15 * chance.randrange(50))
        for bucket, zone, begin_of in questions:
            end = local_day(zone)(end) if bucket >= timedelta(days=1) else begin_of(end)
            same(await world.asked(begin, end, bucket, zone), world.expected(begin, end, begin_of))

    await check()  # from samples
    await world.roll_up(day(-2) + timedelta(hours=7))
    await check()  # partly rolled up
    await world.roll_up(till)
    await check()
    await world.pack(day(-3))
    await check()  # partly packed
    for _ in range(3):
        late = {
            series: {since + timedelta(seconds=chance.randrange(3 * 86_400)): chance.uniform(0, 2000) for _ in range(5)}
            for series in (GAUGE, COUNTER)
        }
        assert await world.add(late) == 10
        assert await world.add(late) == 0  # those are there already
        await world.roll_up(till)
        await check()
    await world.pack(day(-2))
    await world.pack(day(-1))
    await check()


async def test_what_came_in_order_is_counted_as_the_writer_counts(world: World) -> None:
    chance = random.Random(5)
    samples = measured(chance, day(-2), day(-1), every_s=200)
    await world.add(samples)
    rows = await world.database.fetch(
        "SELECT ts, delta FROM history.raw($1, $2, $3) ORDER BY ts", [COUNTER], day(-3), day(0)
    )
    grown = world.grown()
    assert [row["delta"] for row in rows] == pytest.approx([grown.get(row["ts"], 0.0) for row in rows])


async def test_levels_that_keep_longer_answer_for_what_is_gone(world: World) -> None:
    since, till = day(-3), day(0)
    await world.add(measured(random.Random(1), since, till, every_s=600))
    await world.roll_up(till)
    for begin in (day(-3), day(-2), day(-1)):
        await world.pack(begin)
    before = await world.asked(since, till, timedelta(hours=1))
    await world.database.execute(
        "UPDATE history.level SET keep = interval '2 hours' WHERE name IN ('sample', 'minute')"
    )
    dropped = await world.database.fetch("SELECT history.expire($1) AS n", day(1))
    assert dropped[0]["n"] >= 3
    assert await world.database.fetch("SELECT * FROM history.packed") == []
    same(await world.asked(since, till, timedelta(hours=1)), before)
    fine = await world.asked(since, till, timedelta(minutes=1))
    assert sum(bucket.samples for bucket in fine.values()) == sum(bucket.samples for bucket in before.values())


async def test_what_comes_for_days_that_are_gone_is_added_to_their_roll_ups(world: World) -> None:
    old = day(-60)
    await world.database.execute("UPDATE history.level SET done = $1 WHERE name <> 'sample'", day(0))
    await world.database.execute("UPDATE history.level SET done = $1 WHERE name = 'sample'", day(-1))
    for minute in (0, 10):
        many = {old + timedelta(minutes=minute + second / 60): float(second) for second in range(5)}
        await world.add({GAUGE: many})
        await world.roll_up(day(0))
        assert await world.database.fetch("SELECT * FROM history.late") == []
    for bucket in (timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)):
        same(
            await world.asked(old, old + timedelta(days=1), bucket),
            {
                (GAUGE, begin): each
                for (series, begin), each in world.expected(old, old + timedelta(days=1), plain(bucket)).items()
                if series == GAUGE
            },
        )


async def test_what_comes_for_earlier_days_before_the_first_roll_up_is_rolled_up_and_packed(world: World) -> None:
    old = {day(-9) + timedelta(minutes=number): float(number) for number in range(90)}
    await world.add({GAUGE: old, COUNTER: dict(old)})
    await world.add({GAUGE: {day(-1): 1.0}})
    await world.roll_up(day(0))
    assert await world.database.fetch("SELECT * FROM history.stale") == []
    assert (await world.database.fetch("SELECT history.pack_late(10) AS n"))[0]["n"] == 2
    assert await world.database.fetch("SELECT * FROM history.late") == []
    since, till = day(-10), day(-8)
    for bucket in (timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)):
        same(await world.asked(since, till, bucket), world.expected(since, till, plain(bucket)))


async def test_days_follow_the_clock_on_the_wall_when_it_is_set(world: World) -> None:
    zone = ZoneInfo("Europe/Sofia")
    begin = datetime(2026, 10, 24, tzinfo=zone)  # the 25th has 25 hours
    hours = {begin.astimezone(UTC) + timedelta(hours=number): 1.0 * number for number in range(24 + 25 + 24)}
    await world.database.execute("UPDATE history.level SET done = '2026-10-20' WHERE name = 'sample'")
    await world.database.fetch("SELECT history.ensure('sample', '2026-10-20', '2026-10-28')")
    await world.add({GAUGE: hours})
    found = await world.asked(begin, begin + timedelta(days=3), timedelta(days=1), "Europe/Sofia")
    assert [bucket.samples for _, bucket in sorted(found.items())] == [24, 25, 24]
    assert [ts.astimezone(zone).hour for (_, ts) in sorted(found)] == [0, 0, 0]


async def test_months_and_weeks_begin_where_people_begin_them(database: Database) -> None:
    rows = await database.fetch(
        "SELECT history.bin(size::interval, '2026-11-25 10:00+00', 'Europe/Sofia') AS ts"
        " FROM unnest(ARRAY['1 month', '3 months', '1 year', '7 days', '1 day', '1 hour']) WITH ORDINALITY AS s (size, n)"
        " ORDER BY n"
    )
    assert [row["ts"].isoformat() for row in rows] == [
        "2026-10-31T22:00:00+00:00",
        "2026-09-30T21:00:00+00:00",
        "2025-12-31T22:00:00+00:00",
        "2026-11-22T22:00:00+00:00",
        "2026-11-24T22:00:00+00:00",
        "2026-11-25T10:00:00+00:00",
    ]


@given(before=st.floats(0, 1e9), now=st.floats(0, 1e9))
def test_a_counter_never_shrinks(before: float, now: float) -> None:
    assert 0 <= increase(before, now) <= max(now, now - before)


async def test_the_database_counts_as_the_platform_does(database: Database) -> None:
    chance = random.Random(3)
    pairs = [(chance.uniform(0, 100), chance.uniform(0, 100)) for _ in range(200)]
    rows = await database.fetch(
        "SELECT history.increase(b, n) AS d FROM unnest($1::float8[], $2::float8[]) AS p (b, n)",
        [before for before, _ in pairs],
        [now for _, now in pairs],
    )
    assert [row["d"] for row in rows] == [increase(*pair) for pair in pairs]
