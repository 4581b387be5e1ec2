"""What is kept as a table: rows of a fixed shape, as CSV or Parquet.

Column names are part of the contract: none changes its name or meaning.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from fleet_history.choice import Series
from fleet_history.reading import AGGREGATES, Part
from plugin_sdk.errors import Unavailable

HEAD: Final = ("time", "device", "component", "field", "unit", "kind")
SAMPLES: Final = (*HEAD, "value", "word")
BUCKETS: Final = (*HEAD, *AGGREGATES)

_FORMULA = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Where a formula may begin, also as East Asian keyboards write one, and where a cell ends at a semicolon."""


def columns(*, is_raw: bool) -> Sequence[str]:
    """Names of the columns."""
    return SAMPLES if is_raw else BUCKETS


def csv_head(*, is_raw: bool) -> str:
    """The first line."""
    return _csv([columns(is_raw=is_raw)])


def csv_lines(series: Series, part: Part, begin: int, end: int, *, is_raw: bool) -> str:
    """A line for each of some points of a part."""
    head = [_guarded(text) for text in (series.device, series.component, series.field, series.unit, series.kind)]
    if is_raw:
        values = part.columns["value"]
        return _csv(
            [
                (_time(part.times[at] / 1000), *head, values[at], _guarded(_word(series, values[at]) or ""))
                for at in range(begin, end)
            ]
        )
    numbers = [part.columns[name] for name in AGGREGATES]
    return _csv([(_time(part.times[at]), *head, *(column[at] for column in numbers)) for at in range(begin, end)])


class Parquet:
    """Writes a Parquet file bit by bit.

    Raises:
        Unavailable: The library is not installed; names the extra.
    """

    def __init__(self, *, is_raw: bool) -> None:
        try:
            import pyarrow as pa  # noqa: PLC0415  # an extra
            from pyarrow import parquet  # noqa: PLC0415
        except ImportError as error:
            raise Unavailable(
                'Parquet needs a library that is not installed: pip install "fleet-platform[parquet]"', part="pyarrow"
            ) from error
        self._arrow: Any = pa
        self._is_raw = is_raw
        text = pa.dictionary(pa.int32(), pa.string())
        numbers = {"count": pa.int64(), "word": text}
        self._schema = pa.schema(
            [
                ("time", pa.timestamp("ms", tz="UTC")),
                *((name, text) for name in HEAD[1:]),
                *((name, numbers.get(name, pa.float64())) for name in columns(is_raw=is_raw)[len(HEAD) :]),
            ]
        )
        self._sink = _Sink()
        self._writer = parquet.ParquetWriter(self._sink, self._schema, compression="zstd")
        self._tables: list[Any] = []
        self.rows = 0

    def add(self, series: Series, part: Part) -> None:
        """Take the points of a part; they are written with the next :meth:`flush`."""
        arrow, size = self._arrow, len(part.times)
        factor = 1 if self._is_raw else 1000
        times = arrow.array([at * factor for at in part.times], arrow.int64()).cast(self._schema.field("time").type)
        texts = (series.device, series.component, series.field, series.unit, series.kind)
        arrays = [times, *(self._repeated(text, size) for text in texts)]
        if self._is_raw:
            values = part.columns["value"]
            words = arrow.array([_word(series, value) for value in values], arrow.string()).dictionary_encode()
            arrays += [arrow.array(values, arrow.float64()), words]
        else:
            arrays += [arrow.array(part.columns[name], self._schema.field(name).type) for name in AGGREGATES]
        self._tables.append(arrow.Table.from_arrays(arrays, schema=self._schema))
        self.rows += size

    def flush(self) -> bytes:
        """Write what was added as one row group; returns what the file has grown by."""
        if self._tables:
            self._writer.write_table(self._arrow.concat_tables(self._tables).unify_dictionaries())
        self._tables, self.rows = [], 0
        return self._sink.take()

    def end(self) -> bytes:
        """The end of the file."""
        grown = self.flush()
        self._writer.close()
        return grown + self._sink.take()

    def _repeated(self, text: str, size: int) -> Any:
        arrow = self._arrow
        return arrow.DictionaryArray.from_arrays(arrow.array([0] * size, arrow.int32()), arrow.array([text]))


class _Sink(io.RawIOBase):
    """A file that is taken away while it is written."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._size += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._size

    def take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def _word(series: Series, value: float | None) -> str | None:
    if value is None or not series.words or value != int(value) or not 0 <= value < len(series.words):
        return None
    return series.words[int(value)]


def _time(epoch_s: float) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="milliseconds")


def _guarded(text: str) -> str:
    """A table calculator takes such a text for a formula; texts of devices are texts of strangers."""
    return _FORMULA.sub("'", text)


def _csv(rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
