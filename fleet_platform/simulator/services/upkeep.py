"""``Shelly.*``: what changes a device as a whole: restart, access, certificates.

Source: Shelly Gen2+ API, "Shelly"; protocol reference A4 and A9.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fleet_platform.simulator.local.digest import USER, is_ha1
from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import flag, invalid, required, text, whole
from plugin_sdk.simulation import DeviceFault

if TYPE_CHECKING:
    from fleet_platform.simulator.device.machine import Machine

_MIN_REBOOT_MS, _DEFAULT_REBOOT_MS = 500, 1_000
_RESET_S = 1.0

_FILES = "files"
_LARGEST_FILE = 65_536
"""Characters of one certificate file; the firmware's own limit is not documented."""


def offered(_device: Machine) -> bool:
    """Every device has these."""
    return True


def reboot(device: Machine, params: JSONObject) -> JSON:
    """Restart after ``delay_ms``."""
    delay_ms = whole(params, "delay_ms", _MIN_REBOOT_MS) or _DEFAULT_REBOOT_MS
    device.power.restart(delay_ms / 1000)
    return None


def factory_reset(device: Machine, _params: JSONObject) -> JSON:
    """Restart as it left the factory; see :meth:`Machine.forget`."""
    device.power.restart(_RESET_S, then=device.forget)
    return None


def reset_wifi_config(device: Machine, _params: JSONObject) -> JSON:
    """Restart with the network settings of the factory.

    Those name the simulator's own network, or nobody could see what the device does next; a real one opens its access
    point and waits.
    """

    def forget_networks() -> None:
        blueprint = device.origin.blueprint(device.state.info.get("profile"))
        if "wifi" in blueprint.config and device.config("wifi") != blueprint.config["wifi"]:
            device.state.config["wifi"] = blueprint.config["wifi"]
            device.config_changed("wifi")

    device.power.restart(_RESET_S, then=forget_networks)
    return None


def set_auth(device: Machine, params: JSONObject) -> JSON:
    """Set or remove the password of the device's own web server; the outbound websocket needs none.

    The hash is kept and never shown; a factory reset removes it.
    """
    if required(params, "user") != USER:
        raise invalid("user")
    if required(params, "realm") != device.id:
        raise invalid("realm")
    ha1 = required(params, "ha1")
    if ha1 is not None and not is_ha1(ha1):
        raise invalid("ha1")
    device.stores.ha1 = ha1
    for shown in (device.state.info, device.state.sys):
        if "auth_en" in shown:
            shown["auth_en"] = ha1 is not None
    if "auth_domain" in device.state.info:
        device.state.info["auth_domain"] = device.id if ha1 is not None else None
    return None


def _put(name: str) -> Callable[[Machine, JSONObject], JSON]:
    """Takes one file, whole or in pieces: ``{len}``; null as ``data`` deletes it."""

    def put_file(device: Machine, params: JSONObject) -> JSON:
        required(params, "data")
        files = device.storage(_FILES)
        if params["data"] is None:
            files.pop(name, None)
            return {"len": 0}
        data = text(params, "data") or ""
        whole_file = (files.get(name, "") if flag(params, "append") else "") + data
        if len(whole_file) > _LARGEST_FILE:
            raise DeviceFault(-108, "Resource exhausted")
        files[name] = whole_file
        return {"len": len(whole_file)}

    return put_file


METHODS: Mapping[str, Callable[[Machine, JSONObject], JSON]] = {
    "Shelly.Reboot": reboot,
    "Shelly.FactoryReset": factory_reset,
    "Shelly.ResetWiFiConfig": reset_wifi_config,
    "Shelly.SetAuth": set_auth,
    "Shelly.PutUserCA": _put("user_ca.pem"),
    "Shelly.PutTLSClientCert": _put("client.crt"),
    "Shelly.PutTLSClientKey": _put("client.key"),
    "Shelly.PutHTTPServerCert": _put("server.crt"),
    "Shelly.PutHTTPServerKey": _put("server.key"),
    "Shelly.PutHTTPServerCABundle": _put("server_ca.pem"),
}
