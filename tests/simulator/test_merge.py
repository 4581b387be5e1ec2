"""Laws of merging statuses and settings."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.simulator.device.merge import UnfitSetting, apply_patch, merge_settings, overlay_patch
from plugin_sdk import JSON, JSONObject

names = st.sampled_from("abcd")
leaves = st.one_of(st.integers(-3, 3), st.booleans(), st.text(max_size=2), st.lists(st.integers(0, 2), max_size=2))


def nested(leaf: st.SearchStrategy[JSON]) -> st.SearchStrategy[JSONObject]:
    """Objects of up to three levels."""
    inner = st.dictionaries(names, leaf, max_size=3)
    middle = st.dictionaries(names, leaf | inner, max_size=3)
    return st.dictionaries(names, leaf | inner | middle, max_size=3)


objects = nested(leaves)
patches = nested(leaves | st.none())


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
    with suppress(UnfitSetting):
        merge_settings(settings, patch)
    assert settings == before


@given(settings=objects, patch=objects)
def test_settings_merged_twice_differ_no_more(settings: JSONObject, patch: JSONObject) -> None:
    try:
        merged, _ = merge_settings(settings, patch)
    except UnfitSetting:
        return
    again, changes = merge_settings(merged, patch)
    assert again is merged
    assert changes == {}


def test_unknown_names_are_ignored_and_differences_named() -> None:
    settings = {"name": None, "limits": {"power": 10, "voltage": 280}}
    merged, changes = merge_settings(settings, {"name": "x", "nonsense": 1, "limits": {"power": 20, "voltage": 280}})
    assert merged == {"name": "x", "limits": {"power": 20, "voltage": 280}}
    assert changes == {"name": "x", "limits": {"power": 20}}


@pytest.mark.parametrize(
    ("old", "new", "fits"),
    [
        (60, 60.5, True),
        (True, 1, False),
        (1, True, False),
        ("a", None, True),
        (None, "a", True),
        (None, {"a": 1}, True),
        (5, None, False),
        (5, "5", False),
        ([1], [2, 3], True),
        ([1], {"0": 1}, False),
        ({"a": 1}, [], False),
        ({"a": 1}, None, False),
    ],
)
def test_a_setting_takes_only_values_of_its_kind(old: JSON, new: JSON, fits: bool) -> None:
    if fits:
        assert merge_settings({"x": old}, {"x": new})[0] == {"x": new}
    else:
        with pytest.raises(UnfitSetting, match="x"):
            merge_settings({"x": old}, {"x": new})


def test_equal_numbers_do_not_differ() -> None:
    assert merge_settings({"delay": 60}, {"delay": 60.0})[1] == {}
