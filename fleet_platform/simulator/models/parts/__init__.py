"""Components that models are put together from, by the name that the catalogue calls them. Constant data.

Settings and status are those of a device fresh from the box with a plausible load, as the newest firmware shows them,
together with what only older firmware has: :mod:`fleet_platform.simulator.models.history` takes away what a version
lacks. An instance's ``id`` is added where it is built.

Source: real dumps and ``components.yaml`` of the protocol reference; where a part says so, the maker's documentation.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleet_platform.simulator.models.parts import (
    appliances,
    extensions,
    inputs,
    lights,
    meters,
    outputs,
    panels,
    sensors,
    singletons,
    wall_display,
)
from fleet_platform.simulator.models.parts.part import Part

PARTS: Mapping[str, Part] = {
    **outputs.PARTS,
    **lights.PARTS,
    **inputs.PARTS,
    **meters.PARTS,
    **sensors.PARTS,
    **appliances.PARTS,
    **singletons.PARTS,
    **panels.PARTS,
    **wall_display.PARTS,
    **extensions.PARTS,
}
"""All parts, by name: ``switch.pm``; the component type is what stands before the dot."""

__all__ = ["PARTS", "Part"]
