"""Expressions in webhooks: what they mean, and what is none."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.simulator.services.expression import BadExpression, is_true, read_expression, shown
from plugin_sdk import JSON

_DATA: Mapping[str, JSON] = {
    "ev": {"tC": 21.5, "component": "switch:0"},
    "status": {"switch:0": {"apower": 120, "output": True, "errors": []}, "list": [1, 2]},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ev.tC > 20", True),
        ("ev.tC >= 21.5 && ev.tC <= 21.5", True),
        ("ev.tC<20||status['switch:0'].output", True),
        ("!(ev.tC > 20)", False),
        ("!!status", True),
        ("-ev.tC < 0", True),
        ("1 + 2 * 3 - 4 / 2 == 5", True),
        ("8 - 2 - 3", 3),
        ("(8 - (2 - 3)) % 5", 4),
        ("1 < 2 && 2 < 3 || no.such", True),
        ("false || 7", 7),
        ("0 && 7", 0),
        ('ev.component === "switch:0"', True),
        ("ev.component !== 'switch:0'", False),
        ("1 == true", False),
        ('1 == "1"', False),
        ('"b" > "a"', True),
        ('1 < "2"', False),
        ("ev.none > 3", False),
        ("ev.none.deeper == null", True),
        ("undefined == null", True),
        ("2 / 0", None),
        ("ev - 1", None),
        ('"t=" + ev.tC', "t=21.5"),
        ("status.list[1]", 2),
        ("status.list[7]", None),
        ("status.list.length + ev.component.length", 10),
        (r'"a\"b"', 'a"b'),
        (".5 + 1", 1.5),
    ],
)
def test_an_expression_has_the_value_that_it_has_in_javascript(text: str, value: JSON) -> None:
    assert read_expression(text)(_DATA.get) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ev.",
        "ev.tC >",
        "(1",
        "1 2",
        "f()",
        "a = 1",
        "a; b",
        '"a',
        "a ? b : c",
        "[1]",
        "{}",
        "&& 1",
        "a..b",
        "(" * 20 + "1" + ")" * 20,
        "!" * 20 + "1",
        "1" + " " * 300,
    ],
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadExpression):
        read_expression(text)


@given(st.text(alphabet="evs.tC()[]'\"!&|<>=+-*/% 01"))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        expression = read_expression(text)
    except BadExpression:
        return
    assert isinstance(is_true(expression(_DATA.get)), bool)


def test_the_longest_expression_can_be_reckoned() -> None:
    assert read_expression("1+" * 149 + "1")(_DATA.get) == 150


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "null"), (True, "true"), (False, "false"), (1, "1"), (21.0, "21"), (21.5, "21.5"), ("a b", "a b")],
)
def test_values_read_in_an_address_as_in_json(value: JSON, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    ("value", "truth"), [([], True), ({}, True), ("", False), (0, False), (None, False), ("0", True)]
)
def test_what_is_true_is_what_javascript_takes_for_it(value: JSON, truth: bool) -> None:
    assert is_true(value) is truth
