"""Admission rules together, and the waiting room's decisions, with the real store."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, Literal

import pytest

from fleet_platform.devices import door
from fleet_platform.devices.door import TryLaterError, Waiter, WaitingRoom, judge
from fleet_platform.devices.fleet import Fleet
from fleet_platform.devices.twin import Twin
from fleet_platform.devices.voice import Voice
from fleet_platform.events.bus import Bus
from fleet_platform.migrations.platform import core_migrations, migrate
from fleet_platform.storage.database import Database
from fleet_platform.storage.twins import TwinStore
from plugin_sdk import AdmissionRule, Candidate, DeviceId, Event, Verdict
from plugin_sdk.errors import Conflict, Unavailable

ID = DeviceId("ShellyX-A8032ABB995C")
CANDIDATE = Candidate(device=ID, access="unknown", token=None, run_token=False, remote=None, status={})

# ---- rules --------------------------------------------------------------------------------------------------


def rule(answer: Any, *, timeout_s: float = 5) -> tuple[str, AdmissionRule]:
    async def decide(_candidate: Candidate) -> Verdict | None:
        if isinstance(answer, BaseException):
            raise answer
        if answer == "hang":
            await asyncio.Event().wait()
        return None if answer is None else Verdict(action=answer, reason=f"because {answer}")

    return "plugin", AdmissionRule(name=f"says {answer}", decide=decide, timeout_s=timeout_s)


@pytest.mark.parametrize("answers", list(itertools.product(["admit", "wait", "refuse", None], repeat=3)))
async def test_refuse_beats_wait_beats_admit_beats_no_opinion(
    answers: tuple[Literal["admit", "wait", "refuse"] | None, ...],
) -> None:
    verdict = await judge(map(rule, answers), CANDIDATE)
    expected = next((action for action in ("refuse", "wait", "admit") if action in answers), "wait")
    assert verdict.action == expected
    assert verdict.reason == f"because {expected}" or set(answers) == {None}


async def test_without_rules_an_operator_decides() -> None:
    assert (await judge([], CANDIDATE)).action == "wait"


@pytest.mark.parametrize("answer", [ZeroDivisionError(), Unavailable(), TimeoutError(), "nonsense"])
@pytest.mark.parametrize("other", ["admit", "refuse"])
async def test_a_rule_that_fails_means_later_whatever_the_others_say(answer: Any, other: str) -> None:
    for rules in ([rule(answer), rule(other)], [rule(other), rule(answer)]):
        with pytest.raises(TryLaterError):
            await judge(rules, CANDIDATE)


async def test_a_rule_that_hangs_means_later() -> None:
    with pytest.raises(TryLaterError):
        await judge([rule("hang", timeout_s=0.01)], CANDIDATE)


# ---- the waiting room ---------------------------------------------------------------------------------------


class Scene:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.store = TwinStore(database)
        self.tally: Counter[str] = Counter()
        self.events: list[Event] = []
        self.expelled: list[str] = []
        self.open()

    def open(self) -> None:
        """A waiting room as after a start, before it is loaded."""
        bus = Bus()
        bus.tap(("*",), self.events.append)
        self.fleet = Fleet()
        self.room = WaitingRoom(
            fleet=self.fleet, store=self.store, voice=Voice(bus), expel=self.expelled.append, tally=self.tally
        )

    async def restart(self) -> None:
        """Forget everything and load what was stored, as the platform does."""
        self.open()
        async for rows in self.store.load():
            for row in rows:
                if row.access != "allowed":
                    self.room.load(Waiter(DeviceId(row.external_id), internal_id=row.internal_id), row.access)
                else:
                    self.fleet.access[row.external_id.lower()] = "allowed"

    async def enter(self, device: str = ID) -> asyncio.Future[bool]:
        _, decision = await self.room.enter(DeviceId(device), {"sys": {}}, "new", b'{"sys":{}}')
        return decision

    def names(self) -> tuple[list[str], list[str]]:
        return [waiter.device for waiter in self.room.pending()], [waiter.device for waiter in self.room.denied()]


@pytest.fixture
async def scene(database_dsn: str) -> AsyncIterator[Scene]:
    async with Database(database_dsn) as database:
        await migrate(database, [core_migrations()])
        yield Scene(database)


async def test_decisions_outlive_a_restart(scene: Scene) -> None:
    for name in ("a", "b", "c"):
        await scene.enter(name)
    assert await scene.room.accept(["A"]) == {"success": ["a"], "error": []}
    assert await scene.room.reject(["b"]) == {"success": ["b"], "error": []}
    for _ in range(2):
        assert scene.names() == (["c"], ["b"])
        assert scene.fleet.access == {"a": "allowed", "b": "denied", "c": "pending"}
        await scene.restart()
    assert [waiter.to_json("denied")["presence"] for waiter in scene.room.denied()] == ["denied"]
    assert all(waiter.decision is None for waiter in scene.room.pending())


async def test_a_waiting_device_gets_its_number_and_is_found_by_it(scene: Scene) -> None:
    await scene.enter()
    (waiter,) = scene.room.pending()
    assert waiter.internal_id is not None
    assert scene.room.ids_of([waiter.internal_id, 99_999]) == [ID, "99999"]


async def test_a_rejected_device_may_be_accepted_later(scene: Scene) -> None:
    decision = await scene.enter()
    await scene.room.reject([ID])
    assert decision.result() is False
    assert await scene.room.accept([ID]) == {"success": [ID], "error": []}
    assert scene.names() == ([], [])
    assert scene.fleet.access == {ID.lower(): "allowed"}


async def test_of_two_who_decide_at_once_the_second_decides_about_what_the_first_left(scene: Scene) -> None:
    for first in ("accept", "forget"):
        await scene.enter()
        (waiter,) = scene.room.pending()
        decisions = {"accept": scene.room.accept([ID]), "forget": scene.room.forget(waiter)}
        order = [first, *(decisions.keys() - {first})]
        outcomes = await asyncio.gather(*(decisions[name] for name in order), return_exceptions=True)
        if first == "accept":
            assert isinstance(outcomes[1], Conflict)
            await scene.restart()
            assert scene.fleet.access == {ID.lower(): "allowed"}
            await scene.room.admit(DeviceId(ID))
        else:
            assert outcomes == [None, {"success": [], "error": [ID]}]
            await scene.restart()
            assert scene.fleet.access == {}


async def test_ids_nobody_has_seen_are_errors_and_each_id_counts_once(scene: Scene) -> None:
    await scene.enter()
    assert await scene.room.accept(["nobody", ID, ID.upper(), "nobody"]) == {"success": [ID], "error": ["nobody"]}
    assert await scene.room.reject(["nobody"]) == {"success": [], "error": ["nobody"]}
    assert await scene.room.accept([]) == {"success": [], "error": []}


@pytest.mark.parametrize("name", [ID, ID.lower(), "A8032ABB995C"])
async def test_a_device_of_the_fleet_may_be_rejected_by_any_of_its_names(scene: Scene, name: str) -> None:
    scene.fleet.add(Twin(ID, {"sys": {"uptime": 5}}))
    scene.fleet.access[ID.lower()] = "allowed"
    assert await scene.room.reject([name]) == {"success": [ID], "error": []}
    assert scene.fleet.access == {ID.lower(): "denied"}
    assert [device.lower() for device in scene.expelled] == [ID.lower()]
    (denied,) = scene.room.denied()
    assert (denied.device, denied.status) == (ID, {"sys": {"uptime": 5}})
    await scene.restart()
    assert scene.names() == ([], [ID])


async def test_a_device_that_a_rule_lets_in_waits_no_more(scene: Scene) -> None:
    older = await scene.enter()
    await scene.room.admit(DeviceId(ID.lower()))
    assert older.cancelled()
    await scene.restart()
    assert scene.names() == ([], [])
    assert scene.fleet.access == {ID.lower(): "allowed"}


async def test_the_room_is_bounded(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MAX_WAITING", 2)
    for name in ("a", "b", "a"):
        await scene.enter(name)
    with pytest.raises(TryLaterError):
        await scene.enter("c")
    assert scene.tally == {"waiting_room_full": 1}


async def test_a_full_room_forgets_who_is_not_connected_any_more(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MAX_WAITING", 2)
    gone = await scene.enter("a")
    await scene.enter("b")
    (waiter,) = [waiter for waiter in scene.room.pending() if waiter.device == "a"]
    scene.room.leave(waiter, gone)
    await scene.enter("c")
    assert [waiter.device for waiter in scene.room.pending()] == ["b", "c"]


async def test_each_change_of_the_room_is_told(scene: Scene) -> None:
    await scene.enter()
    await scene.room.accept([ID])
    await scene.room.reject(["nobody"])
    assert [event.method for event in scene.events] == ["NotifyEvent", "NotifyEvent", "WaitingRoomEvent.Accepted"]
    assert [event.params["events"][0]["event"] for event in scene.events[:2]] == ["waiting_room_updated"] * 2
    assert scene.events[2].params == {"id": 1, "shellyID": ID}
    await scene.enter("b")
    await scene.room.reject(["b"])
    assert (scene.events[-1].method, scene.events[-1].params["shellyID"]) == ("WaitingRoomEvent.Denied", "b")
