"""The first frames of a connection: who is waited for, and how everybody else is sent away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from plugin_sdk import JSON

if TYPE_CHECKING:
    from tests.devices.conftest import Device, Site, Wire

NewWire = Callable[[], "Wire"]


async def sent_away(site: Site, wire: Wire, *frames: JSON) -> tuple[int, str]:
    for frame in frames:
        wire.say(frame)
    await site.accept(wire)
    assert wire.closed is not None
    assert wire.sent == [], "nothing is sent to a stranger"
    return wire.closed


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("no json", 4001),
        (b"", 4001),
        (b"\x00\xff", 4001),
        ("[" * 50_000, 4001),
        ("[" * 100_000, 1009),
        ([1, 2], 4002),
        ({"id": 1, "src": "shellyx-aa", "result": {}}, 4002),
        ({"method": "NotifyFullStatus", "params": {}}, 4002),
        ({"method": "NotifyFullStatus", "src": "", "params": {}}, 4003),
        ({"method": "NotifyFullStatus", "src": "a" * 65, "params": {}}, 4003),
    ],
)
async def test_a_bad_first_frame_closes_with_its_code(site: Site, new_wire: NewWire, frame: JSON, code: int) -> None:
    closed, reason = await sent_away(site, new_wire(), frame)
    assert closed == code
    assert reason
    assert site.tally == {"bad_hello": 1}
    assert (site.candidates, len(site.fleet), site.events) == ([], 0, [])


async def test_events_and_other_methods_before_the_first_report_are_waited_through(site: Site, device: Device) -> None:
    wire = device.connect()
    site.accept(wire)
    device.event("sys", "sleep")
    device.notify("Shelly.GetStatus", {})
    await site.join_on(wire, device)
    assert site.is_live(device)


async def test_a_bad_frame_after_a_good_one_closes_too(site: Site, device: Device) -> None:
    wire = device.connect()
    device.event("sys", "sleep")
    assert (await sent_away(site, wire, "{"))[0] == 4001


async def test_who_says_nothing_in_time_is_sent_away(site: Site, new_wire: NewWire) -> None:
    site.set_times(hello_s=0.01)
    closed, _ = await sent_away(site, new_wire())
    assert closed == 1008


async def test_a_connection_that_ends_before_its_first_report_leaves_no_trace(site: Site, new_wire: NewWire) -> None:
    wire = new_wire()
    wire.hang_up()
    await site.accept(wire)
    assert (wire.closed, site.events, dict(site.tally)) == (None, [], {})


async def test_whatever_comes_the_session_ends_in_order(site: Site, new_wire: NewWire, settle: Any) -> None:
    for frame in ("", "null", '{"method":1}', json.dumps({"src": "x", "method": "NotifyStatus", "params": "?"})):
        wire = new_wire()
        task = site.accept(wire)
        wire.say(frame)
        await settle()
        wire.hang_up()
        await asyncio.wait_for(task, 5)
