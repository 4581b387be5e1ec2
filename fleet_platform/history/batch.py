"""Samples on their way: as rows of PostgreSQL's binary COPY, and as a record of the spool. Pure.

A record names a series by its number where that is known, and by device, component and field where it is not, so that
one can be written while the database has never heard of it.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Sequence
from typing import Any

from fleet_platform.history.sampler import Sample
from fleet_platform.history.series import Series
from fleet_platform.text import JSONDecodeError, decode, encode
from plugin_sdk import DeviceId

_HEAD = struct.Struct("<QII")
_COPY_BEGIN = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END = b"\xff\xff"
_ROW = struct.Struct(">hiiiqidi")
_COUNTER_ROW = struct.Struct(">hiiiqidid")
_EPOCH_MS = 946_684_800_000
"""2000-01-01, from which PostgreSQL counts. Source: PostgreSQL documentation, COPY, "Binary Format"."""


class BadRecordError(Exception):
    """A record of the spool is not what this version writes."""


def copy_rows(rows: Sequence[tuple[int, int, float, float | None]]) -> bytes:
    """Rows for ``COPY history.sample (series, ts, value, delta)``: series, epoch milliseconds, value, growth."""
    row, counter_row = _ROW.pack, _COUNTER_ROW.pack
    return b"".join(
        [
            _COPY_BEGIN,
            *[
                row(4, 4, series, 8, (ts_ms - _EPOCH_MS) * 1000, 8, value, -1)
                if delta is None
                else counter_row(4, 4, series, 8, (ts_ms - _EPOCH_MS) * 1000, 8, value, 8, delta)
                for series, ts_ms, value, delta in rows
            ],
            _COPY_END,
        ]
    )


def to_record(seq: int, samples: Sequence[Sample], entries: Sequence[Any] = ()) -> bytes:
    """A batch as the spool keeps it: samples, and entries of the journal, which are any JSON values."""
    places: dict[Series, int] = {}
    named: list[list[Any]] = []
    words: list[tuple[int, str]] = []
    series, times, numbers = array("i"), array("q"), array("d")
    for number, (each, ts_ms, told) in enumerate(samples):
        if each.id is not None:
            series.append(each.id)
        else:
            place = places.get(each)
            if place is None:
                place = places[each] = -1 - len(named)
                named.append([each.device, each.component, each.path, each.kind, each.unit])
            series.append(place)
        times.append(ts_ms)
        if isinstance(told, str):
            words.append((number, told))
        numbers.append(0.0 if isinstance(told, str) else told)
    head = encode([named, words, entries])
    columns = [each if sys.byteorder == "little" else _swapped(each) for each in (series, times, numbers)]
    return b"".join([_HEAD.pack(seq, len(head), len(samples)), head, *[column.tobytes() for column in columns]])


def from_record(record: bytes, known: dict[int | tuple[str, str, str], Series]) -> tuple[int, list[Sample], list[Any]]:
    """The number, samples and entries of a record.

    Args:
        known: Series met before, by number or by device, component and field; those met now are added.

    Raises:
        BadRecordError: It is no such record.
    """
    try:
        seq, head_size, count = _HEAD.unpack_from(record)
        begin = _HEAD.size
        named, words, entries = decode(record[begin : begin + head_size])
        columns = []
        begin += head_size
        for kind in "iqd":
            column: array[Any] = array(kind)
            column.frombytes(record[begin : (begin := begin + count * column.itemsize)])
            columns.append(column if sys.byteorder == "little" else _swapped(column))
        if begin != len(record):
            raise BadRecordError("its length is another one")
        told = [_series(known, each) for each in named]
        series = [told[-1 - number] if number < 0 else _numbered(known, number) for number in columns[0]]
    except (struct.error, JSONDecodeError, ValueError, TypeError, IndexError) as error:
        raise BadRecordError(str(error)) from error
    samples: list[Sample] = list(zip(series, columns[1], columns[2], strict=True))
    for place, word in words:
        samples[place] = (*samples[place][:2], word)
    return seq, samples, entries


def _series(known: dict[int | tuple[str, str, str], Series], told: Sequence[Any]) -> Series:
    device, component, path, kind, unit = told
    key = (device, component, path)
    series = known.get(key)
    if series is None:
        series = known[key] = Series(DeviceId(device), component, path, kind, unit)
    return series


def _numbered(known: dict[int | tuple[str, str, str], Series], number: int) -> Series:
    series = known.get(number)
    if series is None:
        series = known[number] = Series.numbered(number)
    return series


def _swapped(column: array[Any]) -> array[Any]:
    swapped = array(column.typecode, column)
    swapped.byteswap()
    return swapped
