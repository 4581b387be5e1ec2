"""The parts of the plugin that need no platform."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_jobs import results
from fleet_jobs.progress import Throttle
from fleet_jobs.turn import failure
from fleet_jobs.types.call import call_type
from fleet_jobs.values import RESULT_BYTES, Counts, result_text, sentence, to_text
from plugin_sdk.errors import DeviceError, DeviceOffline, InvalidParams, PermissionDenied

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(JSON_VALUES)
def test_a_short_result_is_kept_as_it_is(value: Any) -> None:
    text, truncated = result_text(value)
    assert not truncated
    assert json.loads(text) == value
    assert text.isascii()


@given(st.text(alphabet='"\\\né', min_size=1, max_size=5))
def test_a_long_result_is_cut_and_still_json(value: str) -> None:
    text, truncated = result_text({"text": value * RESULT_BYTES})
    assert truncated
    assert len(text) <= RESULT_BYTES + 2
    assert json.loads(text).startswith('{"text":')


@given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_of_a_very_long_result_the_same_is_kept(value: Any) -> None:
    """It is not written out as a whole for that."""
    long = {"first": [value], "then": ["x" * 100] * 10_000}
    text, truncated = result_text(long)
    assert truncated
    assert text == to_text(to_text(long)[: RESULT_BYTES // 2])


def test_what_has_no_json_form_is_no_result() -> None:
    for value in (object(), float("nan")):
        with pytest.raises((TypeError, ValueError)):
            result_text(value)


@given(st.text())
def test_a_sentence_can_be_stored(text: str) -> None:
    assert "\0" not in sentence(text)
    sentence(text).encode()


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (DeviceError({"code": -105, "message": "Bad id=7"}), -105, "Bad id=7"),
        (DeviceError({"code": "x", "message": None}), -32603, "None"),
        (DeviceError({"code": 10**30}), -32603, ""),
        (DeviceOffline("asleep"), -32900, "Device offline: asleep"),
        (PermissionDenied(permission="switch.set"), -32003, "Permission denied: switch.set"),
        (InvalidParams.at("a", "is wrong"), -32602, "Invalid params: a: is wrong"),
    ],
)
def test_an_error_is_a_code_and_a_sentence(error: Any, code: int, message: str) -> None:
    outcome = failure(error)
    assert (outcome.state, outcome.code, outcome.message) == ("failed", code, message)


async def test_what_is_asked_often_is_told_at_once_and_once_more() -> None:
    told: list[int] = []
    asked = 0
    again = asyncio.Event()

    def tell() -> None:
        told.append(asked)
        if len(told) == 2:
            again.set()

    throttle = Throttle(tell, 0.05)
    for _ in range(5):
        asked += 1
        throttle.ask()
    assert told == [1]
    await asyncio.wait_for(again.wait(), 20)
    assert told == [1, 5]
    throttle.close()


def test_figures_add_up() -> None:
    counts = Counts(total=5)
    for state in ("done", "failed", "skipped", "interrupted", "pending"):
        counts = counts.with_one(state)
    assert counts.to_json() == {"total": 5, "done": 1, "failed": 2, "skipped": 1, "left": 1}


def test_a_file_has_no_formula_of_a_stranger() -> None:
    row = dict.fromkeys(results.COLUMNS)
    text = results.heading() + results.lines([{**row, "device": "=cmd()", "message": 'a "b", c', "code": -105}])
    [line] = csv.DictReader(io.StringIO(text))
    assert (line["device"], line["message"], line["code"]) == ("'=cmd()", 'a "b", c', "-105")


@pytest.mark.parametrize("text", ["=1", " =1", "\t=1", "\uff1d1", "a;=1", 'a";+1', "a\n@b", "a; -1", "-5"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_no_cell_begins_a_formula_wherever_cells_are_parted(text: str, delimiter: str) -> None:
    row = dict.fromkeys(results.COLUMNS)
    table = csv.reader(io.StringIO(results.lines([{**row, "message": text}])), delimiter=delimiter)
    assert not [cell for cells in table for cell in cells if cell.strip().startswith(("=", "+", "-", "@", "\uff1d"))]


@pytest.mark.parametrize("params", [{}, {"method": "x"}, {"method": 7}, {"method": "A.B", "params": []}, {"x": 1}])
def test_a_call_names_a_method(params: dict[str, Any]) -> None:
    with pytest.raises(InvalidParams):
        call_type().check(params)
