"""The result: one row per figure, bare beside platform, and whether the target is met."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a figure should reach: ``platform`` or the ``ratio`` platform / bare, at most or at least the limit."""

    of: Literal["platform", "ratio"]
    relation: Literal["≤", "≥"]
    limit: float

    def is_met(self, platform: float, ratio: float | None) -> bool:
        """Whether the figure is within the limit; never without a measurement."""
        value = platform if self.of == "platform" else ratio
        within = operator.le if self.relation == "≤" else operator.ge
        return value is not None and within(value, self.limit)

    def __str__(self) -> str:
        return f"{self.relation} {number(self.limit)}" + (" x" if self.of == "ratio" else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure of one server, and what the bare server reached in the same run.

    Attributes:
        target: What the platform should reach; it does not bind the bare server.
        note: What a reader needs to trust the value: load of the generator, losses.
        bare: The bare server's value, once both were measured.
    """

    figure: str
    unit: str
    value: float
    target: Target | None = None
    note: str = ""
    bare: float | None = None

    @property
    def ratio(self) -> float | None:
        """Platform over bare; None where the bare server's value is nothing to compare with."""
        return self.value / self.bare if self.bare is not None and self.value >= 0 < self.bare else None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None if there is none."""
        return self.target.is_met(self.value, self.ratio) if self.target else None

    def to_json(self) -> dict[str, Any]:
        """All of the row, for ``--json``."""
        return {
            "figure": self.figure,
            "unit": self.unit,
            "bare": self.bare,
            "platform": self.value,
            "ratio": self.ratio,
            "target": str(self.target) if self.target else None,
            "met": self.met,
            "note": self.note,
        }

    def cells(self) -> tuple[str, ...]:
        """The row as text, in the order of :data:`HEADER`."""
        return (
            self.figure,
            f"{number(self.bare)} {self.unit}" if self.bare is not None else "",
            f"{number(self.value)} {self.unit}",
            f"{self.ratio:.2f} x" if self.ratio is not None else "",
            str(self.target) if self.target else "",
            {True: "yes", False: "NO", None: ""}[self.met],
            self.note,
        )


def beside(rows: Sequence[Row], bare: Sequence[Row]) -> list[Row]:
    """The platform's rows with the bare server's values; both were measured alike."""
    return [replace(row, bare=reference.value) for row, reference in zip(rows, bare, strict=True)]


HEADER = ("figure", "bare", "platform", "ratio", "target", "met", "note")


def number(value: float) -> str:
    """A number with the digits that mean something."""
    if math.isnan(value):
        return "?"
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def render(rows: Sequence[Row]) -> str:
    """An aligned table that is Markdown as well."""
    lines = [HEADER, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )
