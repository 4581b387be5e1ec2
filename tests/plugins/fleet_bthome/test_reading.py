"""What scripts decode by themselves means the same as what the library decodes."""

from __future__ import annotations

from fleet_bthome.measurements import COMPONENT, NUMBERS, STATES, is_known
from fleet_bthome.reading import Happening, said


def test_names_and_kinds_are_ours() -> None:
    reading = said({"pid": 12, "Battery": 100, "window": 1, "Illuminance": 13, "dewpoint": 4.5, "else": 1}, "SBDW-002C")
    assert reading is not None
    assert reading.values == {"battery": 100, "window": True, "illuminance": 13, "dew_point": 4.5}
    assert (reading.packet_id, reading.name, reading.happenings) == (12, "SBDW-002C", ())


def test_several_values_and_buttons_are_numbered() -> None:
    reading = said({"temperature": [20.5, 21, None], "button": [0, 4, 99, 128]}, None)
    assert reading is not None
    assert reading.values == {"temperature": 20.5, "temperature_2": 21}
    assert reading.happenings == (Happening("long_push", 1), Happening("hold_press", 3))


def test_nothing_known_is_nothing() -> None:
    assert said({"pid": 1, "addr": "x", "temperature": "hot", "button": "1"}, None) is None


def test_every_quantity_has_a_field_of_its_own() -> None:
    paths = [field.path for field in COMPONENT.fields]
    assert len(set(paths)) == len(paths)
    assert {*NUMBERS, *STATES, "rssi"} <= set(paths)
    assert all(is_known(path) for path in paths if path != "rssi")
    assert not is_known("rssi_2")


def test_what_is_true_or_false_is_no_number() -> None:
    reading = said({"temperature": True, "moisture": True, "power": 5, "battery_status": 1, "mass_kg": 2.5}, None)
    assert reading is not None
    assert reading.values == {"moisture_detected": True, "power": 5, "battery_low": True, "mass": 2.5}
