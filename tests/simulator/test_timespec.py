"""Timespecs: what they mean, and what is none."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.simulator.services.timespec import BadTimespec, read_timespec

_NOW = datetime.fromisoformat("2026-11-24T08:00:00.500")
"""A Tuesday."""


def _place(day: date, what: str) -> datetime:
    """A place where the sun rises at 6 and sets at 18."""
    return datetime.combine(day, time(6 if what == "sunrise" else 18))


def _nowhere(_day: date, _what: str) -> None:
    return None


@pytest.mark.parametrize(
    ("timespec", "before", "after"),
    [
        ("* * * * * *", "2026-11-24 08:00:00", "2026-11-24 08:00:01"),
        ("0 34 17 * * SUN,MON,TUE,WED,THU,FRI,SAT", "2026-11-23 17:34:00", "2026-11-24 17:34:00"),
        ("*/15 * 1-4 * * *", "2026-11-24 04:59:45", "2026-11-25 01:00:00"),
        ("30 10-50/20 8 * * *", "2026-11-23 08:50:30", "2026-11-24 08:10:30"),
        ("0 0 7 1 * mon-fri", "2026-10-01 07:00:00", "2026-12-01 07:00:00"),
        ("0 0 0 * * 7", "2026-11-22 00:00:00", "2026-11-29 00:00:00"),
        ("0 0 8 ? DEC ?", "2025-12-31 08:00:00", "2026-12-01 08:00:00"),
        ("0 0 0 29 2 *", "2024-02-29 00:00:00", "2028-02-29 00:00:00"),
        ("0 0 0 L * *", "2026-10-31 00:00:00", "2026-11-30 00:00:00"),
        ("0 0 0 L-3 * *", "2026-10-28 00:00:00", "2026-11-27 00:00:00"),
        ("0 0 0 15W * *", "2026-11-16 00:00:00", "2026-12-15 00:00:00"),
        ("0 0 0 1W 8 *", "2026-08-03 00:00:00", "2027-08-02 00:00:00"),
        ("0 0 0 LW * *", "2026-10-30 00:00:00", "2026-11-30 00:00:00"),
        ("0 0 0 * * 5L", "2026-10-30 00:00:00", "2026-11-27 00:00:00"),
        ("0 0 0 * * 2#1", "2026-11-03 00:00:00", "2026-12-01 00:00:00"),
        ("0 0 0 * * tue#-1", "2026-11-24 00:00:00", "2026-12-29 00:00:00"),
        ("5 8 * * *", "2026-11-23 08:05:00", "2026-11-24 08:05:00"),
        ("0 0 0 1 1 * 2027", None, "2027-01-01 00:00:00"),
        ("0 0 0 30 2 *", None, None),
        ("@sunrise", "2026-11-24 06:00:00", "2026-11-25 06:00:00"),
        ("@sunset-1h30m", "2026-11-23 16:30:00", "2026-11-24 16:30:00"),
        ("@sunrise+1.5h", "2026-11-24 07:30:00", "2026-11-25 07:30:00"),
        ("@sunrise+4h1m10s * * TUE", "2026-11-17 10:01:10", "2026-11-24 10:01:10"),
        ("@sunset-30h 1 dec *", "2025-11-30 12:00:00", "2026-11-30 12:00:00"),
    ],
)
def test_a_timespec_names_the_time_before_and_the_time_after(
    timespec: str, before: str | None, after: str | None
) -> None:
    spec = read_timespec(timespec)
    found = spec.preceding(_NOW, _place), spec.following(_NOW, _place)
    assert [None if each is None else str(each) for each in found] == [before, after]


def test_a_moment_that_is_due_counts_as_before_and_not_as_after() -> None:
    spec = read_timespec("0 0 8 * * *")
    due = datetime.fromisoformat("2026-11-24T08:00:00")
    assert spec.preceding(due, _place) == due
    assert spec.following(due, _place) == datetime.fromisoformat("2026-11-25T08:00:00")


_NUMBERS = st.one_of(
    st.integers(0, 9_999).map(str),
    st.sampled_from(["*", "?", "L", "LW", "L-3", "31W", "5L", "2#-1", "mon-fri", "*/7", "5/3"]),
)
_CRON = st.lists(st.one_of(_NUMBERS, st.text("0123456789*?Ll#Ww-/,", max_size=6)), min_size=4, max_size=8)
_AMOUNTS = st.tuples(st.one_of(st.integers(0, 10**18), st.floats(0, 10**6)), st.sampled_from("hms"))
_SUN = st.tuples(
    st.sampled_from(["@sunrise", "@sunset"]),
    st.sampled_from("+-"),
    st.lists(_AMOUNTS.map(lambda each: f"{each[0]}{each[1]}"), max_size=3).map("".join),
    st.sampled_from(["", " * * *", " 29 feb *", " L 1-12 5L"]),
)


@given(
    st.one_of(_CRON.map(" ".join), _SUN.map("".join), st.text(max_size=20)),
    st.datetimes(datetime.fromisoformat("1970-01-01"), datetime.fromisoformat("2191-01-01")),
)
def test_whatever_is_taken_has_its_times(text: str, moment: datetime) -> None:
    try:
        spec = read_timespec(text)
    except BadTimespec:
        return
    before, after = spec.preceding(moment, _place), spec.following(moment, _place)
    assert before is None or before <= moment
    assert after is None or (after > moment and spec.preceding(after, _place) == after)


def test_the_sun_may_be_a_week_away() -> None:
    due = read_timespec("@sunset-168h").following(_NOW, _place)
    assert due == datetime.fromisoformat("2026-11-24T18:00:00")
    assert read_timespec("@sunset+168h").following(_NOW, _place) == due


def test_where_the_sun_never_rises_nothing_comes_due() -> None:
    assert read_timespec("@sunrise").following(_NOW, _nowhere) is None


@pytest.mark.parametrize(
    "timespec",
    [
        "",
        "0 0 8 * *  * * *",
        "0 0 8 *",
        "60 * * * * *",
        "0 0 24 * * *",
        "0 0 8 0 * *",
        "0 0 8 * 13 *",
        "0 0 8 * * 8",
        "0 0 08 * * *",
        "0 0 8 * foo *",
        "0 0 8 * * fri-mon",
        "0 0 8 * * 2#6",
        "0 0 8 32W * *",
        "0 */0 8 * * *",
        "0 0 8 H * *",
        "0 0 ? * * *",
        "@noon",
        "@sunrise+",
        "@sunrise+1x",
        "@sunset+1h 1",
        "@sunset+99999999999999h",
        "@sunrise-90000000h",
        "@sunrise-168h1s",
        "@sunset+" + "9" * 200 + "s",
        '@random:{"from":"0 0 8 * * *","to":"0 0 9 * * *","number":2}',
        "0 0 8 * * " + ",".join(["1"] * 200),
    ],
)
def test_what_no_device_would_take_is_refused(timespec: str) -> None:
    with pytest.raises(BadTimespec):
        read_timespec(timespec)
