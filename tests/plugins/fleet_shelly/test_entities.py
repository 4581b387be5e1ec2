"""The entities of real devices are those their users know."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from fleet_platform.devices.entities import compose
from fleet_shelly.bthome_objects import OBJECTS
from plugin_sdk import JSON, ComponentType, DeviceId, Entity, JSONObject

# File, then entity id without the device, name and properties beside the id.
EXPECTED: Mapping[str, list[tuple[str, str, JSONObject]]] = {
    "SNSW-001P16EU__Plus1PM__19BD3D": [
        ("_0:input", "Input 1PM Plus", {"type": "switch", "unit": ""}),
        ("_0:out", "1PM Plus", {}),
    ],
    "SPSW-104PE16EU__Pro4PM__09EB02": [
        ("_0:input", "0) Input 4PM Pro", {"type": "switch", "unit": ""}),
        ("_1:input", "1) Input 4PM Pro", {"type": "switch", "unit": ""}),
        ("_2:input", "2) Input 4PM Pro", {"type": "switch", "unit": ""}),
        ("_3:input", "3) Input 4PM Pro", {"type": "switch", "unit": ""}),
        ("_0:out", "0) Output 4PM Pro", {}),
        ("_1:out", "1) Output 4PM Pro", {}),
        ("_2:out", "2) Output 4PM Pro", {}),
        ("_3:out", "DC line", {}),
    ],
    "SNSW-102P16EU__Plus2PM__C78505__cover": [
        ("_0:cover", "Cover My Shelly 2PM PLUS", {"favorites": [50]}),
        ("_0:input", "0) Input My Shelly 2PM PLUS", {"type": "switch", "unit": ""}),
        ("_1:input", "1) Input My Shelly 2PM PLUS", {"type": "switch", "unit": ""}),
    ],
    "SPEM-003CEBEU__Pro3EM__C5AAFA": [
        ("_0:em", "Energy Meter 3EM Pro", {}),
        ("_0:emdata", "Energy 3EM Pro", {}),
        ("_0:temp", "3EM Pro", {}),
    ],
    "SPEM-002CEBEU50__ProEM__91620C": [
        ("_0:em1", "Main", {}),
        ("_1:em1", "1) Energy Meter Breaker box PRO-EM50 I", {}),
        ("_0:em1data", "0) Energy Breaker box PRO-EM50 I", {}),
        ("_1:em1data", "1) Energy Breaker box PRO-EM50 I", {}),
        ("_0:out", "Breaker box PRO-EM50 I", {}),
    ],
    "S3GW-1DBT001__BluGwG3__aioshelly-test_shellyblugatewaygen3": [
        ("_200:blutrv", "Shelly BLU TRV [DDEEFF]", {"addr": "aa:bb:cc:dd:ee:ff", "model": None}),
        ("_200:bthomedevice", "Shelly BLU TRV [DDEEFF]", {"addr": "aa:bb:cc:dd:ee:ff", "model": None}),
        (
            "_200:bthomesensor",
            "battery[0] BLU Sensor Shelly BLU Gateway Gen3 [DDEEFF]",
            {"unit": "%", "sensorType": "sensor"},
        ),
        (
            "_202:bthomesensor",
            "temperature[0] BLU Sensor Shelly BLU Gateway Gen3 [DDEEFF]",
            {"unit": "°C", "sensorType": "sensor"},
        ),
        (
            "_203:bthomesensor",
            "temperature[1] BLU Sensor Shelly BLU Gateway Gen3 [DDEEFF]",
            {"unit": "°C", "sensorType": "sensor"},
        ),
    ],
    "S3SW-001X16EU__S1G3__BE39BB": [
        ("_0:input", "Input 1 Gen3 I", {"type": "button", "unit": ""}),
        ("_0:out", "1 Gen3", {}),
        ("_200:button", "Button1", {"view": "button"}),
        (
            "_200:enum",
            "Enum1",
            {"view": "dropdown", "options": {"Led ON": "Led ON", "Led OFF": "Led OFF"}},
        ),
        ("_200:group", "Group 1 Gen3 I", {"view": None}),
        ("_200:number", "Number1", {"view": "slider", "unit": "", "min": 0, "max": 100, "step": 1}),
        ("_200:text", "Text1", {"view": "field", "maxLength": 255}),
    ],
    "S3XT-0S__XT1-st1820__ha": [
        ("_200:boolean", "Anti-freeze", {"view": "toggle", "labelFalse": "Disabled", "labelTrue": "Enabled"}),
        ("_201:boolean", "Child lock", {"view": "toggle", "labelFalse": "Disabled", "labelTrue": "Enabled"}),
        ("_202:boolean", "Enable thermostat", {"view": "toggle", "labelFalse": "Disabled", "labelTrue": "Enable"}),
        ("_200:number", "Current humidity", {"view": "label", "unit": "%", "min": 0, "max": 100, "step": 1}),
        ("_201:number", "Current temperature", {"view": "label", "unit": "°C", "min": 15, "max": 35, "step": 1}),
        ("_202:number", "Target temperature", {"view": "slider", "unit": "°C", "min": 15, "max": 35, "step": 0.5}),
    ],
    "SAWD-0A1XX10EU1__WallDisplay__E119C6": [
        ("_0:temp", "Wall Display", {}),
        ("_0:humidity", "Humidity Wall Display", {}),
        ("_0:illuminance", "Illuminance Wall Display", {}),
        ("_0:out", "Wall Display", {}),
        ("_0:input", "Input Wall Display", {"type": "switch", "unit": ""}),
        ("_0:media", "Media Player Wall Display", {}),
        ("_0:devicepower", "Power Supply Wall Display", {}),
        ("_0:thermostat", "Thermostat Wall Display", {}),
    ],
    "SPDC-0D5PE16EU__ProRGBWWPM__045408": [
        ("_0:cct", "CCT Light RGBWW PM Pro", {}),
        ("_0:input", "0) Input RGBWW PM Pro", {"type": "button", "unit": ""}),
        ("_1:input", "1) Input RGBWW PM Pro", {"type": "button", "unit": ""}),
        ("_2:input", "2) Input RGBWW PM Pro", {"type": "button", "unit": ""}),
        ("_3:input", "3) Input RGBWW PM Pro", {"type": "button", "unit": ""}),
        ("_4:input", "4) Input RGBWW PM Pro", {"type": "button", "unit": ""}),
        ("_0:rgb", "RGB RGBWW PM Pro", {}),
    ],
    "SPCB-02VENEU__ProCB__8F5253": [
        ("_0:cb", "Circuit Breaker shellypro2cb-8813bf8f5253", {}),
        ("_0:voltmeter", "Voltmeter shellypro2cb-8813bf8f5253", {}),
    ],
    "SNSN-0031Z__PlusSmoke__2A3654": [
        ("_0:devicepower", "Power Supply Plus Smoke", {}),
        ("_0:smoke", "Smoke Plus Smoke", {}),
    ],
}

NAMELESS = {
    "ble",
    "blugw",
    "bthome",
    "cloud",
    "eth",
    "ht_ui",
    "knx",
    "matter",
    "modbus",
    "mqtt",
    "plugs_ui",
    "plusrgbwpm",
    "script",
    "service",
    "sys",
    "ui",
    "wifi",
    "ws",
    "zigbee",
}
"""Types on real devices that users have no name for."""


def entities_of(dump: JSONObject, types: Mapping[str, ComponentType]) -> tuple[Entity, ...]:
    return compose(DeviceId(dump["id"]), dump["name"], dump["status"], dump["settings"], types)


@pytest.mark.parametrize("file", EXPECTED)
def test_telling_devices_have_the_entities_their_users_know(
    file: str, dumps: list[JSONObject], types: Mapping[str, ComponentType]
) -> None:
    dump = next(dump for dump in dumps if dump["file"] == file)
    found = [
        (
            entity.id.removeprefix(dump["id"]),
            entity.name,
            {name: value for name, value in entity.properties.items() if name != "id"},
        )
        for entity in entities_of(dump, types)
    ]
    assert found == EXPECTED[file]


def test_every_component_has_an_entity_unless_it_is_nameless(
    dump: JSONObject, types: Mapping[str, ComponentType]
) -> None:
    entities = entities_of(dump, types)
    assert [entity.component for entity in entities] == [
        key for key in dump["status"] if key.partition(":")[0] not in NAMELESS
    ]
    assert len({entity.id for entity in entities}) == len(entities)
    for entity in entities:
        assert entity.name.strip() or not dump["name"]
        assert entity.properties.get("id") == (
            int(entity.component.partition(":")[2]) if ":" in entity.component else None
        )


def test_a_status_without_settings_loses_no_entity(dump: JSONObject, types: Mapping[str, ComponentType]) -> None:
    whole = entities_of(dump, types)
    bare = entities_of({**dump, "settings": {}}, types)
    assert [entity.id for entity in bare] == [entity.id for entity in whole]


def test_a_nameless_blu_device_is_called_after_model_and_address(types: Mapping[str, ComponentType]) -> None:
    settings = {
        "bthomedevice:200": {"addr": "7c:c6:b6:9a:8e:48", "name": None, "meta": {"ui": {"local_name": "SBHT-003C"}}},
        "bthomedevice:201": {"addr": "0c:ef:f6:db:b5:f7", "name": None, "meta": None},
        "bthomedevice:202": {"addr": "0c:ef:f6:db:b5:f8", "name": "Door"},
    }
    entities = compose(DeviceId("shellyx-1"), "Hall", {key: {} for key in settings}, settings, types)
    assert [entity.name for entity in entities] == ["SBHT-003C [9A8E48] Hall", "BLU Device [DBB5F7] Hall", "Door"]


@pytest.mark.parametrize("odd", ["x", 5, ["x"], {"ui": "x"}, {"ui": {"local_name": 5}}])
def test_a_blu_device_with_odd_settings_is_an_entity_all_the_same(
    odd: JSON, types: Mapping[str, ComponentType]
) -> None:
    settings = {"bthomedevice:200": {"addr": odd, "meta": odd}, "bthomesensor:200": {"obj_id": odd, "idx": odd}}
    entities = compose(DeviceId("shellyx-1"), "Hall", {key: {} for key in settings}, settings, types)
    assert [entity.component for entity in entities] == [*settings]


@pytest.mark.parametrize(
    ("index", "listed", "expected"),
    [
        (0, {"cover": "75,25, 50,25"}, [25, 50, 75]),
        (1, {"cover": "75", "cover1": "10"}, [10]),
        (0, {"cover": ""}, []),
        (0, {"cover": "101,-1,x,100"}, [100]),
        (0, {"cover": None}, []),
        (0, {}, []),
    ],
)
def test_favourites_of_a_cover_are_sorted_percentages(
    index: int, listed: JSONObject, expected: list[int], types: Mapping[str, ComponentType]
) -> None:
    settings = {"sys": {"ui_data": listed}}
    (entity,) = compose(DeviceId("shellyx-1"), "Hall", {f"cover:{index}": {}}, settings, types)
    assert entity.properties == {"id": index, "favorites": expected}


@pytest.mark.parametrize(
    ("settings", "unit"),
    [
        ({"type": "analog"}, "%"),
        ({"type": "analog", "xpercent": {"unit": "bar"}}, "bar"),
        ({"type": "analog", "xpercent": {"unit": None}}, "%"),
        ({"type": "count"}, ""),
    ],
)
def test_an_analogue_input_has_a_unit(settings: JSONObject, unit: str, types: Mapping[str, ComponentType]) -> None:
    (entity,) = compose(DeviceId("shellyx-1"), "Hall", {"input:2": {}}, {"input:2": settings}, types)
    assert entity.properties == {"id": 2, "type": settings["type"], "unit": unit}


def test_an_object_the_table_does_not_know_is_called_by_its_number(types: Mapping[str, ComponentType]) -> None:
    settings = {"bthomesensor:200": {"obj_id": 250, "idx": 1}}
    (entity,) = compose(DeviceId("shellyx-1"), "Hall", {"bthomesensor:200": {}}, settings, types)
    assert (entity.name, entity.properties["unit"]) == ("250[1] BLU Sensor Hall", "")


def test_every_object_in_the_dumps_is_in_the_table(dumps: list[JSONObject]) -> None:
    settings = [value for dump in dumps for key, value in dump["settings"].items() if key.startswith("bthomesensor")]
    assert {sensor["obj_id"] for sensor in settings} - set(OBJECTS) == set()
    assert {OBJECTS[number].kind for number in range(21, 46)} == {"binary_sensor"}
