"""The way out to one client: order, few writes, flat memory, and an end for who does not read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import hypothesis
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.events.outbox import HIGH_WATER
from fleet_platform.events.record import STATUS, Record
from fleet_platform.text import encode, frame_head, text_frame
from plugin_sdk import DeviceId

if TYPE_CHECKING:
    from tests.events.conftest import Reader

NewReader = Callable[..., "Reader"]


def push_event(reader: Reader, seq: int, device: str = "a", *, size: int = 10) -> None:
    record = Record(seq, "Entity.Event", DeviceId(device), 0, encode({"text": "x" * size}))
    reader.tell(record, record.frame())


def push_status(reader: Reader, seq: int, device: str = "a", *, key: str = "switch:0", full: bool = False) -> None:
    member = b"%b:%d" % (encode(key), seq)
    record = Record(
        seq,
        STATUS,
        DeviceId(device),
        0,
        b'{"shellyID":%b,"status":' % encode(device),
        tail=b"}",
        components={key: member},
    )
    frame = record.frame_full(b'{"all":%d}' % seq) if full else record.frame()
    reader.tell(record, frame, (key,), full=full)


def reply(reader: Reader, number: int, size: int = 0) -> None:
    reader.outbox.reply(text_frame(encode({"id": number, "result": "x" * size})))


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


async def test_what_comes_within_one_turn_leaves_as_one_write(reader: Reader) -> None:
    for seq in range(1, 101):
        push_event(reader, seq)
    assert reader.writes == 0
    await until(lambda: len(reader.received) == 100)
    assert reader.writes == 1
    assert [frame["seq"] for frame in reader.received] == list(range(1, 101))


async def test_a_reply_leaves_on_the_next_turn_after_the_events_before_it(reader: Reader) -> None:
    push_event(reader, 1)
    await until(lambda: len(reader.received) == 1)
    push_event(reader, 2)  # held back for some milliseconds
    reply(reader, 7)
    push_event(reader, 3)
    await asyncio.sleep(0)
    assert [frame.get("id", frame.get("seq")) for frame in reader.received] == [1, 2, 7, 3]


async def test_while_the_client_does_not_read_only_so_much_is_handed_to_the_transport(reader: Reader) -> None:
    reader.stop()
    for number in range(100):
        reply(reader, number, 10_000)
    await asyncio.sleep(0.02)
    assert HIGH_WATER <= reader.buffered < HIGH_WATER + 20_000
    assert reader.outbox.backlog > 900_000
    reader.read()
    await until(lambda: len(reader.received) == 100)
    assert reader.outbox.backlog == 0
    assert [frame["id"] for frame in reader.received] == list(range(100))


async def test_memory_stays_flat_for_a_client_that_never_reads_status(new_reader: NewReader) -> None:
    for full in (True, False):
        reader = new_reader(max_events=1_000)
        reader.stop()
        most = 0
        for seq in range(1, 20_001):
            push_status(reader, seq, f"d{seq % 50}", key=f"switch:{seq % 4}", full=full)
            most = max(most, reader.outbox.backlog)
            if seq % 500 == 0:
                await asyncio.sleep(0)
        assert most < 2 * HIGH_WATER
        assert not reader.cut_off
        latest = {}
        for frame in reader.drain():
            params = frame["params"]
            latest[params["shellyID"]] = max(params["status"].values())
        assert latest == {f"d{number}": 19_950 + (number or 50) for number in range(50)}


async def test_barriers_survive_in_their_order_and_keep_status_on_their_side(reader: Reader) -> None:
    reader.stop()
    push_event(reader, 1, size=HIGH_WATER)
    await asyncio.sleep(0.01)
    for seq in range(2, 902, 3):
        push_status(reader, seq)
        push_status(reader, seq + 1)
        push_event(reader, seq + 2)
    seqs = [frame["seq"] for frame in reader.drain()]
    assert seqs == sorted(seqs)
    assert set(range(4, 902, 3)) <= set(seqs), "no barrier is lost"
    assert set(range(3, 902, 3)) <= set(seqs), "the last status before each barrier is told before it"
    assert reader.outbox.conflated > 0


async def test_too_many_events_that_cannot_be_merged_end_the_client_once(new_reader: NewReader) -> None:
    reader = new_reader(max_events=500)
    reader.stop()
    for seq in range(1, 5_000):
        push_event(reader, seq, size=1_000)
    assert reader.cut_off == 0, "the client is closed on a later turn, never while somebody publishes"
    await asyncio.sleep(0)
    assert reader.cut_off == 1
    for seq in range(5_000, 10_000):
        push_event(reader, seq)
        reply(reader, seq)
    await asyncio.sleep(0.02)
    assert (reader.cut_off, reader.outbox.waiting, reader.outbox.backlog) == (1, 0, reader.buffered)


async def test_few_large_events_are_bounded_by_their_bytes(new_reader: NewReader) -> None:
    reader = new_reader(max_bytes=1_000_000)
    reader.stop()
    for seq in range(1, 100):
        push_event(reader, seq, size=100_000)
        assert reader.outbox.backlog < 3_000_000
    await asyncio.sleep(0)
    assert reader.cut_off == 1


async def test_replies_never_count_against_the_bound_of_events(new_reader: NewReader) -> None:
    reader = new_reader(max_events=300, max_bytes=100_000)
    reader.stop()
    for number in range(1_000):
        reply(reader, number, 1_000)
    for seq in range(1, 251):
        push_event(reader, seq)
    await asyncio.sleep(0)
    assert not reader.cut_off
    assert len(reader.drain()) == 1_250


async def test_drained_returns_when_the_client_has_read_a_huge_reply(reader: Reader) -> None:
    reader.stop()
    reply(reader, 1, 10 * HIGH_WATER)
    await asyncio.sleep(0.01)
    waiting = asyncio.ensure_future(reader.outbox.drained())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    reader.read()
    await asyncio.wait_for(waiting, 5)


async def test_drained_returns_when_the_outbox_is_closed(reader: Reader) -> None:
    reader.stop()
    for number in range(20):
        reply(reader, number, HIGH_WATER)
    waiting = asyncio.ensure_future(reader.outbox.drained())
    await asyncio.sleep(0.01)
    reader.outbox.close()
    await asyncio.wait_for(waiting, 5)


async def test_a_closed_outbox_holds_and_sends_nothing(reader: Reader) -> None:
    reply(reader, 1)
    push_event(reader, 1)
    reader.outbox.close()
    push_event(reader, 2)
    reply(reader, 2)
    await asyncio.sleep(0.02)
    assert (reader.received, reader.outbox.waiting, reader.outbox.backlog) == ([], 0, 0)


OPS = st.lists(
    st.sampled_from(["full", "changed", "changed", "event", "reply", "burst", "stop", "read", "flush", "turn"]),
    max_size=40,
)


@hypothesis.settings(max_examples=60, deadline=None)
@given(OPS)
async def test_replies_and_events_keep_their_order_whatever_the_client_does(
    new_reader: NewReader, ops: list[str]
) -> None:
    reader = new_reader()
    seq = 0
    events, replies = [], []
    for op in ops:
        for _ in range(300 if op == "burst" else 1):
            seq += 1
            if op in ("full", "changed", "burst"):
                push_status(reader, seq, full=op == "full")
            elif op == "event":
                events.append(seq)
                push_event(reader, seq, size=50_000)
            elif op == "reply":
                replies.append(seq)
                reply(reader, seq)
        if op == "stop":
            reader.stop()
        elif op == "read":
            reader.read()
        elif op == "flush":
            reader.outbox.flush()
        elif op == "turn":
            await asyncio.sleep(0)
    reader.drain()
    numbers: list[int] = [frame["id"] if "id" in frame else frame["seq"] for frame in reader.received]
    assert numbers == sorted(set(numbers))
    assert [frame["id"] for frame in reader.received if "id" in frame] == replies
    assert [frame["seq"] for frame in reader.received if frame.get("method") == "Entity.Event"] == events
    assert reader.outbox.backlog == 0
    reader.outbox.close()


async def test_a_reply_in_parts_arrives_whole_between_its_neighbours(reader: Reader) -> None:
    value = "x" * HIGH_WATER
    payload = encode({"id": 2, "result": [value] * 5})
    parts = [payload[at : at + 100_000] for at in range(0, len(payload), 100_000)]
    reader.stop()
    reply(reader, 1)
    reader.outbox.reply(frame_head(len(payload)), *parts)
    push_event(reader, 1)
    reply(reader, 3)
    await until(lambda: reader.buffered > len(payload))
    reader.read()
    await until(lambda: len(reader.received) == 4)
    assert [frame.get("id", "event") for frame in reader.received] == [1, 2, "event", 3]
    assert reader.received[1]["result"] == [value] * 5
    assert reader.outbox.backlog == 0
