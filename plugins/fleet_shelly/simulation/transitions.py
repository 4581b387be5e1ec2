"""A light's way from one look to another: brightness, colour, colour temperature. Pure.

Source: Shelly Gen2+ API, "Light / Status", ``transition``. How often a light tells where it is is not documented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plugin_sdk import JSON, JSONObject

STEP_S = 1.0


@dataclass(slots=True, kw_only=True)
class Transition:
    """One way, and how far the light is on it.

    Attributes:
        start: The look it began with.
        goal: The look it ends with; the same names.
        lasts_s: How long it takes.
        passed_s: How much of that is over.
    """

    start: JSONObject
    goal: JSONObject
    lasts_s: float
    passed_s: float = 0.0

    def next_step_s(self) -> float:
        """How long until the next look is told."""
        return min(STEP_S, self.lasts_s / 2, self.lasts_s - self.passed_s)

    def step(self, seconds: float) -> bool:
        """Some time has passed; returns whether the goal is reached."""
        self.passed_s += seconds
        return self.passed_s >= self.lasts_s - 1e-6

    def look(self) -> JSONObject:
        """What the light shows now."""
        share = self.passed_s / self.lasts_s
        return {name: _between(self.start.get(name), goal, share) for name, goal in self.goal.items()}

    def shown(self, *, output: bool, target: Mapping[str, JSON], started_at: float) -> JSONObject:
        """The ``transition`` of the status."""
        return {"target": {"output": output, **target}, "started_at": started_at, "duration": self.lasts_s}


def _between(start: JSON, goal: JSON, share: float) -> JSON:
    if isinstance(goal, list) and isinstance(start, list) and len(start) == len(goal):
        return [_between(one, other, share) for one, other in zip(start, goal, strict=True)]
    numbers = isinstance(goal, int | float) and isinstance(start, int | float)
    return round(start + (goal - start) * share) if numbers else goal
