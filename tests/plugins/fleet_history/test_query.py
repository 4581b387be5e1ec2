"""Questions about what devices measured, asked of a real platform."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.plugins.fleet_history.conftest import Kept, ago

if TYPE_CHECKING:
    from fleet_platform.simulator import Device
    from fleet_platform.testing.client import Rpc
    from fleet_platform.testing.platform import TestedFleet

ROOM = "temperature:100"


async def refused(rpc: Rpc, method: str, params: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(rpc.Error) as caught:
        await rpc(method, params)
    assert caught.value.code == -32602, caught.value
    (fault,) = caught.value.data["errors"]
    return fault["path"], fault["message"]


async def test_what_a_device_measures_is_kept_and_found(fleet: TestedFleet, device: Device, rpc: Rpc) -> None:
    device.report("switch:0", {"apower": 60.0})

    async def measured() -> Any:
        return await rpc("History.Query", {"shellyID": device.id, "field": "apower", "component": "switch:0"})

    def has_it(answer: Any) -> bool:
        return any(value == 60.0 for series in answer["series"] for _, value in series["points"])

    async def there() -> bool:
        return has_it(await measured())

    await fleet.until(there)
    answer = await measured()
    (series,) = answer["series"]
    assert answer["bucket"] is None
    assert (series["unit"], series["kind"], series["columns"]) == ("W", "gauge", ["ts", "value"])
    fields = await rpc("History.Fields", {"shellyID": device.id, "component": "switch"})
    (power,) = [field for field in fields[device.id] if field["field"] == "apower"]
    assert power["label"] == "Active power"
    assert power["first"] <= series["points"][-1][0] <= power["last"]


async def test_buckets_and_aggregates(device: Device, rpc: Rpc, kept: Kept) -> None:
    begin = ago(days=3)
    await kept.add(device.id, ROOM, "tC", {begin + timedelta(minutes=minute): float(minute) for minute in range(120)})
    asked = {
        "shellyID": device.id,
        "component": ROOM,
        "field": "tC",
        "from": begin.timestamp(),
        "to": (begin + timedelta(hours=2)).isoformat(),
        "bucket": "PT1H",
        "aggregate": ["avg", "min", "max", "last", "count", "delta"],
    }
    expected = [
        [int(begin.timestamp()), 29.5, 0.0, 59.0, 59.0, 60, None],
        [int(begin.timestamp()) + 3600, 89.5, 60.0, 119.0, 119.0, 60, None],
    ]
    for rolled in (False, True):
        if rolled:
            await kept.roll_up()
        answer = await rpc("History.Query", asked)
        (series,) = answer["series"]
        assert series["columns"] == ["ts", "avg", "min", "max", "last", "count", "delta"]
        assert series["points"] == expected
        assert answer["bucket"] == series["bucket"] == "PT60M"
    usual = await rpc("History.Query", {**asked, "aggregate": None, "bucket": 3600})
    assert [points[1] for points in usual["series"][0]["points"]] == [29.5, 89.5]
    fewer = await rpc("History.Query", {**asked, "aggregate": "max", "bucket": None, "max_points": 3})
    assert len(fewer["series"][0]["points"]) <= 3


async def test_each_kind_has_its_usual_aggregate_and_states_have_words(device: Device, rpc: Rpc, kept: Kept) -> None:
    begin = ago(days=2)
    times = [begin + timedelta(minutes=10 * number) for number in range(6)]
    await kept.add(device.id, ROOM, "tC", dict(zip(times, [1.0, 2, 3, 4, 5, 6], strict=True)))
    await kept.count(device.id, "switch:5", dict(zip(times, [10.0, 20, 30, 5, 15, 25], strict=True)))
    states = dict(zip(times, [0.0, 1, 0, 1, 0, 1], strict=True))
    await kept.add(device.id, "cover:5", "state", states, kind="state", unit="", words=["open", "closed"])
    answer = await rpc(
        "History.Query",
        {
            "devices": [device.id],
            "component": [ROOM, "switch:5", "cover:5"],
            "from": begin.timestamp(),
            "to": begin.timestamp() + 3600,
            "max_points": 2,
        },
    )
    found = {series["field"]: (series["columns"][1], series["points"][0][1]) for series in answer["series"]}
    assert found == {"tC": ("avg", 3.5), "aenergy.total": ("delta", 45.0), "state": ("last", 1.0)}
    (state,) = [series for series in answer["series"] if series["kind"] == "state"]
    assert state["words"] == ["open", "closed"]


@pytest.mark.parametrize(
    ("fill", "expected"),
    [
        ("none", [1.0, 4.0]),
        ("null", [None, 1.0, None, None, 4.0, None]),
        ("previous", [None, 1.0, 1.0, 1.0, 4.0, 4.0]),
        ("linear", [None, 1.0, 2.0, 3.0, 4.0, None]),
    ],
)
async def test_empty_buckets(device: Device, rpc: Rpc, kept: Kept, fill: str, expected: list[float | None]) -> None:
    begin = ago(days=2)
    await kept.add(device.id, ROOM, "tC", {begin + timedelta(minutes=15): 1.0, begin + timedelta(minutes=60): 4.0})
    answer = await rpc(
        "History.Query",
        {
            "shellyID": device.id,
            "component": ROOM,
            "from": begin.timestamp(),
            "to": begin.timestamp() + 90 * 60,
            "bucket": "PT15M",
            "fill": fill,
        },
    )
    assert [value for _, value in answer["series"][0]["points"]] == expected


async def test_days_are_those_of_the_zone(device: Device, rpc: Rpc, kept: Kept) -> None:
    begin = ago(days=4)
    await kept.add(device.id, ROOM, "tC", {begin + timedelta(hours=number): 1.0 for number in range(48)})
    answer = await rpc(
        "History.Query",
        {
            "shellyID": device.id,
            "component": ROOM,
            "from": begin.timestamp() - 86_400,
            "bucket": "P1D",
            "aggregate": "count",
            "fill": "null",
            "timeZone": "Asia/Kolkata",
        },
    )
    points = answer["series"][0]["points"]
    assert answer["timeZone"] == "Asia/Kolkata"
    assert {(ts + 19_800) % 86_400 for ts, _ in points} == {0}
    assert sum(count or 0 for _, count in points) == 48
    assert [ts for ts, _ in points] == list(range(points[0][0], points[-1][0] + 1, 86_400))


async def test_long_answers_come_in_steps(device: Device, rpc: Rpc, kept: Kept) -> None:
    begin = ago(days=2)
    samples = {begin + timedelta(seconds=number): float(number) for number in range(50_000)}
    await kept.add(device.id, ROOM, "tC", samples)
    asked = {"shellyID": device.id, "component": ROOM, "from": begin.timestamp(), "to": begin.timestamp() + 60_000}
    for options in ({}, {"bucket": 1}, {"bucket": 1, "fill": "previous"}):
        answer = await rpc("History.Query", {**asked, **options})
        points = answer["series"][0]["points"]
        assert [value for _, value in points[:50_000]] == list(samples.values())
        assert [ts for ts, _ in points] == list(range(int(begin.timestamp()), int(begin.timestamp()) + len(points)))
        assert len(points) == (60_000 if options.get("fill") else 50_000)


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": "nan"}, "from"),
        ({"from": 1_800_000_000_000}, "from"),
        ({"to": "1969-01-01"}, "to"),
        ({"from": 1_800_000_000, "to": 1_700_000_000}, "from"),
        ({"timeZone": "Mars/Olympus"}, "timeZone"),
        ({"timeZone": "../../etc/passwd"}, "timeZone"),
        ({"bucket": "PT1H", "max_points": 10}, "max_points"),
        ({"bucket": "an hour"}, "bucket"),
        ({"bucket": "P1DT1H"}, "bucket"),
        ({"bucket": -5}, "bucket"),
        ({"bucket": 0.5}, "bucket"),
        ({"bucket": 0, "aggregate": "avg"}, "aggregate"),
        ({"from": "2001-01-01", "bucket": 1}, "bucket"),
        ({"field": "apowr"}, "field"),
        ({"field": "'; DROP TABLE history.sample; --"}, "field"),
        ({"aggregate": "median"}, "aggregate"),
        ({"component": "switch\0"}, "component"),
        ({"fill": "magic"}, "fill"),
    ],
)
async def test_bad_questions_are_refused_and_say_why(
    device: Device, rpc: Rpc, kept: Kept, params: dict[str, Any], path: str
) -> None:
    await kept.add(device.id, ROOM, "tC", {ago(hours=2): 1.0})
    with pytest.raises(rpc.Error) as caught:
        await rpc("History.Query", {"shellyID": device.id, **params})
    assert caught.value.code == -32602
    assert caught.value.data["errors"][0]["path"].partition(".")[0] == path


async def test_a_field_that_is_misspelt_is_guessed(device: Device, rpc: Rpc) -> None:
    assert "did you mean apower?" in (await refused(rpc, "History.Query", {"shellyID": device.id, "field": "apowr"}))[1]
    assert (await refused(rpc, "History.Query", {}))[0] == "shellyID"


async def test_who_may_not_see_a_device_learns_nothing(fleet: TestedFleet, rpc: Rpc, guest: Rpc, kept: Kept) -> None:
    seen, hidden = (await fleet.add_device("Plus1PM")).id, (await fleet.add_device("Plus2PM")).id
    begin = ago(hours=3)
    for name in (seen, hidden):
        await kept.count(name, "switch:7", {begin: 1.0, begin + timedelta(hours=1): 11.0})
    group = (await rpc("Group.Create", {"name": "all", "devices": [seen, hidden]}))["id"]
    asked = {"dst": f"group:{group}", "from": begin.timestamp()}
    for method, member in (
        ("History.Query", "series"),
        ("History.GetStatistics", "series"),
        ("Energy.GetConsumption", "devices"),
    ):
        assert {each["shellyID"] for each in (await rpc(method, asked))[member]} == {seen, hidden}
        assert {each["shellyID"] for each in (await guest(method, asked))[member]} == {seen}
    assert set(await guest("History.Fields", {"dst": f"group:{group}"})) == {seen}
    for method in (
        "History.Query",
        "History.Fields",
        "History.GetStatistics",
        "History.Export",
        "Energy.GetConsumption",
    ):
        with pytest.raises(guest.Error) as caught:
            await guest(method, {"shellyID": hidden})
        assert caught.value.data["reason"] == "unknown_device"
    with pytest.raises(rpc.Error) as caught:
        await rpc("History.Query", {"dst": "group:4711"})
    assert caught.value.code == -32004


async def test_statistics_of_series_and_of_the_history(device: Device, rpc: Rpc, kept: Kept) -> None:
    begin = ago(days=3)
    readings = {begin + timedelta(minutes=minute): float(minute % 50) for minute in range(100)}
    await kept.count(device.id, "switch:5", readings)
    asked = {"shellyID": device.id, "component": "switch:5", "from": begin.timestamp(), "to": begin.timestamp() + 6_000}
    expected = {"count": 100, "avg": 24.5, "min": 0.0, "max": 49.0, "last": 49.0, "delta": 98.0}
    for rolled in (False, True):
        if rolled:
            await kept.roll_up()
        (series,) = (await rpc("History.GetStatistics", asked))["series"]
        assert {name: series[name] for name in expected} == expected
    whole = await rpc("History.GetStatistics")
    assert whole["samples"] >= 100
    levels = {level["name"]: level for level in whole["levels"]}
    assert list(levels) == ["entry", "sample", "minute", "quarter", "hour", "day"]
    assert levels["minute"]["done"] > begin.timestamp()
    assert levels["hour"]["bytes"] > 0
    assert levels["day"]["keep"] is None
    assert whole["oldest"] <= begin.timestamp()
    assert whole["bytes"] == sum(level["bytes"] for level in whole["levels"])
