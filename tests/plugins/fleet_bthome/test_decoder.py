"""Raw advertisements decoded: real ones, encrypted ones, repeated ones and noise."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("bthome_ble", reason="needs the extra bthome")

from bthome_ble.const import MEAS_TYPES

from fleet_bthome.decoder import Decoder, advert_of
from fleet_bthome.forwarded import Advert, Packet
from fleet_bthome.measurements import NUMBERS, STATES
from fleet_bthome.models import MODELS
from fleet_bthome.reading import Happening, Reading

from .packets import KEY, THERMOMETER, button, climate, contact, encrypted, on_air


def advert(data: bytes, name: str | None = None) -> Advert:
    return Advert("fcd2", data, name)


def read(data: bytes, key: bytes | None = None) -> Reading | None:
    return Decoder(THERMOMETER, key).read(advert(data), 1.0)


def test_a_climate_sensor() -> None:
    reading = Decoder(THERMOMETER).read(advert(climate(7, 21.5, 48), "SBHT-003C"), 1.0)
    assert reading == Reading({"battery": 100, "humidity": 48, "temperature": 21.5}, (), 7, "SBHT-003C")


def test_a_contact() -> None:
    reading = read(contact(9, opened=True))
    assert reading is not None
    assert reading.values == {"battery": 100, "illuminance": 100.0, "window": True, "rotation": 10.0}


def test_buttons_tell_which_one_was_pushed() -> None:
    reading = read(button(3, 0, 2, 0, 0x80))
    assert reading is not None
    assert reading.happenings == (Happening("double_push", 1), Happening("hold_press", 3))


def test_several_of_one_quantity_are_numbered_and_each_packet_speaks_for_itself() -> None:
    decoder = Decoder(THERMOMETER)
    two, one = bytes.fromhex("440001016445d70045e700"), bytes.fromhex("4400020164")
    first, second = decoder.read(advert(two), 1.0), decoder.read(advert(one), 10.0)
    assert first is not None
    assert first.values == {"battery": 100, "temperature": 21.5, "temperature_2": 23.1}
    assert second is not None
    assert second.values == {"battery": 100}


def test_what_is_older_or_repeated_says_nothing() -> None:
    decoder = Decoder(THERMOMETER)
    assert decoder.read(advert(button(8, 1)), 1.0) is not None
    assert decoder.read(advert(button(8, 1)), 1.5) is None
    assert decoder.read(advert(climate(7)), 1.6) is None
    assert decoder.read(advert(climate(9)), 1.7) is not None


def test_an_encrypted_one_needs_its_key() -> None:
    sealed = encrypted(climate(1, 19.0), 5)
    reading = read(sealed, KEY)
    assert reading is not None
    assert reading.values == {"battery": 100, "humidity": 48, "temperature": 19.0}
    assert (reading.encrypted, reading.error) == (True, None)
    for wrong in (None, bytes(16)):
        reading = read(sealed, wrong)
        assert reading is not None
        assert (reading.values, reading.encrypted, reading.error) == ({}, True, "key_missing_or_bad")


def test_with_a_key_nothing_in_clear_is_believed() -> None:
    reading = read(climate(1), KEY)
    assert reading is not None
    assert (reading.values, reading.error) == ({}, "unencrypted_data")


def test_an_encrypted_packet_that_is_played_again_later_says_nothing() -> None:
    decoder = Decoder(THERMOMETER, KEY)
    assert decoder.read(advert(encrypted(climate(1, 19.0), 500)), 1.0) is not None
    assert decoder.read(advert(encrypted(climate(2, 20.0), 501)), 10.0) is not None
    assert decoder.read(advert(encrypted(climate(1, 19.0), 500)), 20.0) is None


def test_the_part_of_bthome_is_found_among_all_else() -> None:
    found = advert_of(Packet(THERMOMETER, -60, on_air(climate(7), "SBHT-003C")))
    assert found == Advert("fcd2", climate(7), "SBHT-003C")
    assert advert_of(Packet(THERMOMETER, -60, b"", ("fcd2", climate(7)), "x")) == Advert("fcd2", climate(7), "x")
    ibeacon = bytes.fromhex("0201061aff4c000215") + bytes(21)
    assert advert_of(Packet(THERMOMETER, -60, ibeacon)) is None


def test_every_object_of_the_library_has_a_place() -> None:
    """A new release that measures more is to be noticed."""
    missing = set()
    for obj_id, known in MEAS_TYPES.items():
        length = known.data_length
        payload = bytes(
            [0x40, obj_id, 1, 0x01] if known.data_format in ("raw", "string", "command") else [0x40, obj_id]
        )
        reading = read(payload + b"\x01" * length)
        if reading is None or not (reading.values or reading.happenings):
            missing.add(obj_id)
    assert missing == {0x00, 0xF0, 0xF1, 0xF2}  # what a packet says about itself and its device


def test_units_are_those_of_the_library() -> None:
    ours = {unit for unit, _, _ in NUMBERS.values()}
    theirs = {
        str(unit)
        for known in MEAS_TYPES.values()
        if (unit := getattr(known.meas_format, "native_unit_of_measurement", None)) is not None
    }
    assert theirs - ours == {"mbar"}  # hPa by another name
    assert len(STATES) == 28


def test_models_are_called_as_the_library_calls_them() -> None:
    for model in MODELS:
        decoder = Decoder(THERMOMETER)
        decoder.read(advert(climate(1), model.local_name), 1.0)
        assert decoder._parser._device_id_to_type[None] == model.title


@given(st.binary(max_size=60), st.sampled_from(["fcd2", "181c", "181e"]), st.none() | st.just(KEY))
def test_noise_harms_nobody(noise: bytes, service: str, key: bytes | None) -> None:
    decoder = Decoder(THERMOMETER, key)
    if noise:
        decoder.read(Advert(service, noise, None), 1.0)
        decoder.read(Advert(service, b"\x40" + noise, None), 2.0)
        decoder.read(Advert(service, b"\x41" + noise, None), 3.0)


@given(st.binary(max_size=100))
def test_noise_in_the_air_harms_nobody(noise: bytes) -> None:
    advert_of(Packet(THERMOMETER, -60, noise))
    found = advert_of(Packet(THERMOMETER, -60, on_air(noise[:20])))
    assert found is None or found.service == "fcd2"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_left_out(number: float) -> None:
    """Version 1 sends floating point numbers as they are."""
    spoilt = bytes([0x45, 0x02]) + struct.pack("<f", number)
    reading = Decoder(THERMOMETER).read(Advert("181c", spoilt + bytes([2, 1, 80]), None), 1.0)
    assert reading is not None
    assert reading.values == {"battery": 80}
    assert Decoder(THERMOMETER).read(Advert("181c", spoilt, None), 1.0) is None


def test_signs_and_factors_and_a_knob() -> None:
    cases = {
        "0245fa": {"temperature": -14.67},
        "45eaff": {"temperature": -2.2},
        "57ea": {"temperature": -22},
        "58ea": {"temperature": -7.7},
        "5d02ea": {"current": -5.63},
        "5c02fbffff": {"power": -12.78},
        "4c41018a01": {"gas": 25821.505},
        "5b02eaffff": {"count": -5630},
        "50bc7d0264": {"timestamp": 0x64027DBC},
        "530548656c6c6f": {"text": "Hello"},
        "540302aaff": {"raw": "02aaff"},
    }
    for data, values in cases.items():
        reading = read(bytes.fromhex("40" + data))
        assert reading is not None, data
        assert reading.values == values
    reading = read(bytes.fromhex("403c01033c0204"))
    assert reading is not None
    assert reading.happenings == (Happening("rotate_left", 0, {"steps": 3}), Happening("rotate_right", 1, {"steps": 4}))
