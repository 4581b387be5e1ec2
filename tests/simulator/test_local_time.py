"""Local time of a device, and periods of its day."""

from __future__ import annotations

from typing import Any

import pytest

from fleet_platform.simulator import Simulator
from plugin_sdk.local_time import is_within, read_period, utc_offset_s

_JULY = 1_783_000_000
"""Summer time in Sofia."""


@pytest.mark.parametrize(
    ("hour", "start", "end", "within"),
    [
        (23.5, "22:00", "06:00", True),
        (22.0, "22:00", "06:00", True),
        (5.99, "22:00", "06:00", True),
        (6.0, "22:00", "06:00", False),
        (12.0, "08:00", "16:00", True),
        (7.9, "08:00", "16:00", False),
        (16.0, "08:00", "16:00", False),
        (3.0, "00:00", "00:00", True),
        (3.0, "12:00", "12:00", True),
    ],
)
def test_a_period_may_go_over_midnight_and_equal_ends_are_the_whole_day(
    hour: float, start: str, end: str, within: bool
) -> None:
    period = read_period([start, end])
    assert period is not None
    assert is_within(hour, period) is within


@pytest.mark.parametrize(
    "between", [None, [], ["08:00"], ["08:00", "24:00"], ["8:00", "09:00"], ["08:00", 9], "08:00", ["08:0a", "09:00"]]
)
def test_what_is_no_period_is_none(between: Any) -> None:
    assert read_period(between) is None


@pytest.mark.parametrize(
    ("shown", "zone", "offset_s"),
    [
        (-3600, "Europe/Sofia", -3600),
        (None, "Europe/Sofia", 10_800),
        (None, "Europe/Nowhere", 0),
        (None, None, 0),
        ("odd", "Europe/Sofia", 10_800),
        (10**15, "Europe/Sofia", 10_800),
    ],
)
async def test_local_time_is_what_a_device_shows_or_that_of_its_zone(
    shown: Any, zone: str | None, offset_s: int, sim: Simulator
) -> None:
    device = await sim.add("S1G3")
    device.state.sys.pop("utc_offset", None)
    if shown is not None:
        device.report("sys", {"utc_offset": shown})
    device.state.config["sys"] = {**device.config("sys"), "location": {"tz": zone}}
    assert utc_offset_s(device, _JULY) == offset_s
