"""Reasons of status events, in the predecessor's words."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.events.reasons import reason_of
from plugin_sdk import JSON


@pytest.mark.parametrize(
    ("key", "patch", "reason"),
    [
        ("switch:0", {"output": True}, "switch:output"),
        ("switch:0", {"output": True, "aenergy": {}}, "switch:aenergy"),
        ("switch:0", {"output": False, "apower": 1.0}, "switch:output"),
        ("switch:0", {"apower": 1.0}, "switch:consumption"),
        ("switch:0", {"voltage": 230.0}, "switch:consumption"),
        ("switch:0", {"current": 0.1}, "switch:consumption"),
        ("switch:0", {"temperature": {}}, "switch:generic"),
        ("pm1:0", {"apower": 1.0}, "pm1:generic"),
        ("pm1:0", {"aenergy": {}}, "pm1:aenergy"),
        ("cover:0", {"output": True}, "cover:generic"),
        ("sys", {"cfg_rev": 2}, "sys:generic"),
        ("number:200", None, "number:generic"),
    ],
)
def test_the_first_reason_that_fits_is_given(key: str, patch: JSON, reason: str) -> None:
    assert reason_of(key, patch) == reason


@hypothesis.settings(deadline=None)
@given(st.text(max_size=10), st.none() | st.integers() | st.lists(st.text()) | st.dictionaries(st.text(), st.none()))
def test_whatever_a_device_says_has_one_reason_of_its_component(key: str, patch: JSON) -> None:
    assert reason_of(key, patch).startswith(f"{key.partition(':')[0]}:")
