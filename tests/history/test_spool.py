"""What goes in comes out, in order, whatever happens to the files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_platform.history.spool import Place, Spool

MIB = 1024 * 1024


def opened(folder: Path, *, max_bytes: int = 16 * MIB, segment_bytes: int = 1_000) -> Spool:
    return Spool(folder, max_bytes=max_bytes, segment_bytes=segment_bytes)


def contents(spool: Spool, after: Place | None = None) -> list[bytes]:
    return [record for _, record in spool.read(after)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def spool(folder: Path) -> Iterator[Spool]:
    spool = opened(folder)
    yield spool
    spool.close()


RECORDS = [b"record %d " % number + b"x" * 100 for number in range(50)]


def test_records_come_out_in_order_over_segments_and_restarts(spool: Spool, folder: Path) -> None:
    assert spool.is_empty
    for record in RECORDS:
        spool.append(record)
    assert len(list(folder.iterdir())) > 3
    assert contents(spool) == RECORDS
    again = opened(folder)
    assert not again.is_empty
    assert contents(again) == RECORDS
    again.append(b"later")
    assert contents(again) == [*RECORDS, b"later"]
    again.close()


def test_what_was_read_goes_segment_by_segment(spool: Spool, folder: Path) -> None:
    for record in RECORDS:
        spool.append(record)
    places = [place for place, _ in spool.read()]
    size = spool.size
    spool.drop_before(places[24])
    assert spool.size < size
    assert contents(spool, places[24]) == RECORDS[25:]
    assert contents(spool)[-25:] == RECORDS[25:]
    spool.drop_before(places[-1])
    assert spool.is_empty
    assert list(folder.iterdir()) == []
    spool.append(b"new")
    assert contents(spool) == [b"new"]


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(1, 400), garbage=st.binary(max_size=30))
def test_a_torn_end_costs_no_whole_record(tmp_path_factory: pytest.TempPathFactory, cut: int, garbage: bytes) -> None:
    folder = tmp_path_factory.mktemp("torn")
    spool = opened(folder, segment_bytes=MIB)
    for record in RECORDS[:4]:
        spool.append(record)
    spool.close()
    (segment,) = folder.iterdir()
    data = segment.read_bytes()
    whole = [place.offset for place, _ in spool.read()]
    segment.write_bytes(data[:cut] + garbage)
    again = opened(folder)
    found = contents(again)
    assert found[: len([end for end in whole if end <= cut])] == RECORDS[: len([end for end in whole if end <= cut])]
    assert set(found) <= set(RECORDS)
    again.append(b"after")
    assert contents(again)[-1] == b"after"
    again.close()


def test_a_damaged_record_costs_the_rest_of_its_segment_and_is_told(
    spool: Spool, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for record in RECORDS:
        spool.append(record)
    first = min(folder.iterdir())
    data = bytearray(first.read_bytes())
    data[20] ^= 1
    first.write_bytes(data)
    found = contents(spool)
    assert found == RECORDS[-len(found) :]
    assert len(found) > 30
    assert spool.damaged == 1
    assert "cannot be read" in caplog.text


def test_a_full_spool_drops_its_oldest_and_tells(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    spool = opened(folder, max_bytes=3_000)
    for record in RECORDS:
        spool.append(record)
    found = contents(spool)
    assert found == RECORDS[-len(found) :]
    assert spool.size <= 3_000
    assert spool.dropped == len(RECORDS) - len(found)
    assert "full" in caplog.text
    spool.close()


def test_a_disk_that_is_full_loses_nothing_that_was_there(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    spool.append(b"before")

    def half(file: int, data: bytes) -> int:
        if len(data) > 10:
            return write(file, data[:10])
        raise OSError(28, os.strerror(28))

    write = os.write
    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OSError, match="space"):
        spool.append(b"does not fit at all")
    monkeypatch.undo()
    spool.append(b"after")
    assert contents(spool) == [b"before", b"after"]


KILLED = """
import os, sys
from pathlib import Path
from fleet_platform.history.spool import Spool
spool = Spool(Path(sys.argv[1]), max_bytes=1 << 30, segment_bytes=50_000)
for number in range(1_000_000):
    spool.append(b"%d" % number + b"." * 1_000)
    print(number, flush=True)
"""


def test_what_was_acknowledged_survives_kill_9(folder: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        last = next(int(line) for line in process.stdout if int(line) >= 200)
        process.kill()
    found = [int(record.partition(b".")[0]) for record in contents(opened(folder))]
    assert found == list(range(len(found)))
    assert len(found) > last
