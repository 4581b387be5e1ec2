"""What components of simulated devices do."""

from __future__ import annotations

from typing import Any

import pytest

from fleet_platform.simulator import Simulator
from fleet_platform.simulator.models import MODELS


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.app)
async def test_every_component_lives_an_hour_and_stays_json_of_the_same_shape(model: Any, sim: Simulator) -> None:
    device = await sim.add(model.code)
    before = {key: set(status) for key, status in device.state.status.items()}
    for _ in range(60):
        sim.advance(60)
        device.vary()
    for key, names in before.items():
        added = set(device.state.status[key]) - names - {"timer_started_at", "timer_duration"}
        assert not added, (key, added)
