"""Methods of the whole device that only a Wall Display has.

Source: its ``Shelly.ListMethods`` (comment in the sources of ShellyScanner); parameters and results are not documented.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fleet_platform.simulator.services import virtual
from plugin_sdk import JSON, JSONObject, component_type
from plugin_sdk.arguments import mapping, required
from plugin_sdk.simulation import DeviceFault

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine


def offered(device: Machine) -> bool:
    """The Wall Display."""
    return device.session.dialect.partial_first


def reset_auth_code(device: Machine, _params: JSONObject) -> JSON:
    """Show no code that a client would have to repeat."""
    if "awaiting_auth_code" in device.state.sys:
        device.report("sys", {"awaiting_auth_code": False})
    return None


def set_config(device: Machine, params: JSONObject) -> JSON:
    """Change the settings of several components: ``{config: {"switch:0": {…}}}``."""
    required(params, "config")
    wanted = mapping(params, "config") or {}
    for key in wanted:
        if key not in device.state.config:
            raise DeviceFault(-105, f"Argument 'config', value '{key}' not found!")
    restarts = [device.set_config(key, mapping(wanted, key) or {}) for key in wanted]
    return {"restart_required": any(restarts)}


def list_virtual(device: Machine, _params: JSONObject) -> JSON:
    """Keys of the virtual components there are: ``{components: [key]}``."""
    return {"components": [key for key in device.state.all_keys() if component_type(key) in virtual.TYPES]}


def list_virtual_types(_device: Machine, _params: JSONObject) -> JSON:
    """Types of virtual components: ``{types: [name]}``."""
    return {"types": sorted(virtual.TYPES)}


METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON]] = {
    "Shelly.ResetAuthCode": reset_auth_code,
    "Shelly.SetConfig": set_config,
    "Virtual.List": list_virtual,
    "Virtual.ListSupported": list_virtual_types,
}
