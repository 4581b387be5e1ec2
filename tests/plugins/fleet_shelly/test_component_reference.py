"""The component types cover the machine-readable catalogue of components that was made from real devices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from fleet_shelly.bthome_objects import OBJECTS
from plugin_sdk import ComponentType, JSONObject

NO_TYPE: Mapping[str, str] = {}
"""Entries of the catalogue that are deliberately no component type, with the reason; all are one so far."""

BEYOND = {
    "serial": "Add-ons of the XT1 have it; seen in dumps only.",
    "plugpm_ui": "Light ring of a plug newer than the catalogue.",
}
"""Types that the catalogue lacks, with the reason."""

NOT_FIRED = {"config_changed"}
"""What every type has and the platform itself handles."""

UNNAMED = {
    *("ble", "blugw", "bthome", "bthomecontrol", "cloud", "dali", "eth", "ht_ui", "knx", "matter", "modbus", "mqtt"),
    *("plugs_ui", "pluguk_ui", "plusrgbwpm", "powerstrip_ui", "prorgbwwpm", "script", "service", "sys", "ui", "wd_ui"),
    *("virtual", "wifi", "ws", "zigbee"),
    "presence",  # its zones have names
}
"""What belongs to the device itself: users name the device, not these."""


@pytest.fixture(scope="session")
def listed(reference: Path) -> Mapping[str, JSONObject]:
    path = reference / "components.yaml"
    if not path.is_file():
        pytest.skip(f"no catalogue of components at {path}")
    found: Mapping[str, JSONObject] = yaml.safe_load(path.read_text())
    return found


def test_every_component_is_a_type_and_every_type_is_a_component(
    listed: Mapping[str, JSONObject], types: Mapping[str, ComponentType]
) -> None:
    assert set(listed) - set(types) == set(NO_TYPE)
    assert set(types) - set(listed) == set(BEYOND)


def test_namespaces_and_numbers_are_the_same(
    listed: Mapping[str, JSONObject], types: Mapping[str, ComponentType]
) -> None:
    ours = {name: (types[name].namespace, not types[name].singleton) for name in listed}
    assert ours == {name: (entry["namespace"], entry["instances"]) for name, entry in listed.items()}


def test_whatever_users_would_name_has_an_entity(
    listed: Mapping[str, JSONObject], types: Mapping[str, ComponentType]
) -> None:
    assert {name for name in listed if types[name].entity is None} == UNNAMED


def test_every_documented_event_is_passed_on(
    listed: Mapping[str, JSONObject], types: Mapping[str, ComponentType]
) -> None:
    missing = {}
    for name, entry in listed.items():
        if not types[name].events:
            continue  # any name is passed on
        documented = {event for text in entry["events"] if (event := _event(text)) is not None}
        missing[name] = documented - NOT_FIRED - set(types[name].events)
    assert {name: events for name, events in missing.items() if events} == {}


def test_every_method_of_the_radio_behind_a_gateway_has_time(
    listed: Mapping[str, JSONObject], types: Mapping[str, ComponentType]
) -> None:
    own = {"GetConfig", "SetConfig", "GetStatus", "Delete"}  # the gateway answers these itself
    remote = {
        method
        for method in listed["blutrv"]["methods"]
        if method.startswith("BluTrv.") and method.partition(".")[2] not in own
    }
    assert remote == set(types["blutrv"].slow_methods)


def test_every_method_of_the_valve_itself_is_an_action(
    listed: Mapping[str, JSONObject], types: Mapping[str, ComponentType]
) -> None:
    documented = {method.removeprefix("(remote) ") for method in listed["blutrv"]["methods"] if "(remote)" in method}
    offered = {
        action.parameters["method"].schema["const"]
        for action in types["blutrv"].actions
        if action.method == "BluTrv.Call"
    }
    assert documented <= offered


def test_objects_on_real_devices_are_in_the_table(dumps: list[JSONObject]) -> None:
    used = {
        settings["obj_id"]
        for dump in dumps
        for key, settings in dump["settings"].items()
        if key.startswith("bthomesensor:") and settings
    }
    assert used
    assert used <= set(OBJECTS)


def _event(text: Any) -> str | None:
    """The name in the catalogue's words; None where it says itself that nobody has seen it so."""
    if "unverified" in str(text) or "no capture" in str(text):
        return None
    name = re.match(r"[a-z_]+", str(text))
    return name[0] if name and not str(text).startswith("any name") else None
