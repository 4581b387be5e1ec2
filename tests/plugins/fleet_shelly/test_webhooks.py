"""What components call webhooks for agrees with what they show and emit."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from fleet_shelly.catalogue import COMPONENTS
from fleet_shelly.webhooks import WEBHOOKS
from plugin_sdk import ComponentType

_NOT_IN_DUMPS = {"input": {"percent"}, "rgbw": {"output"}, "rgbcct": {"output"}}
"""No dump has an analogue input, nor a light of these kinds."""

_KINDS = {component.type: component for component in COMPONENTS}


def test_every_type_is_declared_and_gets_its_events(types: Mapping[str, ComponentType]) -> None:
    assert {kind: types[kind].webhooks for kind in WEBHOOKS} == dict(WEBHOOKS)


@pytest.mark.parametrize("kind", WEBHOOKS)
def test_an_event_has_one_cause_which_is_the_component_s_own(kind: str) -> None:
    for event in WEBHOOKS[kind]:
        assert (event.path == "") != (event.event == "")
        if event.event and _KINDS[kind].events:
            assert event.event in _KINDS[kind].events
        assert event.value is None or event.path
    causes = [(event.name, event.path, event.event) for event in WEBHOOKS[kind]]
    assert len(set(causes)) == len(causes)


@pytest.mark.parametrize("kind", WEBHOOKS)
def test_values_exist_on_real_devices(kind: str, real: Mapping[str, Mapping[str, set[str]]]) -> None:
    known = real.get(kind, {}).get("status", set())
    paths = {event.path for event in WEBHOOKS[kind]} | {
        attribute.path for event in WEBHOOKS[kind] for attribute in event.attributes
    }
    assert paths - known - {""} == _NOT_IN_DUMPS.get(kind, set())


def test_several_causes_of_one_event_tell_the_same() -> None:
    for events in WEBHOOKS.values():
        told: dict[str, list[str]] = {}
        for event in events:
            names = [attribute.name for attribute in event.attributes]
            assert told.setdefault(event.name, names) == names
