"""What all policies say together."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.auth.access import COMPLAINT_INTERVAL_S, Access
from plugin_sdk import Decision, DeviceId, Policy, Principal
from plugin_sdk.errors import PermissionDenied

ANN = Principal(name="ann", provider="local_users", groups=frozenset({"night shift"}))
BOILER = DeviceId("shellypro1-0123456789ab")


def always(decision: Any, name: str = "always") -> Policy:
    return Policy(name=name, decide=lambda _principal, _permission, _device: decision)


def broken(_principal: Principal, _permission: str, _device: DeviceId | None) -> Decision:
    raise LookupError("the boiler is cold")


def test_without_policies_nobody_may_do_anything() -> None:
    assert not Access([]).allows(ANN, "device.list")


@given(st.lists(st.sampled_from(["allow", "deny", None])))
def test_one_deny_wins_else_one_allow_suffices_in_any_order(decisions: list[Decision]) -> None:
    access = Access([always(decision) for decision in decisions])
    assert access.allows(ANN, "device.list") == ("allow" in decisions and "deny" not in decisions)


def test_a_policy_sees_the_principal_the_permission_in_lower_case_and_the_device() -> None:
    asked: list[object] = []

    def decide(*question: object) -> Decision:
        asked.append(question)
        return None

    Access([Policy(name="curious", decide=decide)]).allows(ANN, "Switch.Set", BOILER)
    assert asked == [(ANN, "switch.set", BOILER)]


def test_a_changed_fact_counts_at_the_next_question() -> None:
    facts = SimpleNamespace(decision="allow")
    access = Access([Policy(name="changing", decide=lambda *_question: facts.decision)])
    assert access.allows(ANN, "device.list")
    facts.decision = "deny"
    assert not access.allows(ANN, "device.list")


@pytest.mark.parametrize("policy", [Policy(name="broken", decide=broken), always("yes"), always(True)])
def test_a_policy_that_fails_or_talks_nonsense_counts_as_deny(policy: Policy) -> None:
    assert not Access([always("allow"), policy]).allows(ANN, "device.list")


def test_a_failing_policy_is_logged_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    time = SimpleNamespace(now=0.0)
    access = Access([Policy(name="broken", decide=broken)], clock=lambda: time.now)
    with caplog.at_level(logging.ERROR):
        for _ in range(100):
            access.allows(ANN, "device.list")
        assert len(caplog.records) == 1
        time.now = COMPLAINT_INTERVAL_S
        access.allows(ANN, "device.list")
    assert len(caplog.records) == 2
    assert "broken" in caplog.text
    assert "the boiler is cold" in caplog.text


def test_require_names_what_is_missing() -> None:
    Access([always("allow")]).require(ANN, "device.list")
    with pytest.raises(PermissionDenied) as refusal:
        Access([]).require(ANN, "Device.List")
    assert refusal.value.data == {"permission": "device.list"}


def test_explain_tells_what_each_policy_says() -> None:
    access = Access([always("allow", "a"), always(None, "b"), Policy(name="c", decide=broken)])
    assert access.explain(ANN, "device.list") == [("a", "allow"), ("b", None), ("c", "deny")]
