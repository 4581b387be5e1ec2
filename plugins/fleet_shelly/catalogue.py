"""All component types, in the order people look for them."""

from __future__ import annotations

from fleet_shelly import (
    appliances,
    bluetooth,
    covers,
    front_panels,
    inputs,
    integrations,
    lights,
    meters,
    network,
    outputs,
    sensors,
    system,
    virtual,
)

COMPONENTS = (
    *outputs.COMPONENTS,
    *lights.COMPONENTS,
    *covers.COMPONENTS,
    *inputs.COMPONENTS,
    *meters.COMPONENTS,
    *sensors.COMPONENTS,
    *appliances.COMPONENTS,
    *virtual.COMPONENTS,
    *bluetooth.COMPONENTS,
    *system.COMPONENTS,
    *network.COMPONENTS,
    *integrations.COMPONENTS,
    *front_panels.COMPONENTS,
)
