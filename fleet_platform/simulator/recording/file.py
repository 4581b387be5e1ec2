"""A recording's file while it is written: a bounded buffer in front, and a thread that writes.

:meth:`RecordingFile.write` never waits; whoever writes much asks :meth:`RecordingFile.room` first. One task runs
:meth:`RecordingFile.keep`.
"""

from __future__ import annotations

import asyncio
import gzip
from io import BufferedIOBase
from pathlib import Path
from types import TracebackType
from typing import Self

_FLUSH_S = 1.0
_CLOSE_S = 10.0
_LIMIT = 4 * 1024 * 1024
"""Bytes that may wait for the disk."""


class RecordingFile:
    """A file that is compressed if its name ends in ``.gz``.

    Raises:
        FileExistsError: On entering: there is one already, and it is not overwritten.
        OSError: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: list[bytes] = []
        self._size = 0
        self._full = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def __enter__(self) -> Self:
        # "x" needs the file not to be there
        self._stream: BufferedIOBase = (
            gzip.open(self._path, "xb") if self._path.name.endswith(".gz") else self._path.open("xb")
        )
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _exc: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        with self._stream:
            self._put(self._taken())

    def write(self, line: bytes) -> None:
        """Add a line."""
        self._waiting.append(line)
        self._size += len(line)
        if self._size >= _LIMIT:
            self._room.clear()
            self._full.set()

    async def room(self) -> None:
        """Wait until the buffer is not full."""
        await self._room.wait()

    async def keep(self) -> None:
        """Write what waits once a second, or when the buffer is full; until cancelled.

        Raises:
            OSError: The disk is full, or gone.
        """
        while True:
            try:
                async with asyncio.timeout(_FLUSH_S):
                    await self._full.wait()
            except TimeoutError:
                pass
            self._full.clear()
            await self._put_in_thread(self._taken())
            self._room.set()

    async def _put_in_thread(self, data: bytes) -> None:
        writing = asyncio.ensure_future(asyncio.to_thread(self._put, data))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            # The thread goes on; what comes after it must not be written before it is done.
            await asyncio.wait({writing}, timeout=_CLOSE_S)
            raise

    def _taken(self) -> bytes:
        data = b"".join(self._waiting)
        self._waiting.clear()
        self._size = 0
        return data

    def _put(self, data: bytes) -> None:
        if data:
            self._stream.write(data)
            self._stream.flush()
