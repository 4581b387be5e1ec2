"""Calls that wait for a device: kept, sent in order when it is there, told once, and given up in time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.devices import queued as module
from fleet_platform.devices.link import Link, LinkLimits
from fleet_platform.devices.queued import QueuedCalls, describe
from fleet_platform.devices.twin import Twin
from fleet_platform.events.bus import Bus
from fleet_platform.migrations.platform import core_migrations, migrate
from fleet_platform.storage.calls import QueuedCallStore
from fleet_platform.storage.database import Database
from plugin_sdk import DeviceId, Event, JSONObject, Principal
from plugin_sdk.errors import DeviceBusy, DeviceOffline

if TYPE_CHECKING:
    from tests.devices.conftest import Until, Wire

ID = DeviceId("ShellyHT-A8032ABB995C")
ADMIN = Principal(name="admin", provider="test")


class Scene:
    def __init__(self, database: Database, new_wire: Callable[[], Wire]) -> None:
        self.store = QueuedCallStore(database)
        self.new_wire = new_wire
        self.events: list[Event] = []
        self.twin = Twin(ID, {})
        self.restart()

    def restart(self) -> None:
        bus = Bus()
        bus.tap(("*",), self.events.append)
        self.calls = QueuedCalls(store=self.store, bus=bus, timeout_of=lambda _method: (5.0, False))

    async def add(self, method: str, *, expires_s: float = 3_600, **params: Any) -> int:
        return await self.calls.add(self.twin, method, params or None, principal=ADMIN, expires_s=expires_s)

    def wake(self, limits: LinkLimits | None = None) -> Wire:
        """Let the device connect; it answers each request with its own method."""
        wire = self.new_wire()
        link = Link(write=wire.write, close=lambda _code, _reason: None, limits=limits or LinkLimits())
        wire.on_frame = lambda frame: _ignore(link.on_reply({"id": frame["id"], "result": frame["method"]}))
        self.twin.link = link
        self.calls.send(self.twin)
        return wire

    def sleep(self) -> None:
        link, self.twin.link = self.twin.link, None
        assert link is not None
        link.fail(DeviceOffline("asleep"))

    def waiting(self) -> list[str]:
        return [call.method for call in self.calls.entries()]

    def results(self) -> list[JSONObject]:
        return [event.params for event in self.events if event.method == "Device.CallResult"]


@pytest.fixture
async def scene(database_dsn: str, new_wire: Callable[[], Wire]) -> AsyncIterator[Scene]:
    async with Database(database_dsn) as database:
        await migrate(database, [core_migrations()])
        yield Scene(database, new_wire)


@pytest.fixture
async def upkeep(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setattr(module, "_UPKEEP_EVERY_S", 0.01)
    running = asyncio.create_task(scene.calls.run())
    yield
    running.cancel()
    await asyncio.wait([running])


async def test_calls_wait_in_order_and_are_sent_when_the_device_is_there(scene: Scene, until: Until) -> None:
    numbers = [await scene.add(f"m{number}", id=number) for number in range(5)]
    assert scene.waiting() == ["m0", "m1", "m2", "m3", "m4"]
    wire = scene.wake()
    await until(lambda: len(scene.results()) == 5)
    assert [(frame["method"], frame["params"]) for frame in wire.sent] == [(f"m{n}", {"id": n}) for n in range(5)]
    assert scene.results() == [
        {"shellyID": ID, "id": number, "method": f"m{n}", "result": f"m{n}"} for n, number in enumerate(numbers)
    ]
    assert all(event.device == ID for event in scene.events)
    assert scene.waiting() == []


async def test_what_is_told_of_a_waiting_call(scene: Scene) -> None:
    number = await scene.add("Switch.Set", expires_s=60, id=0, on=True)
    (told,) = map(describe, scene.calls.entries())
    assert told["expires"] - told["created"] == pytest.approx(60, abs=10)
    assert {key: told[key] for key in ("id", "shellyID", "method", "params", "principal")} == {
        "id": number,
        "shellyID": ID,
        "method": "Switch.Set",
        "params": {"id": 0, "on": True},
        "principal": "admin",
    }
    json.dumps(told)


async def test_the_devices_error_is_a_result(scene: Scene, until: Until) -> None:
    await scene.add("m")
    wire = scene.new_wire()
    link = Link(write=wire.write, close=lambda _code, _reason: None, limits=LinkLimits())
    refusal = {"code": -105, "message": "Bad id=7"}
    wire.on_frame = lambda frame: _ignore(link.on_reply({"id": frame["id"], "error": refusal}))
    scene.twin.link = link
    scene.calls.send(scene.twin)
    await until(lambda: bool(scene.results()))
    assert scene.results()[0]["error"] == {"code": -105, "message": "Bad id=7"}


async def test_a_call_that_sleep_cut_short_waits_for_the_next_wake(scene: Scene, until: Until) -> None:
    await scene.add("m")
    scene.wake().on_frame = lambda _frame: None
    scene.sleep()
    assert (scene.waiting(), scene.results()) == (["m"], [])
    wire = scene.wake()
    await until(lambda: bool(scene.results()))
    assert len(wire.sent) == 1


async def test_a_call_is_sent_once_however_often_the_device_is_said_to_be_ready(scene: Scene, until: Until) -> None:
    await scene.add("m")
    wire = scene.wake()
    scene.calls.send(scene.twin)
    await until(lambda: bool(scene.results()))
    scene.calls.send(scene.twin)
    assert len(wire.sent) == 1


async def test_a_call_for_a_device_that_came_back_meanwhile_goes_at_once(scene: Scene, until: Until) -> None:
    wire = scene.wake()
    await scene.add("m")
    scene.calls.send(scene.twin)
    await until(lambda: bool(scene.results()))
    assert len(wire.sent) == 1


async def test_more_calls_than_the_device_takes_at_once_follow_as_it_answers(scene: Scene, until: Until) -> None:
    for number in range(12):
        await scene.add(f"m{number}")
    wire = scene.wake(LinkLimits(in_flight=2, waiting=3))
    await until(lambda: len(scene.results()) == 12)
    assert [frame["method"] for frame in wire.sent] == [f"m{number}" for number in range(12)]


async def test_the_device_may_spell_itself_anew(scene: Scene, until: Until) -> None:
    await scene.add("m")
    scene.twin = Twin(DeviceId(ID.lower()), {})
    scene.wake()
    await until(lambda: bool(scene.results()))


async def test_calls_of_a_deleted_device_are_given_up(scene: Scene) -> None:
    number = await scene.add("Switch.Set", id=0, on=True)
    scene.calls.drop(ID)
    assert scene.waiting() == []
    (result,) = scene.results()
    assert (result["id"], result["error"]["data"]["reason"]) == (number, "unknown_device")


async def test_calls_outlive_a_restart(scene: Scene, until: Until) -> None:
    number = await scene.add("Switch.Set", id=0, on=True)
    await scene.add("expired", expires_s=0)
    scene.restart()
    await scene.calls.load()
    assert [call.id for call in scene.calls.entries()] == [number]
    assert await scene.store.expire() == (), "what expired is not kept for ever"
    wire = scene.wake()
    await until(lambda: bool(scene.results()))
    assert wire.sent[0]["params"] == {"id": 0, "on": True}


async def test_a_call_that_was_made_is_not_made_again_after_a_restart(scene: Scene, upkeep: None, until: Until) -> None:
    await scene.add("m")
    scene.wake()
    await until(lambda: bool(scene.results()))
    while await scene.store.list():
        await asyncio.sleep(0.01)


async def test_a_call_that_is_cancelled_is_gone_for_good(scene: Scene) -> None:
    number = await scene.add("m")
    assert await scene.calls.cancel(number)
    assert not await scene.calls.cancel(number)
    assert (scene.waiting(), await scene.store.list()) == ([], ())
    assert scene.wake().sent == []


async def test_a_call_that_is_with_the_device_cannot_be_cancelled(scene: Scene) -> None:
    number = await scene.add("m")
    scene.wake().on_frame = lambda _frame: None
    assert scene.calls.find(number) is not None
    assert not await scene.calls.cancel(number)
    scene.sleep()


async def test_a_call_that_nobody_fetches_expires_and_that_is_told(scene: Scene, upkeep: None, until: Until) -> None:
    await scene.add("m", expires_s=0)
    await until(lambda: bool(scene.results()))
    assert scene.results()[0]["error"]["code"] == -32800
    assert scene.wake().sent == []
    while await scene.store.list():
        await asyncio.sleep(0.01)


async def test_a_device_has_at_most_a_hundred_waiting_calls(scene: Scene) -> None:
    for number in range(100):
        await scene.add(f"m{number}")
    with pytest.raises(DeviceBusy):
        await scene.add("one more")
    assert len(scene.waiting()) == 100


def _ignore(_value: object) -> None:
    """What a reply settled is of no interest here."""
