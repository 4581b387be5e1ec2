"""What is kept as a file: whole, in steps, for whoever may ask, and never at the cost of others."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from fleet_history import table
from tests.plugins.fleet_history.conftest import Kept, ago

if TYPE_CHECKING:
    from fleet_platform.simulator import Device
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet


async def fetch(fleet: TestedFleet, url: str, token: str | None = None) -> tuple[int, bytes]:
    headers = {"Authorization": f"Bearer {token or fleet.token}"}
    async with aiohttp.ClientSession() as session, session.get(fleet.url + url, headers=headers) as answer:
        return answer.status, await answer.read()


def rows_of(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode())))


async def test_samples_as_csv(fleet: TestedFleet, device: Device, rpc: Rpc, kept: Kept) -> None:
    begin = ago(days=2)
    samples = {begin + timedelta(seconds=number): number / 2 for number in range(45_000)}
    await kept.add(device.id, "temperature:100", "tC", samples, unit="°C")
    words = {begin: 1.0, begin + timedelta(seconds=1): 0.0}
    await kept.add(device.id, "cover:5", "state", words, kind="state", unit="", words=["=1+1", "open"])
    told = await rpc(
        "History.Export",
        {"shellyID": device.id, "component": ["cover:5", "temperature:100"], "from": begin.timestamp()},
    )
    assert told["series"] == 2
    status, body = await fetch(fleet, told["url"])
    assert status == 200
    rows = rows_of(body)
    assert list(rows[0]) == told["columns"] == list(table.SAMPLES)
    assert [row["word"] for row in rows[:2]] == ["open", "'=1+1"]  # else a table calculator would work it out
    room = rows[2:]
    assert [float(row["value"]) for row in room] == list(samples.values())
    assert [datetime.fromisoformat(row["time"]) for row in room] == list(samples)
    assert {(row["device"], row["component"], row["field"], row["unit"], row["kind"]) for row in room} == {
        (device.id, "temperature:100", "tC", "°C", "gauge")
    }


async def test_buckets_as_csv_and_parquet(fleet: TestedFleet, device: Device, rpc: Rpc, kept: Kept) -> None:
    from pyarrow import parquet

    begin = ago(days=2)
    await kept.count(device.id, "switch:5", {begin + timedelta(minutes=n): 2.0 * n for n in range(120)})
    asked = {"shellyID": device.id, "component": "switch:5", "from": begin.timestamp(), "bucket": "PT1H"}
    told = await rpc("History.Export", asked)
    assert told["columns"] == list(table.BUCKETS)
    rows = rows_of((await fetch(fleet, told["url"]))[1])
    assert [(row["count"], row["last"], row["delta"]) for row in rows] == [
        ("60", "118.0", "118.0"),
        ("60", "238.0", "120.0"),
    ]
    for params in ({}, {"bucket": 0}):
        told = await rpc("History.Export", {**asked, "format": "parquet", **params})
        status, body = await fetch(fleet, told["url"])
        assert status == 200
        found = parquet.read_table(io.BytesIO(body)).to_pylist()
        assert list(found[0]) == told["columns"]
        assert found[0]["time"] == begin
        assert {row["field"] for row in found} == {"aenergy.total"}
        column = "value" if "bucket" in params else "last"
        assert found[-1][column] == 238.0
        assert len(found) == (120 if params else 2)


async def test_without_the_extra_its_name_is_told(
    device: Device, rpc: Rpc, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    await kept.add(device.id, "temperature:100", "tC", {ago(days=1): 1.0})
    with pytest.raises(rpc.Error) as caught:
        await rpc("History.Export", {"shellyID": device.id, "format": "parquet"})
    assert caught.value.code == -32050
    assert "fleet-platform[parquet]" in caught.value.data["detail"]


async def test_an_empty_file_has_its_columns(fleet: TestedFleet, device: Device, rpc: Rpc, kept: Kept) -> None:
    from pyarrow import parquet

    await kept.add(device.id, "temperature:100", "tC", {ago(days=3): 1.0})
    asked = {"shellyID": device.id, "component": "temperature:100", "from": ago(days=2).timestamp()}
    assert (await fetch(fleet, (await rpc("History.Export", asked))["url"]))[1].decode().strip() == ",".join(
        table.SAMPLES
    )
    told = await rpc("History.Export", {**asked, "format": "parquet"})
    assert parquet.read_table(io.BytesIO((await fetch(fleet, told["url"]))[1])).column_names == list(table.SAMPLES)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("shellyID=nobody", 404),
        ("shellyID={device}&from=yesterday", 400),
        ("shellyID={device}&sql=1", 400),
        ("shellyID={device}&max_points=many", 400),
        ("shellyID={device}&field=nothing", 400),
        ("shellyID={device}&component=%00", 400),
        ("shellyID={device}&from=2001-01-01&bucket=1", 400),
    ],
)
async def test_bad_addresses_are_refused(
    fleet: TestedFleet, device: Device, kept: Kept, query: str, status: int
) -> None:
    await kept.add(device.id, "temperature:100", "tC", {ago(days=1): 1.0})
    answer, body = await fetch(fleet, f"/plugin/history/export.csv?{query.format(device=device.id)}")
    assert answer == status, body


async def test_whoever_may_not_see_a_device_gets_no_file(fleet: TestedFleet, kept: Kept) -> None:
    hidden = (await fleet.add_device("Plus2PM")).id
    url = f"/plugin/history/export.csv?shellyID={hidden}"
    assert (await fetch(fleet, url, "token-of-the-guest"))[0] == 404
    async with aiohttp.ClientSession() as session, session.get(fleet.url + url) as answer:
        assert answer.status == 401


async def test_a_reader_that_does_not_read_is_cut_off(
    fleet: TestedFleet, device: Device, rpc: Rpc, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = ago(days=2)
    samples = {begin + timedelta(milliseconds=200 * number): number / 7 for number in range(200_000)}
    await kept.add(device.id, "temperature:100", "tC", samples)
    export: Any = fleet.plugin("history").instance._export
    monkeypatch.setattr(export, "_reader_s", 0.2)
    url = (
        await rpc("History.Export", {"shellyID": device.id, "component": "temperature:100", "from": begin.timestamp()})
    )["url"]
    host, _, port = fleet.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1)
    writer.write(f"GET {url} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {fleet.token}\r\n\r\n".encode())
    await fleet.until(lambda: export._places < 4)
    await fleet.until(lambda: export._places == 4)  # it gave up, and its place is free
    assert (await fetch(fleet, url.replace("temperature%3A100", "switch%3A0")))[0] == 200
    writer.close()
    del reader
