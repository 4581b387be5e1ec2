"""The pure parts: times, buckets, periods, filling, tariffs, which counters count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_history.choice import Series
from fleet_history.energy.counters import roles
from fleet_history.energy.periods import Period, begins, is_hourly, whole
from fleet_history.energy.tariff import Band, Tariff
from fleet_history.fill import filled
from fleet_history.spans import NICE, Bucket, Span, nice, read_bucket, read_time
from plugin_sdk.errors import InvalidParams
from tests.plugins.fleet_history.conftest import utc

SOFIA = ZoneInfo("Europe/Sofia")


# ---- times -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PT15M", Bucket(seconds=900)),
        ("pt1h30m", Bucket(seconds=5400)),
        ("P1D", Bucket(days=1)),
        ("P2W", Bucket(days=14)),
        ("P1M", Bucket(months=1)),
        ("P1Y6M", Bucket(months=18)),
        (900, Bucket(seconds=900)),
        ("900", Bucket(seconds=900)),
        (0, None),
        ("PT0S", None),
    ],
)
def test_buckets_are_read(text: str | float, expected: Bucket | None) -> None:
    assert read_bucket(text) == expected


@given(st.sampled_from([bucket for bucket in NICE if bucket.months <= 1200]))
def test_what_a_bucket_is_called_is_read_as_that_bucket(bucket: Bucket) -> None:
    assert read_bucket(str(bucket)) == bucket


@pytest.mark.parametrize(
    "text", ["P", "PT", "", "1 day", "P1DT1H", "P1M1D", "-PT1H", "P99999Y", "PT1.5S", 0.5, -1, 1e300]
)
def test_what_is_no_duration_is_refused(text: str | float) -> None:
    with pytest.raises(InvalidParams):
        read_bucket(text)


@given(
    st.integers(978_307_200, 3_786_912_000),
    st.integers(1, 3000 * 86_400),
    st.integers(2, 5000),
)
def test_a_nice_bucket_gives_no_more_points_than_wanted(since: int, length_s: int, most: int) -> None:
    begin = datetime.fromtimestamp(since, UTC)
    span = Span(since=begin, till=begin + timedelta(seconds=length_s))
    bucket = nice(span, most)
    assert bucket.count(span) <= most
    shorter = NICE[NICE.index(bucket) - 1] if bucket is not NICE[0] else None
    assert shorter is None or shorter.count(span) > most


def test_a_year_in_500_points_is_by_the_day() -> None:
    assert nice(Span(since=utc(2026, 1, 1), till=utc(2027, 1, 1)), 500) == Bucket(days=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (1_790_000_000, datetime.fromtimestamp(1_790_000_000, UTC)),
        ("1790000000.5", datetime.fromtimestamp(1_790_000_000.5, UTC)),
        ("2026-07-01T12:00:00Z", utc(2026, 7, 1, 12)),
        ("2026-07-01T12:00:00+02:00", utc(2026, 7, 1, 10)),
        ("2026-07-01", utc(2026, 6, 30, 21)),
    ],
)
def test_times_are_read(text: str | float, expected: datetime) -> None:
    assert read_time(text, "from", SOFIA) == expected


@pytest.mark.parametrize("text", ["", "nan", "inf", "now", "2026-13-01", 1e300, -1, 4_200_000_000, 1_790_000_000_000])
def test_what_is_no_time_is_refused(text: str | float) -> None:
    with pytest.raises(InvalidParams):
        read_time(text, "from", SOFIA)


# ---- periods ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "lengths"),
    [
        ("hour", {3600}),
        ("day", {86_400, 90_000, 82_800}),
        ("week", {7 * 86_400, 7 * 86_400 + 3600, 7 * 86_400 - 3600}),
        ("month", {(28 + more) * 86_400 + off for more in range(4) for off in (0, 3600, -3600)}),
        ("year", {365 * 86_400}),
    ],
)
def test_periods_follow_the_clock_on_the_wall(period: Period, lengths: set[int]) -> None:
    span = Span(since=utc(2026, 1, 15, 7, 30), till=utc(2027, 2, 1))
    found = begins(span, period, SOFIA)
    assert found[0] <= span.since < found[1]
    assert found[-1] < span.till
    assert {int((after - before).total_seconds()) for before, after in pairwise(found)} <= lengths
    if period != "hour":
        assert {at.astimezone(SOFIA).hour for at in found} == {0}


def test_a_day_on_which_the_clock_is_set_is_longer_or_shorter() -> None:
    found = begins(Span(since=utc(2026, 10, 24), till=utc(2026, 10, 27)), "day", SOFIA)
    assert [(after - before) // timedelta(hours=1) for before, after in pairwise(found)] == [24, 25, 24]


@pytest.mark.parametrize(
    ("zone", "hourly"),
    [("Europe/Sofia", True), ("UTC", True), ("Asia/Kolkata", False), ("Australia/Lord_Howe", False)],
)
def test_zones_that_are_not_whole_hours_away_need_quarters(zone: str, hourly: bool) -> None:
    span = Span(since=utc(2026, 1, 1), till=utc(2026, 12, 31))
    assert is_hourly(span, [span.since], [ZoneInfo(zone)]) is hourly


def test_ends_are_taken_to_quarters() -> None:
    found = whole(Span(since=utc(2026, 1, 1, 7, 16, 3), till=utc(2026, 1, 1, 8, 15)))
    assert found == Span(since=utc(2026, 1, 1, 7, 15), till=utc(2026, 1, 1, 8, 15))


# ---- filling ---------------------------------------------------------------------------------------------


def test_nothing_is_carried_over_that_happened_within_a_bucket() -> None:
    times, columns = filled([10], {"last": [3.0], "delta": [1.0], "count": [2]}, [0, 10, 20], "previous", "counter")
    assert list(times) == [0, 10, 20]
    assert columns == {"last": [None, 3.0, 3.0], "delta": [None, 1.0, None], "count": [None, 2, None]}


def test_a_state_is_never_half_one() -> None:
    _, columns = filled([0, 20], {"last": [0.0, 1.0]}, [0, 10, 20], "linear", "state")
    assert columns["last"] == [0.0, 0.0, 1.0]


# ---- tariffs ---------------------------------------------------------------------------------------------


def tariff(*bands: Band) -> Tariff:
    return Tariff(name="t", currency="EUR", zone="UTC", price=1.0, bands=list(bands))


def band(since: str, to: str, *days: str) -> Band:
    return Band.model_validate(
        {"name": since, "from": since, "to": to, "price": 2.0, **({"days": days} if days else {})}
    )


def test_a_band_over_midnight_goes_into_the_next_day() -> None:
    week = tariff(band("22:00", "06:15", "sun")).week()
    assert [at for at, number in enumerate(week) if number] == [*range(25), *range(6 * 96 + 88, 7 * 96)]


def test_a_whole_day_and_the_end_of_a_day() -> None:
    assert sum(tariff(band("00:00", "24:00", "mon")).week()) == 96
    assert sum(tariff(band("22:00", "24:00", "mon", "tue")).week()) == 16
    assert sum(tariff(band("22:00", "00:00", "mon")).week()) == 8


@pytest.mark.parametrize(
    "bands",
    [
        [band("06:00", "08:00"), band("07:45", "09:00", "wed")],
        [band("22:00", "06:00", "sun"), band("00:00", "01:00", "mon")],
        [band("06:00", "06:00")],
        [band("24:00", "06:00")],
    ],
)
def test_bands_that_overlap_or_have_no_length_are_refused(bands: list[Band]) -> None:
    with pytest.raises(InvalidParams):
        tariff(*bands).week()


@pytest.mark.parametrize("clock", ["6:00", "24:15", "12:10", "12:60", "noon", "-1:00"])
def test_what_is_no_quarter_of_a_day_is_refused(clock: str) -> None:
    with pytest.raises(ValueError, match="from"):
        band(clock, "12:00")


# ---- which counters count --------------------------------------------------------------------------------


def series(component: str, field: str, *, unit: str = "Wh", kind: str = "counter") -> Series:
    return Series(id=1, device="d", component=component, field=field, kind=kind, unit=unit, words=())


def counted(*all_series: Series, phases: bool = False, returned: bool = False) -> list[tuple[str, str]]:
    return [(each.field, role) for each, role in roles(all_series, phases=phases, returned=returned)]


def test_a_total_and_its_phases_count_once() -> None:
    meter = [series("emdata:0", field) for field in ("total_act", "a_total_act_energy", "total_act_ret")]
    assert counted(*meter) == [("total_act", "used")]
    assert counted(*meter, phases=True) == [("total_act", "used"), ("a_total_act_energy", "a")]
    assert counted(*meter, returned=True) == [("total_act", "used"), ("total_act_ret", "returned")]
    assert counted(meter[1]) == [("a_total_act_energy", "used")]


def test_only_energy_counts() -> None:
    assert counted(series("switch:0", "aenergy.total"), series("pm1:0", "ret_aenergy.total")) == [
        ("aenergy.total", "used")
    ]
    assert (
        counted(
            series("switch:0", "aenergy.total", unit="kWh"),
            series("switch:0", "aenergy.total", kind="gauge"),
            series("input:0", "counts.total"),
            series("em1:0", "total_act_energy"),
        )
        == []
    )
