"""Who may do what in a new installation."""

from __future__ import annotations

import pytest

from fleet_platform.auth.access import Access
from fleet_policies import Policies
from plugin_sdk import DeviceId, Policy, Principal

DEVICE = DeviceId("shellypro1-0123456789ab")
PERMISSIONS = ["device.list", "switch.set", "plugin:admission.setconfig", "shelly.factoryreset"]


def allowed(principal: Principal, *more: Policy) -> list[bool]:
    access = Access([*Policies().fleet_register_policies(), *more])
    return [access.allows(principal, name, device) for name in PERMISSIONS for device in (None, DEVICE)]


@pytest.mark.parametrize("provider", ["local_users", "oidc"])
def test_an_administrator_may_do_everything(provider: str) -> None:
    assert all(allowed(Principal(name="ann", provider=provider, groups=frozenset({"admin", "night shift"}))))


@pytest.mark.parametrize("groups", [set(), {"administrators"}, {"Admin"}, {"plugin"}])
def test_anybody_else_may_do_nothing(groups: set[str]) -> None:
    assert not any(allowed(Principal(name="admin", provider="local_users", groups=frozenset(groups))))


def test_a_plugin_may_do_everything() -> None:
    assert all(allowed(Principal(name="greetings", provider="plugin")))


def test_a_stranger_is_left_to_other_policies() -> None:
    guests = Policy(name="guests", decide=lambda *_question: "allow")
    assert all(allowed(Principal(name="ann", provider="local_users"), guests))


def test_another_policy_can_take_away_even_from_administrators() -> None:
    nobody = Policy(name="nobody", decide=lambda *_question: "deny")
    assert not any(allowed(Principal(name="ann", provider="local_users", groups=frozenset({"admin"})), nobody))
