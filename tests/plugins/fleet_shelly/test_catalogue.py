"""Declarations agree with one another, with real devices and with the catalogue of components."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import pytest

from fleet_shelly.catalogue import COMPONENTS
from plugin_sdk import JSON, ComponentType, JSONObject

UNITS = {"", "W", "VA", "Wh", "V", "A", "Hz", "°C", "%", "lx", "K", "dBm", "s", "B"}

DOCUMENTED = {
    # No dump has an analogue input or a counter.
    "input": {"percent", "xpercent", "counts.xtotal", "xfreq"},
    # Only while slats are enabled.
    "cover": {"slat_pos"},
    # On metering models newer than the dumps.
    "pm1": {"pf"},
    # No dump has one; the keys are those of client code.
    "rgbw": {
        "output",
        "brightness",
        "white",
        "apower",
        "voltage",
        "current",
        "aenergy.total",
        "temperature.tC",
    },
    "rgbcct": {"output", "brightness", "ct", "apower", "voltage", "current", "aenergy.total", "temperature.tC"},
    "camera": {"motion", "arm", "privacy"},
}
"""Fields that Shelly documents and no real device at hand shows."""

WRONG_IN_CATALOGUE = {("input", "counts.total")}
"""Units that the catalogue derived from a key's name alone."""


def test_types_and_entity_suffixes_are_declared_once() -> None:
    suffixes = [component.entity.suffix for component in COMPONENTS if component.entity]
    assert len({component.type for component in COMPONENTS}) == len(COMPONENTS)
    assert len(set(suffixes)) == len(suffixes)


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.type)
def test_names_inside_a_type_are_unique_and_belong_to_it(component: ComponentType) -> None:
    assert component.type == component.namespace.lower()
    assert len({action.name for action in component.actions}) == len(component.actions)
    assert len({field.path for field in component.fields}) == len(component.fields)
    assert all(method.startswith(f"{component.namespace}.") for method in component.slow_methods)
    assert {field.unit for field in component.fields} <= UNITS


def test_every_component_of_every_dump_is_known(dump: JSONObject, types: Mapping[str, ComponentType]) -> None:
    keys = {*dump["status"], *dump["settings"]}
    assert {key for key in keys if key.partition(":")[0] not in types} == set()
    singletons = {key for key in keys if ":" not in key}
    assert {key for key in singletons if not types[key].singleton} == set()


def test_every_type_of_the_catalogue_is_declared(
    catalogue: Mapping[str, JSON], types: Mapping[str, ComponentType]
) -> None:
    assert set(catalogue) - set(types) == set()


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.type)
def test_fields_exist_on_real_devices(component: ComponentType, real: Mapping[str, Mapping[str, set[str]]]) -> None:
    known = real.get(component.type, {}).get("status", set())
    assert {field.path for field in component.fields} - known == DOCUMENTED.get(component.type, set())


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.type)
def test_units_are_those_of_the_catalogue(
    component: ComponentType, catalogue: Mapping[str, Mapping[str, Mapping[str, str]]]
) -> None:
    units = catalogue.get(component.type, {}).get("status", {})
    for field in component.fields:
        if units.get(field.path) and (component.type, field.path) not in WRONG_IN_CATALOGUE:
            assert field.unit == units[field.path], field.path


def test_methods_exist(reference: Path) -> None:
    with (reference / "methods.csv").open(newline="") as rows:
        # Firmware and client code spell namespaces in different cases, and devices take any.
        known = {row["method"].casefold() for row in csv.DictReader(rows)}
    used = {action.method for component in COMPONENTS for action in component.actions}
    slow = {method for component in COMPONENTS for method in component.slow_methods}
    assert {method for method in used | slow if method.casefold() not in known} == set()


def test_calls_that_wait_for_a_radio_are_slow(types: Mapping[str, ComponentType]) -> None:
    assert {action.method for action in types["blutrv"].actions} <= set(types["blutrv"].slow_methods)
    assert "Wifi.Scan" in types["wifi"].slow_methods
