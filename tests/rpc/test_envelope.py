"""Envelopes: any JSON is a request or says why it is none; replies echo what callers rely on."""

from __future__ import annotations

import json
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.rpc.envelope import (
    MAX_DESTINATIONS,
    BadEnvelope,
    Request,
    decode_request,
    encode_error,
    encode_long,
    encode_result,
)
from plugin_sdk import JSON, Pieces
from plugin_sdk.errors import InvalidParams, NotFound

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ENVELOPES = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0") | VALUES,
        "id": VALUES,
        "method": st.just("Device.List") | VALUES,
        "params": VALUES,
        "src": st.text(max_size=3) | VALUES,
        "dst": st.text(max_size=3) | st.lists(st.text(max_size=3), max_size=3) | VALUES,
        "timeout_s": st.floats(0.1, 600) | VALUES,
        "more": VALUES,
    },
)


def decode(**envelope: JSON) -> Request:
    return decode_request({"method": "Device.List", **envelope})


@hypothesis.settings(deadline=None)
@given(VALUES | ENVELOPES)
def test_any_json_is_a_request_or_says_why_it_is_none(value: JSON) -> None:
    try:
        request = decode_request(value)
    except BadEnvelope as error:
        assert error.code == -32600
        assert error.detail
        assert error.request_id is None or error.request_id == value["id"]
        json.loads(encode_error(error.request_id, error))
        return
    assert request.method == value["method"]
    assert request.expects_reply is ("id" in value)
    assert isinstance(request.params, dict | list | None)
    reply = json.loads(encode_result(request, None))
    assert reply["id"] == value.get("id")
    assert reply["src"] == "FLEET_MANAGER"
    assert reply.get("dst") == value.get("src")


@pytest.mark.parametrize("number", ["a", "", 0, 7, -1, 1.5, None])
def test_ids_come_back_as_they_came(number: JSON) -> None:
    request = decode(id=number)
    assert request.expects_reply
    reply = json.loads(encode_result(request, {}))
    assert reply["id"] == number
    assert type(reply["id"]) is type(number)


def test_without_an_id_no_reply_is_expected() -> None:
    assert not decode().expects_reply


@pytest.mark.parametrize("number", [True, False, [], {}])
def test_ids_of_other_kinds_are_refused_and_not_echoed(number: JSON) -> None:
    with pytest.raises(BadEnvelope) as caught:
        decode(id=number)
    assert caught.value.request_id is None


@pytest.mark.parametrize(
    "fault",
    [
        {"method": None},
        {"method": ""},
        {"method": 5},
        {"jsonrpc": "1.0"},
        {"jsonrpc": 2.0},
        {"jsonrpc": None},
        {"src": 5},
        {"params": "x"},
        {"params": 5},
        {"params": False},
        {"dst": 5},
        {"dst": {}},
        {"dst": ["a", 5]},
        {"dst": ["a"] * (MAX_DESTINATIONS + 1)},
        {"timeout_s": 0},
        {"timeout_s": -1},
        {"timeout_s": 601},
        {"timeout_s": True},
        {"timeout_s": "5"},
    ],
)
def test_each_fault_is_told_to_whoever_asked(fault: dict[str, JSON]) -> None:
    with pytest.raises(BadEnvelope) as caught:
        decode(**{"id": 7, **fault})
    assert caught.value.request_id == 7


@pytest.mark.parametrize("dst", [None, "FLEET_MANAGER", "fleet_manager", "Fleet_Manager"])
def test_the_platform_is_meant_by_its_name_in_any_case_or_by_none(dst: JSON) -> None:
    request = decode(dst=dst)
    assert (request.dst, request.many) == (None, False)


def test_devices_are_named_by_a_text_or_a_list_of_which_each_counts_once() -> None:
    assert (decode(dst="a").dst, decode(dst="a").many) == (("a",), False)
    assert (decode(dst=["b", "a", "b"]).dst, decode(dst=["a"]).many) == (("b", "a"), True)
    assert (decode(dst=[]).dst, decode(dst=[]).many) == ((), True)
    assert decode(dst=["FLEET_MANAGER", "a"]).dst == ("FLEET_MANAGER", "a")


def test_replies_say_who_answers_whom() -> None:
    request = decode(id=1, src="me")
    assert json.loads(encode_result(request, False, src="shellyx-aa")) == {
        "jsonrpc": "2.0",
        "id": 1,
        "src": "shellyx-aa",
        "dst": "me",
        "result": False,
    }
    assert json.loads(encode_error(1, NotFound(device="x"), dst="me")) == {
        "jsonrpc": "2.0",
        "id": 1,
        "src": "FLEET_MANAGER",
        "dst": "me",
        "error": {"code": -32004, "message": "Not found", "data": {"device": "x"}},
    }


def test_errors_of_parameters_keep_their_paths() -> None:
    error = json.loads(encode_error(None, InvalidParams.at("options.seq", "must be positive")))["error"]
    assert error["data"] == {"errors": [{"path": "options.seq", "message": "must be positive"}]}


@pytest.mark.parametrize("thing", [object(), {"deep": [object()]}, 2**70])
def test_an_error_whose_data_has_no_json_form_is_told_without_it(thing: Any) -> None:
    error = json.loads(encode_error(1, NotFound(thing=thing)))["error"]
    assert error == {"code": -32004, "message": "Not found"}


@pytest.mark.parametrize("src", [None, "null", 'a"b'])
def test_a_long_result_makes_the_same_reply_in_pieces(src: str | None) -> None:
    request = decode(id="null", src=src)
    pieces = encode_long(request, Pieces([b"[1", b",2", b"]"]))
    assert len(pieces) == 5
    assert json.loads(b"".join(pieces)) == json.loads(encode_result(request, [1, 2]))
