"""What stands in buckets in which nothing was measured. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

Fill: TypeAlias = Literal["none", "null", "previous", "linear"]
Number: TypeAlias = float | None

SUMS = frozenset({"count", "delta"})
"""Aggregates of what happened within a bucket: nothing is carried over into others."""


def filled(
    times: Sequence[int], columns: Mapping[str, Sequence[Number]], edges: Sequence[int], fill: Fill, kind: str
) -> tuple[Sequence[int], Mapping[str, Sequence[Number]]]:
    """A value for each bucket.

    Args:
        times: Begins of buckets in which something was measured, in order.
        columns: Aggregate to its values.
        edges: Begins of all buckets, in order.
        kind: Of the series; a state has nothing between two of its values, so it keeps the former.
    """
    if fill == "none":
        return times, columns
    places = dict(zip(times, range(len(times)), strict=True))
    return edges, {name: _column(values, places, edges, _way(fill, name, kind)) for name, values in columns.items()}


def _way(fill: Fill, aggregate: str, kind: str) -> Fill:
    if aggregate in SUMS:
        return "null"
    return "previous" if fill == "linear" and kind == "state" else fill


def _column(values: Sequence[Number], places: Mapping[int, int], edges: Sequence[int], fill: Fill) -> list[Any]:
    found = [None if (place := places.get(edge)) is None else values[place] for edge in edges]
    if fill == "null":
        return found
    before: int | None = None
    for number, value in enumerate(found):
        if value is None:
            if fill == "previous" and before is not None:
                found[number] = found[before]
            continue
        if fill == "linear" and before is not None and number - before > 1:
            _draw(found, edges, before, number)
        before = number
    if fill == "previous" and before is not None:
        found[before:] = [found[before]] * (len(found) - before)
    return found


def _draw(found: list[Number], edges: Sequence[int], before: int, after: int) -> None:
    """A straight line between two known values."""
    low, high = found[before], found[after]
    assert low is not None
    assert high is not None
    slope = (high - low) / (edges[after] - edges[before])
    for number in range(before + 1, after):
        found[number] = low + slope * (edges[number] - edges[before])
