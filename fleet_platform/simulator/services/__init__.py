"""Services of a whole device: RPC methods that belong to no component."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from fleet_platform.simulator.services import kvs, schedule, script, shelly, upkeep, virtual, webhook
from plugin_sdk import JSON, JSONObject, component_type
from plugin_sdk.simulation import Deferred

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

Service: TypeAlias = Callable[["Machine", JSONObject], JSON | Deferred]

_MODULES = (shelly, upkeep, kvs, schedule, webhook, virtual, script)


def find_service(device: Machine, method: str) -> Service | None:
    """What serves a method on a device; None if no service of that device does."""
    found = _SERVICES.get(method.lower())
    return found[1] if found is not None and found[0](device) else None


def list_methods(device: Machine, _params: JSONObject) -> JSON:
    """``Shelly.ListMethods``: names of all methods, of services and of components."""
    names = dict.fromkeys(["Shelly.ListMethods"])
    for module in _MODULES:
        if module.offered(device):
            names |= dict.fromkeys(module.METHODS)
    for key in device.state.all_keys():
        kind = device.world.types.get(component_type(key))
        namespace = kind.namespace if kind is not None else component_type(key)
        behaviour = device.behaviour(key)
        own = behaviour.methods() if behaviour is not None else {}
        names |= dict.fromkeys(f"{namespace}.{verb}" for verb in (*own, "SetConfig", "GetConfig", "GetStatus"))
    return {"methods": list(names)}


_SERVICES: Mapping[str, tuple[Callable[[Machine], bool], Service]] = {
    "shelly.listmethods": (shelly.offered, list_methods),
    **{name.lower(): (module.offered, service) for module in _MODULES for name, service in module.METHODS.items()},
}
