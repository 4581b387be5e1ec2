"""What a device says, and when, where a fault is at work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulator.asking import begin

if TYPE_CHECKING:
    from fleet_platform.simulator import Simulator
    from tests.simulator.conftest import Home


async def test_a_sleeper_that_answers_late_stays_awake_until_then(home: Home, sim: Simulator) -> None:
    device = await sim.add("PlusHT")
    device.faults.start("delay", seconds=30)
    reply = await begin(home, device, "Shelly.GetDeviceInfo")
    sim.advance(29)
    assert device.session.link.connections == 1
    assert not home.events(device.id)
    sim.advance(2)
    assert (await reply)["result"]["id"] == device.id
    sim.advance(1)
    await home.until(lambda: home.events(device.id))
    assert device.power.state == "asleep"


async def test_a_late_answer_is_forgotten_by_a_device_that_restarts(home: Home, sim: Simulator) -> None:
    device = await sim.add("PlusHT")
    device.faults.start("delay", seconds=30)
    reply = await begin(home, device, "Shelly.GetDeviceInfo")
    device.power.switch_off()
    device.power.switch_on()
    device.faults.stop()
    sim.advance(1)
    await device.connected()
    sim.advance(1)
    assert device.power.state == "asleep", "nothing is owed any more"
    sim.advance(60)
    assert not reply.done()
    reply.cancel()
