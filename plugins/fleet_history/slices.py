"""Long work in short pieces, so that others get their turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

T = TypeVar("T")

SLICE_S = 0.004
"""How long the event loop is held at most, plus one value."""


async def sliced(values: Iterable[T]) -> AsyncIterator[T]:
    """The same values; lets others run now and then."""
    started = time.perf_counter()
    for value in values:
        yield value
        if time.perf_counter() - started > SLICE_S:
            await asyncio.sleep(0)
            started = time.perf_counter()
