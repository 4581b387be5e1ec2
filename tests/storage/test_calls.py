from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from fleet_platform.storage.calls import MAX_PER_DEVICE, QueuedCallStore
from fleet_platform.storage.database import Database
from fleet_platform.storage.twins import TwinStore
from plugin_sdk.errors import DeviceBusy, InvalidParams

HOUR = timedelta(hours=1)


def later() -> datetime:
    return datetime.now(UTC) + HOUR


async def test_queued_calls_outlive_the_store_and_keep_their_order(database: Database) -> None:
    store = QueuedCallStore(database)
    queued = [
        await store.add("device", "Switch.Set", {"id": 0, "on": True}, principal="ada", expires=later()),
        await store.add("other", "Sys.GetStatus", None, principal="bob", expires=later()),
        await store.add("Device", "Switch.Toggle", {"id": 1}, principal="ada", expires=later()),
    ]
    again = QueuedCallStore(database)
    assert await again.list() == tuple(queued)
    assert await again.list("DEVICE") == (queued[0], queued[2])
    assert (queued[0].params, queued[1].params) == ({"id": 0, "on": True}, None)


async def test_of_many_that_take_a_call_one_alone_gets_it(database: Database) -> None:
    store = QueuedCallStore(database)
    call = await store.add("device", "Switch.Set", {}, principal="ada", expires=later())
    assert sorted(await asyncio.gather(*(store.remove(call.id) for _ in range(8)))) == [False] * 7 + [True]
    assert await store.list() == ()


async def test_calls_expire(database: Database) -> None:
    store = QueuedCallStore(database)
    late = await store.add("device", "Switch.Set", {}, principal="ada", expires=datetime.now(UTC) - HOUR)
    good = await store.add("device", "Switch.Set", {}, principal="ada", expires=later())
    assert await store.list() == (good,)
    assert await store.expire() == (late,)
    assert await store.expire() == ()


async def test_the_queue_of_a_device_is_bounded(database: Database) -> None:
    store = QueuedCallStore(database)
    for _ in range(MAX_PER_DEVICE):
        await store.add("device", "Switch.Set", {}, principal="ada", expires=later())
    with pytest.raises(DeviceBusy) as caught:
        await store.add("DEVICE", "Switch.Set", {}, principal="ada", expires=later())
    assert caught.value.data == {"waiting": MAX_PER_DEVICE}
    await store.add("other", "Switch.Set", {}, principal="ada", expires=later())


async def test_parameters_that_cannot_be_kept_as_they_are_are_refused(database: Database) -> None:
    store = QueuedCallStore(database)
    with pytest.raises(InvalidParams):
        await store.add("device", "Text.Set", {"value": "\0"}, principal="ada", expires=later())


async def test_a_deleted_device_takes_its_calls_along(database: Database) -> None:
    store, twins = QueuedCallStore(database), TwinStore(database)
    await twins.set_access(["device", "other"], "allowed")
    await store.add("Device", "Switch.Set", {}, principal="ada", expires=later())
    kept = await store.add("other", "Switch.Set", {}, principal="ada", expires=later())
    assert await twins.delete("device")
    assert await store.list() == (kept,)
