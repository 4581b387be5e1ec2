"""Events of scripts that forward advertisements: all the forms are read, and nothing harms."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_bthome.addresses import address_of
from fleet_bthome.forwarded import MAX_PACKETS, Packet, read
from fleet_bthome.found import FoundDevice

from .packets import THERMOMETER, b64, captured, climate, on_air

RAW = on_air(climate(7), "SBHT-003C")
DATA = climate(7)

FORMS: dict[str, Any] = {
    "aioshelly 1": [1, THERMOMETER, -60, b64(RAW[:8]), b64(RAW[8:])],
    "aioshelly 2": [2, [[THERMOMETER.upper(), -60, b64(RAW), ""]]],
    "hexadecimal": {"addr": THERMOMETER, "rssi": -60, "adv_data": RAW.hex()},
    "in two parts": {"mac": THERMOMETER, "rssi": -60, "advData": b64(RAW[:8]), "scanRsp": RAW[8:].hex()},
    "several": [{"address": "5448E68F80A5", "rssi": -60, "raw": RAW.hex().upper()}],
}
SERVICE_DATA: dict[str, Any] = {
    "text": DATA.hex(),
    "short": {"fcd2": b64(DATA), "fe95": "00"},
    "prefixed": {"0xFCD2": DATA.hex()},
    "long": {"0000fcd2-0000-1000-8000-00805f9b34fb": DATA.hex()},
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_whole_advertisement_is_read(form: str) -> None:
    assert read(FORMS[form]) == ([Packet(THERMOMETER, -60, RAW)], 0)


@pytest.mark.parametrize("form", SERVICE_DATA)
def test_every_form_of_service_data_is_read(form: str) -> None:
    event = {"addr": THERMOMETER, "rssi": -60, "service_data": SERVICE_DATA[form], "local_name": "SBHT-003C"}
    assert read(event) == ([Packet(THERMOMETER, -60, b"", ("fcd2", DATA), "SBHT-003C")], 0)


def test_what_a_script_decoded_is_passed_on() -> None:
    said = {"BTHome_version": 2, "encryption": False, "pid": 205, "Battery": 100, "addr": THERMOMETER, "rssi": -68}
    assert read(said) == ([Packet(THERMOMETER, -68, said=said)], 0)
    assert read({**said, "encryption": True}) == ([], 1)


def test_captured_events_are_read() -> None:
    data = captured("oh-blu.data")
    if not data:
        pytest.skip("no captured notifications on this machine")
    for each in data:
        assert len(read(each)[0]) == 1


@pytest.mark.parametrize(
    "data",
    [
        None,
        7,
        "text",
        [2, [["xx", -60, b64(RAW), ""]]],
        [2, [[THERMOMETER, -60, "no base64!", ""]]],
        [2, [[THERMOMETER, -60]]],
        [1, THERMOMETER, -60, 5, 6],
        {"addr": THERMOMETER},
        {"addr": THERMOMETER, "adv_data": "ab" * 1_500},
        {"addr": THERMOMETER, "service_data": {"fe95": "00", "fcd2": 5}},
        {"rssi": -60, "adv_data": RAW.hex()},
    ],
)
def test_garbage_is_counted(data: Any) -> None:
    packets, garbage = read(data)
    assert packets == []
    assert garbage == 1


def test_one_event_carries_only_so_many() -> None:
    packets, garbage = read([2, [[THERMOMETER, -60, b64(RAW), ""]] * (MAX_PACKETS + 5)])
    assert (len(packets), garbage) == (MAX_PACKETS, 5)


def test_odd_strengths_are_unknown() -> None:
    for odd in (None, "x", 127, -500, [1]):
        [packet], _ = read({"addr": THERMOMETER, "rssi": odd, "adv_data": RAW.hex()})
        assert packet.rssi is None


def test_names_are_fit_to_be_shown() -> None:
    """Anybody may send any letters."""
    part = {"addr": THERMOMETER, "service_data": "4000010250", "local_name": "a\0\x1b[2J\u202e" + "b" * 100}
    [[packet], _] = read(part)
    assert packet.name == "a[2J" + "b" * 33
    found = FoundDevice.read({"addr": THERMOMETER, "name": "\0\n", "rssi": 2**63, "model_id": 2**64 - 1}, 5)
    assert found is not None
    assert (found.type, found.rssi, found.number) == ("unknown", None, None)


def test_addresses_in_any_spelling() -> None:
    for spelt in ("AA:BB:CC:DD:EE:0F", "aabbccddee0f", "aa-bb-cc-dd-ee-0f", "aabb.ccdd.ee0f", " aa:bb:cc:dd:ee:0f\n"):
        assert address_of(spelt) == "aa:bb:cc:dd:ee:0f"
    for odd in (None, 5, "", "aabbccddee", "zz:bb:cc:dd:ee:0f", "a" * 40, "a:abb-ccddee0f", "aa:bb-cc:dd:ee:0f"):
        assert address_of(odd) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(["addr", "rssi", "adv_data", "service_data", "BTHome_version", "fcd2", "name"]), inner
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_whatever_a_script_sends_is_taken_or_counted(data: Any) -> None:
    packets, garbage = read(data)
    assert len(packets) + garbage == (len(data) if isinstance(data, list) else 1) or isinstance(data, list)
