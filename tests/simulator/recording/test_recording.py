"""Reading recordings: whole, damaged, foreign."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_platform.simulator.recording import BadRecording, open_recording
from fleet_platform.simulator.recording.device import blueprint_of
from fleet_platform.simulator.recording.lines import (
    BadLine,
    Header,
    Kind,
    Line,
    decode_line,
    encode_header,
    encode_line,
)
from fleet_platform.text import MAX_DEPTH
from tests.simulator.recording.tape import PLUG, SENSOR, asked, change, dump, event, line, write

START = line(0, "device", dump(), online=True)


@pytest.mark.parametrize(
    "said",
    [
        START,
        line(1.25, "connect", dump()),
        line(2, "disconnect", reason="connection lost"),
        change(3, switch_0={"output": True}),
        *asked(4, 1, "Switch.Toggle", {"id": 0}, result={}),
        Line(t=5, kind="lost"),
        Line(t=6, kind="resumed", complete=True),
        Line(t=7, kind="end"),
    ],
    ids=lambda said: said.kind,
)
def test_a_line_is_read_as_it_was_written(said: Line) -> None:
    text = encode_line(said)
    assert text.count(b"\n") == 1
    assert decode_line(text) == said


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"t": 1', "it is no JSON"),
        (b"[]", "it is no JSON object"),
        (b'{"t": 1, "device": "x"}', "it says nothing that is known"),
        (b'{"t": 1, "device": "x", "event": "explode"}', "it says nothing that is known"),
        (b'{"t": true, "device": "x", "dir": "in", "frame": {}}', "it has no time"),
        (b'{"t": -1, "device": "x", "dir": "in", "frame": {}}', "it has no time"),
        (b'{"t": 1, "dir": "in", "frame": {}}', "it names no device"),
        (b'{"t": 1, "device": "x", "dir": "in", "frame": 7}', "it has no frame"),
        (b'{"t": 1, "device": "x", "event": "connect"}', "it has no dump"),
        (b'{"t": 1, "device": "x", "online": true, "dump": {"info": {}, "config": {}}}', "it has no status"),
    ],
)
def test_a_bad_line_says_what_is_wrong(text: bytes, reason: str) -> None:
    with pytest.raises(BadLine, match=reason):
        decode_line(text)


def test_a_recording_says_what_is_in_it(tmp_path: Path) -> None:
    later = line(2, "connect", dump(SENSOR), SENSOR)
    recorded = open_recording(write(tmp_path / "tape", START, later, Line(t=9.5, kind="end")))
    assert recorded.devices == {PLUG: 2, SENSOR: 3}
    assert (recorded.lines, recorded.duration_s, recorded.damage, recorded.ended) == (4, 9.5, None, True)
    assert list(recorded.entries()) == [(2, START), (3, later), (4, Line(t=9.5, kind="end"))]


def test_a_compressed_recording_is_known_by_its_content(tmp_path: Path) -> None:
    plain = write(tmp_path / "tape", START, change(1, sys={}))
    packed = tmp_path / "renamed"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert list(open_recording(packed).entries()) == list(open_recording(plain).entries())


def test_answers_are_kept_by_what_was_asked(tmp_path: Path) -> None:
    scan = {"results": [1]}
    path = write(
        tmp_path / "tape",
        START,
        *asked(1, 1, "Wifi.Scan", None, result=scan),
        *asked(2, 2, "WIFI.Scan", {}, result=scan),
        *asked(3, 3, "Wifi.Scan", {}, result={"results": [2]}),
        *asked(4, 4, "Switch.GetConfig", {"id": 0}, result={"name": "Kettle"}),
        *asked(4, 5, "Switch.GetStatus", {"id": 0}, result={"output": True}),
        *asked(4, 6, "Shelly.GetDeviceInfo", None, result={"name": "Hall"}),
        event(5, "sys", "component_added", target="number:200"),
        *asked(6, 7, "Number.GetStatus", {"id": 200}, result={"value": 7}),
        line(7, "in", {"id": 99, "src": PLUG, "result": "nobody asked"}),
    )
    replies = open_recording(path).replies[PLUG]
    assert {key: [(said.line, said.body["result"]) for said in every] for key, every in replies.answers.items()} == {
        ("wifi.scan", b"{}"): [(6, scan), (8, {"results": [2]})]
    }
    assert {key: [(said.line, said.body) for said in every] for key, every in replies.reads.items()} == {
        ("switch:0", "config"): [(10, {"name": "Kettle"})],
        ("sys", "info"): [(14, {"name": "Hall"})],
        ("number:200", "status"): [(17, {"value": 7})],
    }


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (b"nonsense\n", "line 4 of tape cannot be played: it is no JSON"),
        (encode_line(change(1, SENSOR)), f"line 4 of tape cannot be played: it is about {SENSOR}, which was not"),
        (encode_line(line(1, "connect", dump(SENSOR))), f"line 4 of tape cannot be played: its dump is not of {PLUG}"),
    ],
)
def test_damage_is_named_and_what_is_before_it_stays(tmp_path: Path, damage: bytes, reason: str) -> None:
    path = write(tmp_path / "tape", START, change(1, sys={}))
    path.write_bytes(path.read_bytes() + damage + encode_line(change(2, sys={})))
    recorded = open_recording(path)
    assert recorded.damage is not None
    assert recorded.damage.startswith(reason)
    assert (recorded.lines, recorded.ended) == (3, False)
    assert [number for number, _ in recorded.entries()] == [2, 3]


def test_a_compressed_file_that_is_cut_off_is_played_as_far_as_it_goes(tmp_path: Path) -> None:
    lines = [change(number, sys={"uptime": number * 7919 % 1000}) for number in range(3000)]
    data = gzip.compress(write(tmp_path / "whole", START, *lines).read_bytes())
    path = tmp_path / "tape.gz"
    path.write_bytes(data[: len(data) // 2])
    recorded = open_recording(path)
    assert 100 < recorded.lines < 3000
    assert (
        recorded.damage
        == f"line {recorded.lines + 1} of tape.gz cannot be played: the file is cut off or damaged there"
    )
    assert len(list(recorded.entries())) == recorded.lines - 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "tape is no recording: it is empty"),
        (b"hello\n", "tape is no recording: it is no JSON"),
        (b"{}\n", "tape is no recording: it does not begin as one"),
        (b'{"format": "fleet-platform recording"}\n', "tape is no recording: it does not begin as one"),
        (
            b'{"format": "fleet-platform recording", "version": true}\n',
            "tape is no recording: it does not begin as one",
        ),
        (b'{"format": "fleet-platform recording", "version": 1}\n', "tape has no device"),
        (b'{"format": "fleet-platform recording", "version": 1}\n{', "line 2 of tape cannot be played: it is no JSON"),
        (
            b'{"format": "fleet-platform recording", "version": 2}\n?',
            "tape is a recording of version 2; this program plays 1",
        ),
        (b"\x1f\x8bnonsense", "tape is no recording: the file is cut off or damaged there"),
    ],
)
def test_what_is_no_recording_is_refused_in_a_sentence(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "tape"
    path.write_bytes(content)
    with pytest.raises(BadRecording) as refused:
        open_recording(path)
    assert str(refused.value) == reason


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match="tape cannot be read: No such file or directory"):
        open_recording(tmp_path / "tape")


TWIN = "shellyplugs-A8032AB12345"


@pytest.mark.parametrize(
    "second",
    [line(0, "device", dump(TWIN), TWIN, online=False), line(1, "connect", dump(TWIN.lower()), TWIN.lower())],
)
def test_of_two_devices_with_one_mac_the_first_is_played(tmp_path: Path, second: Line) -> None:
    other = line(0, "device", dump(SENSOR), SENSOR, online=True)
    theirs = [change(2, second.device, sys={}), *asked(3, 1, "Wifi.Scan", None, second.device, result={})]
    recorded = open_recording(write(tmp_path / "tape", START, second, other, *theirs, change(4, sys={})))
    assert recorded.devices == {PLUG: 2, SENSOR: 4}
    assert recorded.left_out == {second.device}
    assert (recorded.damage, recorded.lines, list(recorded.replies)) == (None, 8, [])
    assert [number for number, _ in recorded.entries()] == [2, 4, 8]


@pytest.mark.parametrize("number", [[1], {"a": 1}, 1.5])
@pytest.mark.parametrize("direction", ["in", "out"])
def test_an_id_that_is_none_is_damage(tmp_path: Path, direction: Kind, number: Any) -> None:
    frame = {"id": number, "result": 1} if direction == "in" else {"id": number, "method": "Sys.GetStatus"}
    recorded = open_recording(write(tmp_path / "tape", START, line(1, direction, frame)))
    assert recorded.damage == "line 3 of tape cannot be played: the id of its frame is neither a number nor a text"


@pytest.mark.parametrize("levels", [80, 300, 900, 5000])
def test_a_line_that_is_nested_too_deep_is_damage(tmp_path: Path, levels: int) -> None:
    path = write(tmp_path / "tape", START, change(1, sys={}))
    deep = b'{"a":' * levels + b"1" + b"}" * levels
    frame = b'{"id": 1, "method": "X.Y", "params": %b}' % deep
    path.write_bytes(
        path.read_bytes() + b'{"t": 2, "device": "%b", "dir": "out", "frame": %b}\n' % (PLUG.encode(), frame)
    )
    recorded = open_recording(path)
    assert recorded.damage in (
        "line 4 of tape cannot be played: it is nested deeper than 72 levels",
        "line 4 of tape cannot be played: it is no JSON",
    )
    assert recorded.lines == 3


def test_what_a_platform_reads_can_be_played(tmp_path: Path) -> None:
    deep: Any = {}
    for _ in range(MAX_DEPTH - 2):
        deep = {"a": deep}
    frame = {"id": 1, "method": "X.Y", "params": deep}
    recorded = open_recording(write(tmp_path / "tape", START, line(1, "out", frame), line(2, "in", {"id": 1})))
    assert (recorded.damage, recorded.lines) == (None, 4)


def test_a_recording_that_changes_while_it_is_played_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "tape", START, change(1, sys={}), change(2, sys={}))
    recorded = open_recording(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BadRecording, match="tape was changed while it was played"):
        list(recorded.entries())
    path.unlink()
    with pytest.raises(BadRecording, match="tape was changed while it was played"):
        list(recorded.entries())


odd = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "method", "params", "events", "event", "target", "sys", "x"]), inner)
    ),
    max_leaves=6,
)
TAPE = [
    START,
    *asked(1, 1, "Number.GetStatus", {"id": 200}, result={"value": 7}),
    *asked(2, 2, "KVS.Get", {"key": "x"}, error={"code": -105, "message": "no"}),
    event(3, "sys", "component_added", target="number:200"),
    line(4, "connect", dump()),
    Line(t=5, kind="end"),
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Lines in each of which something was replaced, left out or cut off."""
    texts = []
    for made in TAPE:
        said = orjson.loads(encode_line(made))
        for _ in range(draw(st.integers(0, 2))):
            spot = said
            while isinstance(inner := spot.get(draw(st.sampled_from(sorted(spot)))), dict) and inner:
                spot = inner
            name = draw(st.sampled_from(sorted(spot)))
            if draw(st.booleans()):
                spot[name] = draw(odd)
            elif len(spot) > 1:
                del spot[name]
        text = orjson.dumps(said)
        texts.append(text[: draw(st.integers(0, len(text)))] if draw(st.integers(0, 30)) == 0 else text)
    return b"\n".join(texts)


@settings(max_examples=300, deadline=None)
@given(damaged())
def test_any_damage_is_named_or_does_no_harm(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "tape"
    path.write_bytes(encode_header(Header()) + content)
    try:
        recorded = open_recording(path)
    except BadRecording as error:
        assert "tape" in str(error)
        return
    assert recorded.damage is None or f"line {recorded.lines + 1} of tape" in recorded.damage
    assert len(list(recorded.entries())) <= recorded.lines - 1


@pytest.mark.parametrize(
    "dump_of_it",
    [
        dump(sys={"uptime": {}, "mac": 7}),
        {**dump(), "config": {"sys": 7, "switch:0": None, "wifi": []}},
        {**dump(), "status": {"switch:0": 7, "sys": []}},
        {"info": {"id": PLUG}, "config": {}, "status": {}},
    ],
)
def test_an_odd_dump_makes_a_device(dump_of_it: dict[str, Any]) -> None:
    blueprint = blueprint_of(dump_of_it)
    assert all(isinstance(part, dict) for part in (*blueprint.config.values(), *blueprint.status.values()))
    assert isinstance(blueprint.status.get("sys", {}).get("uptime", 0), int)
