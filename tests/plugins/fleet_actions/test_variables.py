"""What ``${name}`` becomes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_actions import registry, variables
from plugin_sdk.errors import InvalidParams

KNOWN = {"on": True, "level": 7, "room": "hall", "ids": ["a", "b"], "trap": "${room}"}


@pytest.mark.parametrize(
    ("written", "filled"),
    [
        ("${on}", True),
        ("${level}", 7),
        ("${ids}", ["a", "b"]),
        ("the ${room} at ${level} is ${on}", "the hall at 7 is true"),
        ("$${room}", "${room}"),
        ("a $${room} and a ${room}", "a ${room} and a hall"),
        ("${trap}", "${room}"),
        ({"deep": [{"x": "${level}"}], "${room}": 1}, {"deep": [{"x": 7}], "${room}": 1}),
        ("$room {room} ${", "$room {room} ${"),
        (None, None),
    ],
)
def test_variables_are_filled_in(written: Any, filled: Any) -> None:
    assert variables.fill(written, KNOWN, "x") == filled


def test_an_unknown_variable_is_named_with_its_place() -> None:
    with pytest.raises(InvalidParams) as refused:
        variables.fill({"a": [1, {"b": "x ${nothing}"}]}, KNOWN, "steps.0.params")
    [fault] = refused.value.data["errors"]
    assert fault == {"path": "steps.0.params.a.1.b", "message": "there is no variable 'nothing'; give it a value"}


@given(st.text())
def test_what_is_used_is_what_must_be_known(text: str) -> None:
    used = dict.fromkeys(variables.names(text), "v")
    assert isinstance(variables.fill(text, used, "x"), str)


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        (7, ""),
        ({"name": "x"}, ""),
        ({"id": "action1", "actions": []}, "actions"),
        ({"id": "action1", "actions": [7]}, "actions.0"),
        ({"id": "action1", "actions": [{"method": 7}]}, "actions.0.method"),
        ({"id": "action1", "actions": [{"method": "A.B", "dst": [7]}]}, "actions.0.dst.0"),
    ],
)
def test_what_was_kept_and_is_no_action_is_refused_with_its_place(entry: Any, path: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        registry.read(entry)
    assert refused.value.data["errors"][0]["path"] == path


def test_a_kept_action_is_read() -> None:
    entry = {
        "id": "action1718000000000",
        "name": "Lights\n out",
        "type": "action",
        "actions": [{"method": "Switch.Set", "params": {"id": 0, "on": False}, "dst": ["a", "b"]}, {"method": "X.Y"}],
    }
    kept = registry.read(entry)
    assert (kept.id, kept.name) == ("action1718000000000", "Lights out")
    assert kept.steps[0].dst == ["a", "b"]
    assert kept.steps[1].dst == ["$targets"]
    assert {step.on_error for step in kept.steps} == {"continue"}
