"""A device that is somebody else all of a sudden."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from fleet_platform.simulator.faults.effect import Effect
from fleet_platform.simulator.faults.fault import Fault

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_INFO = "shelly.getdeviceinfo"


class WrongId(Fault):
    """Names another id as its own."""

    name: ClassVar[str] = "wrong_id"
    id: str = Field(default="", max_length=200, description="The id; empty for its own with the last digit changed.")
    after: Literal["now", "reconnect"] = Field(
        default="now",
        description="now: in the frames of the present connection; reconnect: in a new connection, and in what "
        "Shelly.GetDeviceInfo answers.",
    )

    def on(self, device: Machine) -> Effect:
        """Have it lie."""
        return _Impostor(device, self.id or _neighbour(device.id), thorough=self.after == "reconnect")


class _Impostor(Effect):
    __slots__ = ("_id", "_thorough")

    def __init__(self, device: Machine, wrong: str, *, thorough: bool) -> None:
        super().__init__(device)
        self._id = wrong
        self._thorough = thorough

    def begin(self) -> None:
        faults, info = self.device.session.faults, self.device.state.info
        self._call_itself(self._id)
        if self._thorough:
            mac = {"mac": self._id.rpartition("-")[2].upper()} if "mac" in info else {}
            faults.results[_INFO] = {**info, "id": self._id, **mac}

    def end(self) -> None:
        self._call_itself(None)
        if self._thorough:
            self.device.session.faults.results.pop(_INFO, None)

    def _call_itself(self, name: str | None) -> None:
        session = self.device.session
        session.faults.src = name
        session.name_itself()
        if self._thorough and session.link.channel is not None:
            session.link.channel.abort()


def _neighbour(device: str) -> str:
    """An id that differs in its last digit."""
    return device[:-1] + ("0" if device[-1:] != "0" else "1")
