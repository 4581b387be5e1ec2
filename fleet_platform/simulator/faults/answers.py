"""Faults in how a device answers calls."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from fleet_platform.simulator.faults.effect import Effect, Setting
from fleet_platform.simulator.faults.fault import Fault

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine


class AnswersError(Fault):
    """Answers an error to a method, whatever was asked."""

    name: ClassVar[str] = "error"
    method: str = Field(default="*", min_length=1, description="Method, such as Switch.Set; * for all.")
    code: int = Field(default=-114, description="Code of the error.")
    message: str = Field(default="Unavailable", max_length=1000, description="Text of the error.")

    @property
    def concerns(self) -> str:
        """The method."""
        return self.method

    def on(self, device: Machine) -> Effect:
        """Have the error answered."""
        errors, error = device.session.faults.errors, {"code": self.code, "message": self.message}
        return Setting(
            device, to=partial(errors.__setitem__, self.subject, error), back=partial(errors.pop, self.subject)
        )


class AnswersLate(Fault):
    """Answers a method late."""

    name: ClassVar[str] = "delay"
    method: str = Field(default="*", min_length=1, description="Method, such as Switch.Set; * for all.")
    seconds: float = Field(default=5.0, ge=0, le=86_400, description="Seconds before its answer.")

    @property
    def concerns(self) -> str:
        """The method."""
        return self.method

    def on(self, device: Machine) -> Effect:
        """Have the answers wait."""
        delays = device.session.faults.delays_s
        to = partial(delays.__setitem__, self.subject, self.seconds)
        return Setting(device, to=to, back=partial(delays.pop, self.subject))


class AnswersNothing(Fault):
    """Reads calls and answers none; pings are answered and news are told."""

    name: ClassVar[str] = "silent"

    def on(self, device: Machine) -> Effect:
        """Have no call answered."""
        return _Silence(device)


class _Silence(Effect):
    __slots__ = ()

    def begin(self) -> None:
        self.device.session.faults.silent = True

    def end(self) -> None:
        self.device.session.faults.silent = False
