"""Component types that a firmware serves though the device has no instance of them now.

A real device lists ``Button.Trigger`` before anybody has added a button, and then knows no ``Bad id``.

Source: ``Shelly.ListMethods`` of a Shelly 2PM Gen3 (dump), which has neither scripts nor dynamic components, and of a
thermostat ST1820, which has no objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fleet_platform.simulator.services import script, virtual
from plugin_sdk import ComponentKey
from plugin_sdk.simulation import Behaviour

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine


def dormant_types(device: Machine) -> Iterator[str]:
    """Types that may have instances on a device, whether there is one or not."""
    if virtual.offered(device):
        yield from virtual.TYPES
    if "bthome" in device.state.status:
        yield from ("bthomedevice", "bthomesensor")
    if "blugw" in device.state.status and "bthome" in device.state.status:
        yield "blutrv"
    if script.offered(device):
        yield "script"
    if device.keys("service"):
        yield "object"


def dormant_behaviour(device: Machine, type_name: str) -> Behaviour | None:
    """What an instance of such a type would do; None if the device knows no such type."""
    if type_name not in dormant_types(device):
        return None
    kind = device.world.types.get(type_name)
    if kind is None or kind.simulate is None:
        return None
    return kind.simulate(device, ComponentKey(f"{type_name}:0"))
