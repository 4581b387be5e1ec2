"""An action is offered where the device can do it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from jsonschema import Draft202012Validator

from plugin_sdk import JSON, ComponentKey, ComponentType, ComponentView, DeviceId, JSONObject, component_type


def view(key: str, status: Mapping[str, JSON], settings: Mapping[str, JSON] | None = None) -> ComponentView:
    return ComponentView(
        device=DeviceId("shellyx-aabbccddeeff"),
        device_name="Hall",
        key=ComponentKey(key),
        index=0,
        siblings=1,
        status=status,
        settings=settings or {},
        system={},
    )


def offered(types: Mapping[str, ComponentType], component: ComponentView) -> set[str]:
    actions = types[component_type(component.key)].actions
    return {action.name for action in actions if action.available(component)}


def test_only_a_calibrated_cover_goes_to_a_position(types: Mapping[str, ComponentType]) -> None:
    calibrated, bare = {"state": "open", "pos_control": True}, {"state": "open", "pos_control": False}
    slats = {"slat": {"enable": True}}
    assert offered(types, view("cover:0", bare, slats)) == {"open", "close", "stop", "calibrate"}
    assert offered(types, view("cover:0", calibrated)) == {"open", "close", "stop", "calibrate", "go_to_position"}
    assert "turn_slats" in offered(types, view("cover:0", calibrated, slats))


def test_counters_are_reset_only_where_there_are_some(types: Mapping[str, ComponentType]) -> None:
    assert offered(types, view("switch:0", {"output": True})) == {"toggle", "set"}
    assert "reset_counters" in offered(types, view("switch:0", {"output": True, "aenergy": {"total": 1.5}}))
    assert "reset_counters" not in offered(types, view("input:0", {"state": True}))
    assert "reset_counters" in offered(types, view("input:0", {"counts": {"total": 3}}))


def test_only_a_dimmer_is_calibrated(types: Mapping[str, ComponentType]) -> None:
    assert "calibrate" not in offered(types, view("light:0", {"output": True, "flags": ["no_load"]}))
    assert "calibrate" in offered(types, view("light:0", {"output": True, "flags": ["uncalibrated"]}))


@pytest.mark.parametrize(("access", "writable"), [("*", True), ("crw", True), ("", True), ("cr", False)])
def test_values_kept_by_a_service_for_reading_are_not_set(
    access: str, writable: bool, types: Mapping[str, ComponentType]
) -> None:
    assert offered(types, view("number:200", {"value": 1}, {"access": access})) == ({"set"} if writable else set())


def test_a_script_is_started_or_stopped(types: Mapping[str, ComponentType]) -> None:
    assert offered(types, view("script:1", {"running": True})) == {"stop"}
    assert offered(types, view("script:1", {"running": False})) == {"start"}


def test_an_alarm_is_muted_while_it_sounds(types: Mapping[str, ComponentType]) -> None:
    assert offered(types, view("smoke:0", {"alarm": False, "mute": False})) == set()
    assert offered(types, view("smoke:0", {"alarm": True, "mute": False})) == {"mute"}
    assert offered(types, view("smoke:0", {"alarm": True, "mute": True})) == set()


def test_a_call_to_a_radiator_valve_says_all_but_the_value(types: Mapping[str, ComponentType]) -> None:
    action = next(action for action in types["blutrv"].actions if action.name == "set_target")
    assert action.parameters["method"].schema == {"const": "Trv.SetTarget"}
    params = Draft202012Validator(action.parameters["params"].schema)
    assert params.is_valid({"id": 0, "target_C": 21.5})
    assert not params.is_valid({"id": 0})
    assert not params.is_valid({"id": 1, "target_C": 21.5})


def test_no_predicate_fails_on_a_component_without_settings(
    dump: JSONObject, types: Mapping[str, ComponentType]
) -> None:
    for key, status in dump["status"].items():
        offered(types, view(key, status))
        offered(types, view(key, {}))
