"""What the platform gets from the hook."""

from __future__ import annotations

from fleet_shelly import Shelly
from fleet_shelly.catalogue import COMPONENTS
from fleet_shelly.simulation import BEHAVIOURS


def test_every_type_comes_with_its_behaviour_in_the_simulator() -> None:
    registered = {component.type: component.simulate for component in Shelly().fleet_register_components()}
    assert list(registered) == [component.type for component in COMPONENTS]
    assert {kind: make for kind, make in registered.items() if make is not None} == dict(BEHAVIOURS)
