"""Energy by day, month, phase and price."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from tests.plugins.fleet_history.conftest import Kept, ago

if TYPE_CHECKING:
    from fleet_platform.simulator import Device
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet

SOFIA = ZoneInfo("Europe/Sofia")


def growing(begin: datetime, hours: float, by: float, every_s: int = 300) -> dict[datetime, float]:
    """Readings that grow evenly by so much an hour."""
    count = int(hours * 3600 / every_s)
    return {begin + timedelta(seconds=every_s * n): by * n * every_s / 3600 for n in range(count + 1)}


async def test_days_on_which_the_clock_is_set_have_their_hours(device: Device, rpc: Rpc, kept: Kept) -> None:
    begin = datetime(2026, 10, 24, tzinfo=SOFIA)
    # One minute after each full hour, so that an hour's energy is in it.
    await kept.count(device.id, "switch:5", growing(begin.astimezone(ZoneInfo("UTC")), 73, 100.0))
    asked = {
        "shellyID": device.id,
        "from": "2026-10-24",
        "to": "2026-10-27",
        "period": "day",
        "timeZone": "Europe/Sofia",
    }
    for rolled in (False, True):
        if rolled:
            await kept.roll_up()
        answer = await rpc("Energy.GetConsumption", asked)
        (only,) = answer["devices"]
        # The last of a day's samples come just before midnight, and what they count belongs to them.
        assert only["energy"] == pytest.approx([2400 - 100 / 12 + 100 / 12, 2500, 2400], rel=0.01)
        assert [datetime.fromtimestamp(at, SOFIA).hour for at in answer["periods"]] == [0, 0, 0]
        assert answer["total"]["used"] == pytest.approx(sum(only["energy"]))
        hours = await rpc("Energy.GetConsumption", {**asked, "period": "hour"})
        assert len(hours["periods"]) == 73
        assert sum(hours["total"]["energy"]) == pytest.approx(answer["total"]["used"])
        month = await rpc("Energy.GetConsumption", {**asked, "period": "month"})
        assert month["total"]["energy"] == [pytest.approx(answer["total"]["used"])]


async def test_a_reset_counter_and_phases_and_what_was_returned(fleet: TestedFleet, rpc: Rpc, kept: Kept) -> None:
    device = (await fleet.add_device("Plus1PM")).id
    begin = ago(days=2)
    times = [begin + timedelta(minutes=10 * number) for number in range(4)]
    for field, readings in {
        "total_act": [100.0, 130, 5, 15],
        "total_act_ret": [0.0, 4, 4, 4],
        "a_total_act_energy": [0.0, 30, 0, 10],
        "b_total_act_energy": [0.0, 0, 5, 5],
        "c_total_act_energy": [0.0, 0, 0, 0],
    }.items():
        await kept.count(device, "emdata:3", dict(zip(times, readings, strict=True)), field)
    await kept.count(device, "switch:3", dict(zip(times, [0.0, 1, 2, 3], strict=True)))
    asked = {"devices": [device], "from": begin.timestamp(), "to": begin.timestamp() + 3600, "period": "hour"}
    plain = await rpc("Energy.GetConsumption", asked)
    assert plain["devices"] == [{"shellyID": device, "used": 48.0, "energy": [48.0]}]
    (full,) = (await rpc("Energy.GetConsumption", {**asked, "phases": True, "returned": True}))["devices"]
    assert (full["used"], full["returned"]) == (48.0, 4.0)
    assert {phase: told["used"] for phase, told in full["phases"].items()} == {"a": 40.0, "b": 5.0, "c": 0.0}


async def test_a_tariff_has_its_price_at_each_time(device: Device, rpc: Rpc, kept: Kept) -> None:
    begin = datetime(2026, 11, 2, tzinfo=SOFIA)  # a Monday
    await kept.count(device.id, "switch:5", growing(begin.astimezone(ZoneInfo("UTC")), 48, 1000.0, 900))
    night = {"name": "night", "from": "22:00", "to": "06:00", "price": 0.1}
    asked = {"shellyID": device.id, "from": "2026-11-02", "to": "2026-11-04", "timeZone": "Europe/Sofia"}
    for name, bands, expected in (
        ("hours", [night], {None: 32, "night": 16}),
        (
            "quarters",
            [night, {"name": "peak", "days": ["tue"], "from": "17:15", "to": "18:45", "price": 0.5}],
            {None: 30.5, "night": 16, "peak": 1.5},
        ),
    ):
        told = await rpc(
            "Energy.SetTariff",
            {"name": name, "currency": "EUR", "price": 0.2, "bands": bands, "timeZone": "Europe/Sofia"},
        )
        assert await rpc("Energy.GetTariff", {"name": name}) == told
        for rolled in (False, True):
            if rolled:
                await kept.roll_up()
            answer = await rpc("Energy.GetConsumption", {**asked, "tariff": name})
            used = {band["name"]: band["used"] for band in answer["total"]["bands"]}
            # Samples stand at the ends of what they count, so a quarter of an hour is a band further.
            assert used == pytest.approx({band: hours * 1000 for band, hours in expected.items()}, abs=251)
            assert sum(used.values()) == pytest.approx(answer["total"]["used"])
            assert answer["total"]["currency"] == "EUR"
            cost = sum(band["used"] * band["price"] / 1000 for band in answer["total"]["bands"])
            assert answer["total"]["cost"] == pytest.approx(cost)
            assert sum(answer["devices"][0]["costs"]) == pytest.approx(cost)
    assert [tariff["name"] for tariff in await rpc("Energy.ListTariffs")] == ["hours", "quarters"]
    assert await rpc("Energy.DeleteTariff", {"name": "hours"}) == {"deleted": True}
    assert await rpc("Energy.DeleteTariff", {"name": "hours"}) == {"deleted": False}
    with pytest.raises(rpc.Error) as caught:
        await rpc("Energy.GetConsumption", {**asked, "tariff": "hours"})
    assert caught.value.code == -32004


GOOD = {"name": "t", "currency": "EUR", "price": 0.2}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"currency": "euro"}, "currency"),
        ({"price": "NaN"}, "price"),
        ({"price": 1e9}, "price"),
        ({"timeZone": "Nowhere"}, "timeZone"),
        ({"name": ""}, "name"),
        ({"bands": [{"name": "a", "from": "06:10", "to": "07:00", "price": 1}]}, "bands.0.from"),
        ({"bands": [{"name": "a", "from": "06:00", "to": "07:00", "price": 1, "days": ["someday"]}]}, "bands.0.days.0"),
        ({"bands": [{"name": name, "from": "06:00", "to": "07:00", "price": 1} for name in "ab"]}, "bands.1"),
    ],
)
async def test_bad_tariffs_are_refused(rpc: Rpc, changes: dict[str, Any], path: str) -> None:
    with pytest.raises(rpc.Error) as caught:
        await rpc("Energy.SetTariff", {**GOOD, **changes})
    assert caught.value.code == -32602
    assert caught.value.data["errors"][0]["path"] == path
    assert await rpc("Energy.ListTariffs") == []


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"period": "decade"}, "period"),
        ({"from": "2000-06-01", "period": "hour"}, "period"),
        ({"from": 5}, "from"),
        ({"timeZone": "Nowhere"}, "timeZone"),
    ],
)
async def test_bad_questions_are_refused(device: Device, rpc: Rpc, params: dict[str, Any], path: str) -> None:
    with pytest.raises(rpc.Error) as caught:
        await rpc("Energy.GetConsumption", {"shellyID": device.id, **params})
    assert caught.value.code == -32602
    assert caught.value.data["errors"][0]["path"] == path
