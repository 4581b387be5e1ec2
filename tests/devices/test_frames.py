"""First frames, device ids and what is sent to devices."""

from __future__ import annotations

import json

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.devices.frames import (
    DENY_FRAMES,
    MAX_HELLO,
    BadHelloError,
    components_of,
    decode_hello,
    encode_command,
    encode_refusal,
    is_device_id,
    mac_of,
)
from plugin_sdk import JSON

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def close_code(frame: JSON) -> int:
    with pytest.raises(BadHelloError) as caught:
        decode_hello(frame if isinstance(frame, str | bytes) else json.dumps(frame))
    return caught.value.close_code


def test_a_full_status_tells_who_and_what_without_the_time() -> None:
    hello = decode_hello(
        '{"src":"shellyx-aa","method":"NotifyFullStatus","params":{"ts":5.01,"sys":{},"x":1,"y":null}}'
    )
    assert hello is not None
    assert (hello.device, hello.status, hello.complete) == ("shellyx-aa", {"sys": {}}, True)


def test_a_wall_display_starts_with_a_part_of_its_status() -> None:
    frame = {"src": "ShellyWallDisplay-0008226BD8F7", "dst": "user_1", "id": 0, "method": "NotifyStatus", "params": {}}
    hello = decode_hello(json.dumps(frame))
    assert hello is not None
    assert not hello.complete


@pytest.mark.parametrize("params", [None, {}, {"ts": 5.01}, []])
def test_a_full_status_of_nothing_is_to_be_completed(params: JSON) -> None:
    hello = decode_hello(json.dumps({"src": "shellyx-aa", "method": "NotifyFullStatus", "params": params}))
    assert hello is not None
    assert not hello.complete


@pytest.mark.parametrize("method", ["NotifyEvent", "notifyfullstatus", "Shelly.GetStatus", ""])
def test_other_methods_are_waited_through(method: str) -> None:
    assert decode_hello(json.dumps({"src": "shellyx-aa", "method": method, "params": {}})) is None


@pytest.mark.parametrize("text", ["", "hello", "{", b"\xff\xfe", '{"a": NaN}', "[" * 10_000, '{"src": "\\ud800"}'])
def test_what_is_no_json_closes_4001(text: str | bytes) -> None:
    assert close_code(text) == 4001


@pytest.mark.parametrize(
    "frame",
    [
        None,
        5,
        [],
        "text",
        {},
        {"src": "shellyx-aa"},
        {"method": "NotifyFullStatus"},
        {"method": None, "src": "shellyx-aa"},
        {"method": ["NotifyFullStatus"], "src": "shellyx-aa"},
        {"method": "NotifyFullStatus", "src": None},
        {"method": "NotifyFullStatus", "src": 5},
        {"id": 1, "src": "shellyx-aa", "result": {}},
    ],
)
def test_what_is_no_notification_closes_4002(frame: JSON) -> None:
    assert close_code(json.dumps(frame)) == 4002


@pytest.mark.parametrize("src", ["", " ", "a b", "x" * 65, "shelly\n", "sh€lly", "\x00"])
def test_what_can_be_no_id_closes_4003(src: str) -> None:
    assert close_code({"method": "NotifyFullStatus", "src": src, "params": {}}) == 4003


@hypothesis.settings(deadline=None)
@given(st.text(max_size=80))
def test_ids_are_short_printable_ascii(text: str) -> None:
    assert is_device_id(text) is (0 < len(text) <= 64 and all("!" <= character <= "~" for character in text))


@hypothesis.settings(deadline=None)
@given(
    st.text(max_size=20)
    | st.binary(max_size=20)
    | st.fixed_dictionaries(
        {},
        optional={
            "method": st.sampled_from(["NotifyFullStatus", "NotifyStatus", "X"]) | VALUES,
            "src": st.sampled_from(["shellyx-aa"]) | VALUES,
            "params": VALUES | st.dictionaries(st.text(max_size=3), VALUES),
            "id": VALUES,
        },
    ).map(json.dumps)
)
def test_any_frame_is_a_hello_or_waited_through_or_closes(text: str | bytes) -> None:
    try:
        hello = decode_hello(text)
    except BadHelloError as error:
        assert error.close_code in (4001, 4002, 4003)
        assert error.reason
    else:
        assert hello is None or all(isinstance(value, dict) for value in hello.status.values())


@pytest.mark.parametrize("params", [None, [], 5, "x", {"ts": 1, "a": None, "b": [], "c": "x"}])
def test_what_holds_no_component_has_none(params: JSON) -> None:
    assert components_of(params) == {}


@pytest.mark.parametrize(
    ("device", "mac"),
    [
        ("shellyplus1pm-a8032abb995c", "A8032ABB995C"),
        ("ShellyWallDisplay-0008226BD8F7", "0008226BD8F7"),
        ("A8032ABB995C", "A8032ABB995C"),
        ("shelly-plus-a8032abb995c", "A8032ABB995C"),
        ("shellyplus1pm-a8032abb995", None),
        ("shellyplus1pm-a8032abb99zz", None),
        ("shellyplus1pm", None),
        ("", None),
    ],
)
def test_the_mac_is_the_end_of_the_id(device: str, mac: str | None) -> None:
    assert mac_of(device) == mac


def test_deny_frames_are_the_predecessors() -> None:
    assert [json.loads(frame) for frame in DENY_FRAMES] == [
        {"id": 998, "method": "WS.SetConfig", "params": {"config": {"server": "#", "enable": False}}},
        {"id": 999, "method": "Shelly.Reboot"},
    ]


def test_commands_have_no_params_where_there_are_none() -> None:
    assert json.loads(encode_command(1, "Shelly.GetStatus", None)) == {
        "jsonrpc": "2.0",
        "id": 1,
        "src": "FLEET_MANAGER",
        "method": "Shelly.GetStatus",
    }
    assert json.loads(encode_command(1, "Switch.GetConfig", {"id": 0}))["params"] == {"id": 0}
    assert json.loads(encode_command(1, "X.Y", {}))["params"] == {}


@pytest.mark.parametrize("number", [0, 7, "seven", None])
def test_a_device_that_calls_us_is_told_that_nothing_is_there(number: JSON) -> None:
    assert json.loads(encode_refusal({"id": number, "method": "Shelly.GetStatus"})) == {
        "id": number,
        "src": "FLEET_MANAGER",
        "error": {"code": 500, "message": "Not Implemented"},
    }


def test_a_first_report_that_is_far_too_long_ends_the_connection() -> None:
    frame = json.dumps({"src": "shellyx-aa", "method": "NotifyFullStatus", "params": {"sys": {"x": "y" * MAX_HELLO}}})
    with pytest.raises(BadHelloError) as error:
        decode_hello(frame)
    assert error.value.close_code == 1009
