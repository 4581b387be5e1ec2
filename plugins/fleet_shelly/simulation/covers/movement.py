"""One movement of a blind: what is wanted, how long it takes, where the blind is on the way. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from plugin_sdk import JSON

OPENING, CLOSING = "opening", "closing"
OPPOSITE = {OPENING: CLOSING, CLOSING: OPENING}
SETTING = {OPENING: "open", CLOSING: "close"}
"""How settings and ``last_direction`` call a movement."""

_NEARLY_S = 0.005

_End = Literal["limit", "target", "duration", "timeout"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A movement that is wanted.

    Attributes:
        direction: ``opening`` or ``closing``.
        source: Who wants it, as ``source`` of the status names it.
        target: Where to stop, in percent; None for the end of the way.
        duration_s: How long to move at most; None for what the settings say.
        slat_pos: How far the slats are to be open afterwards, in percent; None for what the settings say.
        reverses: Whether it flees from an obstacle.
        errors: What the status is to show meanwhile; None for none of what went wrong before.
    """

    direction: str
    source: str
    target: float | None = None
    duration_s: float | None = None
    slat_pos: float | None = None
    reverses: bool = False
    errors: JSON = None


@dataclass(slots=True, kw_only=True)
class Move:
    """A motor that runs.

    Attributes:
        order: What was wanted.
        origin: Where the blind was, in percent.
        whole_s: What the whole way takes.
        runs_s: How long the motor is to run.
        ends: What ends it then.
        ran_s: How long it has run.
        held_s: How long of that something held the blind.
    """

    order: Order
    origin: float
    whole_s: float
    runs_s: float
    ends: _End
    ran_s: float = 0.0
    held_s: float = 0.0

    @property
    def direction(self) -> str:
        """``opening`` or ``closing``."""
        return self.order.direction

    @property
    def is_over(self) -> bool:
        """Whether it has run as long as it was to."""
        return self.ran_s >= self.runs_s - _NEARLY_S

    def position(self, more_s: float = 0.0) -> float:
        """Where the blind is; ``more_s`` is the time since ``ran_s`` was counted."""
        moved = (min(self.runs_s, self.ran_s + more_s) - self.held_s) / self.whole_s * 100
        return within(self.origin + (moved if self.direction == OPENING else -moved))

    def resting_state(self) -> str:
        """The state of the cover when it came to its end."""
        if self.ends == "limit":
            return "open" if self.direction == OPENING else "closed"
        return "stopped"


def move_for(order: Order, *, here: float, whole_s: float, confirm_s: float, longest_s: float) -> Move:
    """How an order is carried out.

    Args:
        order: What is wanted.
        here: Where the blind is, in percent.
        whole_s: What its whole way takes.
        confirm_s: How long the motor runs on at the end of the way, until it is sure to be there.
        longest_s: How long it may run.
    """
    goal = (100.0 if order.direction == OPENING else 0.0) if order.target is None else order.target
    way_s = abs(goal - here) / 100 * whole_s
    ends: list[tuple[float, _End]] = [(way_s + confirm_s, "limit") if goal in (0.0, 100.0) else (way_s, "target")]
    if order.duration_s is not None:
        ends.append((order.duration_s, "duration"))
    ends.append((longest_s, "timeout"))
    runs_s, why = min(ends, key=lambda end: end[0])
    return Move(order=order, origin=here, whole_s=whole_s, runs_s=runs_s, ends=why)


def within(percent: float) -> float:
    """The nearest place that there is."""
    return max(0.0, min(100.0, percent))


def resting_place(status: Mapping[str, JSON]) -> float:
    """Where a blind is that does not move, as far as the status tells."""
    shown = status.get("current_pos")
    if isinstance(shown, int | float):
        return float(shown)
    return {"open": 100.0, "closed": 0.0}.get(str(status.get("state")), 50.0)
