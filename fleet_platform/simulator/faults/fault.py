"""A fault as a value: its name, its parameters, and how to start it on a device."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine
    from fleet_platform.simulator.faults.effect import Effect


class Fault(BaseModel, ABC):
    """Something that a device can do wrong. The first line of a subclass's docstring says what, to whoever asks.

    Fields are parameters; each has a default, bounds and a description, and its unit in its name.

    Attributes:
        name: As people write it: ``slow``.
        doubles: Whether a device may have two connections because of it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: ClassVar[str]
    doubles: ClassVar[bool] = False

    @abstractmethod
    def on(self, device: Machine) -> Effect:
        """The effect of this fault on a device; it has not begun yet."""

    @property
    def concerns(self) -> str:
        """What of the device is concerned, where a fault can be at work several times: a method, as it was written."""
        return ""

    @property
    def subject(self) -> str:
        """The same in lower case, for comparing."""
        return self.concerns.lower()
