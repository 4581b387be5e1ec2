"""``Script.*`` methods that take no instance: what lists, creates and deletes scripts.

Source: Shelly Gen2+ API, "Script".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from plugin_sdk import JSON, JSONObject, component_id
from plugin_sdk.arguments import invalid, required, text, whole
from plugin_sdk.simulation import DeviceFault

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_LIMIT = 10
_MAX_NAME = 64
"""Not documented in the sources at hand."""


def offered(device: Machine) -> bool:
    """Mains-powered devices; not the Wall Display."""
    return "schedule_rev" in device.state.sys and not device.session.dialect.partial_first


def list_scripts(device: Machine, _params: JSONObject) -> JSON:
    """All scripts."""
    return {
        "scripts": [
            {
                "id": component_id(key),
                "name": device.config(key).get("name"),
                "enable": device.config(key).get("enable", False),
                "running": device.status(key).get("running", False),
            }
            for key in device.keys("script")
        ]
    }


def create(device: Machine, params: JSONObject) -> JSON:
    """An empty script: ``{id}``."""
    keys, name = device.keys("script"), text(params, "name") or ""
    if len(name) > _MAX_NAME:
        raise invalid("name")
    if len(keys) >= _LIMIT:
        raise DeviceFault(-108, "Resource exhausted")
    number = next(n for n in range(1, _LIMIT + 1) if f"script:{n}" not in keys)
    config = {"id": number, "name": name or f"script {number}", "enable": False}
    device.add(f"script:{number}", status={"id": number, "running": False, "mem_free": 25200}, config=config)
    return {"id": number}


def delete(device: Machine, params: JSONObject) -> JSON:
    """Remove a script; one that runs is stopped first."""
    required(params, "id")
    key = f"script:{whole(params, 'id')}"
    if key not in device.keys("script"):
        raise DeviceFault(-105, f"Bad id={params['id']}")
    if device.status(key).get("running"):
        device.call("Script.Stop", {"id": params["id"]}, source=device.source)
    device.remove(key)
    device.stores.components.pop(key, None)
    return None


METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON]] = {
    "Script.List": list_scripts,
    "Script.Create": create,
    "Script.Delete": delete,
}
