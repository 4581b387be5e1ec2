"""Long results, encoded in slices so that the event loop never stalls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import Any, TypeVar

from fleet_platform.text import encode
from plugin_sdk import Pieces

T = TypeVar("T")

SLICE = 50
"""Values handled without letting others run; a device of 4 KiB takes about 10 µs."""


async def encode_list(values: AsyncIterable[Any]) -> Pieces:
    """A JSON array of values that come one by one."""
    return await joined(b"[", (encode(value) async for value in values), b"]")


async def encode_map(members: AsyncIterable[tuple[str, Any]]) -> Pieces:
    """A JSON object of members that come one by one."""
    return await joined(b"{", (b"%b:%b" % (encode(key), encode(value)) async for key, value in members), b"}")


async def joined(begin: bytes, parts: AsyncIterable[bytes], end: bytes) -> Pieces:
    """A JSON array or object of parts that are encoded already; empty ones are left out."""
    pieces: list[bytes] = [begin]
    batch: list[bytes] = []
    async for part in parts:
        if part:
            batch.append(part)
        if len(batch) > SLICE:
            pieces.append(b",".join(batch))
            batch = [b""]  # so that the next piece begins with a comma
    return Pieces([*pieces, b",".join(batch), end])


async def in_slices(values: Iterable[T], size: int = SLICE) -> AsyncIterator[T]:
    """Values one by one, with a turn for others after each slice."""
    for number, value in enumerate(values):
        yield value
        if number % size == size - 1:
            await asyncio.sleep(0)
