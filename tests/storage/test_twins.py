from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.migrations.platform import core_migrations, migrate
from fleet_platform.storage.database import Database
from fleet_platform.storage.twins import TwinRow, TwinStore
from plugin_sdk.errors import Unavailable

if TYPE_CHECKING:
    from tests.storage.conftest import Server, Until

DUMPS = Path(__file__).parents[3] / "shared/devices"


@dataclass
class Twin:
    """A device as plain documents."""

    id: str
    status: Any = field(default_factory=dict)
    info: Any = field(default_factory=dict)
    settings: Any = field(default_factory=dict)
    meta: Any = field(default_factory=dict)
    internal_id: int | None = None

    def info_json(self) -> bytes:
        return as_bytes(self.info)

    def settings_json(self) -> bytes:
        return as_bytes(self.settings)

    def status_json(self) -> bytes:
        return as_bytes(self.status)

    def meta_json(self) -> bytes:
        return as_bytes(self.meta)


def as_bytes(document: Any) -> bytes:
    return document if isinstance(document, bytes) else json.dumps(document).encode()


async def loaded(store: TwinStore) -> dict[str, TwinRow]:
    return {row.external_id: row async for page in store.load() for row in page}


async def test_a_twin_comes_back_as_it_was_marked(database: Database) -> None:
    store = TwinStore(database)
    twin = Twin(
        "shellyplus1-a8032abb995c", {"switch:0": {"output": True}}, {"gen": 2}, {"sys": {}}, {"lastReportTs": 5}
    )
    store.mark(twin)
    await store.flush()
    row = (await loaded(store))[twin.id]
    assert [json.loads(text) for text in (row.status, row.info, row.settings, row.meta)] == [
        twin.status,
        twin.info,
        twin.settings,
        twin.meta,
    ]
    assert row.internal_id == twin.internal_id
    assert row.access == "allowed"
    assert row.created.tzinfo is not None
    assert row.updated >= row.created


async def test_every_complete_dump_of_a_real_device_comes_back_equal(database: Database) -> None:
    if not DUMPS.is_dir():
        pytest.skip("no dumps of real devices beside the project")
    store = TwinStore(database)
    twins = []
    for number, path in enumerate(sorted(DUMPS.glob("*.json"))):
        dump = json.loads(path.read_text())
        twins.append(Twin(f"device-{number}", dump.get("status"), dump.get("info"), dump.get("config")))
        store.mark(twins[-1])
    await store.flush()
    rows = await loaded(store)
    assert store.stats.written == len(rows) == len(twins)
    for twin in twins:
        row = rows[twin.id]
        assert json.loads(row.status) == twin.status
        assert json.loads(row.settings) == twin.settings
        assert json.loads(row.info) == twin.info


async def test_the_last_state_wins_and_costs_one_row(database: Database) -> None:
    store = TwinStore(database)
    twin = Twin("a")
    for count in range(1000):
        twin.status = {"count": count}
        store.mark_status(twin)
        store.mark(twin)
    await store.flush()
    assert store.stats.written == 1
    for count in range(1000, 2000):
        twin.status = {"count": count}
        store.mark_status(twin)
    await store.flush()
    assert store.stats.written == 2
    assert json.loads((await loaded(store))["a"].status) == {"count": 1999}


async def test_a_status_mark_leaves_info_and_settings_alone(database: Database) -> None:
    store = TwinStore(database)
    twin = Twin("a", {"x": 1}, {"gen": 2}, {"sys": {"name": "old"}})
    store.mark_status(twin)  # has no number yet, so it is stored as a whole
    await store.flush()
    twin.status, twin.settings = {"x": 2}, {"sys": {"name": "new"}}
    store.mark_status(twin)
    await store.flush()
    row = (await loaded(store))["a"]
    assert (json.loads(row.status), json.loads(row.settings)) == ({"x": 2}, {"sys": {"name": "old"}})
    store.mark(twin)
    store.mark_status(twin)
    await store.flush()
    assert json.loads((await loaded(store))["a"].settings) == {"sys": {"name": "new"}}


async def test_what_jsonb_cannot_hold_harms_no_other_row_and_as_little_as_can_be_of_its_own(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    store = TwinStore(database)
    twins = [Twin(f"good-{number}", {"number": number}) for number in range(250)]
    twins += [
        Twin("nul", {"text": "a\0b", "k\0": [{"deep": "\0"}], "literal": r"\u0000"}),
        Twin("no-json", b'{"secret": "canary"'),
        Twin("no-text", b'{"\xff": 1}'),
        Twin("nul\0name"),
        Twin("huge", {"text": "x" * 17 * 1024 * 1024}),
        Twin("large", {"text": "y" * 8 * 1024 * 1024}),
    ]
    for twin in twins:
        store.mark(twin)
    await store.flush()
    rows = await loaded(store)
    assert {name for name in rows if not name.startswith("good")} == {"nul", "large"}
    assert all(json.loads(rows[twin.id].status) == twin.status for twin in twins[:250])
    assert json.loads(rows["nul"].status) == {"text": "a\ufffdb", "k\ufffd": [{"deep": "\ufffd"}], "literal": r"\u0000"}
    stats = store.stats
    assert (stats.written, stats.refused, stats.waiting, stats.failures) == (252, 4, 0, 0)
    assert "canary" not in caplog.text


async def test_a_row_that_stays_bad_is_told_once_and_stored_as_soon_as_it_is_good(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    store = TwinStore(database)
    twin = Twin("a", b"{")
    for _ in range(3):
        store.mark(twin)
        await store.flush()
    assert [record.message for record in caplog.records] == [
        "state of a cannot be stored: InvalidTextRepresentationError"
    ]
    twin.status = {}
    store.mark(twin)
    await store.flush()
    assert "a" in await loaded(store)


async def test_writing_draws_a_number_for_new_devices_only(database: Database) -> None:
    store = TwinStore(database)
    twins = [Twin(f"device-{number}") for number in range(150)]
    for _ in range(5):
        for twin in twins:
            store.mark(twin)
        await store.flush()
    await store.set_access([twin.id for twin in twins], "allowed")
    newcomer = Twin("newcomer")
    store.mark(newcomer)
    await store.flush()
    assert sorted(twin.internal_id or 0 for twin in twins) == list(range(1, 151))
    assert newcomer.internal_id == 151


async def test_ids_are_the_same_whatever_the_case_of_their_letters(database: Database) -> None:
    store = TwinStore(database)
    first, second = Twin("ShellyPlus1-A8032ABB995C", {"n": 1}), Twin("shellyplus1-a8032abb995c", {"n": 2})
    store.mark(first)
    await store.flush()
    store.mark(second)
    await store.flush()
    assert second.internal_id == first.internal_id
    assert await store.set_access(["SHELLYPLUS1-A8032ABB995C"], "denied") == [(first.id, first.internal_id)]
    assert {row.external_id: row.access for row in (await loaded(store)).values()} == {first.id: "denied"}
    assert await store.delete("sHELLYplus1-a8032abb995c")
    assert not await loaded(store)


async def test_a_decision_is_durable_when_it_is_made_and_makes_the_row_where_it_is_missing(database: Database) -> None:
    store = TwinStore(database)
    known = Twin("known", {"x": 1}, {"gen": 3})
    store.mark(known)
    await store.flush()
    assert await store.set_access(["new", "known", "NEW"], "pending", b'{"sys": {"t": "\\u0000"}}') == [
        ("known", 1),
        ("new", 2),
    ]
    assert await store.set_access(["known"], "allowed") == [("known", 1)]
    rows = await loaded(TwinStore(database))
    assert {name: row.access for name, row in rows.items()} == {"known": "allowed", "new": "pending"}
    assert json.loads(rows["new"].status) == {"sys": {"t": "\ufffd"}}
    assert json.loads(rows["known"].info) == {"gen": 3}
    assert await store.set_access([], "allowed") == []


async def test_a_deleted_device_does_not_come_back_with_what_was_still_to_be_written(database: Database) -> None:
    store = TwinStore(database, interval_s=0.001)
    twins = [Twin(f"device-{number}") for number in range(300)]
    for twin in twins:
        store.mark(twin)
    await store.flush()
    writer = asyncio.create_task(store.run())
    for twin in twins:
        store.mark(twin)
        assert await store.delete(twin.id)
    assert not await store.delete("device-0")
    await store.flush()
    writer.cancel()
    await asyncio.wait([writer])
    assert not await loaded(store)
    assert store.stats.waiting == 0


async def test_flush_waits_for_what_the_write_loop_has_on_its_way(database: Database) -> None:
    store = TwinStore(database, interval_s=0.001)
    writer = asyncio.create_task(store.run())
    for count in range(50):
        store.mark(Twin("a", {"count": count}))
        await asyncio.sleep(0)
        await store.flush()
        assert json.loads((await loaded(store))["a"].status) == {"count": count}
    writer.cancel()
    await asyncio.wait([writer])


async def test_a_write_that_is_cancelled_keeps_its_marks(database: Database) -> None:
    store = TwinStore(database)
    for number in range(500):
        store.mark(Twin(f"device-{number}"))
    flush = asyncio.create_task(store.flush())
    await asyncio.sleep(0.001)
    flush.cancel()
    await asyncio.wait([flush])
    await store.flush()
    assert len(await loaded(store)) == 500


async def test_an_outage_loses_no_last_state_and_marking_goes_on(server: Server, until: Until) -> None:
    async with Database(server.dsn) as database:
        await database.execute("DROP SCHEMA IF EXISTS device, core CASCADE")
        await migrate(database, [core_migrations()])
        store = TwinStore(database, interval_s=0.01)
        twins = [Twin(f"device-{number}", {"count": 0}) for number in range(250)]
        writer = asyncio.create_task(store.run())
        for twin in twins[:200]:
            store.mark(twin)
        await until(lambda: store.stats.written == 200)
        await server.stop()
        for count in range(1, 50):
            for twin in twins:
                twin.status = {"count": count}
                store.mark_status(twin)
            await asyncio.sleep(0.001)
        assert store.stats.waiting == 250
        with pytest.raises(Unavailable):
            await store.flush()
        assert store.stats.waiting == 250
        await server.start()
        await until(lambda: store.stats.waiting == 0)
        writer.cancel()
        await asyncio.wait([writer])
        rows = await loaded(store)
        assert len(rows) == 250
        assert all(json.loads(row.status) == {"count": 49} for row in rows.values())


async def test_five_thousand_devices_are_loaded_in_the_order_of_their_numbers(database: Database) -> None:
    store = TwinStore(database)
    status = {
        f"switch:{number}": {"id": number, "output": False, "apower": 12.5, "voltage": 230.1} for number in range(8)
    }
    for number in range(5000):
        store.mark(Twin(f"device-{number}", status))
    await store.flush()
    numbers = [row.internal_id async for page in store.load() for row in page]
    assert len(numbers) == 5000
    assert numbers == sorted(set(numbers))
    # in batches for the whole fleet, never a statement for each device
    assert store.stats.batches == 50
