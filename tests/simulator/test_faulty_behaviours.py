"""Bugs in a plugin's behaviours stay where they are: the component, not its device and not the others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

import pytest

from fleet_platform.simulator import Backoff, Device, Simulator, Timing
from fleet_platform.simulator.component_types import load_component_types
from fleet_platform.simulator.pace import Pace
from plugin_sdk import JSON, ComponentKey, ComponentType, JSONObject
from plugin_sdk.simulation import Behaviour, Deferred, Handler, SimulatedDevice

from .asking import begin

if TYPE_CHECKING:
    from tests.simulator.conftest import Home


class Faulty(Behaviour):
    """``faulty:N``: fails in what its settings name."""

    __slots__ = ()

    def __init__(self, device: SimulatedDevice, key: ComponentKey) -> None:
        super().__init__(device, key)
        self._may("make")

    def methods(self) -> Mapping[str, Handler]:
        return {"Tell": lambda _params: {1, 2}, "TellLate": self.tell_late, "FailLate": self.fail_late}

    def tell_late(self, _params: JSONObject) -> JSON | Deferred:
        return Deferred.after(self.device, 1, lambda: {"big": 2**70})

    def fail_late(self, _params: JSONObject) -> JSON | Deferred:
        return Deferred.after(self.device, 1, lambda: 1 / 0)

    def boot(self) -> None:
        self._may("boot")
        self.report(boots=self.status["boots"] + 1)

    def minute(self) -> None:
        self._may("minute")

    def vary(self) -> bool:
        self._may("vary")
        return False

    def _may(self, what: str) -> None:
        if self.config["fails_in"] == what:
            raise ZeroDivisionError(what)


TYPES = {
    **load_component_types(),
    "faulty": ComponentType(type="faulty", namespace="Faulty", title="Faulty", simulate=Faulty),
}


@pytest.fixture
async def sim(home: Home) -> AsyncIterator[Simulator]:
    timing = Timing(backoff=Backoff(first_s=0.05, longest_s=0.2), boot_s=0.05, clockless_s=0.0)
    async with Simulator(home.url, types=TYPES, timing=timing, seed=1) as sim:
        yield sim


async def faulty(sim: Simulator, fails_in: str) -> Device:
    """A plug with a faulty component before its own."""
    part: JSONObject = {"status": {"boots": 0}, "config": {"fails_in": fails_in}}
    return await sim.add("Plus1PM", components={"faulty:0": part})


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize(("fails_in", "could_not"), [("make", "be made"), ("boot", "boot")])
async def test_a_device_boots_without_a_behaviour_that_fails(
    fails_in: str, could_not: str, home: Home, sim: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    device = await faulty(sim, fails_in)
    for _ in range(2):
        device.power.switch_off()
        await device.disconnected()
        device.power.switch_on()
        sim.advance(1)
        await device.connected()
    assert device.behaviour("faulty:0") is None
    assert complaints(caplog) == [f"faulty:0 of simulated {device.id} could not {could_not}"]
    assert (await home.ask(device.id, "Faulty.Tell", id=0))["error"]["code"] == 404
    assert await home.call(device.id, "Faulty.GetStatus", id=0) == {"id": 0, "boots": 0}
    assert await home.call(device.id, "Switch.Set", id=0, on=True) == {"was_on": False}
    await home.call(device.id, "Faulty.SetConfig", id=0, config={"fails_in": ""})
    device.power.switch_off()
    device.power.switch_on()
    assert device.status("faulty:0")["boots"] == 1


async def test_minutes_pass_for_the_others_of_a_device(sim: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    device = await faulty(sim, "minute")
    device.call("Switch.Set", {"id": 0, "on": True})
    device.press("switch:0", "load 100")
    before = device.status("switch:0")["aenergy"]["total"]
    sim.advance(300)
    assert device.status("switch:0")["aenergy"]["total"] > before
    assert complaints(caplog) == [f"faulty:0 of simulated {device.id} could not live through a minute"]


async def test_a_rate_is_kept_past_a_behaviour_that_fails(
    home: Home, sim: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    devices = [await faulty(sim, "vary"), await sim.add("Plus1PM", seed=2)]
    for device in devices:
        device.call("Switch.Set", {"id": 0, "on": True})
    keeping = asyncio.create_task(Pace(200).keep(devices))
    try:
        await home.until(lambda: all(len(home.status(device.id, "switch:0")) > 5 for device in devices))
        assert not keeping.done()
    finally:
        keeping.cancel()
    assert complaints(caplog) == [f"faulty:0 of simulated {devices[0].id} could not vary"]


async def test_a_result_that_cannot_be_told_is_answered_by_an_error(
    home: Home, sim: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    device = await faulty(sim, "")
    for method in ("Faulty.Tell", "Faulty.TellLate"):
        asked = asyncio.create_task(home.ask(device.id, method, id=0))
        await _until_asked(device, method)
        sim.advance(1.1)
        assert (await asked)["error"] == {"code": 500, "message": "internal error"}
    assert (await home.call(device.id, "Sys.GetStatus"))["mac"] == device.mac
    assert device.session.link.connections == 1
    assert complaints(caplog) == [
        f"simulated {device.id} cannot tell the result of Faulty.{verb}" for verb in ("Tell", "TellLate")
    ]


async def test_an_answer_that_fails_later_is_an_answer_too(home: Home, sim: Simulator) -> None:
    device = await faulty(sim, "")
    reply = await begin(home, device, "Faulty.FailLate", id=0)
    sim.advance(1.1)
    assert (await reply)["error"] == {"code": 500, "message": "internal error"}


async def test_a_request_that_names_nobody_who_could_be_answered_is_ignored(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await home.until(lambda: home.frames(device.id))
    nested = "[" * 400 + "]" * 400
    for members in (f'"id":1,"src":{nested}', '"id":{},"src":"x"'):
        await home.visit(device.id).ws.send_str(f'{{{members},"method":"Sys.GetStatus"}}')
    assert (await home.call(device.id, "Sys.GetStatus"))["mac"] == device.mac
    assert device.session.link.connections == 1
    assert sim.stats.unreadable == 2


async def _until_asked(device: Device, method: str) -> None:
    async with asyncio.timeout(10):
        while method not in device.requests:  # a request announces itself to nobody
            await asyncio.sleep(0.005)
