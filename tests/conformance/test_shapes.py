"""The comparison itself: a suite that accepts everything proves nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .shapes import ANY, Either, difference


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (1, int),
        (1, float),
        (True, bool),
        ("x", "x"),
        (None, None),
        ([1, 2], [int]),
        ([], [int]),
        ({"a": 1}, {"a": int, "b?": str}),
        ({"x": 1, "y": 2}, {...: int}),
        ({"a": [{"b": None}]}, {"a": [{"b": Either(None, str)}]}),
        ("ab", re.compile("a.")),
        ({"anything": [1]}, ANY),
    ],
)
def test_what_fits(value: Any, shape: Any) -> None:
    assert difference(value, shape) is None


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (True, int),
        (1, True),
        ("1", int),
        (1.5, int),
        (None, dict),
        ([1, "2"], [int]),
        ({"a": 1}, [int]),
        ({"a": 1, "c": 1}, {"a": int}),
        ({}, {"a": int}),
        ({"x": "1"}, {...: int}),
        (2, Either(1, str)),
        ("abc", re.compile("a.")),
    ],
)
def test_what_does_not(value: Any, shape: Any) -> None:
    assert difference(value, shape) is not None
