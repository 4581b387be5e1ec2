"""Finding devices: by id in any case, by MAC, and no other way."""

from __future__ import annotations

import pytest

from fleet_platform.devices.fleet import Fleet
from fleet_platform.devices.twin import Twin
from plugin_sdk import DeviceId
from plugin_sdk.errors import UnknownDevice

ID = DeviceId("ShellyX-A8032abb995c")


@pytest.fixture
def twin() -> Twin:
    return Twin(ID, {"sys": {}})


@pytest.fixture
def fleet(twin: Twin) -> Fleet:
    fleet = Fleet()
    fleet.add(twin)
    return fleet


@pytest.mark.parametrize(
    "name", [ID, ID.lower(), ID.upper(), "A8032ABB995C", "a8032abb995c", "A8:03:2A:BB:99:5C", "a8:03:2a:bb:99:5c"]
)
def test_a_device_is_found_by_its_id_in_any_case_and_by_its_mac(fleet: Fleet, twin: Twin, name: str) -> None:
    assert fleet.get(name) is twin
    assert fleet.find(name) is twin


@pytest.mark.parametrize("name", ["", "shellyx", "995C", "shellyx-a8032abb995d", "*", "group:1", "x" * 1_000])
def test_what_names_no_device_finds_none(fleet: Fleet, name: str) -> None:
    assert fleet.get(name) is None
    with pytest.raises(UnknownDevice) as caught:
        fleet.find(name)
    assert caught.value.data == {"reason": "unknown_device", "device": name[:100]}


def test_a_twin_takes_the_place_of_one_with_the_same_id(fleet: Fleet, twin: Twin) -> None:
    newer = Twin(DeviceId(ID.lower()), {})
    fleet.add(newer)
    assert list(fleet) == [newer]
    assert fleet.get("A8032ABB995C") is newer
    fleet.remove(twin)
    assert fleet.get(ID) is newer, "the older one is no longer what the id means"
    fleet.remove(newer)
    assert (len(fleet), fleet.get(ID), fleet.get("A8032ABB995C")) == (0, None, None)


def test_devices_keep_the_order_of_their_first_admission_and_may_change_while_they_are_counted(fleet: Fleet) -> None:
    for number in range(5):
        fleet.add(Twin(DeviceId(f"d{number}"), {}))
    seen = []
    for twin in fleet:
        seen.append(twin.id)
        fleet.remove(twin)
    assert seen == [ID, "d0", "d1", "d2", "d3", "d4"]
    assert len(fleet) == 0


def test_the_live_status_is_given_or_none(fleet: Fleet, twin: Twin) -> None:
    assert fleet.status_of(ID) is twin.status
    assert fleet.status_of(DeviceId("other")) is None


def test_a_mac_goes_on_naming_the_device_that_had_it_first(fleet: Fleet, twin: Twin) -> None:
    impostor = Twin(DeviceId("evil-a8032abb995c"), {})
    fleet.add(impostor)
    assert fleet.get("A8032ABB995C") is twin
    renewed = Twin(ID, {})
    fleet.add(renewed)
    assert fleet.get("A8032ABB995C") is renewed


def test_ids_are_in_order_whoever_came_and_went() -> None:
    fleet = Fleet()
    twins = {name: Twin(DeviceId(name), {}) for name in ("b", "C", "a")}
    for twin in twins.values():
        fleet.add(twin)
    assert list(fleet.after()) == ["a", "b", "c"]
    assert list(fleet.after("B")) == ["c"]
    fleet.remove(twins["b"])
    fleet.add(Twin(DeviceId("bb"), {}))
    fleet.add(Twin(DeviceId("A"), {}))
    assert list(fleet.after("b")) == ["bb", "c"]
    assert list(fleet.after()) == ["a", "bb", "c"]
