"""The file of a recording while it is written."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import suppress
from pathlib import Path

import pytest

from fleet_platform.simulator.recording import RecordingFile


async def test_lines_are_written_in_order_and_the_last_with_the_end(tmp_path: Path) -> None:
    path = tmp_path / "tape"
    with RecordingFile(path) as file:
        keeping = asyncio.create_task(file.keep())
        for number in range(100):
            file.write(b"%d\n" % number)
        async with asyncio.timeout(10):
            while not path.read_bytes():
                await asyncio.sleep(0.01)
        file.write(b"100\n")
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
        file.write(b"101\n")
    assert [int(line) for line in path.read_bytes().split()] == list(range(102))


async def test_a_full_buffer_makes_wait_until_the_disk_has_it(tmp_path: Path) -> None:
    path = tmp_path / "tape"
    with RecordingFile(path) as file:
        await file.room()
        file.write(b"x" * 5_000_000)
        waiting = asyncio.create_task(file.room())
        await asyncio.sleep(0)
        assert not waiting.done()
        keeping = asyncio.create_task(file.keep())
        async with asyncio.timeout(10):
            await waiting
        assert path.stat().st_size == 5_000_000
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping


async def test_a_name_in_gz_is_compressed_and_what_is_there_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "tape.gz"
    with RecordingFile(path) as file:
        file.write(b"hello\n" * 1000)
    assert path.stat().st_size < 1000
    assert gzip.decompress(path.read_bytes()) == b"hello\n" * 1000
    with pytest.raises(FileExistsError), RecordingFile(path):
        pass
