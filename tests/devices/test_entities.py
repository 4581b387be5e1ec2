"""Naming and order of entities, and what a plugin's fault costs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.devices.entities import compose
from plugin_sdk import JSON, ComponentType, ComponentView, DeviceId, Entity, EntitySpec

HALL = DeviceId("shellyx-aabbccddeeff")

OUTPUT = ComponentType(
    type="switch", namespace="Switch", title="", entity=EntitySpec(suffix="out", type="switch", label="Output")
)
INPUT = ComponentType(
    type="input",
    namespace="Input",
    title="",
    entity=EntitySpec(suffix="input", type="input", label="Input", label_always=True),
)
NUMBER = ComponentType(
    type="number",
    namespace="Number",
    title="",
    dynamic=True,
    entity=EntitySpec(suffix="number", type="number", label="Number", label_always=True),
)
MEDIA = ComponentType(
    type="media",
    namespace="Media",
    title="",
    singleton=True,
    entity=EntitySpec(suffix="media", type="media", label="Player", label_always=True),
)
SYS = ComponentType(type="sys", namespace="Sys", title="", singleton=True)
TYPES = {component.type: component for component in (OUTPUT, INPUT, NUMBER, MEDIA, SYS)}


def made(
    *keys: str, settings: Mapping[str, JSON] | None = None, types: Mapping[str, ComponentType] = TYPES
) -> tuple[Entity, ...]:
    return compose(HALL, "Hall", {key: {} for key in keys}, settings or {}, types)


def names(*keys: str, settings: Mapping[str, JSON] | None = None) -> list[str]:
    return [entity.name for entity in made(*keys, settings=settings)]


def _broken(_view: ComponentView) -> Mapping[str, JSON]:
    raise ZeroDivisionError


def with_broken_output() -> Mapping[str, ComponentType]:
    assert OUTPUT.entity is not None
    return {**TYPES, "switch": replace(OUTPUT, entity=replace(OUTPUT.entity, properties=_broken))}


def test_an_only_output_is_called_like_its_device() -> None:
    assert names("switch:0") == ["Hall"]


def test_one_of_several_outputs_has_its_number() -> None:
    assert names("switch:0", "switch:1", "input:0") == ["0) Output Hall", "1) Output Hall", "Input Hall"]


def test_a_configured_name_wins() -> None:
    settings = {"switch:0": {"name": "Boiler"}, "switch:1": {"name": " "}, "number:200": {"name": None}}
    assert names("switch:0", "switch:1", "number:200", settings=settings) == ["Boiler", "1) Output Hall", "Number Hall"]


def test_dynamic_components_are_not_numbered() -> None:
    assert names("number:200", "number:201") == ["Number Hall", "Number Hall"]


def test_a_label_that_depends_on_the_component_is_always_shown() -> None:
    assert OUTPUT.entity is not None
    spec = replace(OUTPUT.entity, label_for=lambda view: f"Relay {view.index}")
    (entity,) = made("switch:3", types={"switch": replace(OUTPUT, entity=spec)})
    assert entity.name == "Relay 3 Hall"


def test_ids_name_device_index_and_suffix_and_a_singleton_takes_no_id() -> None:
    found = [(entity.id, entity.component, entity.properties) for entity in made("input:101", "media")]
    assert found == [
        (f"{HALL}_101:input", "input:101", {"id": 101}),
        (f"{HALL}_0:media", "media", {}),
    ]


def test_entities_keep_the_order_of_the_status() -> None:
    keys = ["media", "switch:1", "input:0", "switch:0"]
    assert [entity.component for entity in made(*keys)] == keys


def test_components_without_an_entity_or_a_known_type_are_passed_over() -> None:
    assert made("sys", "unheard:0") == ()


def test_an_absent_component_is_no_sibling() -> None:
    (entity,) = compose(HALL, "Hall", {"switch:0": {}, "switch:1": None}, {}, TYPES)
    assert entity.name == "Hall"


def test_a_fault_costs_the_entities_of_its_type_alone(caplog: pytest.LogCaptureFixture) -> None:
    assert [entity.type for entity in made("switch:0", "input:0", types=with_broken_output())] == ["input"]
    assert "switch" in caplog.text


def test_a_fault_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    faulty: set[str] = set()
    for _ in range(3):
        compose(HALL, "Hall", {"switch:0": {}, "switch:1": {}}, {}, with_broken_output(), faulty=faulty)
    assert faulty == {"switch"}
    assert len(caplog.records) == 1


KEYS = st.one_of(
    st.sampled_from(["switch:0", "switch:00", "switch:x", "switch:", "input:200", "number:1", "media", "sys", ":"]),
    st.text(max_size=12),
    st.just("switch:" + "9" * 5000),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "meta", "id"]), inner, max_size=2)
    ),
    max_leaves=5,
)


@hypothesis.settings(deadline=None)
@given(status=st.dictionaries(KEYS, VALUES, max_size=6), settings=st.dictionaries(KEYS, VALUES, max_size=6))
def test_whatever_a_device_says_entities_are_distinct_and_named(
    status: Mapping[str, JSON], settings: Mapping[str, JSON]
) -> None:
    entities = compose(HALL, "Hall", status, settings, TYPES)
    assert len({entity.id for entity in entities}) == len(entities)
    assert all(entity.name.strip() for entity in entities)
    assert [entity.component for entity in entities] == [
        key for key in status if key in {entity.component for entity in entities}
    ]
