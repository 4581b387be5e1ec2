"""Services of a whole device: RPC methods that belong to no component."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from fleet_platform.simulator.services import (
    addon,
    backup,
    bthomecontrol,
    firmware,
    http,
    kvs,
    lnm,
    ota,
    profile,
    rpc_ping,
    schedule,
    script,
    shelly,
    upkeep,
    virtual,
    wall,
    webhook,
    xmod,
)
from fleet_platform.simulator.services.dormant import dormant_behaviour, dormant_types
from fleet_platform.simulator.services.methods import as_listed
from plugin_sdk import JSON, JSONObject, component_type
from plugin_sdk.simulation import Deferred

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

Service: TypeAlias = Callable[["Machine", JSONObject], JSON | Deferred]

_MODULES = (
    *(shelly, upkeep, profile, firmware, kvs, schedule, webhook, virtual, script),
    *(backup, addon, bthomecontrol, lnm, xmod, wall, ota, rpc_ping, http),
)


def find_service(device: Machine, method: str) -> Service | None:
    """What serves a method on a device; None if no service of that device does."""
    found = _SERVICES.get(method.lower())
    return found[1] if found is not None and found[0](device) else None


def list_methods(device: Machine, _params: JSONObject) -> JSON:
    """``Shelly.ListMethods``: names of all methods, of services and of components, in the order of real devices."""
    names = ["Shelly.ListMethods"]
    for module in _MODULES:
        if module.offered(device):
            names.extend(module.METHODS)
    kinds = dict.fromkeys(component_type(key) for key in device.state.all_keys())
    for kind in dict.fromkeys((*kinds, *dormant_types(device))):
        names.extend(_methods_of(device, kind))
    return {"methods": as_listed(names, wall_display=device.session.dialect.partial_first)}


def _methods_of(device: Machine, type_name: str) -> list[str]:
    """All methods of the components of a type, of which there may be none now."""
    keys = device.keys(type_name)
    behaviour = device.behaviour(keys[0]) if keys else dormant_behaviour(device, type_name)
    kind = device.world.types.get(type_name)
    namespace = kind.namespace if kind is not None else type_name
    own = behaviour.methods() if behaviour is not None else {}
    return [f"{namespace}.{verb}" for verb in (*own, "SetConfig", "GetConfig", "GetStatus")]


_SERVICES: Mapping[str, tuple[Callable[[Machine], bool], Service]] = {
    "shelly.listmethods": (shelly.offered, list_methods),
    **{name.lower(): (module.offered, service) for module in _MODULES for name, service in module.METHODS.items()},
}
