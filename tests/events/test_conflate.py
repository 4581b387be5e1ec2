"""Conflation: a client that reads slowly ends up knowing what one that reads at once knows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import hypothesis
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.events.outbox import Item, conflate
from fleet_platform.events.record import STATUS, Record
from fleet_platform.text import encode, text_frame
from plugin_sdk import DeviceId

KEYS = ("switch:0", "switch:1", "sys")
REPLY = "reply"


@dataclass(frozen=True)
class Step:
    """What a device or the platform does: a status change, another event of a device, or one of nobody."""

    device: str | None
    keys: tuple[str, ...]
    full: bool


DEVICES = st.sampled_from(["a", "b"])
STEPS = st.lists(
    st.builds(
        Step,
        device=DEVICES,
        keys=st.lists(st.sampled_from(KEYS), min_size=1, unique=True).map(tuple),
        full=st.booleans(),
    )
    | st.builds(Step, device=DEVICES | st.none(), keys=st.just(()), full=st.just(False))
    | st.just(Step(REPLY, (), full=False)),
    max_size=30,
)


def items_of(steps: list[Step]) -> list[Item]:
    """Frames of each step, every status change giving its components a new value."""
    live: dict[str, dict[str, int]] = {"a": {}, "b": {}}
    found = []
    for seq, step in enumerate(steps, start=1):
        if step.device == REPLY:
            found.append(Item(text_frame(encode({"id": seq}))))
            continue
        device = None if step.device is None else DeviceId(step.device)
        if not step.keys:
            record = Record(seq, "Shelly.Connect", device, 0, encode({"shellyID": device}))
            found.append(Item(record.frame(), record))
            continue
        assert step.device is not None
        for key in step.keys:
            live[step.device][key] = seq
        record = Record(
            seq,
            STATUS,
            device,
            0,
            b'{"shellyID":%b,"status":' % encode(device),
            tail=b',"metadata":{"of":%d}}' % seq,
            components={key: b"%b:%d" % (encode(key), seq) for key in step.keys},
        )
        frame = record.frame_full(encode(live[step.device])) if step.full else record.frame_of(step.keys)
        found.append(Item(frame, record, step.keys, step.full))
    return found


def body(item: Item) -> Any:
    data = item.frame
    return json.loads(data[2:] if data[1] < 126 else data[4:])


def is_status(item: Item) -> bool:
    return item.record is not None and item.record.method == STATUS


def views(items: list[Item]) -> list[Any]:
    """What a client knows of each device whenever something other than a status arrives, and at the end."""
    known: dict[str, dict[str, int]] = {}
    full: dict[str, bool] = {}
    seen: list[Any] = []
    for item in items:
        if is_status(item):
            params = body(item)["params"]
            device = params["shellyID"]
            known[device] = dict(params["status"]) if item.full else {**known.get(device, {}), **params["status"]}
            full[device] = full.get(device, False) or item.full
        elif item.record is not None and item.record.device is not None:
            seen.append((body(item), dict(known.get(item.record.device, {}))))
    return [*seen, known, full]


@hypothesis.settings(max_examples=60, deadline=None)
@given(STEPS)
def test_a_client_knows_the_same_at_every_barrier_and_at_the_end(steps: list[Step]) -> None:
    items = items_of(steps)
    assert views(conflate(items)) == views(items)


@hypothesis.settings(max_examples=60, deadline=None)
@given(STEPS)
def test_nothing_but_status_events_is_touched(steps: list[Step]) -> None:
    items = items_of(steps)
    assert [item for item in conflate(items) if not is_status(item)] == [item for item in items if not is_status(item)]


@hypothesis.settings(max_examples=60, deadline=None)
@given(STEPS)
def test_numbers_go_on_growing(steps: list[Step]) -> None:
    seqs = [item.record.seq for item in conflate(items_of(steps)) if item.record is not None]
    assert seqs == sorted(set(seqs))
    assert all(body(item)["seq"] == item.record.seq for item in conflate(items_of(steps)) if item.record is not None)


@hypothesis.settings(max_examples=60, deadline=None)
@given(STEPS)
def test_one_status_of_each_kind_is_left_between_two_barriers(steps: list[Step]) -> None:
    since: dict[str, list[bool]] = {}
    for item in conflate(items_of(steps)):
        if item.record is None or item.record.device is None:
            continue
        if is_status(item):
            since.setdefault(item.record.device, []).append(item.full)
        else:
            since.pop(item.record.device, None)
        assert since.get(item.record.device, []) in ([], [True], [False], [True, False])


@hypothesis.settings(max_examples=60, deadline=None)
@given(STEPS)
def test_conflating_again_changes_nothing(steps: list[Step]) -> None:
    once = conflate(items_of(steps))
    assert [item.frame for item in conflate(once)] == [item.frame for item in once]


@hypothesis.settings(max_examples=60, deadline=None)
@given(STEPS, STEPS)
def test_conflating_in_pieces_is_conflating_at_once(early: list[Step], late: list[Step]) -> None:
    items = items_of([*early, *late])
    pieces = conflate([*conflate(items[: len(early)]), *items[len(early) :]])
    assert [item.frame for item in pieces] == [item.frame for item in conflate(items)]


@hypothesis.settings(max_examples=60, deadline=None)
@given(STEPS)
def test_the_newest_metadata_is_told(steps: list[Step]) -> None:
    for item in conflate(items_of(steps)):
        if is_status(item):
            assert item.record is not None
            assert body(item)["params"]["metadata"] == {"of": item.record.seq}
