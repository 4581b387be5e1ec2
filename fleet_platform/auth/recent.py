"""Answers that are kept for a short while, so that the same question is not asked a hundred times a second."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """The last answers; when there are more than ``limit``, the oldest is forgotten.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, *, limit: int = 1_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._answers: OrderedDict[Key, tuple[float, Value]] = OrderedDict()

    def get(self, key: Key, *, max_age_s: float) -> Value | None:
        """The answer to a question, or None if there is none so young."""
        since, value = self._answers.get(key, (0.0, None))
        return value if self._clock() - since <= max_age_s else None

    def put(self, key: Key, value: Value | None) -> None:
        """Keep an answer from now on; None removes the former one."""
        self._answers.pop(key, None)
        if value is None:
            return
        self._answers[key] = self._clock(), value
        if len(self._answers) > self._limit:
            self._answers.popitem(last=False)

    def drop(self, unwanted: Callable[[Value], bool]) -> None:
        """Forget some answers."""
        for key in [key for key, (_, value) in self._answers.items() if unwanted(value)]:
            del self._answers[key]
