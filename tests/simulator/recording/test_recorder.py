"""Which lines the platform's events become."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from fleet_platform.simulator.recording import Mask, Recorder
from fleet_platform.simulator.recording.lines import Line, decode_header, decode_line
from tests.simulator.recording.tape import PLUG, SENSOR, dump

MADE = datetime(2026, 2, 1, 12, tzinfo=UTC)


class Tape:
    """What a recorder wrote."""

    def __init__(self) -> None:
        self.texts: list[bytes] = []

    def lines(self) -> list[Line]:
        return [decode_line(text) for text in self.texts[1:]]

    def frames(self) -> list[tuple[str, Any]]:
        return [(line.kind, line.body) for line in self.lines() if line.kind in ("in", "out")]


def shown(device: str = PLUG, *, online: bool = True, **more: Any) -> dict[str, Any]:
    """A device as the platform shows it."""
    parts = dump(device)
    state = {"info": parts["info"], "settings": parts["config"], "status": parts["status"]}
    return {"shellyID": device, "source": "ws" if online else "offline", **state, **more}


@pytest.fixture
def tape() -> Tape:
    return Tape()


def recorder(tape: Tape, *devices: dict[str, Any], pattern: str = "*", mask: Mask | None = None) -> Recorder:
    """A recorder that has begun; each look at its clock takes half a second."""
    ticks = count()
    clock: Callable[[], float] = lambda: next(ticks) / 2  # noqa: E731 - a name for the type
    made = Recorder(tape.texts.append, mask=mask, devices=pattern, clock=clock)
    made.begin(devices, made_by="a test", started=MADE)
    return made


def test_a_recording_begins_with_what_it_is_and_how_things_stand(tape: Tape) -> None:
    recorder(tape, shown(), shown(SENSOR, online=False))
    header = decode_header(tape.texts[0])
    assert (header.version, header.made_by, header.started, header.masked) == (
        1,
        "a test",
        "2026-02-01T12:00:00Z",
        False,
    )
    assert tape.lines() == [
        Line(t=0.5, kind="device", device=PLUG, body=dump(), online=True),
        Line(t=1.0, kind="device", device=SENSOR, body=dump(SENSOR), online=False),
    ]


def test_components_that_are_gone_and_parts_that_were_never_read_are_left_out(tape: Tape) -> None:
    status = {"sys": {"uptime": 1, "wakeup_reason": None}, "number:200": None}
    recorder(tape, shown(status=status, info={}, settings=None))
    (line,) = tape.lines()
    expected = {"info": {"id": PLUG}, "config": {}, "status": {"sys": {"uptime": 1, "wakeup_reason": None}}}
    assert line.body == expected


def test_what_devices_say_and_are_asked_is_recorded_in_order(tape: Tape) -> None:
    said = {"src": PLUG, "method": "NotifyStatus", "params": {"ts": 1.0, "switch:0": {"output": True}}}
    reply = {"id": 4, "src": PLUG, "result": {"was_on": False}}
    request = {"method": "Switch.Toggle", "params": {"id": 0}}
    made = recorder(tape, shown())
    made.take("Shelly.Message", {"shellyID": PLUG, "message": said})
    made.take("Shelly.Request", {"shellyID": PLUG, "id": 4, **request, "metadata": {}})
    made.take("Shelly.Message", {"shellyID": PLUG, "message": reply, "req": request})
    assert tape.frames() == [("in", said), ("out", {"id": 4, **request}), ("in", reply)]
    assert [line.t for line in tape.lines()] == [0.5, 1.0, 1.5, 2.0]
    assert made.frames == 3


def test_an_answer_to_what_was_asked_before_the_recording_comes_with_its_question(tape: Tape) -> None:
    made = recorder(tape, shown())
    reply = {"id": 9, "src": PLUG, "result": None}
    made.take("Shelly.Message", {"shellyID": PLUG, "message": reply, "req": {"method": "Cover.Close", "params": None}})
    assert tape.frames() == [("out", {"id": 9, "method": "Cover.Close"}), ("in", reply)]


def test_comings_and_goings(tape: Tape) -> None:
    made = recorder(tape)
    made.take("Shelly.Disconnect", {"shellyID": PLUG, "reason": "too early"})
    made.take("Shelly.Connect", {"shellyID": PLUG, "device": shown()})
    made.take("Shelly.Disconnect", {"shellyID": PLUG, "reason": "connection lost"})
    made.lost()
    made.resumed(complete=False, devices=[shown(online=False)])
    made.resumed(complete=True)
    made.end()
    assert tape.lines() == [
        Line(t=0.5, kind="connect", device=PLUG, body=dump()),
        Line(t=1.0, kind="disconnect", device=PLUG, reason="connection lost"),
        Line(t=1.5, kind="lost"),
        Line(t=2.0, kind="resumed", complete=False),
        Line(t=2.5, kind="device", device=PLUG, body=dump(), online=False),
        Line(t=3.0, kind="resumed", complete=True),
        Line(t=3.5, kind="end"),
    ]


def test_devices_that_do_not_fit_and_events_that_are_malformed_are_passed_over(tape: Tape) -> None:
    made = recorder(tape, shown(), shown(SENSOR), pattern="ShellyPlusHT-*")
    odd: list[Any] = [None, [], {}, {"shellyID": 7}, {"shellyID": SENSOR}, {"shellyID": PLUG, "message": {"a": 1}}]
    for params in odd:
        for name in ("Shelly.Message", "Shelly.Connect", "Shelly.Request", "Shelly.Other"):
            made.take(name, params)
    assert [(line.kind, line.device) for line in tape.lines()] == [("device", SENSOR)]
    assert made.devices == 1


def test_frames_that_no_answer_can_be_told_from_are_passed_over(tape: Tape) -> None:
    made = recorder(tape, shown())
    for number in ([1], {"a": 1}, 1.5):
        made.take("Shelly.Request", {"shellyID": PLUG, "id": number, "method": "KVS.Get"})
        for request in (None, {"method": "KVS.Get"}):
            made.take("Shelly.Message", {"shellyID": PLUG, "message": {"id": number, "result": 1}, "req": request})
    notified = {"id": [1], "method": "NotifyStatus", "params": {}}
    made.take("Shelly.Message", {"shellyID": PLUG, "message": notified})
    assert tape.frames() == [("in", notified)]


def test_devices_with_one_mac_are_told_of_once_each(tape: Tape) -> None:
    told: list[str] = []
    twins = [f"shellyplugs-{PLUG[-12:]}", f"shelly1g3-{PLUG[-12:].upper()}"]
    made = Recorder(tape.texts.append, mask=Mask(b"a key"), warn=told.append)
    made.begin([shown(), shown(SENSOR), shown(twins[0])], made_by="a test", started=MADE)
    for device in (twins[1], twins[0], PLUG):
        made.take("Shelly.Connect", {"shellyID": device, "device": shown(device)})
    assert told == [f"{twin} has the same MAC as {PLUG}: a replay will leave it out" for twin in twins]


def test_a_masked_recording_is_masked_everywhere(tape: Tape) -> None:
    mask = Mask(b"a key")
    made = recorder(tape, shown(), mask=mask)
    named = {"src": PLUG, "method": "NotifyEvent", "params": {"events": [{"component": "script:1", "event": "Lamp"}]}}
    made.take("Shelly.Connect", {"shellyID": PLUG, "device": shown()})
    made.take("Shelly.Request", {"shellyID": PLUG, "id": 1, "method": "KVS.Get", "params": {"key": "alarm code"}})
    answer = {"id": 1, "src": PLUG, "result": {"etag": "x", "value": 4711}}
    request = {"method": "KVS.Get", "params": {"key": "alarm code"}}
    made.take("Shelly.Message", {"shellyID": PLUG, "message": answer, "req": request})
    made.take("Shelly.Message", {"shellyID": PLUG, "message": named})
    text = b"".join(tape.texts).decode().lower()
    assert json.loads(tape.texts[0])["masked"] is True
    assert "ab12345" not in text
    assert "alarm code" not in text
    assert "4711" not in text
    device, connect, asked, answered, _ = tape.lines()
    assert {line.device for line in (device, connect, asked, answered)} == {mask.id(PLUG)}
    assert device.body == connect.body
    assert answered.body["result"]["etag"] == "x"
