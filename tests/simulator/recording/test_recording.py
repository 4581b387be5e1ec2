"""Reading recordings: whole, damaged, foreign."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from fleet_platform.simulator.recording import BadRecording, open_recording
from fleet_platform.simulator.recording.lines import BadLine, Line, decode_line, encode_line
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


@pytest.mark.parametrize(
    "second",
    [
        START,
        line(0, "device", dump("shellyplugs-A8032AB12345"), "shellyplugs-A8032AB12345", online=False),
        line(1, "connect", dump("shellyplugs-a8032ab12345"), "shellyplugs-a8032ab12345"),
    ],
)
def test_two_devices_with_one_mac_are_refused_with_both_lines(tmp_path: Path, second: Line) -> None:
    other = line(0, "device", dump(SENSOR), SENSOR, online=True)
    with pytest.raises(BadRecording, match="lines 2 and 4 are two devices with one MAC, A8032AB12345"):
        open_recording(write(tmp_path / "tape", START, other, second))
