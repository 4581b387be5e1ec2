"""Permissions that are named one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.auth.access import Access
from fleet_policies import Policies
from plugin_sdk import JSON, DeviceId, Principal

ONE, OTHER = DeviceId("shellyplus1-A8032ABE54DC"), DeviceId("shellyplus1-000000000000")


def ask(permissions: JSON, permission: str, device: DeviceId | None = None) -> bool:
    principal = Principal(name="ann", provider="local_users", claims={"permissions": permissions})
    return Access(Policies().fleet_register_policies()).allows(principal, permission, device)


@pytest.mark.parametrize(
    ("named", "permission", "allowed"),
    [
        ("device.list", "device.list", True),
        ("Device.LIST", "device.list", True),
        ("device.list", "device.listqueued", False),
        ("device.*", "device.delete", True),
        ("device.*", "devices.delete", False),
        ("device.*", "device", False),
        ("*", "plugin:x.setconfig", True),
        ("api:*", "api:/switch", True),
        ("api:/switch", "api:/switch", True),
        ("api:*", "apis", False),
        ("plugin:x.*", "plugin:x.setconfig", True),
        ("dev*", "device.list", False),
        ("storage.getitem", "storage.setitem", False),
        ("", "device.list", False),
    ],
)
def test_a_name_allows_itself_and_a_star_what_follows(named: str, permission: str, allowed: bool) -> None:
    assert ask((named,), permission) is allowed


def test_who_lists_devices_sees_them_and_does_nothing_to_them() -> None:
    for named in ("device.list", "device.get", "device.*"):
        assert ask((named,), "device.get", ONE)
    assert not ask(("entity.list",), "device.get", ONE)
    assert not ask(("device.list",), "device.get")
    for permission in ("switch.set", "shelly.factoryreset", "device.delete"):
        assert not ask(("device.list", "device.get"), permission, ONE)
    assert ask(("device.list", "switch.*"), "switch.set", ONE)


def test_devices_that_are_named_are_all_that_is_seen() -> None:
    named = ("device.list", "Device.Get.shellyplus1-a8032abe54dc", "switch.set.shellyplus1-a8032abe54dc")
    assert ask(named, "device.get", ONE)
    assert not ask(named, "device.get", OTHER)
    assert ask(named, "device.get")  # may call it; which device is asked for is another question
    assert ask(named, "switch.set", ONE)
    assert not ask(named, "switch.set", OTHER)
    assert not ask(named, "switch.set")


@pytest.mark.parametrize("permissions", [None, "*", {"*": 1}, 7, [], ()])
def test_what_is_no_list_of_names_allows_nothing(permissions: JSON) -> None:
    assert not ask(permissions, "device.list")


def test_what_is_no_name_in_a_list_does_no_harm() -> None:
    assert ask([None, 7, "device.list"], "device.list")


@given(st.lists(st.text(alphabet="ab.:*", max_size=8), max_size=5), st.text(alphabet="ab.:", min_size=1, max_size=8))
def test_nothing_is_allowed_that_no_name_stands_for(permissions: list[str], permission: str) -> None:
    def stands_for(name: str) -> bool:
        beginning, star, _ = name.partition("*")
        if not star:
            return name == permission
        return (beginning == "" or beginning[-1] in ".:") and permission.startswith(beginning)

    assert ask(tuple(permissions), permission) is any(map(stands_for, permissions))
