from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_platform.devices.twin import Twin
from fleet_platform.host import HostServices
from fleet_platform.host.publishing import BURST, RATE, TokenBucket
from plugin_sdk import ComponentType, DeviceId, EventType, Method, hookimpl
from plugin_sdk.errors import PluginError, UnknownDevice


class Publishing:
    """Hands out the platform as it sees it."""

    @hookimpl
    def fleet_register_methods(self) -> Any:
        return [Method(name="Lamp.On", handler=lambda: None)]

    @hookimpl
    def fleet_register_components(self) -> Any:
        return [ComponentType(type="glow", namespace="GlowWorm", title="Glow worm")]

    @hookimpl
    def fleet_register_events(self) -> Any:
        return [EventType(name="Shelly.Glow", summary="A lamp glows.", device=True)]


@pytest.fixture
async def opened(open_host: Any) -> AsyncIterator[Any]:
    async with open_host(my_lamps=Publishing) as host:
        yield host, host._lives["my_lamps"].plugin.fleet


@pytest.mark.parametrize("name", ["MyLamps.Lit", "my_lamps.lit", "Lamp.Lit", "GlowWorm.Glows", "Shelly.Glow"])
async def test_plugin_publishes_under_its_own_names(opened: Any, services: HostServices, name: str) -> None:
    host, fleet = opened
    got: list[Any] = []
    services.bus.tap(("*",), got.append)
    fleet.publish(name, {"x": 1})
    assert [(event.method, event.params) for event in got] == [(name, {"x": 1})]
    assert host.records["my_lamps"].tally["events_published"] == 1


@pytest.mark.parametrize("name", ["Shelly.Status", "MyLampsToo.Lit", "MyLamps", "my.Lit", ""])
async def test_no_name_of_others_may_be_used(opened: Any, services: HostServices, name: str) -> None:
    got: list[Any] = []
    services.bus.tap(("*",), got.append)
    with pytest.raises(PluginError):
        opened[1].publish(name, {})
    assert not got


async def test_event_about_a_device_carries_its_id_as_the_device_spells_it(opened: Any, services: HostServices) -> None:
    services.devices.add(Twin(DeviceId("shellyplus1-a8032abb995c"), {}))
    got: list[Any] = []
    services.bus.tap(("*",), got.append)
    opened[1].publish("Lamp.Lit", {}, device="A8032ABB995C")
    assert got[0].device == "shellyplus1-a8032abb995c"
    with pytest.raises(UnknownDevice):
        opened[1].publish("Lamp.Lit", {}, device="nobody")


async def test_flood_is_cut_counted_and_shown(opened: Any, services: HostServices) -> None:
    host, fleet = opened
    got: list[Any] = []
    services.bus.tap(("*",), got.append)
    for _ in range(BURST * 2):
        fleet.publish("Lamp.Lit", {})
    record = host.records["my_lamps"]
    assert BURST <= len(got) < BURST * 2
    assert record.tally["events_published"] == len(got)
    assert record.tally["events_dropped"] == BURST * 2 - len(got)
    assert (record.state, record.reason) == (
        "degraded",
        f"It publishes more than {RATE} events a second; what is more is dropped.",
    )


@given(st.lists(st.floats(min_value=0, max_value=3), max_size=200))
def test_bucket_lets_through_a_burst_and_then_its_rate_and_no_more(gaps: Any) -> None:
    now = 0.0
    bucket = TokenBucket(10, 5, lambda: now)
    passed = 0
    for gap in gaps:
        now += gap
        passed += bucket.take()
        assert passed <= 5 + 10 * now + 1e-6


def test_bucket_refuses_nothing_below_its_rate() -> None:
    now = 0.0
    bucket = TokenBucket(10, 5, lambda: now)
    for _ in range(1000):
        now += 0.101
        assert bucket.take()
