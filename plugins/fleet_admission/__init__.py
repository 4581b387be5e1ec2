"""Who is let in at the door: everybody, whom an operator accepted, or nobody new.

The mode decides about devices that nobody has decided about. An operator's decision always stands, and what the
platform started itself (the demo fleet) shows the token of its run and is let in.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, Literal, TypeAlias

from pydantic import BaseModel, Field

from plugin_sdk import AdmissionRule, Candidate, Fleet, Settings, Verdict, hookimpl
from plugin_sdk.errors import Unavailable

Mode: TypeAlias = Literal["open", "approve", "closed"]

_THIS_RUN: Final = Verdict(action="admit", reason="The platform started this device itself.")
_ACCEPTED: Final = Verdict(action="admit", reason="An operator accepted this device.")
_NEW: Final[Mapping[Mode, Verdict]] = {
    "open": Verdict(action="admit", reason='Every device is let in while the admission mode is "open".'),
    "approve": Verdict(action="wait", reason="The device is new; accept or reject it in the waiting room."),
    "closed": Verdict(
        action="refuse", reason='No new device is let in; set the admission mode to "approve" to see it waiting.'
    ),
}


class AdmissionSettings(BaseModel):
    """Settings of the plugin ``admission``."""

    mode: Mode = Field(
        default="approve",
        title="New devices",
        description="open: are let in. approve: wait for an operator. closed: are refused.",
    )


class Admission:
    """The plugin ``admission``."""

    def __init__(self) -> None:
        self._mode: Mode | None = None

    @hookimpl
    def fleet_register_settings(self) -> Settings:
        """The mode; a change is in force with the next device that knocks."""
        return Settings(model=AdmissionSettings, changed=self._apply)

    @hookimpl
    def fleet_register_admission(self) -> list[AdmissionRule]:
        """One rule."""
        return [AdmissionRule(name="mode", decide=self._decide)]

    @hookimpl
    @asynccontextmanager
    async def fleet_lifespan(self, fleet: Fleet) -> AsyncIterator[None]:
        """Learns the mode from the settings."""
        self._apply(fleet.settings)
        yield
        self._mode = None

    def _apply(self, settings: AdmissionSettings) -> None:
        self._mode = settings.mode

    async def _decide(self, candidate: Candidate) -> Verdict:
        if self._mode is None:
            raise Unavailable(part="admission")  # not started yet: the device is told to try again
        return decide(self._mode, candidate)


def decide(mode: Mode, candidate: Candidate) -> Verdict:
    """The verdict on a device that no operator denied."""
    if candidate.run_token:
        return _THIS_RUN
    if candidate.access == "allowed":
        return _ACCEPTED
    return _NEW[mode]
