"""Laws of merging statuses and settings."""

from __future__ import annotations

from copy import deepcopy

from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.simulator.merge import apply_patch, merge_settings, overlay_patch
from plugin_sdk import JSON, JSONObject

names = st.sampled_from("abcd")
leaves = st.one_of(st.integers(-3, 3), st.booleans(), st.text(max_size=2), st.lists(st.integers(0, 2), max_size=2))
objects = st.recursive(
    st.dictionaries(names, leaves, max_size=3), lambda inner: st.dictionaries(names, leaves | inner, max_size=3)
)
patches = st.recursive(
    st.dictionaries(names, leaves | st.none(), max_size=3),
    lambda inner: st.dictionaries(names, leaves | st.none() | inner, max_size=3),
)


@given(status=objects, patch=patches)
def test_applying_a_patch_twice_changes_nothing_more(status: JSONObject, patch: JSONObject) -> None:
    apply_patch(status, patch)
    once = deepcopy(status)
    apply_patch(status, patch)
    assert status == once


@given(status=objects, first=patches)
def test_a_null_leaves_no_trace(status: JSONObject, first: JSONObject) -> None:
    apply_patch(status, first)

    def nulls(value: JSON) -> bool:
        return value is None or (isinstance(value, dict) and any(nulls(inner) for inner in value.values()))

    assert not nulls(status)


@given(status=objects, first=patches, second=st.dictionaries(names, leaves | st.none(), max_size=3))
def test_two_patches_as_one_have_the_effect_of_both(status: JSONObject, first: JSONObject, second: JSONObject) -> None:
    apart, together, merged = deepcopy(status), deepcopy(status), deepcopy(first)
    apply_patch(apart, first)
    apply_patch(apart, second)
    overlay_patch(merged, second)
    apply_patch(together, merged)
    assert together == apart


def test_arrays_replace_and_objects_merge() -> None:
    status = {"aenergy": {"total": 1, "by_minute": [1, 2, 3]}, "output": False}
    apply_patch(status, {"aenergy": {"by_minute": [4]}, "output": True})
    assert status == {"aenergy": {"total": 1, "by_minute": [4]}, "output": True}


@given(settings=objects, patch=objects)
def test_settings_that_are_shared_are_never_changed_in_place(settings: JSONObject, patch: JSONObject) -> None:
    before = deepcopy(settings)
    merge_settings(settings, patch)
    assert settings == before


@given(settings=objects, patch=objects)
def test_settings_merged_twice_differ_no_more(settings: JSONObject, patch: JSONObject) -> None:
    merged, _ = merge_settings(settings, patch)
    again, changes = merge_settings(merged, patch)
    assert again is merged
    assert changes == {}


def test_unknown_names_are_ignored_and_differences_named() -> None:
    settings = {"name": None, "limits": {"power": 10, "voltage": 280}}
    merged, changes = merge_settings(settings, {"name": "x", "nonsense": 1, "limits": {"power": 20, "voltage": 280}})
    assert merged == {"name": "x", "limits": {"power": 20, "voltage": 280}}
    assert changes == {"name": "x", "limits": {"power": 20}}


def test_a_number_and_a_boolean_are_not_the_same() -> None:
    assert merge_settings({"enable": True}, {"enable": 1})[1] == {"enable": 1}
    assert merge_settings({"delay": 60}, {"delay": 60.0})[1] == {}
