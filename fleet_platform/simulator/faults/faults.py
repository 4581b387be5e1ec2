"""What one device does wrong at present, and the way to start and to end it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_platform.simulator.faults.effect import Effect
from fleet_platform.simulator.faults.fault import Fault
from fleet_platform.simulator.faults.table import find_fault, read_fault
from fleet_platform.simulator.outbound.channel import Channel
from plugin_sdk import JSON, JSONObject

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine
    from fleet_platform.simulator.wheel import WheelTimer

EVERY_METHOD = "*"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Active:
    """A fault at work on a device.

    Attributes:
        fault: Which, with its parameters.
        effect: What it does.
        timer: Ends it; None where nothing but its user does.
    """

    fault: Fault
    effect: Effect
    timer: WheelTimer | None


class Faults:
    """What a device does wrong; empty unless somebody wants it.

    ::

        device.faults.start("slow", delay_s=2, for_s=60)
        device.faults.active  # [Slow(delay_s=2.0, bytes_per_s=None)]
        device.faults.stop("slow")

    Attributes:
        silent: Requests are taken and never answered.
        delays_s: Method in lower case to seconds before its answer; ``*`` stands for all methods.
        errors: Method in lower case to the error it answers; ``*`` as above.
        results: Method in lower case to the result it answers, whatever was asked.
        src: The id it gives itself in all frames; None for its own.
        clock_off_s: How far ahead of time its clock is once it is set.
        update_fails: Whether firmware updates fail.
        away: How many faults keep it from connecting.
    """

    __slots__ = (
        "_active",
        "_device",
        "away",
        "clock_off_s",
        "delays_s",
        "errors",
        "results",
        "silent",
        "src",
        "update_fails",
    )

    def __init__(self, device: Machine) -> None:
        self._device = device
        self._active: list[Active] = []
        self.silent = False
        self.delays_s: dict[str, float] = {}
        self.errors: dict[str, JSONObject] = {}
        self.results: dict[str, JSON] = {}
        self.src: str | None = None
        self.clock_off_s = 0.0
        self.update_fails = False
        self.away = 0

    @property
    def active(self) -> list[Fault]:
        """The faults at work, in the order in which they were started."""
        return [each.fault for each in self._active]

    def start(self, fault: Fault | str, *, for_s: float | None = None, **parameters: object) -> None:
        """Start a fault; one of the same name that is at work already is undone first.

        Of ``error`` and ``delay`` there may be one for each method.

        Args:
            fault: A fault, or the name of one: ``"slow"``.
            for_s: Undo it after so many seconds of simulated time; None leaves that to the caller.
            parameters: Those of the fault, where its name is given.

        Raises:
            BadFault: There is no such fault, or it takes no such parameters; the text names the nearest.
        """
        if isinstance(fault, str):
            fault = read_fault(fault, parameters)
        elif parameters:
            raise TypeError("parameters go with the name of a fault")
        self._end([each for each in self._active if _same(each.fault, fault)])
        effect = fault.on(self._device)
        timer = None if for_s is None else self._device.world.wheel.after(for_s, lambda: self._end_of(effect))
        self._active.append(Active(fault=fault, effect=effect, timer=timer))
        effect.begin()

    def stop(self, name: str | None = None) -> None:
        """Undo a fault, or all; nothing where it is not at work.

        Raises:
            BadFault: There is no such fault.
        """
        kind = None if name is None else find_fault(name)
        self._end([each for each in self._active if kind is None or type(each.fault) is kind])

    # ---- for the device and its faults ------------------------------------------------------------------

    def opening(self, channel: Channel) -> None:
        """There is a new connection."""
        for each in tuple(self._active):
            each.effect.opening(channel)

    def opened(self, channel: Channel) -> None:
        """The first word was said."""
        for each in tuple(self._active):
            each.effect.opened(channel)

    def is_over(self, effect: Effect) -> None:
        """An effect has done what it was for, and needs no undoing."""
        for each in self._active:
            if each.effect is effect and each.timer is not None:
                each.timer.cancel()
        self._active = [each for each in self._active if each.effect is not effect]

    def delay_s(self, method: str) -> float:
        """Seconds before a method's answer."""
        return self.delays_s.get(method.lower(), self.delays_s.get(EVERY_METHOD, 0.0))

    def error(self, method: str) -> JSONObject | None:
        """The error that a method answers; None if it works."""
        return self.errors.get(method.lower(), self.errors.get(EVERY_METHOD))

    # ---- inside -----------------------------------------------------------------------------------------

    def _end_of(self, effect: Effect) -> None:
        self._end([each for each in self._active if each.effect is effect])

    def _end(self, ended: Iterable[Active]) -> None:
        for each in ended:
            self.is_over(each.effect)
            each.effect.end()


def _same(one: Fault, other: Fault) -> bool:
    return type(one) is type(other) and one.subject == other.subject
