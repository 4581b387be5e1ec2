"""A sleeper is gone when it missed two wakes, and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_platform.devices.sleepers import Sleepers
from fleet_platform.devices.twin import Twin
from plugin_sdk import DeviceId

if TYPE_CHECKING:
    from tests.devices.conftest import Site

NOW = 1_800_000_000.0


@pytest.fixture
async def sleeper(site: Site) -> Twin:
    twin = Twin(DeviceId("shellyht"), {"sys": {"wakeup_period": 600}})
    twin.asleep, twin.last_report_ms = True, int(NOW * 1000)
    site.fleet.add(twin)
    return twin


async def test_a_sleeper_has_two_periods_to_come_back(site: Site, sleeper: Twin) -> None:
    sleepers = Sleepers(site.fleet, site.voice)
    sleepers.look(NOW + 1_199)
    assert (sleeper.presence, site.events) == ("online", [])
    sleepers.look(NOW + 1_201)
    assert sleeper.presence == "offline"
    assert site.told() == ["Shelly.Presence", "Shelly.Disconnect"]
    sleepers.look(NOW + 9_999)
    assert len(site.events) == 2


async def test_who_is_connected_or_was_never_there_is_let_be(site: Site, sleeper: Twin) -> None:
    sleeper.asleep = False
    Sleepers(site.fleet, site.voice).look(NOW + 9_999)
    assert site.events == []


async def test_a_longer_period_gives_longer_time(site: Site, sleeper: Twin) -> None:
    sleeper.status["sys"]["wakeup_period"] = 7_200
    Sleepers(site.fleet, site.voice).look(NOW + 14_000)
    assert sleeper.presence == "online"
