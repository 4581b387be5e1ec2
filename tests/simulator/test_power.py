"""Power: who reaches a device that is not on, and what happens when several want it to restart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import Device, Simulator
from plugin_sdk.simulation import DeviceFault

if TYPE_CHECKING:
    from tests.simulator.conftest import Eventually, Home


def state(device: Device) -> str:
    """What it is doing."""
    return device.power.state


async def away(sim: Simulator, how: str) -> Device:
    """A device that is off or asleep."""
    device = await sim.add("PlusHT" if how == "asleep" else "S1G3")
    if how == "off":
        device.power.switch_off()
    else:
        sim.advance(1)
    await device.disconnected()
    assert state(device) == how
    return device


# ---- off and asleep -------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["off", "asleep"])
async def test_a_call_does_not_wake_a_device(how: str, home: Home, sim: Simulator) -> None:
    device = await away(sim, how)
    with pytest.raises(DeviceFault, match=f"device is {how}"):
        device.call("Shelly.Reboot")
    sim.advance(60)
    assert state(device) == how
    assert len(home.visits) == 1


@pytest.mark.parametrize("how", ["off", "asleep"])
async def test_a_reboot_loop_does_not_wake_a_device(how: str, sim: Simulator) -> None:
    device = await away(sim, how)
    device.faults.start("reboot_loop", up_s=5)
    sim.advance(60)
    assert state(device) == how


@pytest.mark.parametrize("how", ["off", "asleep"])
async def test_to_reconnect_does_not_wake_a_device(how: str, sim: Simulator) -> None:
    device = await away(sim, how)
    device.reconnect()
    assert not device.session.link.wanted


async def test_to_reconnect_ends_no_stay_that_the_settings_want(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    await home.call(device.id, "Ws.SetConfig", config={"enable": False})
    await device.drop()
    device.reconnect()
    assert not device.session.link.wanted


async def test_a_double_of_a_device_that_is_off_refuses_calls_and_wakes_nobody(
    home: Home, sim: Simulator, eventually: Eventually
) -> None:
    device = await sim.add("S1G3")
    device.faults.start("duplicate")
    await eventually(lambda: len(home.visits) == 2)
    device.power.switch_off()
    await device.disconnected()
    refused = await home.ask(device.id, "Shelly.Reboot")
    assert refused["error"] == {"code": -109, "message": "device is off"}
    sim.advance(60)
    assert device.power.state == "off"


# ---- two restarts at once -------------------------------------------------------------------------------


async def test_an_update_that_ends_during_a_factory_reset_takes_nothing_from_it(sim: Simulator) -> None:
    device = await sim.add("S1G3", name="Hall", version="1.7.1")
    device.call("Shelly.Update", {"url": "http://archive.example/1.8.0/S1G3.zip"})
    sim.advance(4.9)
    device.call("Shelly.FactoryReset")
    sim.advance(3)
    assert device.power.state == "on"
    assert (device.state.info["name"], device.state.info["ver"]) == (None, "1.8.0")


async def test_a_later_restart_does_not_put_off_the_one_that_waits(sim: Simulator) -> None:
    device = await sim.add("S1G3")
    done: list[Any] = []
    device.power.restart(1, then=lambda: done.append("first"))
    device.power.restart(5, then=lambda: done.append("second"))
    sim.advance(1.1)
    assert (device.power.state, done) == ("on", ["first", "second"])
    device.power.restart(1, then=lambda: done.append("third"))
    sim.advance(1.1)
    assert done == ["first", "second", "third"]


async def test_a_power_cut_takes_a_restart_with_it(sim: Simulator) -> None:
    device = await sim.add("S1G3")
    done: list[Any] = []
    device.power.restart(1, then=lambda: done.append("cut off"))
    device.power.switch_off()
    device.power.switch_on()
    sim.advance(1)
    device.power.restart(1)
    sim.advance(2)
    assert done == []


async def test_a_sleeper_stays_awake_until_its_update_restarts_it(home: Home, sim: Simulator) -> None:
    device = await sim.add("PlusHT", version="1.7.1")
    device.call("Shelly.Update", {"url": "http://archive.example/1.8.0/PlusHT.zip"})
    sim.advance(6)
    assert device.state.info["ver"] == "1.8.0"
    await device.disconnected()
    assert "sleep" not in [event["event"] for event in home.events(device.id)]


async def test_a_sleeper_sleeps_after_an_update_that_failed(sim: Simulator) -> None:
    device = await sim.add("PlusHT", version="1.7.1")
    device.faults.start("update_fails")
    device.call("Shelly.Update", {"url": "http://archive.example/1.8.0/PlusHT.zip"})
    sim.advance(2.9)
    assert state(device) == "on"
    sim.advance(2)
    assert state(device) == "asleep"
