"""Merging: a status is what the device last said, and only what differs is told."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.devices.merge import apply, differing, merge
from plugin_sdk import JSON, JSONObject

KEYS = st.sampled_from(["a", "b", "c"])
SCALARS = st.none() | st.booleans() | st.sampled_from([0, 1, 0.0, 1.0, "", "x", 2**60])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=3)
STATUSES = st.dictionaries(st.sampled_from(["switch:0", "switch:1", "sys"]), OBJECTS, max_size=3)
PATCHES = st.dictionaries(st.sampled_from(["switch:0", "switch:1", "sys", "ts"]), OBJECTS | SCALARS, max_size=3)

NOTIFICATIONS = Path(__file__).parents[3] / "shared" / "reference" / "notifications.jsonl"


def same(one: JSON, other: JSON) -> bool:
    """Equality as JSON has it: true is not 1, a float is not an integer."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def merged(target: JSON, patch: JSON) -> JSON:
    """The rule in its plainest form."""
    if isinstance(target, dict) and isinstance(patch, dict):
        return {key: merged(target.get(key), patch[key]) if key in patch else target[key] for key in {*target, *patch}}
    return patch


@hypothesis.settings(max_examples=60, deadline=None)
@given(OBJECTS, OBJECTS)
def test_objects_merge_key_by_key_and_everything_else_replaces(target: JSONObject, patch: JSONObject) -> None:
    result = deepcopy(target)
    merge(result, deepcopy(patch))
    assert same(result, merged(target, patch))


@hypothesis.settings(max_examples=60, deadline=None)
@given(OBJECTS, OBJECTS)
def test_merge_says_truly_whether_anything_differs(target: JSONObject, patch: JSONObject) -> None:
    result = deepcopy(target)
    assert merge(result, deepcopy(patch)) is not same(result, target)


@hypothesis.settings(max_examples=60, deadline=None)
@given(OBJECTS, OBJECTS)
def test_merging_twice_differs_in_nothing_the_second_time(target: JSONObject, patch: JSONObject) -> None:
    merge(target, deepcopy(patch))
    once = deepcopy(target)
    assert not merge(target, deepcopy(patch))
    assert same(target, once)


@hypothesis.settings(max_examples=60, deadline=None)
@given(OBJECTS, OBJECTS, OBJECTS)
def test_patches_one_after_the_other_are_one_merged_patch(target: JSONObject, one: JSONObject, two: JSONObject) -> None:
    stepwise, at_once, both = deepcopy(target), deepcopy(target), deepcopy(one)
    merge(stepwise, deepcopy(one))
    merge(stepwise, deepcopy(two))
    merge(both, deepcopy(two))
    merge(at_once, both)
    assert same(stepwise, at_once) or has_scalar_between(target, one, two)


def has_scalar_between(target: JSON, one: JSON, two: JSON) -> bool:
    """Whether a scalar of the first patch wiped out an object that the second one starts anew.

    Two patches then say more than any one patch can.
    """
    if not (isinstance(target, dict) and isinstance(one, dict) and isinstance(two, dict)):
        return isinstance(target, dict) and not isinstance(one, dict) and isinstance(two, dict)
    return any(has_scalar_between(target.get(key), one[key], two[key]) for key in one.keys() & two.keys())


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"x": 1}, {"x": None}),
        ({"x": None}, {"x": {"y": 1}}),
        ({"x": {"y": 1}}, {"x": None}),
        ({"x": {"y": 1}}, {"x": 5}),
        ({"x": [1, 2, 3]}, {"x": [1]}),
        ({"x": [{"a": 1}]}, {"x": [{"b": 1}]}),
        ({"x": True}, {"x": 1}),
        ({"x": 1}, {"x": True}),
        ({"x": [True]}, {"x": [1]}),
        ({"x": [{"on": False}]}, {"x": [{"on": 0}]}),
        ({}, {"x": None}),
    ],
)
def test_what_was_said_last_is_known_and_told(known: JSONObject, said: JSONObject) -> None:
    status = {"switch:0": deepcopy(known)}
    assert apply(status, {"switch:0": deepcopy(said)}) == {"switch:0": said}
    assert same(status, {"switch:0": merged(known, said)})


# ---- notifications ------------------------------------------------------------------------------------------


@hypothesis.settings(max_examples=60, deadline=None)
@given(STATUSES, PATCHES)
def test_applying_twice_changes_nothing_the_second_time(status: JSONObject, patch: JSONObject) -> None:
    apply(status, deepcopy(patch))
    once = deepcopy(status)
    assert apply(status, deepcopy(patch)) == {}
    assert same(status, once)


@hypothesis.settings(max_examples=60, deadline=None)
@given(STATUSES, PATCHES)
def test_what_is_told_is_exactly_what_turns_the_old_status_into_the_new(status: JSONObject, patch: JSONObject) -> None:
    before, after = deepcopy(status), deepcopy(status)
    changes = apply(after, deepcopy(patch))
    assert same(changes, {key: patch[key] for key in changes})
    assert list(changes) == [key for key in patch if key in changes]
    assert {key for key in after if not same(after[key], before.get(key, "absent"))} == set(changes)
    apply(before, deepcopy(changes))
    assert same(before, after)


def test_the_time_of_a_report_is_no_component() -> None:
    status: JSONObject = {}
    assert apply(status, {"ts": 5.01, "switch:0": {"output": True}}) == {"switch:0": {"output": True}}
    assert list(status) == ["switch:0"]
    assert apply(status, {"ts": None, "unheard:0": None}) == {}
    assert list(status) == ["switch:0"]


def test_a_component_that_becomes_null_is_stored_as_null_and_may_come_back() -> None:
    status: JSONObject = {"number:200": {"value": 1}}
    assert apply(status, {"number:200": None}) == {"number:200": None}
    assert status == {"number:200": None}
    assert apply(status, {"number:200": None}) == {}
    assert apply(status, {"number:200": {"value": 2}}) == {"number:200": {"value": 2}}
    assert status == {"number:200": {"value": 2}}


@pytest.mark.skipif(not NOTIFICATIONS.exists(), reason="captured notifications are not there")
def test_captured_notifications_apply_once() -> None:
    for line in NOTIFICATIONS.read_text().splitlines():
        params = json.loads(line)["frame"].get("params") or {}
        status: JSONObject = {}
        expected = {key: value for key, value in params.items() if isinstance(value, dict)}
        assert apply(status, deepcopy(params)) == expected
        assert apply(status, deepcopy(params)) == {}
        assert status == expected


# ---- whole reports ------------------------------------------------------------------------------------------


@hypothesis.settings(max_examples=60, deadline=None)
@given(STATUSES, STATUSES)
def test_differing_names_exactly_the_components_that_are_not_the_same(old: JSONObject, new: JSONObject) -> None:
    found = differing(old, new)
    gone = {key: None for key in old if key not in new}
    assert found == {**{key: value for key, value in new.items() if not same(value, old.get(key, "absent"))}, **gone}
