"""Entities of twins: kept encoded until what they are made of changes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fleet_platform.devices.composer import Composer
from fleet_platform.devices.twin import Twin
from fleet_platform.text import decode
from plugin_sdk import ComponentType, DeviceId, EntitySpec

TYPES = {
    "switch": ComponentType(
        type="switch",
        namespace="Switch",
        title="Switch",
        entity=EntitySpec(suffix="out", type="switch", label="Output"),
    )
}


def twin() -> Twin:
    made = Twin(DeviceId("d"), {"switch:0": {"output": True}, "sys": {}})
    made.set_info({"name": "Pump"})
    made.set_settings({"switch:0": {"name": "Boiler"}})
    return made


def names(composer: Composer, of: Twin) -> dict[str, str]:
    members = decode(b"{%b}" % composer.encoded(of))
    return {entity: value["name"] for entity, value in members.items()}


def test_entities_are_encoded_as_they_are_told_one_by_one() -> None:
    composer, device = Composer(lambda: TYPES), twin()
    members = decode(b"{%b}" % composer.encoded(device))
    assert members == {entity.id: entity.to_json() for entity in composer.of(device)}
    assert composer.encoded(Twin(DeviceId("e"), {"sys": {}})) == b""


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda device: device.set_settings({"switch:0": {"name": "Tank"}}), {"d_0:out": "Tank"}),
        (lambda device: device.load(info=b'{"name":"X"}', settings=b"{}", meta={}), {"d_0:out": "X"}),
        (lambda device: device.status.update({"switch:1": {}}), {"d_0:out": "Boiler", "d_1:out": "1) Output Pump"}),
        (lambda device: device.status.pop("switch:0"), {}),
    ],
)
def test_what_changes_them_is_seen(change: Callable[[Twin], None], expected: dict[str, str]) -> None:
    composer, device = Composer(lambda: TYPES), twin()
    assert names(composer, device) == {"d_0:out": "Boiler"}
    change(device)
    composer.refresh(device)
    assert names(composer, device) == expected


def test_they_are_composed_once_while_nothing_changes() -> None:
    composer, device = Composer(lambda: TYPES), twin()
    first = composer.encoded(device)
    device.status["switch:0"]["output"] = False
    assert composer.encoded(device) is first


def test_a_component_is_seen_with_its_settings_and_siblings() -> None:
    device = twin()
    device.status["switch:1"] = {}
    view = Composer(lambda: TYPES).view(device, "switch:0")
    assert (view.index, view.siblings, view.device_name) == (0, 2, "Pump")
    assert (view.status, view.settings) == ({"output": True}, {"name": "Boiler"})
