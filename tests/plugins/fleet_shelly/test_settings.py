"""Forms fit the settings that real devices have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from jsonschema import Draft202012Validator

from fleet_shelly.catalogue import COMPONENTS
from plugin_sdk import JSON, ComponentType, JSONObject

DOCUMENTED = {
    # Written and never read.
    "wifi": {"sta.pass", "sta1.pass", "ap.pass"},
    "mqtt": {"pass"},
    # No device at hand has an analogue input.
    "input": {"xpercent", "xpercent.expr", "xpercent.unit"},
    # One flag a phase, of which the dumps set none.
    "em": {"reverse.a", "reverse.b", "reverse.c"},
    # Firmware newer than the dumps.
    "cct": {"undervoltage_limit"},
    "rgb": {"undervoltage_limit"},
}
"""Settings that Shelly documents and no real device at hand shows."""

UNSEEN = {"rgbw", "rgbcct", "plugpm_ui", "prorgbwwpm"}
"""Types no real device at hand has; their forms are those of their nearest relatives."""

FORMS = [component for component in COMPONENTS if component.settings is not None]


def _properties(schema: Mapping[str, JSON], prefix: str = "") -> Iterator[str]:
    for key, inner in schema.get("properties", {}).items():
        yield f"{prefix}{key}"
        yield from _properties(inner, f"{prefix}{key}.")


def _schemas(component: ComponentType) -> Iterator[Mapping[str, JSON]]:
    if component.settings is not None:
        yield component.settings
    for action in component.actions:
        for parameter in action.parameters.values():
            yield parameter.schema


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.type)
def test_schemas_are_json_schema(component: ComponentType) -> None:
    for schema in _schemas(component):
        Draft202012Validator.check_schema(schema)


def test_real_settings_fit_their_form(dump: JSONObject, types: Mapping[str, ComponentType]) -> None:
    for key, settings in dump["settings"].items():
        schema = types[key.partition(":")[0]].settings
        # In some dumps the Wi-Fi settings are masked to a word.
        if schema is not None and isinstance(settings, dict):
            assert [error.message for error in Draft202012Validator(schema).iter_errors(settings)] == [], key


@pytest.mark.parametrize("component", FORMS, ids=lambda component: component.type)
def test_forms_ask_for_settings_that_exist(
    component: ComponentType, real: Mapping[str, Mapping[str, set[str]]]
) -> None:
    known = real.get(component.type, {}).get("config", set())
    assert (not known) == (component.type in UNSEEN)
    if known:
        assert set(_properties(component.settings or {})) - known == DOCUMENTED.get(component.type, set())
