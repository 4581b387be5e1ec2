"""Resuming: who comes back knows what who never left knows, or is told to start afresh."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.events.bus import Bus
from fleet_platform.events.channel import Audience
from fleet_platform.events.filters import Filter, Rules
from plugin_sdk import DeviceId, JSONObject

if TYPE_CHECKING:
    from tests.events.conftest import Clock, Frame, Reader, Twin

NewReader = Callable[..., "Reader"]
NewTwin = Callable[..., "Twin"]

STATUS = Filter(name="Shelly.Status")
CHANGED = Filter(name="Shelly.Status", changed_only=True)


def unknown(_device: DeviceId) -> JSONObject | None:
    return None


def resume(
    bus: Bus,
    reader: Reader,
    audience: Audience,
    seq: int,
    *wishes: Filter,
    status_of: Callable[[DeviceId], JSONObject | None] = unknown,
) -> bool:
    bus.subscribe(reader.outbox, wishes, audience)
    return bus.replay(reader.outbox, seq, status_of, wishes)


def numbers(frames: list[Frame]) -> list[int]:
    return [frame["seq"] for frame in frames]


async def test_what_was_missed_comes_with_its_old_numbers_and_then_the_stream_goes_on(
    bus: Bus, everybody: Audience, new_reader: NewReader
) -> None:
    wish = Filter(name="a")
    bus.subscribe(new_reader().outbox, [wish, Filter(name="b")], everybody)
    for name in "aabab":
        bus.publish(name, {})
    reader = new_reader()
    assert resume(bus, reader, everybody, 1, wish)
    bus.publish("a", {})
    assert numbers(reader.drain()) == [2, 4, 6]


async def test_who_missed_nothing_gets_nothing(bus: Bus, everybody: Audience, reader: Reader) -> None:
    bus.publish("a", {})
    assert resume(bus, reader, everybody, 1, Filter(name="a"))
    assert reader.drain() == []


async def test_a_number_from_the_future_cannot_be_resumed(bus: Bus, everybody: Audience, reader: Reader) -> None:
    assert not resume(bus, reader, everybody, 1, Filter(name="a"))
    bus.publish("a", {})
    assert numbers(reader.drain()) == [1]


async def test_what_is_gone_or_was_never_kept_cannot_be_resumed_and_nothing_is_sent(
    bus: Bus, clock: Clock, everybody: Audience, new_reader: NewReader
) -> None:
    wish = Filter(name="a")
    bus.publish("a", {})
    never_kept = new_reader()
    assert not resume(bus, never_kept, everybody, 0, wish)
    bus.publish("a", {})
    clock.now += 301
    bus.publish("a", {})
    gone = new_reader()
    assert not resume(bus, gone, everybody, 1, wish)
    assert (numbers(never_kept.drain()), gone.drain()) == ([2, 3], [])
    assert resume(bus, gone, everybody, 2, wish)


@pytest.mark.parametrize("leaves", [True, False])
async def test_a_name_stays_resumable_for_a_while_after_the_last_subscriber_left(
    bus: Bus, clock: Clock, everybody: Audience, new_reader: NewReader, leaves: bool
) -> None:
    wish, first = Filter(name="a"), new_reader()
    ids = bus.subscribe(first.outbox, [wish], everybody)
    if leaves:
        bus.leave(first.outbox)
    else:
        bus.unsubscribe(first.outbox, ids)
    bus.publish("a", {})
    clock.now += 200
    bus.forget_idle()
    second = new_reader()
    assert resume(bus, second, everybody, 0, wish)
    assert numbers(second.drain()) == [1]
    bus.leave(second.outbox)
    clock.now += 301
    bus.forget_idle()
    assert not bus.wants("a")


async def test_rights_and_filters_of_today_are_applied_to_what_was_missed(
    bus: Bus, everybody: Audience, new_reader: NewReader, new_twin: NewTwin
) -> None:
    bus.subscribe(new_reader().outbox, [CHANGED], everybody)
    for device in ("a", "b"):
        new_twin(device).change(bus, {"switch:0": {"output": True}, "sys": {"cfg_rev": 1}})
    reader = new_reader()
    wish = Filter(name="Shelly.Status", rules=Rules(deny=("sys:*",)), changed_only=True)
    assert resume(bus, reader, Audience(key=1, sees=lambda device: device == "a"), 0, wish)
    assert [frame["params"]["status"] for frame in reader.drain()] == [{"switch:0": {"output": True}}]


async def test_what_needs_a_permission_is_replayed_to_who_has_it(
    bus: Bus, everybody: Audience, new_reader: NewReader
) -> None:
    wish = Filter(name="*")
    bus.subscribe(new_reader().outbox, [wish], everybody)
    bus.restrict({"User.Changed": "user.list"})
    for name in ("User.Changed", "a"):
        bus.publish(name, {})
    for may, missed in ((True, [1, 2]), (False, [2])):
        reader = new_reader()
        audience = Audience(key=may, sees=lambda _device: True, may=lambda _permission, may=may: may)  # type: ignore[misc]
        assert resume(bus, reader, audience, 0, wish)
        assert numbers(reader.drain()) == missed


async def test_a_full_status_tells_of_the_present_however_often_it_is_replayed(
    bus: Bus, everybody: Audience, new_reader: NewReader, new_twin: NewTwin
) -> None:
    wish = Filter(name="Shelly.Status", rules=Rules(deny=("sys:*",)))
    bus.subscribe(new_reader().outbox, [wish], everybody)
    twin = new_twin("a")
    twin.change(bus, {"switch:0": {"output": True}})
    for revision in (1, 2):
        twin.change(bus, {"sys": {"cfg_rev": revision}})
        reader = new_reader()
        assert resume(bus, reader, everybody, 0, wish, status_of=lambda _device: twin.status)
        assert [frame["params"]["status"] for frame in reader.drain()] == [twin.status]


async def test_replaying_makes_the_ring_no_larger(
    bus: Bus, everybody: Audience, new_reader: NewReader, new_twin: NewTwin
) -> None:
    bus.subscribe(new_reader().outbox, [STATUS], everybody)
    twin = new_twin("a", {"wifi": {"ssid": "x" * 5_000}})
    for revision in range(100):
        twin.change(bus, {"sys": {"cfg_rev": revision}})
    assert resume(bus, new_reader(), everybody, 0, STATUS, status_of=lambda _device: twin.status)
    records = bus.ring.since(0, {STATUS.name})
    assert records is not None
    assert not any(record.has_full for record in records)


async def test_full_status_of_a_device_that_is_gone_is_left_out(
    bus: Bus, everybody: Audience, new_reader: NewReader, new_twin: NewTwin
) -> None:
    bus.subscribe(new_reader().outbox, [STATUS], everybody)
    new_twin("a").change(bus, {"switch:0": {}})
    reader = new_reader()
    assert resume(bus, reader, everybody, 0, STATUS)
    assert reader.drain() == []


async def test_a_further_subscription_replays_what_it_wants_and_not_what_the_client_has(
    bus: Bus, everybody: Audience, new_reader: NewReader
) -> None:
    bus.subscribe(new_reader().outbox, [Filter(name="a"), Filter(name="b")], everybody)
    for name in "ab":
        bus.publish(name, {})
    reader = new_reader()
    assert resume(bus, reader, everybody, 0, Filter(name="a"))
    assert resume(bus, reader, everybody, 0, Filter(name="b"))
    bus.subscribe(reader.outbox, [Filter(name="new")], everybody)
    assert resume(bus, reader, everybody, 1, Filter(name="b"))
    assert numbers(reader.drain()) == [1, 2, 2]


async def test_more_than_the_client_may_have_waiting_is_no_resume_and_never_cuts_it_off(
    bus: Bus, everybody: Audience, new_reader: NewReader
) -> None:
    wish = Filter(name="a")
    bus.subscribe(new_reader().outbox, [wish], everybody)
    for _ in range(1_000):
        bus.publish("a", {}, device=DeviceId("d"))
    small, large = new_reader(max_events=500), new_reader(max_bytes=10_000)
    for reader in (small, large):
        assert not resume(bus, reader, everybody, 0, wish)
        assert resume(bus, reader, everybody, 900, wish)
        assert numbers(reader.drain()) == list(range(901, 1_001))
        assert not reader.cut_off


# ---- against who never left ---------------------------------------------------------------------------------


def known(frames: list[Frame]) -> tuple[dict[str, Any], list[Frame]]:
    """What these frames tell of each device's status, and all other frames."""
    status: dict[str, Any] = {}
    for frame in frames:
        if frame["method"] == "Shelly.Status":
            device = status.setdefault(frame["params"]["shellyID"], {})
            device.update(frame["params"]["status"])
    return status, [frame for frame in frames if frame["method"] != "Shelly.Status"]


STEPS = st.lists(
    st.tuples(st.sampled_from(["status", "status", "event"]), st.sampled_from(["a", "b"]))
    | st.sampled_from(["away", "back"]),
    max_size=40,
)


@hypothesis.settings(max_examples=80, deadline=None)
@given(steps=STEPS, changed=st.booleans())
async def test_who_comes_and_goes_knows_what_who_stays_knows(
    new_reader: NewReader, new_twin: NewTwin, everybody: Audience, steps: list[Any], changed: bool
) -> None:
    bus = Bus()
    twins = {name: new_twin(name) for name in ("a", "b")}
    wishes = [CHANGED if changed else STATUS, Filter(name="Entity.Event")]
    steady, restless = new_reader(), new_reader()
    for reader in (steady, restless):
        bus.subscribe(reader.outbox, wishes, everybody)
    heard: list[Frame] = []
    away = False
    for step in [*steps, "back"]:
        if step == "away" and not away:
            heard += restless.drain()
            bus.leave(restless.outbox)
            restless.outbox.close()
            away = True
        elif step == "back" and away:
            restless, away = new_reader(), False
            seq = heard[-1]["seq"] if heard else 0
            assert resume(bus, restless, everybody, seq, *wishes, status_of=lambda device: twins[device].status)
        elif isinstance(step, tuple):
            kind, device = step
            if kind == "status":
                twins[device].change(bus, {f"switch:{bus.seq % 3}": {"n": bus.seq}})
            else:
                bus.publish("Entity.Event", {"n": bus.seq}, device=DeviceId(device))
    heard += restless.drain()
    assert numbers(heard) == sorted(set(numbers(heard)))
    assert known(heard) == known(steady.drain())
