"""A meter's own records fill what is missing, once, and totals stay right."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.plugins.fleet_history.conftest import Kept

if TYPE_CHECKING:
    from fleet_platform.client.subscription import Event
    from fleet_platform.simulator import Device
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet

MINUTE = timedelta(minutes=1)


@pytest.fixture
def fleet_settings(fleet_settings: dict[str, Any]) -> dict[str, Any]:
    return {**fleet_settings, "plugins": {"history": {"backfill_days": 3, "backfill_rate_per_s": 1000}}}


@pytest.fixture
async def meter(fleet: TestedFleet) -> Device:
    return await fleet.add_device("Pro3EM")


async def counters(fleet: TestedFleet, kept: Kept, device: Device, component: str) -> dict[str, tuple[int, float]]:
    """Field to the number of its series and its first reading, once the first is written."""

    async def read() -> Any:
        rows = await kept.database.fetch(
            "SELECT s.field, s.id, (SELECT value FROM history.sample x WHERE x.series = s.id ORDER BY ts LIMIT 1) AS value"
            " FROM history.series s JOIN device.list d ON d.id = s.device"
            " WHERE d.external_id = $1 AND s.component = $2 AND s.kind = 'counter'",
            device.id,
            component,
        )
        return {row["field"]: (row["id"], row["value"]) for row in rows if row["value"] is not None}

    found: dict[str, tuple[int, float]] = await fleet.until(read)
    return found


async def put(kept: Kept, readings: Mapping[int, float], at: datetime) -> None:
    await kept.database.fetch(
        "SELECT history.add($1, $2, $3)", list(readings), [at] * len(readings), list(readings.values())
    )


def recorded(device: Device, method: str, since: datetime, till: datetime) -> dict[str, float]:
    """Sums of what a meter recorded in the minutes of a time."""
    sums: dict[str, float] = {}
    ts: int | None = int(since.timestamp())
    while ts is not None:
        page: Any = device.call(method, {"id": 0, "ts": ts, "end_ts": int(till.timestamp()) - 60})
        for block in page["data"]:
            for row in block["values"]:
                for key, value in zip(page["keys"], row, strict=True):
                    sums[key] = sums.get(key, 0.0) + value
        ts = page.get("next_record_ts")
    return sums


@asynccontextmanager
async def asked(rpc: Rpc, device: Device, component: str) -> AsyncIterator[list[Event]]:
    """Ask for a device's meters to be read; what came of one of them is there afterwards."""
    told: list[Event] = []
    async with rpc.events("Energy.Backfilled") as events:
        yield told
        await rpc("Energy.Backfill", {"shellyID": device.id})
        while not told or told[-1].params["component"] != component:
            told.append(await next_event(events))


async def next_event(events: Any) -> Event:
    event: Event = await anext(events)
    return event


def minute_ago(minutes: int) -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0) - MINUTE * minutes


async def test_an_outage_is_filled_and_the_total_is_right(
    fleet: TestedFleet, meter: Device, rpc: Rpc, kept: Kept
) -> None:
    found = await counters(fleet, kept, meter, "emdata:0")
    begin = minute_ago(40)
    grown = recorded(meter, "EMData.GetData", begin, minute_ago(0))
    before = {
        number: value - (grown[field] if field in grown else sum(grown[f"{phase}_total_act_energy"] for phase in "abc"))
        for field, (number, value) in found.items()
        if field in grown or field == "total_act"
    }
    await put(kept, before, begin + timedelta(seconds=2))
    async with asked(rpc, meter, "emdata:0") as told:
        pass
    assert told[-1].params["problem"] is None
    assert told[-1].params["added"] >= 39 * 4
    rows = await kept.database.fetch(
        "SELECT s.field, array_agg(r.value ORDER BY r.ts) AS value, array_agg(r.ts ORDER BY r.ts) AS ts, sum(r.delta) AS sum"
        " FROM history.series s JOIN history.raw(ARRAY[s.id], $2, now()) r ON true WHERE s.id = ANY ($1) GROUP BY s.field",
        list(before),
        begin + timedelta(seconds=1),  # before that is what was read of the time before the first sample
    )
    for row in rows:
        series = found[row["field"]][0]
        gaps = {(after - at) for at, after in zip(row["ts"], row["ts"][1:], strict=False)}
        assert max(gaps) < timedelta(minutes=2, seconds=1)
        assert row["value"] == sorted(row["value"])
        assert row["sum"] == pytest.approx(row["value"][-1] - before[series], abs=1e-6)
    answer = await rpc(
        "Energy.GetConsumption",
        {"shellyID": meter.id, "from": begin.timestamp(), "period": "hour", "phases": True},
    )
    used = answer["devices"][0]
    assert used["used"] == pytest.approx(sum(phase["used"] for phase in used["phases"].values()), abs=0.1)
    assert used["used"] > 0

    # Once more is no more: the same records give the same readings at the same times.
    async with asked(rpc, meter, "emdata:0") as again:
        pass
    after = await rpc("Energy.GetConsumption", {"shellyID": meter.id, "from": begin.timestamp(), "period": "hour"})
    assert again[-1].params["problem"] is None
    assert after["devices"][0]["used"] == pytest.approx(used["used"], rel=0.1)
    progress = (await rpc("Energy.Backfill", {"shellyID": meter.id}))["meters"]
    assert progress[0]["component"] == "emdata:0"
    assert progress[0]["looked"] <= time.time()


async def test_a_new_meter_is_read_back_as_far_as_the_setting_says(fleet: TestedFleet, rpc: Rpc, kept: Kept) -> None:
    device = await fleet.add_device("EMG3")
    found = await counters(fleet, kept, device, "em1data:0")
    number, first = found["total_act_energy"]
    async with asked(rpc, device, "em1data:1") as told:
        pass
    params = {event.params["component"]: event.params for event in told}
    assert params["em1data:0"]["problem"] is None
    (row,) = await kept.database.fetch(
        "SELECT count(*) AS n, min(ts) AS ts, min(value) AS low, max(value) AS high, sum(delta) AS sum"
        " FROM history.raw(ARRAY[$1::integer], now() - interval '4 days', now())",
        number,
    )
    # Three days of minutes.
    assert abs(row["n"] - 3 * 1440) < 10
    assert abs(row["ts"] - (datetime.now(UTC) - timedelta(days=3))) < 3 * MINUTE
    assert row["sum"] == pytest.approx(row["high"] - row["low"], abs=1e-3)
    since, till = row["ts"], datetime.now(UTC).replace(second=0, microsecond=0)
    assert first - row["low"] == pytest.approx(
        recorded(device, "EM1Data.GetData", since, till)["total_act_energy"], abs=5
    )
    async with asked(rpc, device, "em1data:1"):
        pass
    (again,) = await kept.database.fetch(
        "SELECT sum(delta) AS sum FROM history.raw(ARRAY[$1::integer], now() - interval '4 days', $2)", number, till
    )
    assert again["sum"] <= row["sum"] + 1e-3


async def test_it_begins_by_itself_when_a_meter_returns(
    fleet: TestedFleet, rpc: Rpc, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fleet_history.backfill import work

    monkeypatch.setattr(work, "SETTLE_S", 0.0)
    monkeypatch.setattr(work, "PAUSE_S", 0.1)
    monkeypatch.setattr(work, "TRIES", 1_000)
    async with rpc.events("Energy.Backfilled") as events:
        device = await fleet.add_device("EMG3")
        event = await next_event(events)
        assert event.params["shellyID"] == device.id
        assert event.params["added"] > 0


async def test_what_a_meter_answers_wrongly_is_told_and_hurts_nobody(
    fleet: TestedFleet, meter: Device, rpc: Rpc, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await counters(fleet, kept, meter, "emdata:0")
    number, value = found["total_act"]
    await put(kept, {number: value - 1}, minute_ago(30))
    meter.call("EMData.DeleteAllData", {"id": 0})
    async with asked(rpc, meter, "emdata:0") as told:
        pass
    assert (told[-1].params["added"], told[-1].params["problem"]) == (0, None)  # it has no records
    # What is missing stays in one piece, and nothing is lost of it.
    answer = await rpc("Energy.GetConsumption", {"shellyID": meter.id, "from": minute_ago(45).timestamp()})
    assert answer["total"]["used"] >= 1


async def test_only_meters_can_be_asked(
    fleet: TestedFleet, device: Device, meter: Device, rpc: Rpc, guest: Rpc
) -> None:
    with pytest.raises(rpc.Error) as caught:
        await rpc("Energy.Backfill", {"shellyID": device.id})
    assert caught.value.code == -32602
    with pytest.raises(guest.Error) as refused:
        await guest("Energy.Backfill", {"shellyID": meter.id})
    assert refused.value.data["reason"] == "unknown_device"
    await meter.drop()

    async def offline() -> bool:
        return bool((await rpc("Device.Get", {"id": meter.id}))["presence"] == "offline")

    await fleet.until(offline)
    with pytest.raises(rpc.Error) as away:
        await rpc("Energy.Backfill", {"shellyID": meter.id})
    assert away.value.code == -32900
