"""Long results: the same JSON as at once, whatever their length, with turns for others."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from fleet_platform.methods.slices import SLICE, encode_list, encode_map, joined
from fleet_platform.text import decode, encode


async def counted(length: int) -> AsyncIterator[int]:
    for number in range(length):
        yield number


@pytest.mark.parametrize("length", [0, 1, 2, SLICE, SLICE + 1, SLICE + 2, 3 * SLICE + 7])
async def test_lists_and_maps_are_whole(length: int) -> None:
    assert decode(encode(await encode_list(counted(length)))) == list(range(length))
    members = ((str(number), number) async for number in counted(length))
    assert decode(encode(await encode_map(members))) == {str(number): number for number in range(length)}
    assert decode(encode({"items": await encode_list(counted(length))}))["items"] == list(range(length))


async def test_what_is_empty_is_left_out() -> None:
    parts = (b"" if number % 3 else b"%d" % number async for number in counted(3 * SLICE * 2))
    assert decode(encode(await joined(b"[", parts, b"]"))) == list(range(0, 3 * SLICE * 2, 3))
    nothing = (b"" async for _ in counted(9))
    assert decode(encode(await joined(b"{", nothing, b"}"))) == {}
