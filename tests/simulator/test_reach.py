"""Whether a fleet reaches its server, and what is told of it."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from fleet_platform.simulator import Simulator
from fleet_platform.simulator.reach import Reach, away, was_there
from plugin_sdk import ComponentType
from tests.simulator.conftest import QUICK

if TYPE_CHECKING:
    from tests.simulator.conftest import Eventually, Home


@pytest.fixture
def nowhere() -> str:
    """A port of this machine at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"ws://127.0.0.1:{taken.getsockname()[1]}/shelly"


async def test_that_nobody_answers_is_told_once_with_the_reason(
    nowhere: str, types: Mapping[str, ComponentType], eventually: Eventually
) -> None:
    async with Simulator(nowhere, token="secret", types=types, timing=QUICK) as sim:
        reach = Reach(sim)
        assert reach.look() is None
        await sim.add("Plus1", wait=False)
        await eventually(lambda: sim.stats.failures > 0)
        assert reach.look() == f"nobody answers at {nowhere}: Connection refused; the devices go on trying"
        await eventually(lambda: sim.stats.failures > 3)
        assert reach.look() is None


async def test_a_server_that_turns_all_away_is_told_again_after_it_let_one_in(
    home: Home, sim: Simulator, eventually: Eventually
) -> None:
    reach, told = Reach(sim), f"no device gets in at {home.url}: the answer is HTTP 403; the devices go on trying"
    home.refuse_with = 403
    device = await sim.add("Plus1", wait=False)
    await eventually(lambda: sim.stats.failures > 0)
    assert reach.look() == told
    home.refuse_with = None
    await device.connected()
    assert reach.look() is None
    home.refuse_with = 403
    failures = sim.stats.failures
    await home.visits[0].ws.close()
    await eventually(lambda: sim.stats.failures > failures)
    assert (reach.look(), reach.look()) == (told, None)


async def test_devices_that_do_not_want_to_be_connected_are_counted_by_reason(home: Home, sim: Simulator) -> None:
    lamp, sleeper, dropped, dark = [await sim.add(model) for model in ("Plus1", "PlusHT", "Plus1PM", "PlusI4")]
    assert away(sim) == {}
    sleeper.power.sleep()
    await dropped.drop()
    dark.power.switch_off()
    assert away(sim) == {"asleep": 1, "kept away by a fault": 1, "off": 1}
    dark.power.switch_on()
    assert away(sim) == {"asleep": 1, "kept away by a fault": 1}
    lamp.session.link.disconnect()
    assert away(sim) == {"asleep": 1, "kept away by a fault": 1, "told not to connect": 1}
    assert all(was_there(device) for device in sim)
