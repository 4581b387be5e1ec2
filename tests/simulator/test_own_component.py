"""A component that a plugin describes lives in the simulator like any other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fleet_platform.simulator import Simulator, Timing
from fleet_platform.simulator.component_types import load_component_types
from plugin_sdk import JSON, ComponentType, JSONObject
from plugin_sdk.simulation import Behaviour, Handler

if TYPE_CHECKING:
    from tests.simulator.conftest import Home

START: JSONObject = {"status": {"running": False, "litres": 0}, "config": {"rate": 12}}


class Pump(Behaviour):
    """``pump:N``: moves so many litres a minute while it runs."""

    __slots__ = ()

    def methods(self) -> Mapping[str, Handler]:
        return {"Start": self.start}

    def start(self, _params: JSONObject) -> JSON:
        self.report(running=True)
        return None

    def minute(self) -> None:
        if self.status["running"]:
            self.report(litres=self.status["litres"] + self.config["rate"])

    def press(self, gesture: str) -> bool:
        if gesture == "jam":
            self.report(running=False)
            self.device.emit(self.key, "jammed")
        return gesture == "jam"


TYPES = {
    **load_component_types(),
    "pump": ComponentType(type="pump", namespace="Pump", title="Pump", simulate=Pump),
}


async def test_it_is_shown_called_counts_and_tells(home: Home) -> None:
    async with Simulator(home.url, types=TYPES, timing=Timing(clockless_s=0.0)) as sim:
        device = await sim.add("Plus1", components={"pump:0": START})
        (full,) = await home.until(lambda: home.frames(device.id, "NotifyFullStatus"))
        assert full["params"]["pump:0"] == {"id": 0, "running": False, "litres": 0}
        assert {"Pump.Start", "Pump.GetStatus", "Pump.SetConfig"} <= set(
            (await home.call(device.id, "Shelly.ListMethods"))["methods"]
        )
        assert await home.call(device.id, "pump.start", id=0) is None
        await home.until(lambda: {"running": True} in home.status(device.id, "pump:0"))
        assert await home.call(device.id, "Pump.SetConfig", id=0, config={"rate": 5}) == {"restart_required": False}
        sim.advance(60)
        await home.until(lambda: {"litres": 5} in home.status(device.id, "pump:0"))
        device.press("pump:0", "jam")
        (jammed,) = await home.until(lambda: [each for each in home.events(device.id) if each["event"] == "jammed"])
        assert (jammed["component"], jammed["id"]) == ("pump:0", 0)
        assert await home.call(device.id, "Pump.GetStatus", id=0) == {"id": 0, "running": False, "litres": 5}
