"""An append-only spool in the data folder: records go in at one end and come out at the other, whatever is killed.

A segment is a file of records, each ``length, CRC-32, payload``. What a kill left half written at the end of a segment
is passed over; what was appended is on the disk when :meth:`Spool.append` returns. A spool that is full drops its
oldest segment. No await here: who must not wait runs it in a thread.
"""

from __future__ import annotations

import logging
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

logger = logging.getLogger(__name__)

SEGMENT_BYTES = 16 * 1024 * 1024
MAX_RECORD = 256 * 1024 * 1024
_HEAD = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record ends: segment and offset."""

    segment: int
    offset: int


class Spool:
    """One spool.

    Args:
        folder: Made if missing; nothing else may be in it.
        max_bytes: Bound of all segments together.

    Attributes:
        dropped: Records that were dropped because the spool was full.
        damaged: Records that could not be read.
    """

    def __init__(self, folder: Path, *, max_bytes: int, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._segment_bytes = segment_bytes
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._sizes = {int(path.stem): path.stat().st_size for path in sorted(folder.glob("*.spool"))}
        # Never into a segment of before: its end may be torn.
        self._newest = max(self._sizes, default=0)
        self._file: int | None = None
        self.dropped = 0
        self.damaged = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to be read."""
        return not self._sizes

    @property
    def size(self) -> int:
        """Size of all segments."""
        return sum(self._sizes.values())

    def append(self, payload: bytes) -> None:
        """Add a record; it is on the disk when this returns.

        Raises:
            OSError: The disk is full, or something else is wrong with it; nothing was added.
        """
        record = _HEAD.pack(len(payload), zlib.crc32(payload)) + payload
        while self._sizes and self.size + len(record) > self._max_bytes:
            self._drop_oldest()
        if self._file is None or self._sizes.get(self._newest, 0) >= self._segment_bytes:
            self._begin()
        assert self._file is not None
        before = self._sizes[self._newest]
        try:
            written = 0
            while written < len(record):
                written += os.write(self._file, record[written:])
            os.fdatasync(self._file)
        except OSError:
            # Whatever went half in is taken out again, or else never read: the segment goes no further.
            try:
                os.ftruncate(self._file, before)
            except OSError:
                self._end()
            raise
        self._sizes[self._newest] = before + len(record)

    def read(self, after: Place | None = None) -> Iterator[tuple[Place, bytes]]:
        """Records from the oldest on, or from a place on; each with the place where it ends."""
        for segment in sorted(self._sizes):
            if after is not None and segment < after.segment:
                continue
            begin = after.offset if after is not None and segment == after.segment else 0
            yield from self._read(segment, begin)

    def drop_before(self, place: Place) -> None:
        """Remove what was read up to a place, segment by segment."""
        for segment in [number for number in self._sizes if number <= place.segment]:
            if segment < place.segment or place.offset >= self._sizes[segment]:
                self._remove(segment)

    def drop_all(self) -> None:
        """Remove everything: all was read."""
        for segment in list(self._sizes):
            self._remove(segment)

    def close(self) -> None:
        """Close the open segment."""
        self._end()

    def _read(self, segment: int, begin: int) -> Iterator[tuple[Place, bytes]]:
        size = self._sizes[segment]
        with self._path(segment).open("rb") as file:
            file.seek(begin)
            while len(head := file.read(_HEAD.size)) == _HEAD.size:
                length, checksum = _HEAD.unpack(head)
                payload = file.read(length) if length <= min(MAX_RECORD, size) else b""
                if len(payload) < length or zlib.crc32(payload) != checksum:
                    break
                begin = file.tell()
                yield Place(segment, begin), payload
        if begin < self._sizes.get(segment, 0):
            self.damaged += 1
            logger.warning("the end of %s cannot be read, from byte %d on", self._path(segment).name, begin)

    def _begin(self) -> None:
        self._end()
        number = self._newest + 1
        path = self._path(number)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._newest = number
        self._sizes[number] = path.stat().st_size
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _end(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _drop_oldest(self) -> None:
        oldest = min(self._sizes)
        lost = sum(1 for _ in self._read(oldest, 0))
        self.dropped += lost
        logger.error("the spool is full: its oldest %d records are dropped", lost)
        self._remove(oldest)

    def _remove(self, segment: int) -> None:
        if segment == self._newest:
            self._end()
        self._path(segment).unlink(missing_ok=True)
        del self._sizes[segment]

    def _path(self, segment: int) -> Path:
        return self._folder / f"{segment:010}.spool"
