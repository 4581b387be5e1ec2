"""Who is let in, in which mode."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Literal, cast

import pytest
from pydantic import ValidationError

from fleet_admission import Admission, AdmissionSettings, Mode, decide
from plugin_sdk import Candidate, DeviceId, Fleet
from plugin_sdk.errors import Unavailable

Access = Literal["unknown", "pending", "allowed", "denied"]
MODES: tuple[Mode, ...] = ("open", "approve", "closed")


def candidate(access: Access = "unknown", *, run_token: bool = False) -> Candidate:
    return Candidate(
        device=DeviceId("shellypro1-0123456789ab"),
        access=access,
        token=None,
        run_token=run_token,
        remote="192.0.2.1",
        status={},
    )


@pytest.mark.parametrize(
    ("mode", "unknown", "pending", "allowed"),
    [
        ("open", "admit", "admit", "admit"),
        ("approve", "wait", "wait", "admit"),
        ("closed", "refuse", "refuse", "admit"),
    ],
)
def test_the_mode_decides_where_no_operator_did(mode: Mode, unknown: str, pending: str, allowed: str) -> None:
    assert decide(mode, candidate("unknown")).action == unknown
    assert decide(mode, candidate("pending")).action == pending
    assert decide(mode, candidate("allowed")).action == allowed


@pytest.mark.parametrize("mode", MODES)
def test_what_the_platform_started_is_let_in(mode: Mode) -> None:
    assert decide(mode, candidate(run_token=True)).action == "admit"


@pytest.mark.parametrize("mode", MODES)
def test_a_reason_is_a_sentence(mode: Mode) -> None:
    for one in (candidate(), candidate("allowed"), candidate(run_token=True)):
        reason = decide(mode, one).reason
        assert reason[0].isupper()
        assert reason.endswith(".")


def test_the_default_is_to_ask_an_operator() -> None:
    assert AdmissionSettings().mode == "approve"
    with pytest.raises(ValidationError):
        AdmissionSettings.model_validate({"mode": "ajar"})


async def test_a_changed_mode_counts_for_the_next_device() -> None:
    plugin = Admission()
    settings: Any = plugin.fleet_register_settings()
    [rule] = plugin.fleet_register_admission()
    fleet = cast(Fleet, SimpleNamespace(settings=AdmissionSettings(mode="closed")))
    async with plugin.fleet_lifespan(fleet):
        verdict = await rule.decide(candidate())
        assert verdict is not None
        assert verdict.action == "refuse"
        settings.changed(AdmissionSettings(mode="open"))
        verdict = await rule.decide(candidate())
        assert verdict is not None
        assert verdict.action == "admit"


async def test_before_the_mode_is_known_nobody_is_judged() -> None:
    [rule] = Admission().fleet_register_admission()
    with pytest.raises(Unavailable):
        await rule.decide(candidate())
