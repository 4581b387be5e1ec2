"""What is wrong with a scenario file, collected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        line: Where, counted from 1.
        text: What, with the offending word.
    """

    line: int
    text: str


class BadScenario(ValueError):
    """A scenario file that cannot be played; the text has one line for each problem: ``FILE:LINE: what``.

    Attributes:
        problems: All that is wrong, in order of lines; never empty.
    """

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(f"{file}:{problem.line}: {problem.text}" for problem in self.problems))
